// All jobs of an appliance put together: one object of handlers, one gate, one order of starting and stopping.

import { availableParallelism, hostname, totalmem } from 'node:os';
import type { Log } from '../base/index.ts';
import type { ApplianceConfig, EventFeed, Gate, Handlers } from '../schema/index.ts';
import { createIdentity, type Identity, nodeId } from '../security/index.ts';
import type { Store } from '../store/index.ts';
import { createAlerts } from './alerts.ts';
import { createClusterJobs } from './cluster.ts';
import type { JobContext } from './context.ts';
import { createDatasets } from './datasets.ts';
import { createDeployments, type Deployments } from './deployments.ts';
import { createDeviceList } from './devices.ts';
import { createEvents } from './events.ts';
import { type ApplianceGate, createGate } from './gate.ts';
import { familyHandlers } from './families.ts';
import { createKeys } from './keys.ts';
import { createLabelling } from './labelling.ts';
import { createRefinery } from './refinery.ts';
import { createLeases } from './leases.ts';
import { outcomeHandlers } from './outcomes.ts';
import { completionHandlers, writersOf } from './completions.ts';
import { createModels } from './models.ts';
import { createInferring } from './inferring.ts';
import { createNamed } from './named.ts';
import { createPredicting } from './predicting.ts';
import { createRuns } from './runs.ts';
import { createScoring } from './scoring.ts';
import { createWarmModels } from './serving.ts';
import { systemHandlers } from './system.ts';
import { createWatching, type Watching } from './watching.ts';

export interface JobsOptions {
  config: ApplianceConfig;
  store: Store;
  log: Log;
  version: string;
  /** The per-start token. */
  token: string;
  /** False for an appliance that lives for one command. */
  lasting: boolean;
}

export interface Jobs {
  handlers: Handlers;
  gate: Gate;
  events: EventFeed;
  /** This node's certificate and key. */
  identity: Identity;
  /** Puts right what a dead appliance left behind, then serves and trains what was wanted. */
  start(): void;
  /** Stops everything that runs; resolves when all children are gone. */
  close(): Promise<void>;
}

/** Children together may use the machine's memory less a tenth for the system and the appliance. */
const shareOfMemory = 0.9;

/** Builds the jobs over an open store. Nothing runs before `start`. */
export async function createJobs({ config, store, log, version, token, lasting }: JobsOptions): Promise<Jobs> {
  const closing = new AbortController();
  const events = createEvents({ first: Date.now() });
  const leases = createLeases({ cores: availableParallelism(), memory: totalmem() * shareOfMemory }, config.trainers);
  const context: JobContext = {
    config,
    store,
    events,
    leases,
    log,
    lasting,
    closing: closing.signal,
    now: () => Date.now(),
  };
  const identity = await identityOf(store, config.name ?? hostname());
  const warm = createWarmModels(context);
  let gate: ApplianceGate | undefined;
  const keys = createKeys(context, (id) => gate?.forget(id));
  gate = createGate({ token, store: keys.book, failedLogins: config.limits.failedLogins });
  const datasets = createDatasets(context);
  const labelling = createLabelling(context, () => warm);
  const refinery = createRefinery(context, labelling);
  const watching: Watching = createWatching(context, {
    deployments: () => deployments,
    sources: () => ({ ...datasets.handlers, ...runs.handlers }),
  });
  const deployments: Deployments = createDeployments(context, (name, rows) => watching.batch(name, rows));
  const named = createNamed(context, deployments, warm);
  const predicting = createPredicting(context, { deployments, named, watching, version });
  const scoring = createScoring(context, predicting);
  const alerts = createAlerts(context, { deployments, watching });
  const models = createModels(context, { identity, warm, serving: (id) => deployments.serving(id) });
  const devices = createDeviceList(log);
  const cluster = createClusterJobs(context, {
    identity,
    version,
    devices,
    grant: (dataset) => datasets.grant(dataset),
  });
  const runs = createRuns(context, datasets, models, cluster.lead);
  let ready = false;
  const system = systemHandlers(context, {
    version,
    nodeId: nodeId(identity.certificate),
    devices,
    isReady: () => ready,
  });
  return {
    handlers: {
      ...datasets.handlers,
      ...refinery.handlers,
      ...labelling.handlers(refinery),
      ...runs.handlers,
      ...outcomeHandlers(context, datasets),
      ...models.handlers,
      ...deployments.handlers,
      ...predicting.handlers,
      ...createInferring(context, { deployments, named, watching }),
      ...completionHandlers(writersOf(context, predicting)),
      ...scoring.handlers,
      ...watching.handlers,
      ...alerts.handlers,
      ...keys.handlers,
      ...system,
      ...cluster.handlers,
      ...familyHandlers,
    },
    gate,
    events,
    identity,
    start() {
      datasets.recover();
      runs.recover();
      scoring.recover();
      void cluster.start();
      void deployments.recover().then(() => (ready = true));
    },
    async close() {
      closing.abort(new Error('the appliance stops'));
      await cluster.close();
      await scoring.close();
      await Promise.all([datasets.close(), runs.close(), deployments.close(), warm.close(), alerts.close()]);
      watching.close();
      keys.close();
      events.close();
    },
  };
}

/** This node's identity, made at the first start. */
async function identityOf(store: Store, name: string): Promise<Identity> {
  const known = store.settings.get('identity') as Identity | undefined;
  if (known) return known;
  const made = await createIdentity(name);
  store.settings.set('identity', made);
  return made;
}
