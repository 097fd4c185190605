// The files of a Hugging Face model folder, read whole and with care: names stay inside the folder, sizes are capped before
// anything is read. Builds nothing.
import { existsSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, join, sep } from 'node:path';
import { fromUtf8 } from '../../base/index.ts';
import { type TokenizerFiles, tokenizerFiles } from '../../data/index.ts';
import { type ExternalData, readSafetensors, type Tensor } from '../../onnx/index.ts';
import { Fault } from '../../schema/index.ts';

/** What was read. JSON files come parsed and unchecked. */
export interface PretrainedFolder {
  config: unknown;
  tensors: Map<string, Tensor>;
  tokenizer: TokenizerFiles;
  /** preprocessor_config.json of an image model. */
  image?: unknown;
}

const mebibyte = 1024 * 1024;
/** One ONNX file, and so one served model, holds less than 2 GiB. */
const mostWeights = 2048 * mebibyte - 1;
const mostJson = 4 * mebibyte;
const mostVocabulary = 64 * mebibyte;
const mostShards = 1000;

const weightsFile = 'model.safetensors';
const indexFile = 'model.safetensors.index.json';

/** A folder's files by bare name. */
interface Folder {
  has(name: string): boolean;
  /** Throws `bad_data` when it is too big or no plain file, `path_refused` when it lies outside. */
  read(name: string, most: number): Uint8Array;
}

/**
 * Files may be links within the folder, or into the `blobs` beside a `snapshots` folder, which is how Hugging Face's own
 * cache lies on disk.
 */
function openFolder(dir: string): Folder {
  let real: string;
  try {
    real = realpathSync(dir);
  } catch (error) {
    throw new Fault(
      'not_found',
      `${dir} does not exist; name the folder of a model (config.json, model.safetensors)`,
      undefined,
      error,
    );
  }
  if (!statSync(real).isDirectory())
    throw new Fault('bad_request', `${dir} is no folder; name the folder that holds config.json`);
  const parent = dirname(real);
  const roots = [real, ...(basename(parent) === 'snapshots' ? [join(dirname(parent), 'blobs')] : [])];
  return {
    has: (name) => existsSync(join(real, name)),
    read(name, most) {
      const path = realpathSync(join(real, name));
      if (!roots.some((root) => path.startsWith(root + sep)))
        throw new Fault('path_refused', `${name} is a link that leads out of ${dir}; copy the file into the folder`);
      const stat = statSync(path);
      if (!stat.isFile()) throw new Fault('bad_data', `${name} is no plain file`);
      if (stat.size > most)
        throw new Fault('payload_too_large', `${name} has ${stat.size} bytes; at most ${most} can be read`);
      return readFileSync(path);
    },
  };
}

function readJson(folder: Folder, name: string): unknown {
  const bytes = folder.read(name, mostJson);
  try {
    return JSON.parse(fromUtf8(bytes));
  } catch (error) {
    throw new Fault('bad_data', `${name} is not JSON in UTF-8; get the file again from its source`, undefined, error);
  }
}

/** Which tensor lies in which shard; names of files must be bare. */
function shardsOf(folder: Folder): Map<string, string[]> {
  const index = readJson(folder, indexFile) as { weight_map?: unknown } | null;
  const map = index?.weight_map;
  if (typeof map !== 'object' || map === null) throw new Fault('bad_data', `${indexFile} has no "weight_map"`);
  const shards = new Map<string, string[]>();
  for (const [tensor, file] of Object.entries(map)) {
    if (typeof file !== 'string' || !/^[\w.-]+\.safetensors$/.test(file) || file.startsWith('.'))
      throw new Fault(
        'path_refused',
        `${indexFile} names ${JSON.stringify(file).slice(0, 100)} for "${tensor}": shards are .safetensors files of the same folder`,
      );
    shards.set(file, [...(shards.get(file) ?? []), tensor]);
  }
  if (shards.size > mostShards)
    throw new Fault('bad_data', `${indexFile} names ${shards.size} shards; at most ${mostShards} can be read`);
  return shards;
}

function readShards(folder: Folder): Map<string, Tensor> {
  const tensors = new Map<string, Tensor>();
  let left = mostWeights;
  for (const [file, names] of shardsOf(folder)) {
    if (!folder.has(file))
      throw new Fault('not_found', `${file} is missing, which ${indexFile} names for "${names[0]}"; get it too`);
    const bytes = folder.read(file, left);
    left -= bytes.length;
    const held = readSafetensors(bytes);
    for (const name of names) {
      const value = held.get(name);
      if (!value) throw new Fault('bad_data', `${file} lacks the tensor "${name}", which ${indexFile} places there`);
      tensors.set(name, value);
    }
  }
  return tensors;
}

function readWeights(folder: Folder, dir: string): Map<string, Tensor> {
  if (folder.has(weightsFile)) return readSafetensors(folder.read(weightsFile, mostWeights));
  if (folder.has(indexFile)) return readShards(folder);
  const other = ['pytorch_model.bin', 'tf_model.h5', 'flax_model.msgpack'].find((name) => folder.has(name));
  const remedy = other
    ? `${other} is not read, as it may carry code: save the model with save_pretrained(dir, safe_serialization=True)`
    : 'save the model with save_pretrained';
  throw new Fault('not_found', `${dir} has no ${weightsFile}; ${remedy}`);
}

/** BERT's first files call a norm's scale and shift gamma and beta; transformers has renamed them ever since. */
function renamed(tensors: Map<string, Tensor>): Map<string, Tensor> {
  const name = (old: string) =>
    old.replace(/LayerNorm\.gamma$/, 'LayerNorm.weight').replace(/LayerNorm\.beta$/, 'LayerNorm.bias');
  return new Map([...tensors].map(([old, value]) => [name(old), value]));
}

function tokenizerIn(folder: Folder): TokenizerFiles {
  const tokenizer: TokenizerFiles = {};
  for (const name of tokenizerFiles) if (folder.has(name)) tokenizer[name] = folder.read(name, mostVocabulary);
  return tokenizer;
}

const imageFile = 'preprocessor_config.json';
const imageIn = (folder: Folder) => (folder.has(imageFile) ? { image: readJson(folder, imageFile) } : {});

/** An ONNX file and what lies beside it: its external data, and a tokenizer or image settings where the folder has them. */
export interface ModelFile extends Pick<PretrainedFolder, 'tokenizer' | 'image'> {
  bytes: Uint8Array;
  external: ExternalData;
}

/** Reads an ONNX file; external data must lie in the same folder. Throws naming the file and what to do. */
export function readModelFile(path: string): ModelFile {
  const folder = openFolder(dirname(path));
  if (!folder.has(basename(path))) throw new Fault('not_found', `there is no file ${path}: check the path`);
  const bytes = folder.read(basename(path), mostWeights);
  const held = new Map<string, Uint8Array>();
  let left = mostWeights;
  return {
    bytes,
    external(location, offset, length) {
      const name = location.replace(/^\.[\\/]/, '');
      if (name === '' || name === '..' || /[\\/\0]/.test(name))
        throw new Fault(
          'path_refused',
          `${basename(path)} keeps weights in ${JSON.stringify(location).slice(0, 100)}: they must lie in a file of the same folder`,
        );
      if (!held.has(name) && !folder.has(name))
        throw new Fault(
          'not_found',
          `${name} is missing, in which ${basename(path)} keeps its weights: put it beside the file`,
        );
      const whole = held.get(name) ?? folder.read(name, left);
      if (!held.has(name)) left -= whole.length;
      held.set(name, whole);
      const end = length === undefined ? whole.length : offset + length;
      if (offset < 0 || end > whole.length)
        throw new Fault(
          'corrupt',
          `${name} ends before the weights that ${basename(path)} keeps in it: get both files again`,
        );
      return whole.subarray(offset, end);
    },
    tokenizer: tokenizerIn(folder),
    ...imageIn(folder),
  };
}

/** Reads a model folder. Throws naming the file and what to do. */
export function readFolder(dir: string): PretrainedFolder {
  const folder = openFolder(dir);
  if (!folder.has('config.json'))
    throw new Fault('not_found', `${dir} has no config.json; name the folder of a model that save_pretrained made`);
  const config = readJson(folder, 'config.json');
  return {
    config,
    tensors: renamed(readWeights(folder, dir)),
    tokenizer: tokenizerIn(folder),
    ...imageIn(folder),
  };
}
