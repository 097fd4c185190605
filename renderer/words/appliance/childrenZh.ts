// What engine/children says, in Simplified Chinese, by its English; how a row is written is told in index.ts.

export const childrenZh: Record<string, string> = {
  'a decision of {1} numbers where {2} are due': '一项决定有 {1} 个数，应为 {2} 个',
  'the members of this run no longer hold the same weights; train without --peers, and report it with the versions of all machines':
    '此次运行的各成员权重已不一致；请不带 --peers 训练，并报告此问题和所有机器的版本',
  '{1} cannot be read; check the path and its mode': '无法读取 {1}；请检查路径和权限',
  'this host has no model yet': '此主机尚未加载模型',
  'the runtime takes no such graph: {1}': '运行时不接受这样的计算图：{1}',
  'an output to keep (--output) and --as-is are for ONNX files, not for folders':
    '要保留的输出（--output）和 --as-is 只用于 ONNX 文件，不用于文件夹',
  'The dataset {1} that is joined is not there any more.': '要连接的数据集 {1} 已不存在。',
  profiling: '正在分析',
  'a thread answered {1} to a sum': '一个线程对求和回答了 {1}',
  'the run ended before this machine could take part': '本机还未加入，运行就已结束',
  'a neighbour sent a state that cannot be read': '相邻机器发来的状态无法读取',
  'The file has a header line only; there is nothing to predict.': '文件只有表头一行；没有可预测的内容。',
  'The file cannot be read as CSV: {1}': '无法将文件读作 CSV：{1}',
  'The {1:trial|importer|probe|trainer|host} could not be started. Check the number of processes and free memory.':
    '{1:试验进程|导入进程|探测进程|训练进程|模型主机}无法启动。请检查进程数量和可用内存。',
  'The search goes on without it.': '搜索会继续，不使用它。',
  'The model was not imported. Raise limits.trainerMemory if it is a large one.':
    '模型没有导入。如果模型较大，请提高 limits.trainerMemory。',
  'Nothing was imported. Try it again, with a smaller file if it persists.':
    '没有导入任何内容。请重试；若仍失败，请换较小的文件。',
  'Check the GPU driver.': '请检查显卡驱动。',
  'The run goes on without this machine.': '运行会在没有本机的情况下继续。',
  'The file was not imported. Check that it is a .neutrino bundle.': '文件没有导入。请确认它是 .neutrino 模型包。',
  'Nothing was changed. Make the work smaller, or raise limits.importerMemory.':
    '没有任何更改。请减小工作量，或提高 limits.importerMemory。',
  'Use a smaller batch or model, or raise limits.trainerMemory.': '请减小批大小或模型，或提高 limits.trainerMemory。',
  'Go on with: neutrino runs resume {1}': '继续运行：neutrino runs resume {1}',
  'The {1:trial|importer|probe|trainer|host} took more memory than it was given. {2}':
    '{1:试验进程|导入进程|探测进程|训练进程|模型主机}占用的内存超过了分配量。{2}',
  'The {1:trial|importer|probe|trainer|host} ran out of time. {2}':
    '{1:试验进程|导入进程|探测进程|训练进程|模型主机}超时。{2}',
  'The {1:trial|importer|probe|trainer|host} could not load {2}, a part of this program. Install Neutrino again; “neutrino doctor” tells what else is missing.':
    '{1:试验进程|导入进程|探测进程|训练进程|模型主机}无法加载程序自身的部件 {2}。请重新安装 Neutrino；“neutrino doctor” 会列出还缺什么。',
  'The {1:trial|importer|probe|trainer|host} {2:was killed ({3})|ended with code {4}}. {5}':
    '{1:试验进程|导入进程|探测进程|训练进程|模型主机}{2:被终止（{3}）|以代码 {4} 退出}。{5}',
  '--metric {1} is for classes; {2} is a number': '--metric {1} 用于类别；{2} 是数值',
  training: '正在训练',
  'the {1} trials of run {2} again, and its members': '重做运行 {2} 的 {1} 次试验及其成员',
  'a search until the budget ends: starting points first, then proposals by what did well':
    '搜索直到时限用完：先试起点，再按表现提出新的试验',
  'a search of {1} trials: starting points first, then proposals by what did well':
    '{1} 次试验的搜索：先试起点，再按表现提出新的试验',
  '{1} folds; the test part is looked at once, at the end': '{1} 折交叉验证；测试部分只在最后使用一次',
  'it is made of {1}': '由 {1} 组成',
  '{1} % {2} (trial {3})': '{1} % {2}（试验 {3}）',
  'careful: {1}': '请注意：{1}',
  'trial {1}: {2}': '试验 {1}：{2}',
  'fitting {1} members on all rows': '用全部行拟合 {1} 个成员',
  '{1} was asked for': '按要求使用 {1}',
  'precision fp16 is for GPUs (--device webgpu, cuda or dml): a processor gains nothing by it':
    '精度 fp16 只适用于显卡（--device webgpu、cuda 或 dml）：处理器不会因此变快',
  preparing: '正在准备',
  'the run used {1} GiB of its {2} GiB; {3:|use --batch-size {4}, --accumulate 2 or --recompute, }leave out text columns, or raise limits.trainerMemory':
    '运行用了 {2} GiB 中的 {1} GiB；请{3:|使用 --batch-size {4}、--accumulate 2 或 --recompute，或}去掉文本列，或提高 limits.trainerMemory',
  'this trial has no rows yet': '此试验还没有数据行',
  'a trial answered something else': '一次试验给出了意外的回答',
  'The time for trials is over.': '试验的时间已用完。',
  '{1} steps ahead in order of {2}, from the {3} values behind; {4:it repeats itself after {5} steps|it has no season}; folds and test follow each other in time':
    '按 {2} 的顺序，由过去 {3} 个值预测后续 {1} 步；{4:每 {5} 步重复一次|没有季节性}；各折与测试按时间先后排列',
  'the leader sent something else than the sum': '主导机器发来的不是总和',
  'the leader sent something else than its decision': '主导机器发来的不是它的决定',
  'the weights here are not those of the leading machine: the run cannot go on here':
    '这里的权重与主导机器的不同：运行无法在此继续',
  'the leader sent a plan that cannot be read': '主导机器发来的计划无法读取',
  'training on the rows here ran away: lower the learning rate, or look for outliers':
    '在本机的行上训练发散了：请降低学习率，或检查异常值',
  '{1} batches': '{1} 个批次',
};
