// Runs over texts in memory, from a dataset to the report of the graph that is served.
import type { DatasetReader } from '../../../engine/data/index.ts';
import { families, writerGraph } from '../../../engine/models/index.ts';
import { type Column, type GenerationReport, type TrainRequest, trainRequest } from '../../../engine/schema/index.ts';
import { assess, prepareRun, runTraining } from '../../../engine/train/index.ts';

/** A dataset of columns of texts, in memory. */
export function readerOf(columns: Record<string, (string | null)[]>): DatasetReader {
  const names = Object.keys(columns);
  const rows = columns[names[0]].length;
  const shape = {
    rows,
    warnings: [],
    columns: names.map((name): Column => {
      const texts = columns[name].filter((text) => text !== null);
      const mean = texts.reduce((sum, text) => sum + text.length, 0) / texts.length;
      const max = Math.max(...texts.map((text) => text.length));
      return { name, type: 'text', missing: rows - texts.length, distinct: texts.length, length: { mean, max } };
    }),
  };
  return { shape, rows, groups: [rows], texts: (name: string) => columns[name] } as unknown as DatasetReader;
}

/** Trains and assesses what a request asks for. */
export async function trained(reader: DatasetReader, request: Partial<TrainRequest>) {
  const setup = await prepareRun(reader, undefined, trainRequest.parse({ dataset: 'd', seed: 1, ...request }));
  const result = await runTraining({ ...setup, device: 'cpu', threads: 1, seed: 1 });
  const { preprocess, layout } = result.rows;
  const cached = families[result.candidate.family].writer?.(layout, result.candidate.hyper);
  if (!cached) throw new Error('nothing writes');
  const graph = writerGraph(cached, result.graph);
  const facts = { seconds: 1, epochs: 1, bestEpoch: 1, steps: 1, weights: '' };
  const report = await assess(graph, preprocess, setup.encodeTest(preprocess), facts);
  return { setup, result, report: report as GenerationReport };
}
