// Pretrained models of the Hugging Face Hub as forward graphs. The table of architectures; each is one file beside this.
import { tokenizerJson, type TokenizerJson } from '../../data/index.ts';
import { type Graph, graphBuilder } from '../../graph/index.ts';
import { Fault } from '../../schema/index.ts';
import type { Architecture } from './architecture.ts';
import { bert } from './bert.ts';
import { labelsOf, openConfig } from './config.ts';
import { distilbert } from './distilbert.ts';
import { type PretrainedFolder, readFolder } from './folder.ts';
import { gpt2 } from './gpt2.ts';
import { type ImageSpec, imageSpec } from './image.ts';
import { roberta } from './roberta.ts';
import { vit } from './vit.ts';
import { openWeights } from './weights.ts';

/** Every architecture by `model_type`. */
export const architectures = { bert, distilbert, roberta, gpt2, vit } as const satisfies Record<string, Architecture>;
export type ArchitectureName = keyof typeof architectures;

export interface PretrainedOptions {
  /** Leaves out the dropout that config.json asks for while training. */
  dropout?: boolean;
  /** Adds the input `token_type_ids`, for pairs of texts (BERT). */
  tokenTypes?: boolean;
  /** Builds the graph that generates with a cache of keys and values (GPT-2). */
  cache?: boolean;
  /** With a cache: the input `keep` (int64 [1]) says of how many last positions scores are wanted. */
  last?: boolean;
}

export interface Pretrained {
  architecture: ArchitectureName;
  /**
   * Texts: `input_ids` and `attention_mask` int64 [batch, length]; images: `pixel_values` float32 [batch, channels, height,
   * width]. Outputs `last_hidden_state` [batch, length, width], `pooler_output` [batch, width] where there is a pooler,
   * `logits` where there is a head. Parameters are named as in the folder.
   */
  graph: Graph;
  takes: Architecture['takes'];
  /** Classes of `logits`; empty where it scores words or is not there. */
  labels: string[];
  /** Most tokens of a text. */
  maxLength?: number;
  /** Carries truncation and padding; absent when the folder has no vocabulary. */
  tokenizer?: TokenizerJson;
  image?: ImageSpec;
  /** Tensors of the folder that the graph does not read, such as a head of another task. */
  unused: string[];
  /** config.json as it was read. */
  config: Record<string, unknown>;
}

/** The graph of a folder's contents. Throws `bad_graph` naming what does not fit. */
export function pretrainedOf(
  { config: raw, tensors, tokenizer, image }: PretrainedFolder,
  options: PretrainedOptions = {},
): Pretrained {
  const config = openConfig(raw);
  if (!Object.hasOwn(architectures, config.kind)) {
    const known = Object.keys(architectures).join(', ');
    throw new Fault(
      'bad_graph',
      `config.json: model type "${config.kind}" is not among ${known}; export the model as ONNX and import that`,
    );
  }
  if (config.has('quantization_config'))
    throw new Fault('bad_graph', 'config.json: "quantization_config" is not supported: save the model unquantised');
  const name = config.kind as ArchitectureName;
  const architecture: Architecture = architectures[name];
  const prefix = tensors.has(architecture.prefix + architecture.probe) ? architecture.prefix : '';
  const g = graphBuilder(name);
  const weights = openWeights(g, tensors);
  const { classes } = architecture.build(
    {
      g,
      config,
      weights,
      dropout: options.dropout === false ? 0 : 1,
      tokenTypes: options.tokenTypes ?? false,
      cache: options.cache ?? false,
      last: options.last ?? false,
    },
    prefix,
  );
  const maxLength = architecture.maxLength?.(config);
  const json = maxLength === undefined ? undefined : tokenizerJson(tokenizer, { maxLength });
  return {
    architecture: name,
    config: raw as Record<string, unknown>,
    graph: g.build(),
    takes: architecture.takes,
    labels: classes === undefined ? [] : labelsOf(raw, classes),
    ...(maxLength === undefined ? {} : { maxLength }),
    ...(json ? { tokenizer: json } : {}),
    ...(architecture.takes === 'image' ? { image: imageSpec(config, image) } : {}),
    unused: weights.unused().filter((tensor) => !architecture.ignored.some((pattern) => pattern.test(tensor))),
  };
}

/** Reads a model folder (config.json, safetensors whole or in shards, tokenizer files) as a graph ready to fine-tune. */
export function readPretrained(dir: string, options: PretrainedOptions = {}): Pretrained {
  return pretrainedOf(readFolder(dir), options);
}
