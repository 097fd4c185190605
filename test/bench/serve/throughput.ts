// Requests a second and latency at rising concurrency, beside the two peers that one would otherwise write: a bare express +
// onnxruntime handler, and FastAPI + PyTorch. Same network, same JSON, the peers in the same run; clients are wrk's.
// node test/bench/serve/throughput.ts [--seconds 3] [--levels 1,8,64,256] [--only mlp,table,bert-32,bert-128] [--replicas 4]
// [--batch 64] [--peers express,fastapi]; a peer's missing package leaves it out, and says so.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { encodeModel } from '../../../engine/onnx/index.ts';
import { modelOf } from '../../../engine/graph/index.ts';
import type { BundleParts } from '../../../engine/bundle/index.ts';
import { scratch } from '../../unit/bundle/sample.ts';
import { type Load, load, processorMs, startServing } from './appliance.ts';
import { bertParts, mlpParts, pixels, row, tableParts, tokens } from './models.ts';
import { startPeer } from './peers.ts';

const { values: options } = parseArgs({
  options: {
    seconds: { type: 'string', default: '3' },
    levels: { type: 'string', default: '1,8,64,256' },
    only: { type: 'string', default: 'mlp,table,bert-32,bert-128' },
    replicas: { type: 'string', default: '4' },
    batch: { type: 'string', default: '64' },
    peers: { type: 'string', default: 'express,fastapi' },
  },
});
const seconds = Number(options.seconds);
const levels = options.levels.split(',').map(Number);
const replicas = Number(options.replicas);

interface Case {
  parts: () => BundleParts;
  kind: 'mlp' | 'table' | 'bert';
  values: number[];
  replicas: number;
}
const cases: Record<string, Case> = {
  mlp: { parts: mlpParts, kind: 'mlp', values: pixels, replicas: 1 },
  table: { parts: tableParts, kind: 'table', values: Object.values(row), replicas: 1 },
  'bert-32': { parts: bertParts, kind: 'bert', values: tokens(32), replicas },
  'bert-128': { parts: bertParts, kind: 'bert', values: tokens(128), replicas },
};

const place = scratch();
const rows: (Load & { model: string; server: string; concurrency: number; cpuMs: number })[] = [];
try {
  for (const name of options.only.split(',')) {
    const { parts, kind, values, replicas: most } = cases[name];
    const made = parts();
    const file = join(place.dir, `${name}.onnx`);
    writeFileSync(file, encodeModel(modelOf(made.graph)));
    const plain = JSON.stringify({ inputs: [values] });
    const measure = (
      server: string,
      pid: number,
      url: string,
      body: string | Uint8Array,
      how: { key?: string; jsonBytes?: number } = {},
    ) => {
      load(url, body, { concurrency: 8, seconds: 1, ...how });
      for (const concurrency of levels) {
        const before = processorMs(pid);
        const figures = load(url, body, { concurrency, seconds, ...how });
        rows.push({
          model: name,
          server,
          concurrency,
          ...figures,
          cpuMs: (processorMs(pid) - before) / figures.requests,
        });
      }
    };
    const served = await startServing(join(place.dir, name));
    try {
      await served.deploy('bench', made, {
        replicas: { min: most, max: most },
        options: { batch: Number(options.batch) },
      });
      const input =
        kind !== 'bert'
          ? { name: 'numeric', datatype: 'FP64', shape: [1, values.length], data: values }
          : { name: 'text_0_tokens', datatype: 'INT64', shape: [1, values.length], data: values };
      const body = JSON.stringify({
        inputs: [input],
        outputs: [{ name: kind === 'bert' ? 'probabilities' : 'prediction' }],
      });
      measure('neutrino v2', served.pid, `${served.url}/v2/models/bench/infer`, body, { key: served.key });
      if (kind === 'mlp') {
        const bytes = new Uint8Array(Float64Array.from(values).buffer);
        const { data: _data, ...head } = input;
        const json = JSON.stringify({
          inputs: [{ ...head, parameters: { binary_data_size: bytes.length } }],
          outputs: [{ name: 'prediction' }],
        });
        measure(
          'neutrino v2 bytes',
          served.pid,
          `${served.url}/v2/models/bench/infer`,
          Buffer.concat([Buffer.from(json), bytes]),
          {
            key: served.key,
            jsonBytes: json.length,
          },
        );
      }
      if (kind === 'table') {
        measure(
          'neutrino rows',
          served.pid,
          `${served.url}/api/v1/deployments/bench/predict`,
          JSON.stringify({ inputs: [row] }),
          { key: served.key },
        );
      }
    } finally {
      await served.stop();
    }
    for (const [short, server, command, args] of [
      [
        'express',
        'express + ort',
        process.execPath,
        ['--no-warnings', join(import.meta.dirname, 'bare_handler.ts'), file],
      ],
      ['fastapi', 'FastAPI + torch', '/usr/bin/python3', [join(import.meta.dirname, 'fastapi_peer.py'), kind]],
    ] as const) {
      if (!options.peers.split(',').includes(short)) continue;
      const peer = await startPeer(command, args);
      measure(server, peer.pid, peer.url, plain);
      peer.stop();
    }
  }
  const of = (model: string, server: string, concurrency: number) =>
    rows.find((one) => one.model === model && one.server === server && one.concurrency === concurrency)?.rate ??
    Number.NaN;
  console.table(
    rows.map(({ model, server, concurrency, rate, p50, p99, refused, cpuMs }) => ({
      model,
      server,
      concurrency,
      'req/s': Math.round(rate),
      p50: Number(p50.toFixed(2)),
      p99: Number(p99.toFixed(2)),
      refused,
      // What the machine's other work cannot falsify.
      'cpu ms/req': Number(cpuMs.toFixed(3)),
      '× express': Number((rate / of(model, 'express + ort', concurrency)).toFixed(2)),
      '× FastAPI': Number((rate / of(model, 'FastAPI + torch', concurrency)).toFixed(2)),
    })),
  );
  console.log(JSON.stringify({ bench: 'serve/throughput', seconds, replicas, rows }));
} finally {
  place.remove();
}
