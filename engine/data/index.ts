// Datasets: import, figures, split, and the encoding that training and serving share. Owner of @duckdb/node-api.
//
// Columns of files (`type` `image` or `audio`, one file a row): `fitMedia(reader, rows, …)` fits `preprocess.pictures` and
// `preprocess.sounds`, which `fitPreprocess` takes as its option `media`. A graph then has the inputs `image_i` uint8
// [batch, channels, height, width] and `audio_i` float32 [batch, 1, mels, frames] and itself does (x - mean) / std.
// Training: `openMediaRows(reader, preprocess, …)`, `prepare` the rows of the next batch, `take` this one's (with an epoch:
// augmented). Serving: `encodeRequest` in place of `encodeInputs`; files come as base64.
export { batchText, type TextBatch } from './batch.ts';
export { fitBytePairs } from './bytePairs.ts';
export { encodeDataset } from './encode.ts';
export type { EncodedRows, Ragged } from './encoded.ts';
export {
  bytesOfRow,
  type Cut,
  cutDataset,
  type FedRows,
  type Feed,
  loadRows,
  openFeed,
  orderOf,
  windowBytes,
} from './feed/index.ts';
export { exportDataset } from './export.ts';
export { csvCell } from './exports/csv.ts';
export { type FitOptions, featureSpecs, fitPreprocess, plannedFeatures, type TextForm } from './fit.ts';
export { type Imported, type ImportJob, importDataset, prepareImport } from './import.ts';
export { encodeInputs, inputNames } from './inputs.ts';
export {
  fitMedia,
  type MediaFitOptions,
  usualImageAugment,
  usualSoundAugment,
} from './media/fitMedia.ts';
export { encodeRequest } from './media/mediaInputs.ts';
export {
  type DecodedRows,
  decodedMediaRows,
  type MediaBatch,
  type MediaOptions,
  type MediaRows,
  needsDecoding,
  openMediaRows,
  placeOf,
} from './media/mediaRows.ts';
export { reportSensitive } from './mask/index.ts';
export { findLeaks, profileDataset } from './profile/index.ts';
export { lookAtLabels } from './labelRows.ts';
export { rankingColumnsOf } from './rankingColumns.ts';
export { type Cell, type DatasetReader, openDataset } from './reader.ts';
export { deriveDataset, previewRecipe, type Replay, sayStep } from './recipe/index.ts';
export {
  batchSequences,
  packSequences,
  type SequenceOptions,
  type Sequences,
  sequenceSize,
  type TokenKind,
  tokenKinds,
} from './sequence.ts';
export {
  calendarParts,
  calendarSeasons,
  calendarWidth,
  encodeHistories,
  findSeasons,
  forecastMeant,
  type OneSeries,
  openWindows,
  readSeries,
  saidTime,
  type SeriesColumns,
  seriesColumnsOf,
  seriesInputs,
  type SeriesRows,
  type SeriesWindows,
  timeOf,
  windowFeeds,
} from './series/index.ts';
export { createSpool, type Spool } from './sources/spool.ts';
export type { Fold } from './folds.ts';
export { foldDataset, splitDataset } from './splitDataset.ts';
export { viewSplit } from './splitView.ts';
export { type Parts, type Split, type SplitOptions, splitRows } from './split.ts';
export { checkTarget, inferTask, nearest } from './target.ts';
export { targetAsked } from './targetAsked.ts';
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
export { openWriting, type WritingTokens } from './writing.ts';
