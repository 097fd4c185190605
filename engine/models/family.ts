// What a model family is. Its hyper-parameters are a table of schema/hyper.ts. Draws no weights and builds no graph.
import type { FitOptions, MediaFitOptions } from '../data/index.ts';
import type { Graph } from '../graph/index.ts';
import type { FamilyName, Hyper, HyperTable, Task } from '../schema/index.ts';
import type { Layout } from './layout.ts';

export { type HyperSpec, type HyperTable, settleHyper, takes } from '../schema/index.ts';

/** How a family wants texts and pixels; bags of n-grams and no image where it says nothing. */
export type Wants = Pick<FitOptions, 'texts' | 'sequence' | 'image' | 'raw'> & {
  /** How columns of image and sound files are taken; none are where it says nothing. */
  media?: MediaFitOptions;
};

export interface Family {
  name: FamilyName;
  /** What it is and which data it suits, in one sentence. */
  says: string;
  suits(layout: Layout): boolean;
  /** The only tasks that it is for; all that predict when left out. */
  tasks?: readonly Task[];
  hyper: HyperTable;
  /** `hyper` is settled. */
  wants?(hyper: Hyper): Wants;
  /** Most pixels that an image may be moved by while training; families without say 0 by leaving it out. */
  shift?(hyper: Hyper): number;
  /** Forward graph from the layout's inputs to `logits` float32 [batch, outputs]; `hyper` is settled. */
  build(layout: Layout, outputs: number, hyper: Hyper, seed: number): Graph;
  /**
   * For families that write texts: the same network with a cache, which is what is served. Weights have the names of
   * `build`'s and any values; inputs and outputs are those of engine/generate.
   */
  writer?(layout: Layout, hyper: Hyper): Graph;
}
