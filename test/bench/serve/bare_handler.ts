// The peer that anybody would write first: express, one onnxruntime session on all threads, JSON in and out.
// node bare_handler.ts MODEL.onnx PORT
import { readFileSync } from 'node:fs';
import express from 'express';
import { InferenceSession, Tensor } from 'onnxruntime-node';

const [model, port] = process.argv.slice(2);
const session = await InferenceSession.create(readFileSync(model));
const [name] = session.inputNames;
const isTable = name === 'numeric';
const app = express();
app.use(express.json({ limit: '16mb' }));
app.post('/predict', async (req, res) => {
  const rows = (req.body as { inputs: number[][] }).inputs;
  const dims = [rows.length, rows[0].length];
  const flat = rows.flat();
  const input = isTable
    ? new Tensor('float64', flat, dims)
    : new Tensor('int64', BigInt64Array.from(flat, BigInt), dims);
  const results = await session.run({ [name]: input });
  const output = results[isTable ? 'prediction' : 'probabilities'];
  res.json({ outputs: Array.from(output.data as Float32Array) });
});
const server = app.listen(Number(port), '127.0.0.1', () => process.stdout.write('up\n'));
server.keepAliveTimeout = 65_000;
