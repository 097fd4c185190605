// Pretrained models that runs begin from: a folder is read by a child, stored as an object, and recorded as a model that
// nothing serves.
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

/** Reads a folder that the caller may read into an object of the store, not yet registered. */
export async function adoptFolder(context: JobContext, folder: string, signal: AbortSignal): Promise<AdoptedPack> {
  const { config, store, leases, log } = context;
  await needDisk(context, 'Importing a model');
  const memory = config.limits.trainerMemory;
  const lease = await leases.wait({ kind: 'importer', holder: 'import', device: 'cpu', memory }, signal);
  const pack = store.objects.create('bundle');
  try {
    const child = spawnChild('importer', { log, memory: lease.memory, seconds: adoptSeconds });
    child.send({ type: 'adopt', folder, pack, lease });
    const { info, bytes, sha256 } = await adopted(child, signal);
    return {
      object: pack.id,
      fields: {
        state: 'ready',
        task: 'multiclass',
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

/** A model's name from its folder's: `bert-base-uncased`. */
export const nameOfFolder = (folder: string): string =>
  basename(folder)
    .replaceAll(/[@\p{Cc}]/gu, '-')
    .slice(0, 100) || 'pretrained';

/** Throws `bad_request` for a model that runs begin from and nothing serves. */
export function needServed({ name, base }: Model): void {
  if (!base) return;
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
      'Model pretrained needs a base: neutrino models import FOLDER, then --set base=NAME',
    );
  }
  const found = store.models.find(name);
  if (!found.base)
    throw new Fault('bad_request', `${name} is not a pretrained model. Import one: neutrino models import FOLDER`);
  if (found.base.takes !== 'text')
    throw new Fault('bad_request', `${name} reads ${found.base.takes}s; runs can begin from models that read texts.`);
  return found;
}

/** What a trainer needs to begin from a run's base. Fault `not_found` when it was erased since. */
export function baseGrant({ store }: JobContext, base: { id: string }): PackGrant {
  return store.objects.grant(store.models.get(base.id).object);
}
