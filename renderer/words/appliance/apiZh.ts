// What engine/api says, in Simplified Chinese, by its English; how a row is written is told in index.ts.

export const apiZh: Record<string, string> = {
  'the body is not UTF-8 text': '请求正文不是 UTF-8 文本',
  'the body did not arrive in time': '请求正文没有及时到达',
  'the client left': '客户端已断开',
  'send the body as JSON, with the header “Content-Type: application/json”':
    '请以 JSON 发送正文，并带上请求头 “Content-Type: application/json”',
  'send the body as it is, without Content-Encoding': '请原样发送正文，不要使用 Content-Encoding',
  'the body is larger than {1:{2} MiB|{3} bytes}; send it in smaller parts':
    '正文超过 {1:{2} MiB|{3} 字节}；请分成较小的部分发送',
  'something went wrong inside; the log on the appliance has it as incident {1}':
    '内部出错；Neutrino 服务的日志中以事件 {1} 记录了详情',
  'the address holds a malformed %-escape': '地址中含有格式错误的 % 转义',
  'no WebSocket is served here': '这里不提供 WebSocket',
  'too many clients follow the events': '跟踪事件的客户端过多',
  'Invalid input: expected {1}': '输入无效：应为 {1}',
  'does not fit': '不符合要求',
  '{1:query|body|path|{2:query|body|path}: {3}}: {4}{5: (and {6} more)|}':
    '{1:查询参数|正文|路径|{2:查询参数|正文|路径}的 {3}}：{4}{5:（另有 {6} 处）|}',
  'the body is not JSON: it {1:ends too early|goes wrong} at line {2}, column {3}':
    '正文不是 JSON：在第 {2} 行第 {3} 列{1:提前结束|出错}',
  'the body is nested deeper than {1} levels': '正文的嵌套超过 {1} 层',
  'the body holds {1:more than {2} lists and objects|an object of more than {3} fields|more than {4} values}; send it in smaller parts{5:|, or tensors as bytes (binary_data_size at /v2)}':
    '正文含有{1:超过 {2} 个列表和对象|一个超过 {3} 个字段的对象|超过 {4} 个值}；请分成较小的部分发送{5:|，或以字节发送张量（/v2 的 binary_data_size）}',
  'this key may make {1} requests a minute; wait {2} s': '此密钥每分钟可发 {1} 个请求；请等待 {2} 秒',
  'no answer within {1} s': '{1} 秒内没有应答',
  'requests for host “{1}” are not answered here; if this name is the appliance’s, list it in allowedHosts':
    '这里不应答发给主机 “{1}” 的请求；若这是本服务的名称，请把它加入 allowedHosts',
  'requests from pages of “{1}” are not answered here': '这里不应答来自 “{1}” 页面的请求',
  'only paths of this server are answered': '只应答本服务器的路径',
  'the appliance is stopping': 'Neutrino 服务正在停止',
  'there is nothing at {1}; /docs lists what there is': '{1} 处没有内容；/docs 列出了全部接口',
  '{1} is not possible at {2}; use {3}': '{2} 不支持 {1}；请使用 {3}',
  'the TLS certificate and key cannot be used: they must be PEM and belong together':
    'TLS 证书和密钥无法使用：两者必须是 PEM 格式且互相匹配',
  'the TLS file {1} cannot be read; check --tls-cert and --tls-key':
    '无法读取 TLS 文件 {1}；请检查 --tls-cert 和 --tls-key',
  'port {1} is taken by another program; choose one with --port': '端口 {1} 被其他程序占用；请用 --port 另选一个',
  'this user may not listen on port {1}; choose one above 1023': '当前用户不能监听端口 {1}；请选择大于 1023 的端口',
  '{1} is not an address of this machine; check --host': '{1} 不是本机的地址；请检查 --host',
  'log in first, or send “Authorization: Bearer KEY”; keys come from an admin':
    '请先登录，或发送 “Authorization: Bearer KEY”；密钥由管理员提供',
  'a change by cookie needs the Origin header that browsers send; use a key instead':
    '用 Cookie 提交更改需要浏览器发送的 Origin 请求头；请改用密钥',
  'this call came with a key; only a session can end': '这次调用使用的是密钥；只有会话可以结束',
  'send the key as “Authorization: Bearer KEY”': '请以 “Authorization: Bearer KEY” 发送密钥',
  'there is nothing at {1}': '{1} 处没有内容',
  'the upload stood still for two minutes': '上传已停滞两分钟',
  'the client left during the upload': '客户端在上传途中断开',
  '{1} holds data but no vault.json. Restore that file from a backup; without it nothing can be read.':
    '{1} 中有数据却没有 vault.json。请从备份中恢复该文件；没有它什么也读不出来。',
};
