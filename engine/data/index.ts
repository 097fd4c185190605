// Datasets: import, figures, split, and the encoding that training and serving share. Owner of @duckdb/node-api.
export { batchText, type TextBatch } from './batch.ts';
export { encodeDataset } from './encode.ts';
export type { EncodedRows, Ragged } from './encoded.ts';
export { exportDataset } from './export.ts';
export { type FitOptions, featureSpecs, fitPreprocess, type TextForm } from './fit.ts';
export { type Imported, type ImportJob, importDataset } from './import.ts';
export { encodeInputs, inputNames } from './inputs.ts';
export { type Cell, type DatasetReader, openDataset } from './reader.ts';
export { batchSequences, type SequenceOptions, type Sequences } from './sequence.ts';
export { type Parts, type Split, type SplitOptions, splitRows } from './split.ts';
export { checkTarget, inferTask, nearest } from './target.ts';
export { readTarget, type TargetRows } from './targetRows.ts';
export { openTokenizer, type TextTokenizer, type TokenBatch, type Tokens } from './tokenizer.ts';
export {
  type TokenizerFiles,
  type TokenizerJson,
  tokenizerFiles,
  tokenizerJson,
  withoutTokenizer,
  withTokenizer,
} from './tokenizerFile.ts';
export type { VocabularyOptions } from './vocabulary.ts';
