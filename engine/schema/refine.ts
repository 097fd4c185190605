// What the appliance asks an importer child to do with datasets that are there already, and what it answers.
import type { DatasetShape, ExportFormat } from './columns.ts';
import type { PackGrant } from './ipc.ts';
import type { LabelRow } from './labels.ts';
import type { MaskOptions } from './mask.ts';
import type { Profile } from './profile.ts';
import type { SplitAsk, SplitView } from './split.ts';
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

/** Which rows of the labelling table are wanted. */
export interface LabelLook {
  column: string;
  /** Labels set on the version since it was made: row number and label, null where one was taken away. */
  set: [row: number, label: string | null][];
  /** Only rows without a label. */
  missing: boolean;
  offset: number;
  limit: number;
  /** Up to `limit` rows evenly over those that match, in place of a page of them. */
  spread: boolean;
}
export interface LabelLooked {
  rows: Pick<LabelRow, 'row' | 'label' | 'edited' | 'cells'>[];
  /** Rows that match. */
  matching: number;
  /** Labels there are, by falling count. */
  labels: string[];
}

export type RefineWork =
  | { do: 'split'; dataset: PackGrant; ask: SplitAsk }
  | { do: 'labels'; dataset: PackGrant; look: LabelLook }
  /** The bytes go out by the data socket. */
  | { do: 'export'; dataset: PackGrant; format: ExportFormat }
  /** A sealed CSV file becomes batches of rows in another pack. */
  | { do: 'rows'; input: PackGrant; pack: PackGrant }
  | { do: 'profile'; dataset: PackGrant; target?: string; test?: PackGrant; version: number; sha256: string }
  | { do: 'sensitive'; dataset: PackGrant; sample: number; options: MaskOptions; secret: Uint8Array }
  | ({ do: 'preview' } & Recipe)
  | ({ do: 'derive'; pack: PackGrant } & Recipe);

export type RefineResult =
  | { do: 'split'; split: SplitView }
  | { do: 'labels'; looked: LabelLooked }
  | { do: 'export' }
  | { do: 'rows'; rows: number }
  | { do: 'profile'; profile: Profile }
  | { do: 'sensitive'; report: SensitiveReport }
  | { do: 'preview'; preview: RecipePreview }
  | { do: 'derive'; shape: DatasetShape; sha256: string; stored: number };
