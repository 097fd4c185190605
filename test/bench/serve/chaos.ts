// Load while hosts are killed and versions are promoted and rolled back: no answer may be wrong, and none may fail but those
// in flight on a killed host that were asked twice. Answers tell the version, and each version's right answer is known.
// A connection that breaks is a failure too. The one exception is a client's matter: a kept connection that the server closed
// after its keep-alive time while the next request was on its way; it is asked again, and counted.
// node test/bench/serve/chaos.ts [--seconds 30 | --full (30 minutes)] [--every 5]
import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { parseArgs } from 'node:util';
import { faultBody } from '../../../engine/schema/index.ts';
import { flowerParts, scratch } from '../../unit/bundle/sample.ts';
import { residentBytes, startServing } from './appliance.ts';

const { values: options } = parseArgs({
  options: {
    seconds: { type: 'string', default: '30' },
    full: { type: 'boolean', default: false },
    every: { type: 'string', default: '5' },
  },
});
const seconds = options.full ? 1800 : Number(options.seconds);
const everyMs = Number(options.every) * 1000;
/** The server keeps idle connections for 65 s; one that broke after less was not closed for idleness, ms. */
const keptMs = 60_000;

const place = scratch();
const served = await startServing(place.dir);
const right: Record<number, string> = { 1: 'high', 2: 'low' };
const counts = {
  answered: 0,
  wrong: 0,
  retriedInVain: 0,
  failed: 0,
  broken: 0,
  closedWhileIdle: 0,
  killed: 0,
  promoted: 0,
  rolledBack: 0,
  changesRefused: 0,
};
const faults: string[] = [];
const load = { going: true };
const began = performance.now();
/** What went wrong, and when, so that it can be looked up in the appliance's log. */
const note = (what: string) => {
  if (faults.length < 50) faults.push(`${((performance.now() - began) / 1000).toFixed(1)} s: ${what}`);
};

interface Answer {
  status: number;
  text: string;
}
/** One kept connection: its requests, and how each broke if it did. */
function openConnection() {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const body = JSON.stringify({ inputs: [{ size: 0, colour: 'red' }] });
  let usedAt = performance.now();
  const ask = () =>
    new Promise<Answer | { broke: string; idle: boolean }>((resolve) => {
      const idleMs = performance.now() - usedAt;
      let seen = 0;
      const asking = request(
        `${served.url}/api/v1/deployments/bench/predict`,
        {
          agent,
          method: 'POST',
          headers: {
            authorization: `Bearer ${served.key}`,
            'content-type': 'application/json',
            'content-length': Buffer.byteLength(body),
          },
        },
        (response) => {
          seen++;
          let text = '';
          response.setEncoding('utf8');
          response.on('data', (piece: string) => (text += piece));
          response.on('error', broke);
          response.on('end', () => {
            usedAt = performance.now();
            resolve({ status: response.statusCode ?? 0, text });
          });
        },
      );
      const broke = (error: NodeJS.ErrnoException) => {
        const idle = asking.reusedSocket && seen === 0 && idleMs > keptMs;
        const how = `${error.code ?? error.message}, ${seen === 0 ? 'no byte' : 'a part'} of the answer seen, connection ${asking.reusedSocket ? `kept ${idleMs.toFixed(0)} ms` : 'new'}`;
        usedAt = performance.now();
        resolve({ broke: how, idle });
      };
      asking.on('error', broke);
      asking.end(body);
    });
  return { ask, end: () => agent.destroy() };
}

async function client(): Promise<void> {
  const connection = openConnection();
  while (load.going) {
    const answer = await connection.ask();
    if ('broke' in answer) {
      if (answer.idle) counts.closedWhileIdle++;
      else {
        counts.broken++;
        note(answer.broke);
        // A server that is gone would be asked thousands of times a second.
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
      continue;
    }
    const { status, text } = answer;
    const said = JSON.parse(text) as {
      version: number;
      outputs?: { label: string }[];
      error?: { code: string; message: string };
    };
    if (status === 200) {
      counts.answered++;
      if (said.outputs?.[0]?.label !== right[said.version]) {
        counts.wrong++;
        note(`wrong: ${text}`);
      }
    } else if (said.error?.code === 'child_died') counts.retriedInVain++;
    else {
      counts.failed++;
      note(`${status} ${said.error?.message}`);
    }
  }
  connection.end();
}

/** Hosts of the appliance, by the operating system. */
function hosts(): number[] {
  const children = readFileSync(`/proc/${served.pid}/task/${served.pid}/children`, 'utf8')
    .trim()
    .split(' ')
    .filter(Boolean);
  return children.map(Number).filter((pid) => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('children/host.');
    } catch {
      // It ended since.
      return false;
    }
  });
}

try {
  await served.deploy('bench', flowerParts({ version: 1 }), { replicas: { min: 2, max: 2 } });
  const other = await served.deploy('bench', flowerParts({ version: 2, bias: 100 }), { canary: { weight: 20 } });
  const { client: api } = served;
  const params = { name: 'bench' };
  /** The next change in turn. A canary may be judged between the look and the change, which is then refused. */
  const change = async () => {
    const { variants, model } = await api.call('deployments.show', { params });
    if (variants.length > 0) {
      await api.call('deployments.promote', { params, body: {} });
      counts.promoted++;
    } else if (model.id === other) {
      await api.call('deployments.rollback', { params, body: {} });
      counts.rolledBack++;
    } else {
      await api.call('deployments.create', { body: { model: other, name: 'bench', canary: { weight: 20 } } });
    }
  };
  const clients = Array.from({ length: 8 }, client);
  const memory = [residentBytes(served.pid)];
  const start = performance.now();
  for (let turn = 0; performance.now() - start < seconds * 1000; turn++) {
    await new Promise((resolve) => setTimeout(resolve, everyMs / 2));
    const all = hosts();
    const victim = all[turn % Math.max(1, all.length)];
    if (victim !== undefined) {
      process.kill(victim, 'SIGKILL');
      counts.killed++;
    }
    await new Promise((resolve) => setTimeout(resolve, everyMs / 2));
    await change().catch((error: unknown) => {
      counts.changesRefused++;
      note(`change refused: ${faultBody(error).message}`);
    });
    if (turn % Math.ceil(60_000 / everyMs) === 0) memory.push(residentBytes(served.pid));
  }
  load.going = false;
  await Promise.all(clients);
  const mib = memory.map((bytes) => Math.round(bytes / 1024 ** 2));
  console.table(Object.entries(counts).map(([what, value]) => ({ what, value })));
  console.log(JSON.stringify({ bench: 'serve/chaos', seconds, ...counts, residentMiB: mib, faults }));
} finally {
  load.going = false;
  await served.stop();
  place.remove();
}
