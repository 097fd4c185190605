// What engine/store says, in Simplified Chinese, by its English; how a row is written is told in index.ts.

export const storeZh: Record<string, string> = {
  '{1} exists already; choose another name': '{1} 已存在；请换一个名称',
  'there is a {1} {2} already': '已有 {1} {2}',
  '{1} cannot grow, the disk is full; free some space and try again': '{1} 无法增大，磁盘已满；请腾出空间后重试',
  '{1} is in use by another process; stop it, or use its address': '{1} 正被另一个进程使用；请停止它，或使用它的地址',
  '{1} is not writable for this user; change its owner or mode, or choose another directory':
    '当前用户不可写 {1}；请更改其所有者或权限，或选择其他目录',
  'this cursor belongs to another list; start again from the first page': '此游标属于另一个列表；请从第一页重新开始',
  '{1} is being started by another process; try again': '{1} 正由另一个进程启动；请重试',
  'the lock of {1} is not ours any more': '{1} 的锁已不属于本进程',
  'process {1} serves {2} already{3: at {4}|}; use it, or stop it first':
    '进程 {1} 已在服务 {2}{3:，地址为 {4}|}；请使用它，或先停止它',
  '{1} was written by a newer Neutrino (format {2}, this one knows {3}); update this one':
    '{1} 由更新版本的 Neutrino 写入（格式 {2}，本机可读 {3}）；请更新本机',
  'appliance stopped': 'Neutrino 服务已停止',
  'there is no object {1}; it was erased': '没有对象 {1}；它已被擦除',
  'object {1} is still being written': '对象 {1} 仍在写入',
  'object {1} has no entry {2}': '对象 {1} 没有条目 {2}',
  'object {1} has no chunk {2} of {3}': '对象 {1} 没有 {3} 的第 {2} 块',
  'bytes {1} to {2} are outside the {3} of object {4}': '字节 {1} 到 {2} 超出对象 {4} 的 {3}',
  'object {1} was written by a newer Neutrino; update this one': '对象 {1} 由更新版本的 Neutrino 写入；请更新本机',
  'the file of object {1} is missing; restore it from a backup': '对象 {1} 的文件缺失；请从备份中恢复',
  'object {1} is written already': '对象 {1} 已经写完',
  'object {1} would take more than the {2} bytes it may; free some space or raise the quota':
    '对象 {1} 会超过允许的 {2} 字节；请腾出空间，或提高配额',
  '{1} is not empty; restore into a new directory, or move the old one away':
    '{1} 不是空的；请恢复到新的目录，或移走旧的目录',
  'there is no backup {1}; check the path': '没有备份 {1}；请检查路径',
  '{1} is not a Neutrino backup': '{1} 不是 Neutrino 备份',
  'the backup {1} was changed or damaged; use another one': '备份 {1} 被改动或损坏；请使用另一份',
  'the quota of {1} bytes for data and models is used up; delete some, or raise it':
    '数据和模型的 {1} 字节配额已用完；请删除一些，或提高配额',
  'there is no {1:dataset|label|experiment|run|model|deployment|principal|key|scoring|alert|peer} {2}; neutrino {3:datasets|labels|experiments|runs|models|deployments|files of predictions|alerts|principals|peers|keys} list shows those there are':
    '没有{1:数据集|标签|实验|运行|模型|部署|账户|密钥|批量预测文件|告警|机器} {2}；neutrino {3} list 会列出现有的',
  'there is a {1:dataset|label|experiment|run|model|deployment|principal|key|scoring|alert|peer} called {2} already; choose another name or delete it':
    '已有名为 {2} 的{1:数据集|标签|实验|运行|模型|部署|账户|密钥|批量预测文件|告警|机器}；请换一个名称，或删除它',
  '{1:dataset|label|experiment|run|model|deployment|principal|key|scoring|alert|peer} {2} is {3}, not {4}':
    '{1:数据集|标签|实验|运行|模型|部署|账户|密钥|批量预测文件|告警|机器} {2} 的状态是{3!}，而不是{4!}',
  '{1:dataset|label|experiment|run|model|deployment|principal|key|scoring|alert|peer} {2} is {3} and cannot become {4}':
    '{1:数据集|标签|实验|运行|模型|部署|账户|密钥|批量预测文件|告警|机器} {2} 的状态是{3!}，不能变为{4!}',
};
