// What an architecture is: how a Hugging Face model of one type becomes a forward graph. The table of them stands in read.ts.
import type { GraphBuilder } from '../../graph/index.ts';
import type { Config } from './config.ts';
import type { Weights } from './weights.ts';

/** What a builder works with. */
export interface Parts {
  g: GraphBuilder;
  config: Config;
  weights: Weights;
  /** 1 drops what config.json says while training, 0 nothing. */
  dropout: number;
  /** Takes `token_type_ids` (int64 [batch, length]) as an input; without, every token is of type 0. */
  tokenTypes: boolean;
  /** Generation with a cache: see gpt2.ts. */
  cache: boolean;
  /** Scores of the last `keep` positions only, with a cache. */
  last: boolean;
}

/** What a head gives. */
export interface Built {
  /** Classes of `logits`; absent where it scores words or there is none. */
  classes?: number;
}

export interface Architecture {
  says: string;
  takes: 'text' | 'image';
  /** In front of the base model's tensors when they were saved with a head. */
  prefix: string;
  /** A tensor of every base model, without its prefix: tells whether the prefix is there. */
  probe: string;
  /** Tensors that carry nothing to learn or that others stand for. */
  ignored: readonly RegExp[];
  /** Most tokens of a text. */
  maxLength?: (config: Config) => number;
  /** Builds graph inputs, layers and outputs; `prefix` is '' for a model that was saved without a head. */
  build(parts: Parts, prefix: string): Built;
}
