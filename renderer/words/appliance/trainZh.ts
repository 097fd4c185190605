// What engine/train says, in Simplified Chinese, by its English; how a row is written is told in index.ts.

export const trainZh: Record<string, string> = {
  '{1} is read for the report only: {2} is unusual': '{1} 只用于报告：{2} 视为异常',
  '{1} rows are left to learn from without those that are marked': '除去已标记的行，剩下 {1} 行可供学习',
  'linear over word and character n-grams, because with few texts it is hard to beat':
    '采用词和字符 n-gram 上的 linear，因为文本较少时它很难被超越',
  'embedding-bag, because there is text and its n-grams tell most in a few thousand rows':
    '采用 embedding-bag，因为数据中有文本，在几千行里其 n-gram 最能说明问题',
  'mlp, because hyper-parameters were given for a table': '采用 mlp，因为为表格给出了超参数',
  'mlp, because {1} rows are enough for what is not additive': '采用 mlp，因为 {1} 行足以学习非加性的关系',
  'linear and mlp are both tried, because small tables may favour either':
    'linear 和 mlp 都会尝试，因为小表格上二者各有胜负',
  '"anomalous" says which value of the target is unusual: name it with --target':
    '"anomalous" 用于说明目标的哪个值是异常：请用 --target 指定目标',
  'There is no column {1}.{2: Did you mean {3}?|}': '没有列 {1}。{2:您是指 {3} 吗？|}',
  'Column {1} has only one value and marks no row as unusual.': '列 {1} 只有一个值，没有标出任何异常的行。',
  'Column {1} has no value {2}. It has: {3}': '列 {1} 没有值 {2}。现有：{3}',
  'only anomalies have a scale': '只有异常检测才有尺度',
  'no validation row is left to tell what is usual; add rows': '没有剩下用来判断何为正常的验证行；请增加行',
  'errors have no scale': '误差没有尺度',
  'no row is left to test the model on; import more rows': '没有剩下用来测试模型的行；请导入更多行',
  'No test row has a target that the training data knows. Check column {1} of the test data.':
    '没有一个测试行的目标是训练数据认识的。请检查测试数据的列 {1}。',
  'no text is left to test the model on; import more rows or pass a test file':
    '没有剩下用来测试模型的文本；请导入更多行，或提供测试文件',
  'this checkpoint was made by a newer Neutrino: resume it there, or train again':
    '此检查点由更新版本的 Neutrino 生成：请在那里继续，或重新训练',
  'a loop ended without a state to keep': '一次循环结束时没有可保留的状态',
  '{1:the loss grew to {2} by step {3}|the loss is no number any more at step {4}}: train with a learning rate below {5}, for instance {6}':
    '{1:到第 {3} 步时损失增大到 {2}|到第 {4} 步时损失不再是数值}：请用低于 {5} 的学习率训练，例如 {6}',
  'cross_entropy needs a known number of classes to smooth or weigh them':
    'cross_entropy 需要已知的类别数才能平滑或加权',
  '{1} class weights for {2} classes': '{2} 个类别有 {1} 个类别权重',
  'label smoothing and class weights go with cross_entropy, not {1}':
    '标签平滑和类别权重用于 cross_entropy，不用于 {1}',
  '{1} files take {2} MiB as the model sees them; make them smaller: --set image=[64,64], or seconds and mels for sounds':
    '{1} 个文件按模型所见需要 {2} MiB；请缩小：--set image=[64,64]，声音则设 seconds 和 mels',
  'machines meet at every step, as one machine would train: a step takes {1:{2} s|{3} ms} to compute and {4:{5} s|{6} ms} to exchange {7} MiB{8:, about {9} MiB a second|}; {10:{11} s|{12} ms} of waiting in the {13} steps to come':
    '每一步都汇合，与单机训练一致：每步计算用时 {1:{2} 秒|{3} 毫秒}，交换 {7} MiB 用时 {4:{5} 秒|{6} 毫秒}{8:，约每秒 {9} MiB|}；余下 {13} 步共需等待 {10:{11} 秒|{12} 毫秒}',
  'machines meet at every step: a step takes {1:{2} s|{3} ms} to compute and {4:{5} s|{6} ms} to exchange {7} MiB{8:, about {9} MiB a second|}, but too few steps are left for rounds':
    '每一步都汇合：每步计算用时 {1:{2} 秒|{3} 毫秒}，交换 {7} MiB 用时 {4:{5} 秒|{6} 毫秒}{8:，约每秒 {9} MiB|}，但余下的步数太少，不值得分轮',
  'machines meet every {1} steps: a step takes {2:{3} s|{4} ms} to compute and {5:{6} s|{7} ms} to exchange {8} MiB{9:, about {10} MiB a second|}; meeting at every step would be {11:{12} s|{13} ms} of waiting in the {14} steps to come':
    '每 {1} 步汇合一次：每步计算用时 {2:{3} 秒|{4} 毫秒}，交换 {8} MiB 用时 {5:{6} 秒|{7} 毫秒}{9:，约每秒 {10} MiB|}；若每步汇合，余下 {14} 步共需等待 {11:{12} 秒|{13} 毫秒}',
  'the pretrained model has no tokenizer: import it again with tokenizer.json or vocab.txt beside it':
    '预训练模型没有分词器：请连同 tokenizer.json 或 vocab.txt 重新导入',
  '{1}, because the rows are files': '采用 {1}，因为各行是文件',
  'the files do not fit into memory: the first epoch waits for their decoding, later ones read what it kept':
    '文件放不进内存：第一轮要等待解码，之后的各轮读取已保留的结果',
  'trained once more on training and validation rows for as many epochs as were best':
    '用训练行和验证行按最佳轮数再训练一次',
  'No column holds texts. Name the one to learn from with --target.':
    '没有存放文本的列。请用 --target 指定要学习的列。',
  'Name the column of the texts to write with --target; another one is what is read.':
    '请用 --target 指定要生成的文本列；读取的是另一列。',
  'Beside {1} no one column is the text to read. Leave all but one out with --ignore.':
    '除 {1} 外无法确定读取哪一列文本。请用 --ignore 只留下一列。',
  'model {1} does not learn {2}: use {3:seq2seq|decoder}': '模型族 {1} 不能学习 {2}：请使用 {3}',
  'not a text to read or write': '不是要读取或生成的文本',
  'its own tokenizer reads the texts: {1} tokens in {2} rows': '用它自带的分词器读取文本：{2} 行中有 {1} 个词元',
  'a byte-pair tokenizer of {1} tokens was made of the training texts: {2} tokens in {3} rows':
    '根据训练文本生成了 {1} 个词元的字节对分词器：{3} 行中有 {2} 个词元',
  'No user of {1} took enough items to learn from; import more rows.':
    '{1} 中没有用户选择了足够多的物品可供学习；请导入更多行。',
  '{1} users of {2} took {3} items of {4}': '{2} 中的 {1} 位用户选择了 {4} 中的 {3} 个物品',
  'about users: {1}; about items: {2}': '关于用户：{1}；关于物品：{2}',
  '{1} from {2} on counts as liked': '{1} 从 {2} 起视为喜欢',
  'the same neither for a user nor for an item': '对同一用户或同一物品都不固定',
  'texts of users are not read': '不读取用户的文本',
  'no user is left to test the model on; import more rows or pass a test file':
    '没有剩下用来测试模型的用户；请导入更多行，或提供测试文件',
  'The dataset lacks the column {1}. Add it.': '数据集缺少列 {1}。请补上。',
  'hyper-parameter "liked" is the least rating that counts as liked, not {1}':
    '超参数 "liked" 是视为喜欢的最低评分，不能是 {1}',
  'no row is left to test the model on; import more rows or pass a test file':
    '没有剩下用来测试模型的行；请导入更多行，或提供测试文件',
  'parameter "{1}" must be float32 to be trained': '参数 “{1}” 必须是 float32 才能训练',
  'the checkpoint does not fit this model: "{1}"': '检查点与此模型不符：“{1}”',
  'the checkpoint does not say at which step it was made': '检查点没有注明生成于哪一步',
  '{1} GiB': '{1} GiB',
  '{1} MiB': '{1} MiB',
  '--batch-size {1}': '--batch-size {1}',
  '--accumulate {1}': '--accumulate {1}',
  '--recompute with --batch-size {1}': '--recompute 和 --batch-size {1}',
  'a smaller model, shorter texts or smaller images, or raise limits.trainerMemory':
    '较小的模型、较短的文本或较小的图像，或提高 limits.trainerMemory',
  '{1:a part of {2} rows|a batch of {3} rows} needs about {4:{5} GiB|{6} MiB} beside {7:{8} GiB|{9} MiB} for weights and their updates, but the run has {10:{11} GiB|{12} MiB} left: use {13}':
    '{1:{2} 行的一份|{3} 行的一批}需要约 {4:{5} GiB|{6} MiB}，另有权重及其更新的 {7:{8} GiB|{9} MiB}，但运行只剩 {10:{11} GiB|{12} MiB}：请使用{13}',
  finishing: '正在收尾',
  'trying {1} of {2}': '正在尝试第 {1} 个，共 {2} 个',
  'graph {1} has no output "logits" to train': '图 {1} 没有可训练的输出 “logits”',
  'output "logits" of graph {1} must be float32 [batch, ...], got {2} [{3}]':
    '图 {1} 的输出 “logits” 必须是 float32 [batch, ...]，实为 {2} [{3}]',
  'graph {1} has no initializer "{2}"': '图 {1} 没有初始值 “{2}”',
  'Dropout "{1}" needs a constant ratio': 'Dropout “{1}” 需要常量比例',
  'a forecast has no bounds': '预测没有上下界',
  'No step of the test part has a value to compare a forecast with. Add rows.':
    '测试部分没有一步有可与预测比较的值。请增加行。',
  'a series is forecast by a search (--model auto with --budget or --trials), by boosting, glm, knn, forests, smoothing or seasonal-naive, on the processor, not by {1}':
    '序列预测可由搜索（--model auto 加 --budget 或 --trials）、boosting、glm、knn、森林、smoothing 或 seasonal-naive 在处理器上进行，不能用 {1}',
  'the dataset here has no column {1}, which is to be learned': '这里的数据集没有要学习的列 {1}',
  'no row here has a {1} that the leading machine’s rows have, too': '这里没有任何一行的 {1} 也出现在主导机器的行中',
  '{1} rows here are too few for a run whose epochs have {2} steps: each meeting needs some of them; meet less often (--sync-every), or take larger batches':
    '这里的 {1} 行对于每轮 {2} 步的运行太少：每次会合都需要其中一些行；请减少会合次数（--sync-every），或使用更大的批次',
};
