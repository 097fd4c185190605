// Pretrained models that runs begin from: a folder or an ONNX file is read by a child, stored as an object, and recorded as a
// model. A folder's is served by nothing; a file is served with tensors in and out.
import { basename } from 'node:path';
import { deathFault, spawnChild } from '../children/index.ts';
import {
  type ChildPort,
  Fault,
  faultFrom,
  type FromImporter,
  type Model,
  type PackGrant,
  type TrainRequest,
} from '../schema/index.ts';
import type { New } from '../store/index.ts';
import { type JobContext, needDisk } from './context.ts';

const adoptSeconds = 900;

export interface AdoptedPack {
  object: string;
  fields: Omit<New<Model>, 'name' | 'version'>;
}

/** What of an ONNX file is taken. */
export interface AdoptOptions {
  /** The value that a head reads. */
  output?: string | undefined;
  /** Only to be served. */
  asIs: boolean;
}

/** Reads a folder or an ONNX file that the caller may read into an object of the store, not yet registered. */
export async function adoptModel(
  context: JobContext,
  path: string,
  { output, asIs }: AdoptOptions,
  signal: AbortSignal,
): Promise<AdoptedPack> {
  const { config, store, leases, log } = context;
  await needDisk(context, 'Importing a model');
  const memory = config.limits.trainerMemory;
  const lease = await leases.wait({ kind: 'importer', holder: 'import', device: 'cpu', memory }, signal);
  const pack = store.objects.create('bundle');
  try {
    const child = spawnChild('importer', { log, memory: lease.memory, seconds: adoptSeconds });
    child.send({ type: 'adopt', path, ...(output === undefined ? {} : { output }), asIs, pack, lease });
    const { info, bytes, sha256 } = await adopted(child, signal);
    return {
      object: pack.id,
      fields: {
        state: 'ready',
        task: info.writes ? 'language-model' : 'multiclass',
        family: 'pretrained',
        target: '',
        classes: [],
        metrics: {},
        dataset: '',
        object: pack.id,
        bytes,
        sha256,
        base: info,
      },
    };
  } catch (error) {
    store.objects.erase(pack.id);
    throw error;
  } finally {
    leases.release(lease.id);
  }
}

type Adopted = Extract<FromImporter, { type: 'adopted' }>;

function adopted(child: ChildPort<'importer'>, signal: AbortSignal): Promise<Adopted> {
  return new Promise((resolve, reject) => {
    let result: Adopted | undefined;
    let fault: Error | undefined;
    const cancel = () => {
      fault ??= signal.reason as Error;
      child.kill();
    };
    if (signal.aborted) cancel();
    signal.addEventListener('abort', cancel, { once: true });
    child.onMessage((message) => {
      if (message.type === 'adopted') result = message;
      if (message.type === 'failed') fault ??= faultFrom(message.fault);
      if (message.type === 'adopted' || message.type === 'failed') child.kill();
    });
    child.onExit((exit) => {
      signal.removeEventListener('abort', cancel);
      if (fault) reject(fault);
      else if (result) resolve(result);
      else
        reject(
          deathFault('importer', exit, 'The model was not imported. Raise limits.trainerMemory if it is a large one.'),
        );
    });
  });
}

/** A model's name from its folder's or file's: `bert-base-uncased`. */
export const nameOfPath = (path: string): string =>
  basename(path)
    .replace(/\.(onnx|gguf)$/i, '')
    .replaceAll(/[@\p{Cc}]/gu, '-')
    .slice(0, 100) || 'pretrained';

/** Whether nothing but tensors go in and out of a model when it is served: an ONNX file that was imported. */
export const takesTensors = ({ base }: Model): boolean => base?.inputs !== undefined;

/** Throws `bad_request` for a model that runs begin from and that cannot be deployed, asked for rows or texts, or exported. */
export function needServed(model: Model, what: 'deploy' | 'rows' | 'export'): void {
  const { name, base } = model;
  if (!base || (takesTensors(model) && what === 'deploy')) return;
  if (base.writes && what !== 'export') return;
  if (base.gguf)
    throw new Fault('bad_request', `${name} is a GGUF file that was imported: the file itself is all there is.`);
  if (takesTensors(model)) {
    const inputs = base.inputs?.map((input) => input.name).join(', ') ?? '';
    const why =
      what === 'export'
        ? `${name} is an ONNX file that was imported: the file itself is all there is. Train with it first to have a bundle.`
        : `${name} is an ONNX file that takes tensors (${inputs}), not rows or texts. Deploy it and send them: POST /v2/models/NAME/infer`;
    throw new Fault('bad_request', why);
  }
  throw new Fault(
    'bad_request',
    `${name} is a pretrained model to begin from. Train with it first: neutrino train DATASET --target COLUMN --model pretrained --set base=${name}`,
  );
}

/** The pretrained model that a request names; undefined for a family that needs none. Faults: `bad_request`, `not_found`. */
export function baseOfRequest({ store }: JobContext, { model, hyper }: TrainRequest): Model | undefined {
  if (model !== 'pretrained') return undefined;
  const name = hyper?.['base'];
  if (typeof name !== 'string' || name === '') {
    throw new Fault(
      'bad_request',
      'Model pretrained needs a base: neutrino models import FOLDER or FILE.onnx, then --set base=NAME',
    );
  }
  const found = store.models.find(name);
  if (!found.base)
    throw new Fault(
      'bad_request',
      `${name} is not a pretrained model. Import one: neutrino models import FOLDER or FILE.onnx`,
    );
  if (found.base.gguf)
    throw new Fault(
      'bad_request',
      `${name} is a GGUF file, which is served and not trained: import a Hugging Face folder.`,
    );
  if (found.base.takes === 'tensors')
    throw new Fault('bad_request', `${name} was imported to be served as it is. Import it again without --as-is.`);
  return found;
}

/** What a trainer needs to begin from a run's base. Fault `not_found` when it was erased since. */
export function baseGrant({ store }: JobContext, base: { id: string }): PackGrant {
  return store.objects.grant(store.models.get(base.id).object);
}
