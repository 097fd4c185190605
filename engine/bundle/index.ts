// Bundles: a model with everything needed to use it. Written by trainers, read by hosts, exported and imported as
// signed `.neutrino` files.
//   writer = createPack(path, key); writeBundle(writer, { manifest, graph, preprocess, report }); writer.finish()
//   readBundle(openPack(path, key))
export { type Bundle, tensorManifest, textColumn, writerManifest } from './bundle.ts';
export { curvesOf } from './outcomeCurves.ts';
export { decodeOutcomes, encodeOutcomes, outcomesEntry } from './outcomes.ts';
export {
  type BundleParts,
  exportBundle,
  importBundle,
  readBundle,
  readManifest,
  writeBundle,
} from './pack.ts';
