// Model families as forward graphs, and the graphs before and behind them. Trains nothing.
import type { FamilyName } from '../schema/index.ts';
import { audioCnn } from './audioCnn.ts';
import { autoencoder } from './autoencoder.ts';
import { embeddingBag } from './embeddingBag.ts';
import { cnn } from './cnn.ts';
import { decoder } from './decoder.ts';
import type { Family } from './family.ts';
import { ftTransformer } from './ftTransformer.ts';
import { linear } from './linear.ts';
import { mlp } from './mlp.ts';
import { pretrained } from './pretrained.ts';
import { gru, lstm } from './recurrent.ts';
import { resnet } from './resnet.ts';
import { seq2seq } from './seq2seq.ts';
import { tabularResnet } from './tabularResnet.ts';
import { textCnn } from './textCnn.ts';
import { twoTower } from './twoTower.ts';
import { transformer } from './transformer.ts';
import { vit } from './vit.ts';

/** Every family by name. */
export const families: Readonly<Record<FamilyName, Family>> = {
  linear,
  mlp,
  'embedding-bag': embeddingBag,
  textcnn: textCnn,
  gru,
  lstm,
  transformer,
  cnn,
  resnet,
  vit,
  'tabular-resnet': tabularResnet,
  'ft-transformer': ftTransformer,
  autoencoder,
  'audio-cnn': audioCnn,
  'two-tower': twoTower,
  decoder,
  seq2seq,
  pretrained,
};

export { type Family, type HyperSpec, type HyperTable, settleHyper, takes, type Wants } from './family.ts';
export { errorColumns } from './anomalyHead.ts';
export { edgeGraph, featureGraph } from './features.ts';
export { headGraph, outputsOf } from './head.ts';
export { type ItemSide, type Layout, layoutOf, mostOneHot } from './layout.ts';
export { servedGraph, writerGraph } from './served.ts';
export { forecastGraph, stepFeatures, stepsGraph } from './series.ts';
export { smoothingsFor } from './smoothing.ts';
export { type LoraOptions, mergeLora, withLora } from './lora.ts';
export { baseFiles, baseOf, openBase, packBase, type PretrainedBase } from './pretrained/base.ts';
export { recommenderGraph } from './recommender.ts';
export { itemGraph } from './twoTower.ts';
export { canWrite, generationOf, languageModelOf } from './pretrained/languageModel.ts';
export { freeze } from './pretrained/freeze.ts';
export { type ModelFile, type PretrainedFolder, readFolder, readModelFile } from './pretrained/folder.ts';
export { type Pretrained, type PretrainedOptions, pretrainedOf, readPretrained } from './pretrained/read.ts';
export { type OnnxBase, type OnnxBaseOptions, onnxBase } from './pretrained/onnxBase.ts';
export { type OnnxOptions, readOnnx } from './pretrained/onnxFile.ts';
export { type HeadOptions, withHead } from './pretrained/withHead.ts';
export { ggufFile, isGguf, readGgufHead } from './gguf.ts';
