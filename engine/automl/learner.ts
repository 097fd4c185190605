// One way to fit any family of a search, classic or network: rows in, logits and a graph out.
import { classicFamilies } from '../classic/index.ts';
import { batchText } from '../data/index.ts';
import type { Graph } from '../graph/index.ts';
import { families } from '../models/index.ts';
import { type Tensor, tensor } from '../onnx/index.ts';
import { compile } from '../runtime/index.ts';
import { type FamilyName, type Hyper, isClassic, type ModelKind, settleHyper, trainRequest } from '../schema/index.ts';
import { chooseCandidates, type ModelRows, runTraining } from '../train/index.ts';
import type { Field } from './field.ts';

export interface Fitted {
  /** From a model's inputs to `logits`. */
  graph(): Graph;
  /** [rows × outputs] */
  logits(rows: Uint32Array): Promise<Float32Array>;
  rounds: number;
  bestRound: number;
  /** Numbers that were learned. */
  size: number;
}

export interface FitJob {
  family: Exclude<ModelKind, 'ensemble'>;
  hyper: Hyper;
  train: Uint32Array;
  /** Rows that end the fit early; empty to run as long as `hyper` and `rounds` say. */
  validation: Uint32Array;
  /** Rounds or epochs to run without validation rows. */
  rounds?: number;
  seed: number;
  threads: number;
  stop?: () => boolean;
  progress?: (share: number, loss?: number) => void;
}

/** The hyper-parameters of a family with its defaults. Fault `bad_request` for one that it does not have. */
export function settle(family: FitJob['family'], hyper: Hyper = {}): Hyper {
  return isClassic(family) ? settleHyper(classicFamilies[family], hyper) : settleHyper(families[family], hyper);
}

/** Fits a family on rows of the field. */
export async function fitModel(field: Field, job: FitJob): Promise<Fitted> {
  const { family, seed, threads, train, validation, stop, progress } = job;
  if (!isClassic(family)) return fitNetwork(field, { ...job, family });
  const given = settle(family, job.hyper);
  // Boosting runs as long as it is told where nothing can say that it is enough.
  const hyper = family === 'boosting' && job.rounds ? { ...given, rounds: job.rounds } : given;
  const model = await classicFamilies[family].fit(field.rows, train, validation, hyper, {
    seed,
    threads,
    ...(stop ? { stop } : {}),
    ...(progress ? { progress } : {}),
  });
  return {
    graph: () => model.graph(),
    logits: (rows) => Promise.resolve(model.logits(field.rows, rows)),
    rounds: model.rounds,
    bestRound: model.bestRound,
    size: model.size,
  };
}

async function fitNetwork(field: Field, job: FitJob & { family: FamilyName }): Promise<Fitted> {
  const { train, validation, rounds, seed, threads, family, hyper } = job;
  const request = trainRequest.parse({
    dataset: '',
    model: family,
    hyper,
    seed,
    ...(rounds && validation.length === 0 ? { epochs: rounds } : {}),
  });
  const { candidates } = chooseCandidates(
    { ...request, model: family },
    field.layout,
    train.length,
    field.rows.outputs,
  );
  // Without rows to hold against, the last epoch counts: any few rows do to run the loop's evaluation.
  const held = validation.length > 0 ? validation : train.subarray(0, Math.min(64, train.length));
  const result = await runTraining(
    {
      rows: { preprocess: field.preprocess, layout: field.layout, data: field.data, train, validation: held },
      candidates,
      refit: null,
      device: 'cpu',
      threads,
      seed,
      steps: {},
    },
    { interrupt: () => (job.stop?.() ? 'stop' : undefined) },
  );
  const { graph } = result;
  return {
    graph: () => graph,
    logits: (rows) => networkLogits(graph, field.data, rows, field.rows.outputs),
    rounds: result.epochs,
    bestRound: result.bestEpoch,
    size: graph.parameters.reduce((sum, name) => sum + (graph.initializers.get(name)?.data.length ?? 0), 0),
  };
}

const rowsPerRun = 1024;

async function networkLogits(graph: Graph, data: ModelRows, rows: Uint32Array, outputs: number): Promise<Float32Array> {
  const out = new Float32Array(rows.length * outputs);
  const program = await compile(graph);
  try {
    for (let from = 0; from < rows.length; from += rowsPerRun) {
      const part = rows.subarray(from, from + rowsPerRun);
      const feeds: Record<string, Tensor> = {};
      const cut = <T extends Float32Array | BigInt64Array>(source: T, width: number, into: T): T => {
        for (const [i, row] of part.entries())
          into.set(source.subarray(row * width, (row + 1) * width) as never, i * width);
        return into;
      };
      const { denseWidth: d, embeddedWidth: e } = data;
      feeds['dense'] = tensor('float32', [part.length, d], cut(data.dense, d, new Float32Array(part.length * d)));
      feeds['embedded'] = tensor('int64', [part.length, e], cut(data.embedded, e, new BigInt64Array(part.length * e)));
      for (const [i, ragged] of data.text.entries()) {
        const { ids, weights, width } = batchText(ragged, part);
        feeds[`text_${i}_ids`] = tensor('int64', [part.length, width], ids);
        feeds[`text_${i}_weights`] = tensor('float32', [part.length, width], weights);
      }
      const used = Object.fromEntries(program.inputs.map(({ name }) => [name, feeds[name]]));
      out.set((await program.run(used, ['logits']))['logits'].data as Float32Array, from * outputs);
    }
  } finally {
    await program.dispose();
  }
  return out;
}
