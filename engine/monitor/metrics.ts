// Prometheus metrics of serving. One registry an appliance; gauges are read from what serves when somebody scrapes.
import { Counter, Gauge, Histogram, Registry } from 'prom-client';

/** What is read at each scrape. */
export interface Scraped {
  deployment: string;
  version: string;
  role: string;
  ready: number;
  waiting: number;
  inFlight: number;
  /** Resident memory of its hosts together, bytes. */
  memory: number;
  crashes: number;
}

export interface Device {
  id: string;
  /** Leases that use it, and their threads. */
  leases: number;
  threads: number;
}

export interface Metrics {
  answered(deployment: string, version: string, seconds: { whole: number; queue: number; compute: number }): void;
  failed(deployment: string, code: string, seconds: number): void;
  ran(deployment: string, rows: number): void;
  drift(deployment: string, figures: readonly { name: string; psi: number }[]): void;
  /** The text of `/metrics` and its content type. */
  text(): Promise<{ type: string; text: string }>;
}

const times = [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30];
const sizes = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024];

/** Empty metrics; `look` says what serves now, `devices` what is leased. */
export function createMetrics(look: () => Scraped[], devices: () => Device[]): Metrics {
  const registry = new Registry();
  const registers = [registry];
  const requests = new Counter({
    name: 'neutrino_requests_total',
    help: 'Predictions asked for, by outcome',
    labelNames: ['deployment', 'version', 'code'],
    registers,
  });
  const histogram = (name: string, help: string) =>
    new Histogram({ name, help, labelNames: ['deployment'], buckets: times, registers });
  const whole = histogram('neutrino_request_seconds', 'Time of a request in the appliance');
  const queue = histogram('neutrino_queue_seconds', 'Time a request waited for a host');
  const compute = histogram('neutrino_compute_seconds', 'Time of the run in the host that a request was part of');
  const batch = new Histogram({
    name: 'neutrino_batch_rows',
    help: 'Rows of a run',
    labelNames: ['deployment'],
    buckets: sizes,
    registers,
  });
  const psi = new Gauge({
    name: 'neutrino_drift_psi',
    help: 'Population stability index of the last window',
    labelNames: ['deployment', 'name'],
    registers,
  });
  const scraped: [keyof Scraped, string, string][] = [
    ['ready', 'neutrino_replicas_ready', 'Model hosts that answer'],
    ['waiting', 'neutrino_requests_waiting', 'Requests that wait for a host'],
    ['inFlight', 'neutrino_requests_in_flight', 'Requests within hosts'],
    ['memory', 'neutrino_model_memory_bytes', 'Resident memory of the hosts'],
    ['crashes', 'neutrino_host_crashes', 'Hosts that ended without being told to'],
  ];
  const labelNames = ['deployment', 'version', 'role'];
  for (const [field, name, help] of scraped) {
    registry.registerMetric(
      new Gauge({
        name,
        help,
        labelNames,
        registers: [],
        collect() {
          this.reset();
          for (const one of look()) {
            const { deployment, version, role } = one;
            this.set({ deployment, version, role }, Number(one[field]));
          }
        },
      }),
    );
  }
  for (const [field, name, help] of [
    ['leases', 'neutrino_device_leases', 'Processes that hold a lease on the device'],
    ['threads', 'neutrino_device_threads', 'Threads that are leased on the device'],
  ] as const) {
    registry.registerMetric(
      new Gauge({
        name,
        help,
        labelNames: ['device'],
        registers: [],
        collect() {
          this.reset();
          for (const device of devices()) this.set({ device: device.id }, device[field]);
        },
      }),
    );
  }
  /** Looking a metric up by its labels took longer than counting in it. */
  const counted = new Map<string, Counter.Internal>();
  const timed = new Map<string, Record<'whole' | 'queue' | 'compute', Histogram.Internal<'deployment'>>>();
  const countOf = (deployment: string, version: string) => {
    const key = `${deployment} ${version}`;
    let found = counted.get(key);
    if (!found) counted.set(key, (found = requests.labels({ deployment, version, code: 'ok' })));
    return found;
  };
  const timesOf = (deployment: string) => {
    let found = timed.get(deployment);
    if (!found) {
      const labels = { deployment };
      found = { whole: whole.labels(labels), queue: queue.labels(labels), compute: compute.labels(labels) };
      timed.set(deployment, found);
    }
    return found;
  };
  return {
    answered(deployment, version, seconds) {
      countOf(deployment, version).inc();
      const own = timesOf(deployment);
      own.whole.observe(seconds.whole);
      own.queue.observe(seconds.queue);
      own.compute.observe(seconds.compute);
    },
    failed(deployment, code, seconds) {
      requests.inc({ deployment, version: '', code });
      whole.observe({ deployment }, seconds);
    },
    ran: (deployment, rows) => batch.observe({ deployment }, rows),
    drift(deployment, figures) {
      for (const { name, psi: value } of figures) psi.set({ deployment, name }, value);
    },
    text: async () => ({ type: registry.contentType, text: await registry.metrics() }),
  };
}
