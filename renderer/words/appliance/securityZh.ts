// What engine/security says, in Simplified Chinese, by its English; how a row is written is told in index.ts.

export const securityZh: Record<string, string> = {
  'a server certificate needs at least one host; name one': '服务器证书至少需要一个主机名；请指定一个',
  '{1} is neither a host name nor an address': '{1} 既不是主机名也不是地址',
  'entry {1} is missing ({2} follows {3})': '缺少第 {1} 条（{3} 之后是 {2}）',
  'entry {1} was changed, or is not the one that followed {2}': '第 {1} 条被改动过，或者不是 {2} 之后的那一条',
  'the chain ends at {1}, but {2} entries were written': '链到第 {1} 条为止，但共写入了 {2} 条',
  'the chain goes on to {1}, but its sealed head says {2}': '链延续到第 {1} 条，但封存的链头记为 {2}',
  'a file of decoded rows': '已解码行的文件',
  'the spooled upload': '上传的暂存文件',
  'the key of object {1}': '对象 {1} 的密钥',
  'the vault key': '保险库密钥',
  'object {1}': '对象 {1}',
  'the metrics of run {1} (part {2})': '运行 {1} 的指标（第 {2} 部分）',
  'audit entry {1}': '审计记录 {1}',
  'neutrino.db (its {1} entry)': 'neutrino.db（其中的 {1} 条目）',
  "the passphrase's entry in {1}": '{1} 中的口令条目',
  'neutrino.db (its audit key entry)': 'neutrino.db（其中的审计密钥条目）',
  'entry {1}': '条目 {1}',
  'the audit': '审计',
  'the metrics of run {1}': '运行 {1} 的指标',
  'the backup {1}': '备份 {1}',
  '{1} was changed or damaged on disk; restore it from a backup': '{1} 在磁盘上被改动或损坏；请从备份中恢复',
  'the key file {1}': '密钥文件 {1}',
  'is not writable for this user; change its owner or mode, or choose another directory':
    '当前用户不可写；请更改其所有者或权限，或选择其他目录',
  'cannot be made there; choose another directory': '无法在那里创建；请选择其他目录',
  'is on a read-only file system; choose another directory': '位于只读文件系统上；请选择其他目录',
  'lies below something that is not a directory; choose another directory': '位于并非目录的路径之下；请选择其他目录',
  'is in the way of a directory; choose another directory': '占用了目录的位置；请选择其他目录',
  'cannot grow, the disk is full; free some space and try again': '无法增大，磁盘已满；请腾出空间后重试',
  'cannot grow, the disk quota is used up; free some space and try again': '无法增大，磁盘配额已用完；请腾出空间后重试',
  'this is not an X.509 certificate; give one in PEM or DER': '这不是 X.509 证书；请提供 PEM 或 DER 格式的证书',
  'the key file {1} would lie inside the data directory; use a passphrase, or move the data directory':
    '密钥文件 {1} 会位于数据目录之内；请使用口令，或移动数据目录',
  'the key file {1} was changed or damaged; put back a copy, or open the vault with its recovery code':
    '密钥文件 {1} 被改动或损坏；请放回副本，或用恢复码打开保险库',
  'the vault was locked; start Neutrino again to open it': '保险库已锁定；请重新启动 Neutrino 以打开它',
  'this key is not known here or was revoked; ask an admin for a new one':
    '这里不认识此密钥，或它已被吊销；请向管理员索取新的密钥',
  'this key expired on {1}; ask an admin for a new one': '此密钥已于 {1} 过期；请向管理员索取新的密钥',
  'too many requests; try again in {1} s': '请求过多；请在 {1} 秒后重试',
  'there is a vault in {1} already': '{1} 中已有保险库',
  'the passphrase does not open the vault in {1}; try it again': '此口令打不开 {1} 中的保险库；请重试',
  'the vault in {1} has no passphrase and this is not its recovery code; unset NEUTRINO_PASSPHRASE to open it another way':
    '{1} 中的保险库没有口令，而这不是它的恢复码；要用其他方式打开，请取消设置 NEUTRINO_PASSPHRASE',
  'the vault needs its passphrase; set NEUTRINO_PASSPHRASE or give --passphrase-file':
    '保险库需要口令；请设置 NEUTRINO_PASSPHRASE 或给出 --passphrase-file',
  'the key file {1} is missing': '缺少密钥文件 {1}',
  'the key file {1} can be read by other users; run chmod 600 on it':
    '其他用户可以读取密钥文件 {1}；请对它运行 chmod 600',
  'its key file does not fit': '它的密钥文件不匹配',
  'the vault in {1} stays locked: {2}; put it back, or give its recovery code in NEUTRINO_PASSPHRASE or --passphrase-file':
    '{1} 中的保险库仍然锁定：{2}；请放回该文件，或在 NEUTRINO_PASSPHRASE 或 --passphrase-file 中给出恢复码',
  "the vault in {1} opens with the desktop app's keychain; start it there, or give its recovery code in NEUTRINO_PASSPHRASE or --passphrase-file":
    '{1} 中的保险库由桌面应用的钥匙串打开；请在那里启动，或在 NEUTRINO_PASSPHRASE 或 --passphrase-file 中给出恢复码',
  'the vault has no wrap {1}; neutrino vault status lists them':
    '保险库没有打开方式 {1}；neutrino vault status 列出现有的',
  'this is the last way into the vault, and losing it loses the data; add another one first':
    '这是打开保险库的最后一种方式，失去它就会失去数据；请先添加另一种',
  'the last rotation is not finished; start Neutrino again to finish it':
    '上一次轮换尚未完成；请重新启动 Neutrino 以完成它',
  'rotating needs the passphrase again; give it': '轮换需要再次输入口令；请提供',
  'the passphrase does not open the vault; give the one in use': '此口令打不开保险库；请提供正在使用的口令',
  'there is no vault in {1}; start Neutrino there once, or restore a backup':
    '{1} 中没有保险库；请在那里启动一次 Neutrino，或恢复备份',
  '{1} was written by a newer Neutrino; update this one': '{1} 由更新版本的 Neutrino 写入；请更新本机',
  'a passphrase needs at least {1} characters; choose a longer one': '口令至少需要 {1} 个字符；请选择更长的口令',
  'there is no keychain here; add this wrap from the desktop app': '这里没有钥匙串；请在桌面应用中添加此打开方式',
};
