// A deployment beyond this machine: the files with which it runs under Kubernetes or docker compose, as text by name. The
// model travels as its signed .neutrino file within the image; keys and passphrases never stand in a file that is not a Secret.
import type { ServingOptions } from '../schema/index.ts';

export interface Shipment {
  /** Name of the deployment. */
  name: string;
  /** `name@version` of the model, and the file it is in. */
  model: string;
  file: string;
  replicas: { min: number; max: number };
  options: ServingOptions;
  /** Version of Neutrino. */
  version: string;
  /** Image to run, `registry/name:tag`; the Dockerfile builds it. */
  image: string;
}

const port = 7317;
const mib = 1024 * 1024;
const defaultMemory = 2 * 1024 * mib;

type Manifest = Record<string, unknown>;

/** Kubernetes objects: Secret, Deployment, Service, HorizontalPodAutoscaler, NetworkPolicy, in the order in which to apply them. */
export function kubernetesObjects(shipment: Shipment): Manifest[] {
  const { name, replicas, image, version } = shipment;
  const labels = {
    'app.kubernetes.io/name': name,
    'app.kubernetes.io/part-of': 'neutrino',
    'app.kubernetes.io/version': version,
  };
  const selector = { 'app.kubernetes.io/name': name, 'app.kubernetes.io/part-of': 'neutrino' };
  const metadata = { name, labels };
  const memory = Math.ceil(((shipment.options.memory ?? defaultMemory) + 512 * mib) / mib);
  const probe = (path: string, more: Manifest) => ({ httpGet: { path, port: 'https', scheme: 'HTTPS' }, ...more });
  return [
    {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata,
      type: 'Opaque',
      // Filled in by whoever applies it: neutrino reads it once, at the start.
      stringData: { passphrase: 'CHANGE-ME-BEFORE-APPLYING' },
    },
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata,
      spec: {
        replicas: Math.max(1, replicas.min),
        selector: { matchLabels: selector },
        strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } },
        template: {
          metadata: {
            labels,
            annotations: {
              'prometheus.io/scrape': 'true',
              'prometheus.io/scheme': 'https',
              'prometheus.io/port': String(port),
              'prometheus.io/path': '/metrics',
            },
          },
          spec: {
            automountServiceAccountToken: false,
            securityContext: {
              runAsNonRoot: true,
              runAsUser: 10001,
              runAsGroup: 10001,
              fsGroup: 10001,
              seccompProfile: { type: 'RuntimeDefault' },
            },
            // Requests on their way are answered before the process ends.
            terminationGracePeriodSeconds: 40,
            containers: [
              {
                name: 'neutrino',
                image,
                imagePullPolicy: 'IfNotPresent',
                args: ['--name', name, '--replicas', `1:${Math.max(1, replicas.max)}`],
                env: [{ name: 'NEUTRINO_HOME', value: '/data' }],
                ports: [{ name: 'https', containerPort: port, protocol: 'TCP' }],
                readinessProbe: probe('/v2/health/ready', { periodSeconds: 5, failureThreshold: 3 }),
                livenessProbe: probe('/v2/health/live', { periodSeconds: 10, failureThreshold: 6 }),
                startupProbe: probe('/v2/health/ready', { periodSeconds: 2, failureThreshold: 60 }),
                lifecycle: { preStop: { exec: { command: ['sleep', '5'] } } },
                resources: {
                  requests: { cpu: '1', memory: `${memory}Mi` },
                  limits: { memory: `${memory * 2}Mi` },
                },
                securityContext: {
                  allowPrivilegeEscalation: false,
                  readOnlyRootFilesystem: true,
                  capabilities: { drop: ['ALL'] },
                },
                volumeMounts: [
                  { name: 'data', mountPath: '/data' },
                  { name: 'tmp', mountPath: '/tmp' },
                  { name: 'secret', mountPath: '/run/secrets/neutrino', readOnly: true },
                ],
              },
            ],
            volumes: [
              { name: 'data', emptyDir: {} },
              { name: 'tmp', emptyDir: { medium: 'Memory' } },
              { name: 'secret', secret: { secretName: name, defaultMode: 0o440 } },
            ],
          },
        },
      },
    },
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata,
      spec: {
        type: 'ClusterIP',
        selector,
        ports: [{ name: 'https', port: 443, targetPort: 'https', protocol: 'TCP' }],
      },
    },
    {
      apiVersion: 'autoscaling/v2',
      kind: 'HorizontalPodAutoscaler',
      metadata,
      spec: {
        scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name },
        minReplicas: Math.max(1, replicas.min),
        maxReplicas: Math.max(1, replicas.max, replicas.min),
        metrics: [
          { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 80 } } },
          {
            type: 'Pods',
            pods: {
              metric: { name: 'neutrino_requests_waiting', selector: { matchLabels: { deployment: name } } },
              target: { type: 'AverageValue', averageValue: '8' },
            },
          },
        ],
        behavior: { scaleDown: { stabilizationWindowSeconds: 300 } },
      },
    },
    {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata,
      spec: {
        podSelector: { matchLabels: selector },
        policyTypes: ['Ingress', 'Egress'],
        // Whoever may ask carries this label; nothing leaves.
        ingress: [
          {
            from: [
              { podSelector: { matchLabels: { 'neutrino/client': 'true' } } },
              { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'monitoring' } } },
            ],
            ports: [{ port, protocol: 'TCP' }],
          },
        ],
        egress: [],
      },
    },
  ];
}

/** Files for Kubernetes, by name: the image's context, the objects and how to use them. */
export function kubernetesFiles(shipment: Shipment): Record<string, string> {
  const { name, image } = shipment;
  const objects = kubernetesObjects(shipment);
  const files = Object.fromEntries(
    objects.map((object, i) => [
      `k8s/${i}-${String(object['kind']).toLowerCase()}.json`,
      `${JSON.stringify(object, null, 2)}\n`,
    ]),
  );
  return {
    ...imageFiles(shipment),
    ...files,
    'README.md': `# ${name} on Kubernetes

1. Build and push the image from the root of Neutrino's sources, with this folder as \`ship\`:
   \`docker build -f ship/Dockerfile --build-context ship=ship -t ${image} .\`
2. Put a passphrase of your own into \`k8s/0-secret.json\`; do not commit it.
3. \`kubectl apply -f k8s/\`
4. Keys: \`kubectl exec deploy/${name} -- neutrino keys create --role predictor\`. Clients carry the label \`neutrino/client: "true"\`.

Prometheus asks \`/metrics\` with a key that may see the system, such as a deployer's, as its bearer token. The autoscaler reads \`neutrino_requests_waiting\` through the Prometheus adapter, and the processor's use where there is none.
`,
  };
}

/** Files for docker compose, by name. */
export function composeFiles(shipment: Shipment): Record<string, string> {
  const { name, image, replicas } = shipment;
  const memory = Math.ceil(((shipment.options.memory ?? defaultMemory) * Math.max(1, replicas.max)) / mib) + 512;
  const compose = {
    name: `neutrino-${name}`,
    services: {
      neutrino: {
        image,
        build: { context: '.', dockerfile: 'Dockerfile', additional_contexts: { ship: '.' } },
        command: ['--name', name, '--replicas', `${replicas.min}:${replicas.max}`],
        environment: { NEUTRINO_HOME: '/data' },
        ports: [`${port}:${port}`],
        volumes: ['data:/data'],
        tmpfs: ['/tmp'],
        secrets: [{ source: 'passphrase', target: '/run/secrets/neutrino/passphrase' }],
        read_only: true,
        cap_drop: ['ALL'],
        security_opt: ['no-new-privileges:true'],
        mem_limit: `${memory}m`,
        restart: 'unless-stopped',
        stop_grace_period: '40s',
        healthcheck: {
          test: ['CMD', 'node', '/ship/ready.mjs'],
          interval: '10s',
          timeout: '5s',
          retries: 6,
          start_period: '60s',
        },
      },
    },
    volumes: { data: {} },
    secrets: { passphrase: { file: './passphrase' } },
  };
  return {
    ...imageFiles(shipment),
    // JSON is YAML, and every parser agrees about it.
    'compose.yaml': `${JSON.stringify(compose, null, 2)}\n`,
    'README.md': `# ${name} with docker compose

1. \`printf '%s' 'a passphrase of your own' > passphrase && chmod 600 passphrase\`
2. \`docker compose build\` from a folder that holds Neutrino's sources and these files, then \`docker compose up -d\`
3. \`docker compose exec neutrino neutrino keys create --role predictor\`
`,
  };
}

function imageFiles({ file, model }: Shipment): Record<string, string> {
  return {
    Dockerfile: `# The appliance with ${model} inside, as a user without rights. Context: the root of Neutrino's sources.
FROM node:24-bookworm-slim
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --omit=dev
COPY engine engine
COPY main main
COPY resources resources
COPY --from=ship entrypoint.sh ready.mjs ${file} /ship/
RUN useradd --uid 10001 --create-home neutrino && mkdir /data && chown neutrino /data && chmod -R a+rX /ship && chmod 555 /ship/entrypoint.sh \\
 && printf '#!/bin/sh\\nexec node /app/main/cli.ts "$@"\\n' > /usr/local/bin/neutrino && chmod 755 /usr/local/bin/neutrino
USER 10001
VOLUME /data
EXPOSE ${port}
ENTRYPOINT ["/ship/entrypoint.sh"]
`,
    'entrypoint.sh': `#!/bin/sh
# Starts the appliance and deploys the model that the image carries; what was deployed before is served again by itself.
set -eu
file=/run/secrets/neutrino/passphrase
node /app/main/cli.ts start --host 0.0.0.0 --port ${port} --no-discovery --no-cluster --passphrase-file "$file" &
pid=$!
trap 'kill -TERM $pid; wait $pid' TERM INT
until node /ship/ready.mjs; do kill -0 $pid || exit 1; sleep 1; done
if [ ! -e /data/shipped ]; then
  node /app/main/cli.ts models import /ship/${file} --passphrase-file "$file"
  node /app/main/cli.ts deploy '${model}' "$@" --passphrase-file "$file"
  touch /data/shipped
fi
wait $pid
`,
    'ready.mjs': `// Exit code 0 once the appliance answers; its certificate is its own, and it is asked from within.
import { request } from 'node:https';
const sent = request({ host: '127.0.0.1', port: ${port}, path: '/v2/health/live', rejectUnauthorized: false, timeout: 3000 }, (answer) =>
  process.exit(answer.statusCode === 200 ? 0 : 1),
);
sent.on('error', () => process.exit(1));
sent.on('timeout', () => process.exit(1));
sent.end();
`,
  };
}
