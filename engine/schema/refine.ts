// What the appliance asks an importer child to do with datasets that are there already, and what it answers.
import type { DatasetShape } from './columns.ts';
import type { PackGrant } from './ipc.ts';
import type { MaskOptions } from './mask.ts';
import type { Profile } from './profile.ts';
import type { RecipePreview, RecipeStep, SensitiveReport } from './recipe.ts';

interface Recipe {
  base: PackGrant;
  steps: RecipeStep[];
  /** Packs of the datasets that joins name, by content hash. */
  others: Record<string, PackGrant>;
  /** Key of hashes and stand-ins, 32 bytes. */
  secret: Uint8Array;
  /** Longest time for the steps together. */
  seconds: number;
}

export type RefineWork =
  | { do: 'profile'; dataset: PackGrant; target?: string; test?: PackGrant; version: number; sha256: string }
  | { do: 'sensitive'; dataset: PackGrant; sample: number; options: MaskOptions; secret: Uint8Array }
  | ({ do: 'preview' } & Recipe)
  | ({ do: 'derive'; pack: PackGrant } & Recipe);

export type RefineResult =
  | { do: 'profile'; profile: Profile }
  | { do: 'sensitive'; report: SensitiveReport }
  | { do: 'preview'; preview: RecipePreview }
  | { do: 'derive'; shape: DatasetShape; sha256: string; stored: number };
