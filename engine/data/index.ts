// Datasets: import, profile, split, encode for training and serving. Being written; the functions that follow the types:
//   importDataset({ source, options, pack, lease, progress, signal, stdin? }): Promise<{ shape, sha256, options, bytes }>
//   openDataset(pack: PackReader): DatasetReader
//   exportDataset(reader, format: 'csv' | 'jsonl'): AsyncIterable<Uint8Array>
//   splitRows({ rows, seed, labels?, targets?, parts? }): { train, validation, test: Uint32Array }
//   checkTarget(shape, target?): { column: Column; task: Task }     inferTask(column): Task
//   fitPreprocess(reader, rows: Uint32Array, { target, ignore?, vocabulary?, maxTokens? }): Preprocess
//   encodeDataset(reader, preprocess, rows: Uint32Array): EncodedRows
//   encodeInputs(preprocess, inputs: PredictInput[]): Record<string, Tensor>   numeric, category, text_i_ids, text_i_weights
//   batchText(ragged, rows, width?): { ids: BigInt64Array; weights: Float32Array; width: number }
//   featureSpecs(preprocess): FeatureSpec[]
export type { EncodedRows, Ragged } from './encoded.ts';
export type { Cell, DatasetReader } from './reader.ts';
export { type Imported, type ImportJob, importDataset } from './import.ts';
export { openDataset } from './reader.ts';
export { type Parts, type Split, type SplitOptions, splitRows } from './split.ts';
export { checkTarget, inferTask } from './target.ts';
