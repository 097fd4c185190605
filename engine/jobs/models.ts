// Models: published by runs or imported from a file, exported, asked once, deleted. A foreign file is read by a child only.
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { exportBundle } from '../bundle/index.ts';
import { deathFault, spawnChild } from '../children/index.ts';
import {
  Fault,
  faultFrom,
  type FromHost,
  type Handlers,
  type Manifest,
  type Model,
  type PredictOutput,
  type PredictRequest,
  type PredictResponse,
} from '../schema/index.ts';
import { type Identity, nodeId } from '../security/index.ts';
import type { ReplicaSet } from '../serve/index.ts';
import type { New } from '../store/index.ts';
import { adoptModel, nameOfPath, needServed } from './bases.ts';
import { type JobContext, needDisk, pageOf } from './context.ts';
import { explanationOf, occlusionsOf } from './occlusion.ts';
import { importablePath } from './paths.ts';
import { manifestOf, type WarmModels } from './serving.ts';

type Names = 'list' | 'show' | 'export' | 'import' | 'adopt' | 'predict' | 'explain' | 'delete';

export interface Models {
  handlers: Pick<Handlers, `models.${Names}`>;
  /** Takes a version number of a name until `done`, so that two runs never publish the same one. */
  reserve(name: string): { version: number; done(): void };
  /** Registers a bundle's pack and makes its record; inside the caller's transaction. */
  publish(model: Published): Model;
}

interface Published {
  name: string;
  version: number;
  manifest: Manifest;
  object: string;
  bundle: { bytes: number; sha256: string };
  runId?: string;
}

export interface ModelParts {
  identity: Identity;
  warm: WarmModels;
  /** The set of a deployment that serves this model now, if there is one. */
  serving(modelId: string): ReplicaSet | undefined;
}

const importSeconds = 300;

/** The models of an appliance. */
export function createModels(context: JobContext, parts: ModelParts): Models {
  const { config, store, events, leases, log } = context;
  const { models, objects } = store;
  const reserved = new Map<string, Set<number>>();

  /** Greatest version of each name there ever was: a number means one model for good, deleted or not. */
  const published = () => (store.settings.get('modelVersions') ?? {}) as Record<string, number>;

  const number = (name: string, version: number) =>
    store.settings.set('modelVersions', { ...published(), [name]: Math.max(published()[name] ?? 0, version) });

  function reserve(name: string) {
    const held = reserved.get(name) ?? new Set<number>();
    reserved.set(name, held);
    const used = models.list({ where: (model) => model.name === name }).items.map((model) => model.version);
    const version = Math.max(published()[name] ?? 0, ...used, ...held) + 1;
    held.add(version);
    return { version, done: () => void held.delete(version) };
  }

  function publish({ name, version, manifest, object, bundle, runId }: Published): Model {
    const fields: New<Model> = {
      state: 'ready',
      name,
      version,
      task: manifest.task,
      family: manifest.family,
      target: manifest.target,
      ...(manifest.series ? { series: manifest.series } : {}),
      classes: manifest.classes,
      metrics: manifest.metrics,
      dataset: manifest.data.dataset,
      object,
      bytes: bundle.bytes,
      sha256: bundle.sha256,
      ...(runId === undefined ? {} : { parentId: runId }),
    };
    const model = models.insert(fields);
    number(name, version);
    objects.register(object, { refs: [model.id] });
    return model;
  }

  async function takeIn(stream: Readable, bytes: number | undefined, signal: AbortSignal) {
    const lease = leases.grant({ kind: 'host', holder: 'import', device: 'cpu', memory: config.limits.hostMemory });
    const pack = objects.create('bundle');
    try {
      const child = spawnChild('host', { log, memory: lease.memory, seconds: importSeconds, input: true });
      const trusted = [nodeId(parts.identity.certificate)];
      const source = { kind: 'stream' as const, name: 'upload', ...(bytes === undefined ? {} : { bytes }) };
      child.send({ type: 'import', source, bundle: pack, lease, trusted });
      const found = new Promise<Extract<FromHost, { type: 'imported' }>>((resolve, reject) => {
        let result: Extract<FromHost, { type: 'imported' }> | undefined;
        let fault: Error | undefined;
        const end = (error: unknown) => {
          fault ??= error as Error;
          child.kill();
        };
        signal.addEventListener('abort', () => end(signal.reason), { once: true });
        if (child.stdin) pipeline(stream, child.stdin).catch((error: unknown) => error instanceof Fault && end(error));
        child.onMessage((message) => {
          if (message.type === 'imported') result = message;
          if (message.type === 'failed') fault ??= faultFrom(message.fault);
          if (message.type === 'imported' || message.type === 'failed') child.kill();
        });
        child.onExit((exit) => {
          if (fault) reject(fault);
          else if (result) resolve(result);
          else reject(deathFault('host', exit, 'The file was not imported. Check that it is a .neutrino bundle.'));
        });
      });
      return { ...(await found), object: pack.id };
    } catch (error) {
      objects.erase(pack.id);
      stream.resume();
      throw error;
    } finally {
      leases.release(lease.id);
    }
  }

  return {
    reserve,
    publish,
    handlers: {
      'models.list': ({ query }) => pageOf<'model'>(models, query),
      'models.show': ({ params }) => models.find(params.id),
      async 'models.export'({ params }, call) {
        const model = models.find(params.id);
        needServed(model, 'export');
        const pack = objects.open(model.object);
        try {
          const filename = `${model.name}@${model.version}.neutrino`;
          await pipeline(
            Readable.from(exportBundle(pack, parts.identity, { name: model.name, version: model.version }), {
              objectMode: false,
            }),
            call.download({ type: 'application/zip', filename }),
            { signal: call.signal },
          );
        } finally {
          pack.close();
        }
        return undefined;
      },
      async 'models.import'({ query }, { upload, signal }) {
        if (!upload) throw new Fault('bad_request', 'Send the .neutrino file as the body of the request.');
        await needDisk(context, 'Importing a model');
        const { manifest, object, bundle } = await takeIn(upload.stream, upload.bytes, signal);
        const name = query.name ?? manifest.name;
        checkModelName(name);
        const place = reserve(name);
        try {
          const model = store.transaction(() => publish({ name, version: place.version, manifest, object, bundle }));
          events.emit('model.changed', model.id, model);
          return model;
        } finally {
          place.done();
        }
      },
      async 'models.adopt'({ body }, { caller, signal }) {
        const path = await importablePath(body.path, caller, config.importFolders, 'model');
        const name = body.name ?? nameOfPath(body.path);
        checkModelName(name);
        const { object, fields } = await adoptModel(context, path, body, signal);
        const place = reserve(name);
        try {
          const model = store.transaction(() => {
            const made = models.insert({ ...fields, name, version: place.version });
            number(name, place.version);
            objects.register(object, { refs: [made.id], sha256: fields.sha256 });
            return made;
          });
          events.emit('model.changed', model.id, model);
          return model;
        } catch (error) {
          objects.erase(object);
          throw error;
        } finally {
          place.done();
        }
      },
      async 'models.predict'({ params, body }, { signal }) {
        const model = models.find(params.id);
        needServed(model, 'rows');
        checkBatch(body.inputs, config.limits.batch);
        const set = parts.serving(model.id) ?? (await parts.warm.get(model));
        return answerOf(set, body, signal);
      },
      async 'models.explain'({ params, body }, { signal }) {
        const model = models.find(params.id);
        needServed(model, 'rows');
        const set = parts.serving(model.id) ?? (await parts.warm.get(model));
        const without = occlusionsOf(body.input, manifestOf(context, model).features);
        const outputs: PredictOutput[] = [];
        const inputs = [body.input, ...without.map(({ input }) => input)];
        for (let from = 0; from < inputs.length; from += config.limits.batch) {
          const some = await set.predict(inputs.slice(from, from + config.limits.batch), { signal });
          outputs.push(...some.outputs);
        }
        return explanationOf(outputs[0], without, outputs.slice(1));
      },
      async 'models.delete'({ params }) {
        const model = models.find(params.id);
        const { id } = model;
        const serving = store.deployments.list({
          where: (one) =>
            one.state !== 'stopped' && [one, ...one.variants].some(({ model: served }) => served.id === id),
        }).items[0];
        if (serving) {
          throw new Fault(
            'conflict',
            `Deployment ${serving.name} serves ${model.name}@${model.version}. Stop it first: neutrino deployments stop ${serving.name}`,
          );
        }
        models.update(id, { state: 'deleting' });
        await parts.warm.drop(id);
        store.transaction(() => {
          for (const one of store.deployments.list({ where: (one) => one.previous.some((m) => m.id === id) }).items) {
            store.deployments.update(one.id, { previous: one.previous.filter((m) => m.id !== id) });
          }
          objects.erase(model.object);
          models.remove(id);
        });
        events.emit('model.removed', id, { id });
        return { ok: true as const };
      },
    },
  };
}

/** Throws `bad_request` for a name that `name@version` could not tell apart. */
export function checkModelName(name: string): void {
  if (/[@/\p{Cc}]/u.test(name))
    throw new Fault('bad_request', `A model's name has no @, / or control characters: ${name}`);
}

/** Throws `payload_too_large` for more inputs than one call may bring. */
export function checkBatch(inputs: readonly unknown[], most: number): void {
  if (inputs.length <= most) return;
  throw new Fault('payload_too_large', `${inputs.length} inputs in one call; send at most ${most} at a time.`);
}

/** Predicts and says which model it was. */
export async function answerOf(
  set: ReplicaSet,
  { inputs, generate }: PredictRequest,
  signal: AbortSignal,
): Promise<PredictResponse> {
  const { outputs, model } = await set.predict(inputs, { signal, ...(generate ? { generate } : {}) });
  return { outputs, model: model.name, version: model.version };
}
