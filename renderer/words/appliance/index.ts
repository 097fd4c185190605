// What the appliance says, in Simplified Chinese: one table for each folder of engine/, loaded when a Chinese page first
// shows such a text (words/index.ts, `said`). The English text in the source is the key, `{1}` where something is filled in,
// `{2:row|rows}` where one of several stands; the translation may turn the places round, leave a choice out that only
// English grammar needs, and write `{1!}` for a single word of `wordsZh`. test/meta/appliance.test.ts says what is missing.
import { apiZh } from './apiZh.ts';
import { autodiffZh } from './autodiffZh.ts';
import { automlZh } from './automlZh.ts';
import { bundleZh } from './bundleZh.ts';
import { childrenZh } from './childrenZh.ts';
import { classicZh } from './classicZh.ts';
import { clientZh } from './clientZh.ts';
import { clusterZh } from './clusterZh.ts';
import { dataZh } from './dataZh.ts';
import { dataFilesZh } from './dataFilesZh.ts';
import { generateZh } from './generateZh.ts';
import { graphZh } from './graphZh.ts';
import { jobsZh } from './jobsZh.ts';
import { modelsZh } from './modelsZh.ts';
import { monitorZh } from './monitorZh.ts';
import { onnxZh } from './onnxZh.ts';
import { runtimeZh } from './runtimeZh.ts';
import { schemaZh } from './schemaZh.ts';
import { securityZh } from './securityZh.ts';
import { serveZh } from './serveZh.ts';
import { storeZh } from './storeZh.ts';
import { trainZh } from './trainZh.ts';
import { otherZh, wordsZh } from './otherZh.ts';
import { translator } from './translator.ts';

/** The tables of the folders, which hold what the sources say and nothing else. */
export const tables: readonly Record<string, string>[] = [
  apiZh,
  autodiffZh,
  automlZh,
  bundleZh,
  childrenZh,
  classicZh,
  clientZh,
  clusterZh,
  dataZh,
  dataFilesZh,
  generateZh,
  graphZh,
  jobsZh,
  modelsZh,
  monitorZh,
  onnxZh,
  runtimeZh,
  schemaZh,
  securityZh,
  serveZh,
  storeZh,
  trainZh,
];

/** A message of the appliance in Chinese; as it is where it is not known. */
export const inChinese: (text: string) => string = translator(
  Object.assign({}, otherZh, ...tables) as Record<string, string>,
  wordsZh,
);
