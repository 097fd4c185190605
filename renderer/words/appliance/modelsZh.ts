// What engine/models says, in Simplified Chinese, by its English; how a row is written is told in index.ts.

export const modelsZh: Record<string, string> = {
  'errors have no scale yet: the model was not trained': '误差尚无尺度：模型未经训练',
  'model audio-cnn needs a column of sounds: import a folder or zip of audio files':
    '模型族 audio-cnn 需要声音列：请导入含音频文件的文件夹或 zip',
  'model autoencoder needs number or category columns': '模型族 autoencoder 需要数值或类别列',
  'model {1:cnn|pretrained|resnet|vit} needs a column of images, or columns that are pixels of one':
    '模型族 {1:cnn|pretrained|resnet|vit} 需要图像列，或构成一幅图像的像素列',
  'the base reads numbers, but the data has no column of them': '基座读取数值，但数据中没有数值列',
  'model {1:pretrained|gru|lstm|textcnn|transformer} needs a text column: use mlp for tables':
    '模型族 {1:pretrained|gru|lstm|textcnn|transformer} 需要文本列：表格请用 mlp',
  'model {1:decoder|seq2seq} writes texts: train it with --task language-model or text-to-text':
    '模型族 {1:decoder|seq2seq} 生成文本：请用 --task language-model 或 text-to-text 训练',
  'hyper-parameter "width" ({1}) must be a multiple of twice "heads" ({2})':
    '超参数 "width"（{1}）必须是 "heads"（{2}）的两倍的倍数',
  'model embedding-bag needs a text column: use linear or mlp for tables':
    '模型族 embedding-bag 需要文本列：表格请用 linear 或 mlp',
  'hyper-parameter "width" ({1}) must be a multiple of "heads" ({2})':
    '超参数 "width"（{1}）必须是 "heads"（{2}）的倍数',
  'model ft-transformer needs columns of numbers or categories': '模型族 ft-transformer 需要数值或类别列',
  'This is no GGUF file that can be read: {1:it ends within its head|it claims sizes beyond any file|a text of {2} bytes is in its head|it does not begin with GGUF|version {3} is not known; convert it to version 3|it claims {4} entries, {5} tensors|a tensor of {6} dimensions is in it|it names no architecture|its tensors claim sizes beyond any file|a list of {7} elements is in its head|a list of lists is in its head|type {8} in its head is not known}.':
    '这不是可读取的 GGUF 文件：{1:在文件头内就结束了|声称的大小超出任何文件|文件头中有 {2} 字节的文本|不以 GGUF 开头|版本 {3} 未知；请转换为版本 3|声称有 {4} 个条目、{5} 个张量|含有 {6} 维的张量|没有注明架构|张量声称的大小超出任何文件|文件头中有 {7} 个元素的列表|文件头中有列表的列表|文件头中的类型 {8} 未知}。',
  'there is no column to learn from: check the ignored columns': '没有可学习的列：请检查忽略的列',
  'a LoRA rank must be a whole number from 1, got {1}': 'LoRA 的秩必须是从 1 起的整数，实为 {1}',
  'the update "{1}" has no weight to be added to: the graph was changed after withLora':
    '更新 “{1}” 没有可附加的权重：withLora 之后计算图被改动过',
  'model mlp needs a number or category column: use model embedding-bag for texts':
    '模型族 mlp 需要数值或类别列：文本请用 embedding-bag',
  'model pretrained needs a base: neutrino models import FOLDER or FILE.onnx, then --set base=NAME':
    '模型族 pretrained 需要基座：先 neutrino models import FOLDER 或 FILE.onnx，再 --set base=NAME',
  'the base was imported to be served as it is: import it again without --as-is':
    '该基座是按原样服务导入的：请不带 --as-is 重新导入',
  'config.json: "{1:hidden_act|activation|activation_function}": {2} is not supported; it may be {3}':
    'config.json："{1:hidden_act|activation|activation_function}"：不支持 {2}；可以是 {3}',
  'the hidden state of {1} has no width': '{1} 的隐藏状态没有宽度',
  'the pretrained model has no {1}; import it again': '预训练模型没有 {1}；请重新导入',
  'this object is not a pretrained model; import it again': '此对象不是预训练模型；请重新导入',
  'This pretrained model was stored by a newer Neutrino; update this one.':
    '此预训练模型由更新版本的 Neutrino 保存；请更新本机。',
  'this ONNX file was imported to be served as it is: to begin from it, import it again without --as-is':
    '此 ONNX 文件是按原样服务导入的：要以它为起点，请不带 --as-is 重新导入',
  'config.json: "hidden_size" does not divide by "num_attention_heads"':
    'config.json："hidden_size" 不能被 "num_attention_heads" 整除',
  'the weights lack the tensor "{1}pooler.dense.weight"': '权重中缺少张量 “{1}pooler.dense.weight”',
  'is not an object': '不是对象',
  'has no "model_type"; save the model with save_pretrained': '没有 "model_type"；请用 save_pretrained 保存模型',
  'has no "{1}", which a model of type {2} needs': '没有 "{1}"，而类型 {2} 的模型需要它',
  '"{1}" must be a whole number from 1 to {2}, found {3}': '"{1}" 必须是 1 到 {2} 的整数，实为 {3}',
  '"{1:layer_norm_eps|hidden_dropout_prob|attention_probs_dropout_prob|classifier_dropout|dropout|attention_dropout|seq_classif_dropout|layer_norm_epsilon|resid_pdrop|embd_pdrop|attn_pdrop|pad_token_id}" must be a number of at least 0, found {2}':
    '"{1}" 必须是不小于 0 的数，实为 {2}',
  '"{1}" must be a text, found {2}': '"{1}" 必须是文本，实为 {2}',
  '"{1}" must be true or false, found {2}': '"{1}" 必须是 true 或 false，实为 {2}',
  '"{1}": {2} is not supported by Neutrino\'s {3}, which takes {4}': '"{1}"：Neutrino 的 {3} 不支持 {2}，可用 {4}',
  'config.json: {1}': 'config.json：{1}',
  'config.json: "dim" does not divide by "n_heads"': 'config.json："dim" 不能被 "n_heads" 整除',
  '{1} does not exist; name the folder of a model (config.json, model.safetensors)':
    '{1} 不存在；请指明模型的文件夹（config.json、model.safetensors）',
  '{1} is no folder; name the folder that holds config.json': '{1} 不是文件夹；请指明含有 config.json 的文件夹',
  '{1} is a link that leads out of {2}; copy the file into the folder':
    '{1} 是指向 {2} 之外的链接；请将文件复制到文件夹中',
  '{1} is no plain file': '{1} 不是普通文件',
  '{1} has {2} bytes; at most {3} can be read': '{1} 有 {2} 字节；最多可读 {3}',
  '{1} is not JSON in UTF-8; get the file again from its source': '{1} 不是 UTF-8 编码的 JSON；请从来源重新获取该文件',
  'model.safetensors.index.json has no "weight_map"': 'model.safetensors.index.json 没有 "weight_map"',
  'model.safetensors.index.json names {1} for "{2}": shards are .safetensors files of the same folder':
    'model.safetensors.index.json 为 “{2}” 指定了 {1}：分片须是同一文件夹中的 .safetensors 文件',
  'model.safetensors.index.json names {1} shards; at most {2} can be read':
    'model.safetensors.index.json 指定了 {1} 个分片；最多可读 {2} 个',
  '{1} is missing, which model.safetensors.index.json names for "{2}"; get it too':
    '缺少 {1}，model.safetensors.index.json 为 “{2}” 指定了它；请一并获取',
  '{1} lacks the tensor "{2}", which model.safetensors.index.json places there':
    '{1} 缺少张量 “{2}”，model.safetensors.index.json 注明它在那里',
  '{1} has no model.safetensors; {2:{3} is not read, as it may carry code: save the model with save_pretrained(dir, safe_serialization=True)|save the model with save_pretrained}':
    '{1} 没有 model.safetensors；{2:{3} 可能携带代码，不予读取：请用 save_pretrained(dir, safe_serialization=True) 保存模型|请用 save_pretrained 保存模型}',
  'there is no file {1}: check the path': '没有文件 {1}：请检查路径',
  '{1} keeps weights in {2}: they must lie in a file of the same folder':
    '{1} 的权重存放在 {2}：它们必须位于同一文件夹的文件中',
  '{1} is missing, in which {2} keeps its weights: put it beside the file':
    '缺少 {1}，{2} 的权重存放在其中：请将它放在该文件旁边',
  '{1} ends before the weights that {2} keeps in it: get both files again':
    '{1} 在 {2} 存放其中的权重之前就结束了：请重新获取两个文件',
  '{1} has no config.json; name the folder of a model that save_pretrained made':
    '{1} 没有 config.json；请指明由 save_pretrained 生成的模型文件夹',
  'config.json: "n_embd" does not divide by "n_head"': 'config.json："n_embd" 不能被 "n_head" 整除',
  'a base of type {1} writes no texts: begin from a GPT-2, or use decoder':
    '类型 {1} 的基座不生成文本：请以 GPT-2 为起点，或使用 decoder',
  'this base was imported before language models were: import its folder again':
    '此基座在支持语言模型之前导入：请重新导入它的文件夹',
  'the pretrained model has no tokenizer: import its folder again with vocab.json in it':
    '预训练模型没有分词器：请重新导入含 vocab.json 的文件夹',
  "the pretrained model's tokenizer has no <|endoftext|> to end a text with":
    '预训练模型的分词器没有用于结束文本的 <|endoftext|>',
  '{1} ({2} [{3}]) cannot carry a head: that takes float32 [batch, width], [batch, length, width] or [batch, channels, height, width]; choose another value with --output':
    '{1}（{2} [{3}]）不能接输出头：它需要 float32 [batch, width]、[batch, length, width] 或 [batch, channels, height, width]；请用 --output 选择其他值',
  '{1:no|more than one} output of this file can carry a head: choose a value with --output; its outputs are {2}, and any value between its nodes may be named too':
    '此文件{1:没有|有多个}输出可以接输出头：请用 --output 选择一个值；它的输出有 {2}，也可指定其节点之间的任何值',
  'runs can begin from files that take token ids [batch, length], an image [batch, channels, height, width] or numbers [batch, width]; this one takes {1}: keep a value that needs less (--output), or import it to be served as it is (--as-is)':
    '运行可以以接受词元编号 [batch, length]、图像 [batch, channels, height, width] 或数值 [batch, width] 的文件为起点；此文件接受 {1}：请保留所需较少的值（--output），或按原样服务导入（--as-is）',
  'operator {1} of node {2} "{3}" is not supported{4: (nor {5})|}: export the model with standard operators of opset 17{6:, or keep what stands before it as the output ("{7}")|}, or import it to be served as it is (--as-is)':
    '不支持节点 {2} “{3}” 的算子 {1}{4:（也不支持 {5}）|}：请以 opset 17 的标准算子导出模型{6:，或将它之前的部分保留为输出（“{7}”）|}，或按原样服务导入（--as-is）',
  '{1}; {2:the batch size is fixed in the file: export it with a symbolic one (torch.onnx.export: dynamic_axes)|name the variable axes at export (torch.onnx.export: dynamic_axes with the same name for the same size)}':
    '{1}；{2:文件中的批大小是固定的：请以可变批大小导出（torch.onnx.export: dynamic_axes）|请在导出时命名可变轴（torch.onnx.export: dynamic_axes，大小相同的轴用同一名称）}',
  'the model has no value "{1}" to keep; its outputs are {2}': '模型没有可保留的值 “{1}”；它的输出有 {2}',
  'the model has no output "{1}"; it has {2}': '模型没有输出 “{1}”；它有 {2}',
  'no {1:matrix that LoRA can adapt|parameter} matches "{2}"; there are {3}{4: and {5} more|}':
    '没有与 “{2}” 匹配的{1:可用 LoRA 调整的矩阵|参数}；现有 {3}{4: 及另外 {5} 个|}',
  'config.json: model type "{1}" is not among {2}; export the model as ONNX and import that':
    'config.json：模型类型 “{1}” 不在 {2} 之列；请将模型导出为 ONNX 后导入',
  'config.json: "quantization_config" is not supported: save the model unquantised':
    'config.json：不支持 "quantization_config"：请保存未量化的模型',
  'the pretrained model has no output "{1}"; import it again': '预训练模型没有输出 “{1}”；请重新导入',
  'the base reads images of {1} channels, but these have {2}': '基座读取 {1} 通道的图像，但这些图像有 {2} 通道',
  'the base reads {1} numbers a row, but the data has {2} columns of numbers that vary: leave out those that it does not know (--ignore COLUMN)':
    '基座每行读取 {1} 个数，但数据有 {2} 个会变化的数值列：请去掉它不认识的列（--ignore COLUMN）',
  'graph {1} needs the input "{2}", which nothing gives here': '图 {1} 需要输入 “{2}”，但这里没有来源',
  'operator {1} of node "{2}" holds a graph of its own: export the model without it':
    '节点 “{2}” 的算子 {1} 自带子图：请去掉它后导出模型',
  'config.json: "image_size" does not divide by "patch_size"': 'config.json："image_size" 不能被 "patch_size" 整除',
  'tensor "{1}" is {2}: weights must be floats; save the model unquantised':
    '张量 “{1}” 为 {2}：权重必须是浮点；请保存未量化的模型',
  'the weights lack the tensor "{1}"; the folder is not the whole model':
    '权重中缺少张量 “{1}”；该文件夹不是完整的模型',
  'tensor "{1}": expected [{2}], found [{3}]; config.json and weights are of different models':
    '张量 “{1}”：应为 [{2}]，实为 [{3}]；config.json 与权重属于不同的模型',
  'a head needs a value of rank 2 to 4, but "{1}" is [{2}]: choose another output':
    '输出头需要秩为 2 到 4 的值，但 “{1}” 为 [{2}]：请选择其他输出',
  'a head needs float32, but "{1}" is {2}: choose another output':
    '输出头需要 float32，但 “{1}” 为 {2}：请选择其他输出',
  'a head needs a known width, but "{1}" is [{2}]: choose another output':
    '输出头需要已知的宽度，但 “{1}” 为 [{2}]：请选择其他输出',
  'model tabular-resnet needs columns of numbers or categories': '模型族 tabular-resnet 需要数值或类别列',
  'model two-tower needs a column of users: name it with --user': '模型族 two-tower 需要用户列：请用 --user 指定',
  'model two-tower ranks items: name their column with --target and users with --user':
    '模型族 two-tower 为物品排序：请用 --target 指定物品列，用 --user 指定用户列',
  'an image of {1} × {2} does not cut into patches of {3} × {4}': '{1} × {2} 的图像不能切成 {3} × {4} 的图块',
  'only forecasts have series': '只有序列预测才有序列',
  'a forecast has no bounds yet: the model was not trained': '预测尚无上下界：模型未经训练',
};
