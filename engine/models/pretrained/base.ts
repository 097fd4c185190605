// A pretrained model as the store keeps it and runs begin from it: base.json, model.onnx, tokenizer.json. Reads no folder.
import { fromUtf8, utf8 } from '../../base/index.ts';
import type { TokenizerJson } from '../../data/index.ts';
import { checkGraph, type Graph, graphOf, inferTypes, modelOf } from '../../graph/index.ts';
import { decodeModel, encodeModel } from '../../onnx/index.ts';
import { Fault } from '../../schema/index.ts';
import type { ImageSpec } from './image.ts';
import { readOnnx } from './onnxFile.ts';
import { pruned } from './prune.ts';
import type { ArchitectureName, Pretrained } from './read.ts';
import type { Pooling } from './withHead.ts';

/** What an input of an ONNX file takes: token ids, which of them are there, zeros for their segment, an image, numbers of a row. */
export interface BaseInput {
  name: string;
  as: 'ids' | 'mask' | 'types' | 'pixels' | 'numbers';
}

/** What base.json says. */
export interface BaseAbout {
  format: 'neutrino-base';
  formatVersion: 1;
  /** `onnx`: model.onnx is the file as it was imported; else it is what fine-tuning needs of a known architecture. */
  architecture: ArchitectureName | 'onnx';
  /** `tensors` is served as it is and trains nothing. */
  takes: Pretrained['takes'] | 'table' | 'tensors';
  /** Inputs of an ONNX file; those of a known architecture have their usual names. */
  inputs?: BaseInput[];
  /** How pixels of 0…255 become what the model takes, where its folder says so. */
  image?: ImageSpec;
  /** Tokens that each text must have, where the graph takes no other number. */
  length?: number;
  /** Output that a head reads, and how its positions become one vector where it has positions. */
  output: string;
  pool: Pooling;
  /** Numbers of that vector. */
  width: number;
  /** Most tokens of a text. */
  maxLength?: number;
  /** Weights in the order of the graph. */
  parameters: string[];
  /** config.json of a model that can write texts, to build it in the form that does. */
  config?: Record<string, unknown>;
}

export interface PretrainedBase {
  about: BaseAbout;
  /** From token ids and mask to the last hidden state, and the pooler's where there is one. */
  graph: Graph;
  tokenizer?: TokenizerJson;
}

export const baseFiles = { about: 'base.json', model: 'model.onnx', tokenizer: 'tokenizer.json' } as const;
type FileName = (typeof baseFiles)[keyof typeof baseFiles];

/** Texts come in batches whose length is a multiple of this (data/sequence.ts); a model must have a position for each token. */
export const lengthStep = 16;

/** Cuts a model down to what fine-tuning needs: its old head goes. */
export function baseOf(model: Pretrained): PretrainedBase {
  const { architecture, graph, takes, maxLength, tokenizer, image, config } = model;
  const has = (name: string) => graph.outputs.some((output) => output.name === name);
  const output = has('pooler_output') ? 'pooler_output' : 'last_hidden_state';
  const kept = graph.outputs.filter(({ name }) => name === 'last_hidden_state' || name === 'pooler_output');
  const parts = pruned(
    graph,
    kept.map(({ name }) => name),
  );
  const cut = {
    name: graph.name,
    ...parts,
    outputs: kept,
    parameters: graph.parameters.filter((name) => parts.initializers.has(name)),
  };
  const width = kept[0].shape.at(-1);
  if (typeof width !== 'number') throw new Fault('internal', `the hidden state of ${graph.name} has no width`);
  const most = maxLength === undefined || maxLength < lengthStep ? maxLength : maxLength - (maxLength % lengthStep);
  return {
    about: {
      format: 'neutrino-base',
      formatVersion: 1,
      architecture,
      takes,
      output,
      pool: architecture === 'gpt2' ? 'last' : 'first',
      width,
      ...(most === undefined ? {} : { maxLength: most }),
      ...(image ? { image } : {}),
      parameters: cut.parameters,
      ...(architecture === 'gpt2' ? { config } : {}),
    },
    graph: { ...cut, types: inferTypes(cut) },
    ...(tokenizer ? { tokenizer } : {}),
  };
}

/** The files of a base, by name; `file` is the ONNX file that it was read from, where it was one. */
export function packBase(
  { about, graph, tokenizer }: PretrainedBase,
  file?: Uint8Array,
): Partial<Record<FileName, Uint8Array>> {
  return {
    [baseFiles.about]: utf8(JSON.stringify(about)),
    [baseFiles.model]: file ?? encodeModel(modelOf(graph)),
    ...(tokenizer ? { [baseFiles.tokenizer]: utf8(JSON.stringify(tokenizer)) } : {}),
  };
}

/** A base from its files, which this node wrote. Faults: `corrupt`, `newer_version`. */
export function openBase(files: Partial<Record<FileName, Uint8Array>>): PretrainedBase {
  const part = (name: FileName): Uint8Array => {
    const bytes = files[name];
    if (!bytes) throw new Fault('corrupt', `the pretrained model has no ${name}; import it again`);
    return bytes;
  };
  const about = JSON.parse(fromUtf8(part(baseFiles.about))) as BaseAbout;
  if (about.format !== 'neutrino-base')
    throw new Fault('corrupt', 'this object is not a pretrained model; import it again');
  if (about.formatVersion > 1)
    throw new Fault('newer_version', 'This pretrained model was stored by a newer Neutrino; update this one.');
  if (about.takes === 'tensors')
    throw new Fault(
      'bad_request',
      'this ONNX file was imported to be served as it is: to begin from it, import it again without --as-is',
    );
  const graph =
    about.architecture === 'onnx'
      ? readOnnx(part(baseFiles.model), { output: about.output })
      : graphOf(decodeModel(part(baseFiles.model)), about.parameters);
  checkGraph(graph);
  const json = files[baseFiles.tokenizer];
  return { about, graph, ...(json ? { tokenizer: JSON.parse(fromUtf8(json)) as TokenizerJson } : {}) };
}
