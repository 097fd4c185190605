// What engine/generate says, in Simplified Chinese, by its English; how a row is written is told in index.ts.

export const generateZh: Record<string, string> = {
  'the graph takes no past keys and values: it is not that of a model that writes':
    '计算图不接受过去的键和值：它不属于能写文本的模型',
  'the model gave no finite scores for this text': '模型对此文本没有给出有限的得分',
  'a beam search draws nothing: leave temperature, topK and topP out, or beams':
    '束搜索不做抽样：请去掉 temperature、topK 和 topP，或去掉 beams',
  'the client left before the text was written': '文本写完之前客户端已断开',
  'inputs[{1}] has {2} tokens, and the model reads and writes {3} in all: shorten it':
    'inputs[{1}] 有 {2} 个词元，而模型读写总共 {3} 个：请缩短',
};
