// What datasets once they are in: profile, recipe, splits, targets, tokenizers (engine/data) says, in Simplified Chinese, by its English; how a row is written is told in index.ts.

export const dataZh: Record<string, string> = {
  'The dataset lacks columns that the model takes: {1}. Add them, or leave them out of training.':
    '数据集缺少模型所需的列：{1}。请补上，或训练时不使用它们。',
  'Column {1} holds files. Export the dataset as zip.': '列 {1} 存放的是文件。请将数据集导出为 zip。',
  'SQLite holds at most {1} columns. Export as parquet.': 'SQLite 最多容纳 {1} 列。请导出为 parquet。',
  'The dataset is too large for an SQLite file made in memory (512 MiB). Export as parquet.':
    '数据集过大，超出内存中生成 SQLite 文件的上限（512 MiB）。请导出为 parquet。',
  'A sheet holds at most {1} rows and {2} columns. Export as parquet or csv.':
    '一个工作表最多容纳 {1} 行、{2} 列。请导出为 parquet 或 csv。',
  'A cell of a sheet holds at most {1} characters. Export as parquet or csv.':
    '工作表的一个单元格最多容纳 {1} 个字符。请导出为 parquet 或 csv。',
  'The dataset has no column of images or sound. Export it as csv or parquet.':
    '数据集没有图像或声音列。请导出为 csv 或 parquet。',
  'the thread that reads the data ended': '读取数据的线程已结束',
  'a thread that seals ended': '加密数据的线程已结束',
  'A FIFO cannot be made in the data directory. Put it on a local disk.':
    '数据目录中无法创建 FIFO。请将它放在本地磁盘上。',
  'There is no column {1} to ignore.{2: Did you mean {3}?|}': '没有可忽略的列 {1}。{2:您是指 {3} 吗？|}',
  'left out by request': '按要求不使用',
  'no values': '没有值',
  identifier: '标识符',
  'the same value everywhere': '处处同值',
  'the model takes no {1:images|sound}': '模型不接受{1:图像|声音}',
  'the model reads no texts': '模型不读取文本',
  'no word occurs twice': '没有一个词出现两次',
  'Beside the target {1} no column says anything about a row. Add columns, or ignore fewer.':
    '除目标 {1} 外，没有一列能说明行的情况。请增加列，或少忽略一些。',
  'There are {1} groups, too few for {2} parts. Split by another column, or at random.':
    '只有 {1} 个组，不足以划分为 {2} 份。请按其他列划分，或随机划分。',
  'The column of times leaves no row for the {1:train|validation|test} part: too many rows are of the same moment. Split by another column, or at random.':
    '按此时间列划分，{1:训练|验证|测试}部分没有行：同一时刻的行过多。请按其他列划分，或随机划分。',
  '{1} {2:groups|rows} are too few for {3} folds. Use fewer folds.': '{1} 个{2:组|行}不足以分成 {3} 折。请减少折数。',
  'Too few moments for {1} folds in order of time. Use fewer folds.':
    '不同时刻太少，不足以按时间顺序分成 {1} 折。请减少折数。',
  'no columns look like the pixels of an image (pixel_0_0, pixel_0_1, …): say its size, for instance --set image=[28,28]':
    '没有列像图像的像素（pixel_0_0、pixel_0_1……）：请指明大小，例如 --set image=[28,28]',
  'an image needs height and width, for instance --set image=[28,28]': '图像需要高和宽，例如 --set image=[28,28]',
  'an image of {1} has {2} pixels, but there are {3} columns of numbers: name the pixels alike, or ignore the others':
    '{1} 的图像有 {2} 个像素，但数值列有 {3} 个：请以同样的方式命名像素列，或忽略其他列',
  'inputs[{1}] is a text, but the model takes rows with {2}{3: and {4} more|}. Send {"column": value, …}.':
    'inputs[{1}] 是文本，但模型需要含有 {2}{3: 及另外 {4} 列|}的行。请发送 {"column": value, …}。',
  'inputs[{1}] has columns that the model does not know: {2}{3: and {4} more|}. It takes {5}{6: and {7} more|}.':
    'inputs[{1}] 含有模型不认识的列：{2}{3: 及另外 {4} 列|}。模型接受 {5}{6: 及另外 {7} 列|}。',
  'inputs[{1}] has none of the columns that the model takes: {2}{3: and {4} more|}.':
    'inputs[{1}] 不含模型所需的任何列：{2}{3: 及另外 {4} 列|}。',
  'This dataset was stored by a newer Neutrino; update this one.': '此数据集由更新版本的 Neutrino 保存；请更新本机。',
  '{1} is distributed otherwise in the test rows than in the training rows (distance {2} %).{3: The test rows are of another time: a split by time is what you have, and a model must bear it.|| Scores on the test rows may not hold elsewhere; split at random, or find out why they differ.}':
    '{1} 在测试行与训练行中的分布不同（距离 {2} %）。{3:测试行来自另一时段：按时间划分即如此，模型必须能承受。||测试行上的得分在别处可能不成立；请随机划分，或查明差异的原因。}',
  '{1} is the target in another unit or with a little noise: alone it explains {2} % of it. Leave it out unless it is known before the target is.':
    '{1} 是换了单位或带少量噪声的目标：仅凭它就能解释目标的 {2} %。除非它在目标之前就已知，否则请去掉。',
  '{1} stands one to one for the target: each of its values goes with one class. Leave it out: a model would only look the answer up.':
    '{1} 与目标一一对应：它的每个值都对应一个类别。请去掉它，否则模型只是在查答案。',
  '{1} is filled in or missing depending on the target: that alone predicts it. It is probably recorded afterwards; leave it out.':
    '{1} 是否有值取决于目标：仅凭这一点就能预测目标。它很可能是事后记录的；请去掉。',
  '{1} alone predicts {2} % of what the most frequent answer gets wrong, on rows that it was not fitted on. It is probably a result of the target; leave it out unless it is known before.':
    '在未拟合的行上，仅凭 {1} 就能预测出最常见答案所判错的 {2} %。它很可能是目标的结果；除非它事先已知，否则请去掉。',
  '{1} says the target in its words. Leave it out, or take the words away.':
    '{1} 的文字中说出了目标。请去掉它，或去掉这些词。',
  '{1} alone takes away {2} % of the error. Make sure that it is known at the time of a prediction.':
    '仅凭 {1} 就能消除 {2} % 的误差。请确认预测时它已知。',
  '{1} rows have no {2}: they are not trained on. Label them: neutrino datasets label.':
    '有 {1} 行没有 {2}，不参与训练。请标注：neutrino datasets label。',
  '{1} has no values; it is left out of training.': '{1} 没有值，不参与训练。',
  '{1} has the same value everywhere; it is left out of training.': '{1} 处处同值，不参与训练。',
  '{1} names rows and says nothing about new ones; it is left out of training.':
    '{1} 是行的标识，对新数据没有意义，不参与训练。',
  '{1} has values far from all others ({2} … {3}; 98 % lie between {4} and {5}). Check them, or clip them.':
    '{1} 有远离其他值的数（{2} … {3}；98 % 位于 {4} 与 {5} 之间）。请检查或截断。',
  '{1} rows are the same as an earlier one (identifiers set aside).': '有 {1} 行与前面的行相同（不计标识符）。',
  '{1} of {2} test rows occur in the training part as well: the score will be too good. Remove duplicates before training.':
    '{2} 行测试数据中有 {1} 行也出现在训练部分：得分会偏高。请在训练前去重。',
  '{1} more test rows differ from training rows only in case, width, blanks or punctuation.':
    '另有 {1} 行测试数据与训练行只差大小写、全半角、空格或标点。',
  '{1} rows are the same as an earlier one but have another {2}: no model can get both right. Look at them under labelling.':
    '有 {1} 行与前面的行相同，但 {2} 不同：没有模型能两者都答对。请在“标注”中查看。',
  '{1:1 class has|{2} classes have} fewer than {3} rows, too few to learn from or to test on: {4}{5:, …|}.':
    '有{1: 1 | {2} }个类别不足 {3} 行，难以学习和测试：{4}{5:……|}。',
  'The largest class, {1}, has {2} times the rows of the smallest, {3}. Look at macro F1, not at accuracy.':
    '最大的类别 {1} 的行数是最小的类别 {3} 的 {2} 倍。请看宏平均 F1，而不是准确率。',
  'There is no column {1}. {2:Did you mean {3}?|Columns: {4}.}': '没有列 {1}。{2:您是指 {3} 吗？|现有的列：{4}。}',
  'No column looks like the {1:user|item}s. Name it with {2}: {3}.': '没有一列像{1:用户|物品}。请用 {2} 指定：{3}。',
  'Column {1} cannot name users and items at once.': '列 {1} 不能同时是用户和物品。',
  'Column {1} holds no numbers, so it cannot be the rating.': '列 {1} 中没有数值，不能作为评分。',
  'Column {1} holds neither dates nor numbers, so it cannot be the time.':
    '列 {1} 中既没有日期也没有数值，不能作为时间。',
  'The dataset has no column {1}.': '数据集没有列 {1}。',
  'Column {1} holds no numbers.': '列 {1} 中没有数值。',
  'Column {1} holds no categories.': '列 {1} 中没有类别。',
  'Column {1} holds no files.': '列 {1} 中没有文件。',
  "The condition is refused: {1:it must be one condition, such as price > 10 AND colour = 'red'|it is too long|{2}s are not allowed in it|the function {3} is not among those that conditions may use|aggregates are not allowed in it|there is no column {4} (texts stand in single quotes, names in double ones)|it holds a NUL character|it is not SQL ({5})|it must be one condition}.":
    "条件被拒绝：{1:必须是单个条件，例如 price > 10 AND colour = 'red'|过长|其中不允许 {2}|函数 {3} 不在条件可用的函数之列|其中不允许聚合|没有列 {4}（文本用单引号，名称用双引号）|含有 NUL 字符|不是 SQL（{5}）|必须是单个条件}。",
  shaping: '正在整理',
  'The recipe took longer than {1} s. Make it simpler, or raise limits.importSeconds.':
    '配方用时超过 {1} 秒。请简化它，或提高 limits.importSeconds。',
  'The recipe needs more memory than it may take. Raise limits.importerMemory, or filter rows first.':
    '配方所需的内存超过上限。请提高 limits.importerMemory，或先筛选行。',
  'Step {1} ({2}): {3}': '步骤 {1}（{2}）：{3}',
  'A dataset of files needs a column beside them. Drop fewer.': '文件数据集除文件外还需要一列。请少删一些。',
  'After this step no row is left. Loosen its condition, or take it back.':
    '这一步之后没有剩下任何行。请放宽条件，或撤回这一步。',
  'There is a column {1} already. Choose another name.': '已经有列 {1}。请换一个名称。',
  'A dataset needs a column. Drop fewer.': '数据集至少需要一列。请少删一些。',
  'Whether a column holds images or sound is seen, not chosen.': '列中是图像还是声音由内容判定，不能选择。',
  'Column {1}: {2} values do not fit the type {3}, the first in row {4}. Correct them, or let them count as missing (invalid: missing).':
    '列 {1}：有 {2} 个值不符合类型 {3}，首个在第 {4} 行。请更正，或让它们按缺失处理（invalid: missing）。',
  'Say which value to fill in.': '请说明填充什么值。',
  'Column {1} holds no numbers: fill it with a value or with its mode.':
    '列 {1} 中没有数值：请用指定值或最常见的值填充。',
  'Column {1} holds numbers; {2} is none.': '列 {1} 存放数值；{2} 不是数值。',
  'Column {1} holds dates; write one as 2026-01-31.': '列 {1} 存放日期；请写成 2026-01-31 这样。',
  'Column {1} holds no numbers to clip.': '列 {1} 中没有可截断的数值。',
  'Give min, max or quantiles to clip to.': '请给出用于截断的 min、max 或 quantiles。',
  '{1} is above {2}: swap min and max.': '{1} 大于 {2}：请交换 min 和 max。',
  'Only identifiers are left: name the columns that make two rows the same.':
    '只剩下标识符：请指明哪些列相同即视为同一行。',
  'The condition took too long. Make it simpler.': '条件用时过长。请简化它。',
  'The condition cannot be applied: {1}': '无法应用条件：{1}',
  'Column {1} holds no texts.': '列 {1} 中没有文本。',
  'The other dataset has several rows for the same {1}: rows would multiply. Deduplicate it first.':
    '另一个数据集中同一 {1} 有多行：连接后行数会成倍增加。请先对它去重。',
  'No row has a match in the other dataset. Check the keys.': '没有一行能在另一个数据集中找到匹配。请检查键列。',
  'There is no row {1}: the dataset has {2} rows at this step.': '没有第 {1} 行：此步骤时数据集有 {2} 行。',
  'Column {1} holds numbers; {2} (row {3}) is none.': '列 {1} 存放数值；{2}（第 {3} 行）不是数值。',
  'Column {1} holds dates, which are no labels.': '列 {1} 存放日期，不能作为标签。',
  'Column {1} holds {2:images|sound}: it can be renamed, dropped and searched for duplicates.':
    '列 {1} 存放{2:图像|声音}：可以重命名、删除和查重。',
  'There is no column {1} at this step. There are: {2}{3:, …|}.': '此步骤时没有列 {1}。现有：{2}{3:……|}。',
  'the model has lost its tokenizer.json': '模型丢失了它的 tokenizer.json',
  'Only {1} rows have a target, too few to split. Add rows.': '只有 {1} 行有目标，不足以划分。请增加行。',
  'To split by {1}, name the column: --split {2}=COLUMN.': '要按 {1} 划分，请指明列：--split {2}=COLUMN。',
  'There is no column {1} to split by.{2: Did you mean {3}?|}': '没有可用于划分的列 {1}。{2:您是指 {3} 吗？|}',
  'Column {1} holds no dates or numbers to order rows by.': '列 {1} 中没有可用于排序的日期或数值。',
  'Column {1} has no values at all. Choose another target.': '列 {1} 完全没有值。请选择其他目标。',
  'Column {1} is an identifier: every row has its own value. Choose another target.':
    '列 {1} 是标识符：每行的值都不同。请选择其他目标。',
  'Column {1} holds dates, which cannot be predicted. Choose another target.':
    '列 {1} 存放日期，无法预测。请选择其他目标。',
  'Column {1} has only one value, so there is nothing to predict. Choose another target.':
    '列 {1} 只有一个值，没有可预测的内容。请选择其他目标。',
  'Column {1} has {2} different values in {3} rows, too many for classes. Choose another target.':
    '列 {1} 在 {3} 行中有 {2} 个不同的值，作为类别太多。请选择其他目标。',
  'No column looks like a target. Name one with --target: {1}{2:, …|}.':
    '没有一列像目标。请用 --target 指定：{1}{2:……|}。',
  'There is no column {1}. {2:Did you mean {3}?|Columns: {4}{5:, …|}.}':
    '没有列 {1}。{2:您是指 {3} 吗？|现有的列：{4}{5:……|}。}',
  'The dataset has no target column {1}. Add it, or choose another dataset.':
    '数据集没有目标列 {1}。请补上，或选择其他数据集。',
  'the tokenizer has no id for {1}; its vocabulary is not whole': '分词器没有 {1} 的编号；它的词表不完整',
  'tokenizer.json: {1}; save it with a current version of tokenizers':
    'tokenizer.json：{1}；请用当前版本的 tokenizers 保存',
  '{1}: {2:is not JSON in UTF-8; get the file again from its source|is not UTF-8; get the file again from its source|lacks the token {3} ({4}); name the right one in tokenizer_config.json|must map tokens to ids|has no "model" with a "type" and a "vocab"; save it with tokenizer.save_pretrained|a model of type {5} is not read; it may be {6}}':
    '{1}：{2:不是 UTF-8 编码的 JSON；请从来源重新获取该文件|不是 UTF-8 编码；请从来源重新获取该文件|缺少词元 {3}（{4}）；请在 tokenizer_config.json 中写明正确的词元|必须将词元映射到编号|没有含 "type" 和 "vocab" 的 "model"；请用 tokenizer.save_pretrained 保存|不支持类型为 {5} 的模型；可以是 {6}}',
  'Row {1}: {2}': '第 {1} 行：{2}',
  '{1} must be {2:a number|a date (2026-01-31 or 2026-01-31T12:00:00Z)|a text}, but is {3:a list|a text|an object|a {4}}. Send {5:a number|a date (2026-01-31 or 2026-01-31T12:00:00Z)|a text}, or null where it is missing.':
    '{1} 必须是{2:数值|日期（2026-01-31 或 2026-01-31T12:00:00Z）|文本}，但收到的是{3:列表|文本|对象|{4}}。请发送{5:数值|日期（2026-01-31 或 2026-01-31T12:00:00Z）|文本}；缺失时发送 null。',
  'There is no column {1} for the {2:target|times|series}.{3: Did you mean {4}?|}':
    '没有可作为{2:目标|时间|序列}的列 {1}。{3:您是指 {4} 吗？|}',
  'Name the number to forecast with --target.': '请用 --target 指定要预测的数值列。',
  'Column {1} holds no numbers, so it cannot be forecast.': '列 {1} 中没有数值，无法预测。',
  'No column looks like the times of a series. Name it with --time.': '没有一列像序列的时间。请用 --time 指定。',
  'Column {1} holds neither dates nor numbers to order rows by.': '列 {1} 中既没有日期也没有数值，无法排序。',
  'Column {1} cannot tell series apart and be something else.': '列 {1} 不能既区分序列又作他用。',
  'inputs[{1}].history[{2}].{3} must be {4:a number|a date (2026-01-31 or 2026-01-31T12:00:00Z)}: without it the row has no place in the series.':
    'inputs[{1}].history[{2}].{3} 必须是{4:数值|日期（2026-01-31 或 2026-01-31T12:00:00Z）}：否则该行在序列中没有位置。',
  'only forecasts take histories': '只有序列预测接受历史',
  'inputs[{1}] needs the rows behind: {"history": [{{2}: …, {3}: …}, …]}, {4} of them or more.':
    'inputs[{1}] 需要过去的行：{"history": [{{2}: …, {3}: …}, …]}，至少 {4} 行。',
  'inputs[{1}].history[{2}] is no row.': 'inputs[{1}].history[{2}] 不是行。',
  'inputs[{1}].history[{2}] has a column {3} that the model does not know.':
    'inputs[{1}].history[{2}] 含有模型不认识的列 {3}。',
  'inputs[{1}].history[{2}] has a time that another row has. Send each time once.':
    'inputs[{1}].history[{2}] 的时间与另一行相同。每个时间请只发送一次。',
  'inputs[{1}].history[{2}] is of another series. Send one series an input.':
    'inputs[{1}].history[{2}] 属于另一个序列。每个输入请只发送一个序列。',
  'inputs[{1}]: the last {2} steps have no value of {3}.': 'inputs[{1}]：最近 {2} 步没有 {3} 的值。',
  'Rows {1} and {2} have the same time {3}{4:| in series {5}}. {6:Name the column that tells series apart (--series), or sum them up before the import|Sum them up before the import}.':
    '第 {1} 行和第 {2} 行{4:|在序列 {5} 中}的时间相同：{3}。{6:请指定区分序列的列（--series），或在导入前合并|请在导入前合并}。',
  'The times are too uneven: {1} rows over {2} steps from {3} on. Bring them to even steps before the import.':
    '时间间隔过于不均：从 {3} 起 {2} 步中只有 {1} 行。请在导入前整理成等间隔。',
  'No series has two different times, so that none can be forecast.': '没有一个序列含有两个不同的时间，无法预测。',
};
