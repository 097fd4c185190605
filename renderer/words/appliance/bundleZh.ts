// What engine/bundle says, in Simplified Chinese, by its English; how a row is written is told in index.ts.

export const bundleZh: Record<string, string> = {
  '{1:the bundle in object {2}|the file} {3:has no {4}; it is not a whole bundle|has a {5} that is not JSON|is not a Neutrino bundle: its manifest.json says otherwise|was changed: {6} does not have the hash that its manifest gives; get it again from its source|has a {7} that is not as it should be at {8}: {9}}':
    '{1:对象 {2} 中的模型包|该文件}{3:没有 {4}；它不是完整的模型包|中的 {5} 不是 JSON|不是 Neutrino 模型包：它的 manifest.json 与此不符|被改动过：{6} 与清单中的哈希不符；请从来源重新获取|中的 {7} 在 {8} 处不符合要求：{9}}',
  '{1:the bundle in object {2}|the file} names no bundle format; it is damaged or made by something else':
    '{1:对象 {2} 中的模型包|该文件}没有注明模型包格式；它已损坏，或由其他程序生成',
  '{1:the bundle in object {2}|the file} has bundle format {3}, and this version reads up to {4}; update Neutrino to use it':
    '{1:对象 {2} 中的模型包|该文件}的模型包格式为 {3}，此版本最高可读 {4}；请更新 Neutrino 后使用',
  'there is no migration of bundle format {1}': '没有针对模型包格式 {1} 的迁移',
  'these scores were kept by a newer version; open them with that one': '这些得分由更新的版本保存；请用那个版本打开',
  "the bundle's model.onnx is not an ONNX model; it is refused": '模型包中的 model.onnx 不是 ONNX 模型；已拒绝',
  "the bundle's signature {1:cannot be read|is made with another kind of key|cannot be checked|does not fit its manifest: the bundle was changed after it was signed}; get the bundle again from its source":
    '模型包的签名{1:无法读取|由另一类密钥生成|无法验证|与清单不符：模型包在签名后被改动过}；请从来源重新获取模型包',
  'this is not a whole .neutrino file (a zip): it is damaged or something else; get it again from its source':
    '这不是完整的 .neutrino 文件（zip）：它已损坏或是别的内容；请从来源重新获取',
  'the bundle {1:holds {2}, which no bundle has|holds {3} twice|holds a {4} of more than {5} bytes|holds {6} packed in an unknown way|claims a size for {7} that it cannot have|is not signed; export it again with Neutrino|has no manifest.json}; it is refused':
    '模型包{1:含有 {2}，这不属于任何模型包|含有两份 {3}|中的 {4} 超过 {5} 字节|中的 {6} 以未知方式压缩|中的 {7} 声称了不可能的大小|没有签名；请用 Neutrino 重新导出|没有 manifest.json}；已拒绝',
};
