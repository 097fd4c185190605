// What engine/client says, in Simplified Chinese, by its English; how a row is written is told in index.ts.

export const clientZh: Record<string, string> = {
  '{1} does not answer in JSON; is it a Neutrino appliance?': '{1} 没有以 JSON 应答；它是 Neutrino 服务吗？',
  'the answer has no body': '应答没有正文',
  'signed out; log in again': '已退出登录；请重新登录',
  'nothing answers at {1}; start the appliance with: neutrino start': '{1} 没有应答；请启动服务：neutrino start',
  'the certificate of {1} is not trusted ({2}); trust its authority with NODE_EXTRA_CA_CERTS=FILE':
    '{1} 的证书不受信任（{2}）；请用 NODE_EXTRA_CA_CERTS=FILE 信任其签发机构',
  '{1} cannot be reached{2:| ({3})}; check the address, the network and that the appliance runs':
    '无法访问 {1}{2:|（{3}）}；请检查地址、网络以及 Neutrino 服务是否在运行',
  'HTTP {1} without a Neutrino answer; is {2} an appliance?':
    '收到 HTTP {1}，但不是 Neutrino 的应答；{2} 是 Neutrino 服务吗？',
  'the answer to {1} does not fit at “{2}”: the appliance is probably of another version; update the older of the two':
    '对 {1} 的应答在 “{2}” 处不符：对方可能是其他版本；请更新较旧的一方',
  'the transfer broke off after {1} bytes; try again': '传输在 {1} 字节后中断；请重试',
};
