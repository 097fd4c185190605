// What a deployment's name stands for now, beside the hosts that serve it: manifests by version, and the model of one that is
// only saved. Nothing is changed or asked here.
import { Fault, type Manifest } from '../schema/index.ts';
import type { ReplicaSet, Traffic } from '../serve/index.ts';
import type { JobContext } from './context.ts';
import type { Deployments } from './deployments.ts';
import { manifestOf, type WarmModels } from './serving.ts';

export interface Named {
  /** A deployment that is saved has no hosts: its model is loaded for the moment. */
  saved(name: string): Promise<{ set: ReplicaSet; model: { name: string; version: number } }>;
  /** Of the stable model, or of a version that is served; throws `not_found` for others. */
  manifest(name: string, version?: string): Manifest;
}

/** Looks names up among what is stored and what serves. */
export function createNamed(context: JobContext, deployments: Deployments, warm: WarmModels): Named {
  const { store } = context;
  return {
    async saved(name) {
      const { model } = store.deployments.find(name);
      return { set: await warm.get(store.models.get(model.id)), model };
    },
    manifest(name, version) {
      const deployment = store.deployments.find(name);
      const live = deployments.all().find(({ id }) => id === deployment.id);
      const held = live?.traffic
        .list()
        .find(({ model, role }) => (version === undefined ? role === 'stable' : String(model.version) === version));
      if (held?.set.manifest) return held.set.manifest;
      if (version !== undefined && version !== String(deployment.model.version)) {
        throw new Fault(
          'not_found',
          `version ${version} of ${name} is not served; ${versionsOf(live?.traffic, deployment.model.version).join(', ')} are`,
        );
      }
      return manifestOf(context, store.models.get(deployment.model.id));
    },
  };
}

/** Versions that answer under one name. */
export const versionsOf = (traffic: Traffic | undefined, stable: number): string[] =>
  traffic && traffic.list().length > 0 ? traffic.list().map(({ model }) => String(model.version)) : [String(stable)];
