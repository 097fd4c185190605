// Writing texts with a model's served graph: greedy, by chance, by beam search, with a cache of keys and values. Training
// reports and model hosts both come through here. Trains nothing and knows no HTTP.
export { type BeamOptions, beamSearch } from './beam.ts';
export { type Cursor, openCursor, openWriter, type Prompt, type Writer } from './cursor.ts';
export { chooseToken, type Chance, logSumExp } from './choose.ts';
export { openTextStream, type TextStream } from './textStream.ts';
export { type Hooks, type Written, writeTexts } from './write.ts';
