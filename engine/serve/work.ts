// A batch of questions in the host: joined, run once, and parted again. When the joint run is refused, each question is run
// by itself, so that a bad one is answered with its own fault and costs the others nothing but time.
import { Fault, faultBody, type WireTensor } from '../schema/index.ts';
import type { ModelHost } from './host.ts';
import type { WireMessage } from './wire.ts';

type Asked = Extract<WireMessage, { type: 'predict' | 'infer' }>;
type Told = Exclude<WireMessage, Asked>;

/** Answers questions of one bucket, in order. Never rejects. */
export async function answerFrame(host: ModelHost, messages: WireMessage[]): Promise<Told[]> {
  const asked = messages.filter((message) => message.type === 'predict' || message.type === 'infer');
  if (asked.length > 1) {
    const together = await jointly(host, asked).catch(() => undefined);
    if (together) return together;
  }
  const answers: Told[] = [];
  for (const message of asked) answers.push(await answerOne(host, message));
  return answers;
}

async function answerOne(host: ModelHost, message: Asked): Promise<Told> {
  try {
    const began = performance.now();
    if (message.type === 'predict') {
      const outputs = await host.predict(message.inputs);
      return { type: 'predicted', id: message.id, outputs, computeMs: performance.now() - began };
    }
    const tensors = await host.infer(message.tensors, message.outputs);
    return { type: 'inferred', id: message.id, tensors, computeMs: performance.now() - began };
  } catch (error) {
    return { type: 'refused', id: message.id, fault: faultBody(error) };
  }
}

async function jointly(host: ModelHost, asked: Asked[]): Promise<Told[]> {
  const began = performance.now();
  const rows = asked.filter((message) => message.type === 'predict');
  if (rows.length === asked.length) {
    const outputs = await host.predict(rows.flatMap(({ inputs }) => inputs));
    const computeMs = performance.now() - began;
    let at = 0;
    return rows.map(({ id, inputs }) => {
      const from = at;
      at += inputs.length;
      return { type: 'predicted', id, outputs: outputs.slice(from, at), computeMs };
    });
  }
  const graphs = asked.filter((message) => message.type === 'infer');
  if (graphs.length < asked.length) throw new Fault('internal', 'a batch mixes rows and tensors');
  const [first] = graphs as [(typeof graphs)[number]];
  const joined = first.tensors.map((_, i) => join(graphs.map(({ tensors }) => tensors[i])));
  const results = await host.infer(joined, first.outputs);
  const computeMs = performance.now() - began;
  const total = joined[0]?.dims[0] ?? 0;
  const wrong = results.find(({ dims }) => dims[0] !== total);
  if (wrong) throw new Fault('internal', `output ${wrong.name} has no row for each row that went in`);
  let at = 0;
  return graphs.map(({ id, tensors }) => {
    const from = at;
    at += tensors[0]?.dims[0] ?? 0;
    return { type: 'inferred', id, tensors: results.map((result) => part(result, from, at)), computeMs };
  });
}

/** Tensors of one shape but for the batch, one after the other. */
function join(parts: WireTensor[]): WireTensor {
  const [first] = parts as [WireTensor];
  const dims = [parts.reduce((sum, { dims }) => sum + (dims[0] ?? 0), 0), ...first.dims.slice(1)];
  const texts = parts.flatMap(({ data }) => (Array.isArray(data) ? data : []));
  const data = Array.isArray(first.data) ? texts : Buffer.concat(parts.map(({ data }) => data as Uint8Array));
  return { ...first, dims, data };
}

/** Rows `from` to `to`. */
function part({ data, dims, ...rest }: WireTensor, from: number, to: number): WireTensor {
  const width = data.length / Math.max(1, dims[0] ?? 1);
  const own = Array.isArray(data) ? data.slice(from * width, to * width) : data.subarray(from * width, to * width);
  return { ...rest, dims: [to - from, ...dims.slice(1)], data: own };
}
