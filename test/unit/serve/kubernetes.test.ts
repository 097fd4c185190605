import { spawnSync } from 'node:child_process';
import { Deployment } from 'kubernetes-models/apps/v1/Deployment';
import { HorizontalPodAutoscaler } from 'kubernetes-models/autoscaling/v2/HorizontalPodAutoscaler';
import { NetworkPolicy } from 'kubernetes-models/networking.k8s.io/v1/NetworkPolicy';
import { Secret } from 'kubernetes-models/v1/Secret';
import { Service } from 'kubernetes-models/v1/Service';
import { expect, test } from 'vitest';
import { servingOptions } from '../../../engine/schema/index.ts';
import { composeFiles, kubernetesFiles, kubernetesObjects, type Shipment } from '../../../engine/serve/kubernetes.ts';

const shipment: Shipment = {
  name: 'flowers',
  model: 'flowers@3',
  file: 'flowers-3.neutrino',
  replicas: { min: 0, max: 4 },
  options: servingOptions.parse({ memory: 1024 ** 3 }),
  version: '0.1.0',
  image: 'lab.example:5000/flowers:3',
};

/** Kubernetes' own schema of each kind. */
const kinds = { Secret, Deployment, Service, HorizontalPodAutoscaler, NetworkPolicy };

test('every object satisfies Kubernetes’ schema of its kind', () => {
  const objects = kubernetesObjects(shipment);
  expect(objects.map(({ kind }) => kind)).toEqual(Object.keys(kinds));
  for (const object of objects) {
    const Kind = kinds[object['kind'] as keyof typeof kinds] as new (
      data: object,
    ) => { validate(): void; toJSON(): unknown };
    const made = new Kind(object);
    expect(() => made.validate()).not.toThrow();
    expect(made.toJSON()).toEqual(object);
  }
});

test('the schemas are not blind: a wrong object is refused', () => {
  const [, deployment] = kubernetesObjects(shipment);
  const wrong = { ...deployment, spec: { ...(deployment?.['spec'] as object), replicas: 'two' } };
  expect(() => new Deployment(wrong as never).validate()).toThrow();
});

test('pods run without rights, keep what is on its way, and scale between the deployment’s bounds', () => {
  const files = kubernetesFiles(shipment);
  const at = (name: string) => JSON.parse(files[name] ?? '') as { spec: Record<string, never> };
  expect(Object.keys(files)).toEqual([
    'Dockerfile',
    'entrypoint.sh',
    'ready.mjs',
    'k8s/0-secret.json',
    'k8s/1-deployment.json',
    'k8s/2-service.json',
    'k8s/3-horizontalpodautoscaler.json',
    'k8s/4-networkpolicy.json',
    'README.md',
  ]);
  const scaler = at('k8s/3-horizontalpodautoscaler.json').spec;
  expect([scaler['minReplicas'], scaler['maxReplicas']]).toEqual([1, 4]);
  expect(files['k8s/1-deployment.json']).toMatch(/"runAsNonRoot": true/);
  expect(files['k8s/1-deployment.json']).toMatch(/"readOnlyRootFilesystem": true/);
  expect(files['k8s/1-deployment.json']).toMatch(/"maxUnavailable": 0/);
});

test('the compose file and the entry point are well formed', () => {
  const files = composeFiles(shipment);
  const compose = JSON.parse(files['compose.yaml'] ?? '') as {
    services: { neutrino: { command: string[]; read_only: boolean } };
  };
  expect(compose.services.neutrino).toMatchObject({
    command: ['--name', 'flowers', '--replicas', '0:4'],
    read_only: true,
  });
  expect(spawnSync('sh', ['-n'], { input: files['entrypoint.sh'] ?? '' }).status).toBe(0);
  expect(
    spawnSync(process.execPath, ['--input-type=module', '--check'], { input: files['ready.mjs'] ?? '' }).status,
  ).toBe(0);
});
