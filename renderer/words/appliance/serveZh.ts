// What engine/serve says, in Simplified Chinese, by its English; how a row is written is told in index.ts.

export const serveZh: Record<string, string> = {
  'the client left before the prediction was made': '预测完成之前客户端已断开',
  'no prediction within {1:{2} ms|{3} s}; send fewer inputs at once, or raise replicas or limits.predictSeconds':
    '{1:{2} 毫秒|{3} 秒}内没有得到预测；请一次少发送一些输入，或增加副本，或提高 limits.predictSeconds',
  'Inference-Header-Content-Length is {1}; it must be the length of the JSON within the body of {2} bytes':
    'Inference-Header-Content-Length 为 {1}；它必须是 {2} 字节正文中 JSON 部分的长度',
  'body.{1}: {2}': 'body.{1}：{2}',
  'input "{1}" has neither data nor the parameter binary_data_size':
    '输入 “{1}” 既没有 data，也没有参数 binary_data_size',
  'input "{1}" has both data and binary_data_size; send one':
    '输入 “{1}” 同时有 data 和 binary_data_size；请只发送一个',
  'input "{1}" claims {2} bytes of binary data, but {3} are left in the body':
    '输入 “{1}” 声称有 {2} 字节的二进制数据，但正文只剩 {3} 字节',
  '{1} bytes of the body belong to no input; give each its binary_data_size':
    '正文中有 {1} 字节不属于任何输入；请为每个输入给出 binary_data_size',
  'the JSON part of the body cannot be read; check Inference-Header-Content-Length':
    '正文的 JSON 部分无法读取；请检查 Inference-Header-Content-Length',
  'of shape [{1}] needs {2} elements of data, but has {3}': '的形状为 [{1}]，需要 {2} 个数据元素，实为 {3} 个',
  "element {1} must be a number, not NaN or infinite; where a value is missing, send rows to the deployment's predict and leave it out":
    '的元素 {1} 必须是数值，不能是 NaN 或无穷；有缺失值时，请将行发送到部署的 predict 并略去该值',
  'nests deeper than its {1} dimensions': '的嵌套超过它的 {1} 维',
  'has nested data that does not match shape [{1}] at dimension {2}': '的嵌套数据在第 {2} 维与形状 [{1}] 不符',
  'of shape [{1}] needs {2} bytes of binary data, but has {3}':
    '的形状为 [{1}]，需要 {2} 字节的二进制数据，实为 {3} 字节',
  'holds a byte that is no BOOL; use 0 or 1': '含有不是 BOOL 的字节；请使用 0 或 1',
  'of shape [{1}] needs {2} strings, each behind its length in 4 bytes; its binary data holds something else':
    '的形状为 [{1}]，需要 {2} 个字符串，每个前面以 4 字节注明长度；它的二进制数据不是这样',
  'element {1} is not UTF-8 text': '的元素 {1} 不是 UTF-8 文本',
  'of shape [{1}] needs {2} strings, but its binary data has {3}':
    '的形状为 [{1}]，需要 {2} 个字符串，但它的二进制数据中有 {3} 个',
  'element {1} must be a string (BYTES), not {2}': '的元素 {1} 必须是字符串（BYTES），而不是 {2}',
  'element {1} must be {2:true or false|an integer from 0 to 255|an integer from 0 to 65535|an integer from 0 to 4294967295|an integer from 0 to 2^64 − 1 (as a string above 2^53)|an integer from −128 to 127|an integer from −32768 to 32767|an integer of 32 bits|an integer of 64 bits (as a string beyond ±2^53)|a number within ±65504|a number within ±3.4e38|a number} ({3}), not {4}':
    '的元素 {1} 必须是{2: true 或 false|从 0 到 255 的整数|从 0 到 65535 的整数|从 0 到 4294967295 的整数|从 0 到 2^64 − 1 的整数（超过 2^53 时写成字符串）|从 −128 到 127 的整数|从 −32768 到 32767 的整数| 32 位整数| 64 位整数（超出 ±2^53 时写成字符串）|±65504 以内的数|±3.4e38 以内的数|数值}（{3}），而不是 {4}',
  'was sent twice; send it once': '发送了两次；请只发送一次',
  'is not an input of this model; its inputs are {1}': '不是此模型的输入；它的输入有 {1}',
  'is missing; this model takes {1}': '缺失；此模型接受 {1}',
  'must be {1}, not {2}': '必须是 {1}，而不是 {2}',
  'must have shape [{1}], not [{2}]': '的形状必须是 [{1}]，而不是 [{2}]',
  'has a batch of {1}, but "{2}" one of {3}; they must agree': '的批大小为 {1}，而 “{2}” 为 {3}；两者必须一致',
  'input "{1}" {2}': '输入 “{1}” {2}',
  'its host keeps ending': '它的主机不断退出',
  '{1}@{2} cannot be served: {3}': '无法用 {1}@{2} 提供服务：{3}',
  '{1}@{2} could not answer before the deadline of the request; try again, or raise its replicas':
    '{1}@{2} 没能在请求的期限前回答；请重试，或增加它的副本',
  '{1} requests already wait for {2}@{3}; try again in {4} s, or raise its replicas':
    '已有 {1} 个请求在等待 {2}@{3}；请在 {4} 秒后重试，或增加它的副本',
  '{1}@{2} was stopped before it was ready': '{1}@{2} 在就绪之前被停止',
  'inputs[{1}] has no text: send {"text": "…"} or the bare text':
    'inputs[{1}] 没有文本：请发送 {"text": "…"} 或直接发送文本',
  'inputs[{1}] has {2} tokens; {3} fit before what is written':
    'inputs[{1}] 有 {2} 个词元；在生成内容之前最多容纳 {3} 个',
  'inputs[{1}] must be a text': 'inputs[{1}] 必须是文本',
  'inputs[{1}] has {2} tokens; {3} fit': 'inputs[{1}] 有 {2} 个词元；最多容纳 {3} 个',
  'GGUF models search no beams: leave "beams" out': 'GGUF 模型不做束搜索：请去掉 "beams"',
  'a GGUF model takes texts, not tensors: POST /v1/chat/completions':
    'GGUF 模型接受文本，不接受张量：POST /v1/chat/completions',
  'GGUF models need llama.cpp: npm install node-llama-cpp where Neutrino is installed, then deploy again':
    'GGUF 模型需要 llama.cpp：请在安装 Neutrino 的地方运行 npm install node-llama-cpp，然后重新部署',
  'GGUF models are decrypted into /dev/shm, which this system does not have (Linux has)':
    'GGUF 模型会解密到 /dev/shm，而此系统没有它（Linux 有）',
  'the model does not fit into /dev/shm; give the system more shared memory':
    '/dev/shm 放不下此模型；请给系统更多共享内存',
  'llama.cpp cannot load this file: {1}': 'llama.cpp 无法加载此文件：{1}',
  'this key may have {1} rows a day answered here and has used {2}; the next day begins in {3} h':
    '此密钥在这里每天可获 {1} 行回答，已用 {2} 行；{3} 小时后开始新的一天',
  "this key's budget of {1} rows here is used up ({2}); ask the owner of the deployment for more":
    '此密钥在这里的 {1} 行额度已用完（{2}）；请向部署的所有者申请更多',
  'this key may make {1} requests a minute here; wait {2} s': '此密钥在这里每分钟可发 {1} 个请求；请等待 {2} 秒',
  '{1:inputs[{2}].{3}|row {4}, column {5}}: {6}; this deployment refuses what it was not trained on':
    '{1:inputs[{2}].{3}|第 {4} 行的列 {5}}：{6}；此部署拒绝训练中未见过的内容',
  '{1} rows in one request; this deployment takes {2} at a time': '一次请求有 {1} 行；此部署每次接受 {2} 行',
  'the answer would have {1} bytes; this deployment gives {2}; ask for fewer rows at once':
    '回答会有 {1} 字节；此部署最多给出 {2} 字节；请一次少请求一些行',
  "{1} is outside the training data's {2} to {3}": '{1} 超出训练数据的范围 {2} 到 {3}',
  '"{1}" did not occur in the training data': '“{1}” 没有在训练数据中出现过',
  'the model of {1} has no output "{2:label|probabilities|prediction|items|scores|anomaly|score|error|columns|shares}"; train it again':
    '{1} 的模型没有输出 “{2}”；请重新训练',
  'the model cannot compute these tensors: {1}': '模型无法计算这些张量：{1}',
  'input "{1}" needs {2} strings, but has {3}': '输入 “{1}” 需要 {2} 个字符串，实为 {3} 个',
  'send one of inputs, instances, dataframe_split, dataframe_records; this has {1}':
    '请发送 inputs、instances、dataframe_split、dataframe_records 之一；这里有 {1}',
  '{1} holds no row': '{1} 中没有行',
  'dataframe_split.data[{1}] has {2} values for {3} columns': 'dataframe_split.data[{1}] 有 {2} 个值，而列有 {3} 个',
  'inputs is a list of rows, or an object of columns': 'inputs 应为行的列表，或列的对象',
  'inputs has no columns; this model takes {1}': 'inputs 中没有列；此模型接受 {1}',
  'inputs.{1} has {2} values and inputs.{3} {4}': 'inputs.{1} 有 {2} 个值，而 inputs.{3} 有 {4} 个',
  'row {1} has {2} values; this model takes {3}: {4}': '第 {1} 行有 {2} 个值；此模型接受 {3} 个：{4}',
  'row {1} is neither an object, a list nor a text': '第 {1} 行既不是对象，也不是列表或文本',
  'it failed {1} of {2} requests, the stable model {3} %': '它的 {2} 个请求中有 {1} 个失败，正式模型为 {3} %',
  "its 95th percentile is {1} ms, the stable model's {2} ms": '它的第 95 百分位延迟为 {1} 毫秒，正式模型为 {2} 毫秒',
  'the model of {1} gives no answers of the task {2}; train it again': '{1} 的模型不给出任务 {2} 的回答；请重新训练',
  'inputs[{1}]: the model gave no finite number; its values are too far outside the training data':
    'inputs[{1}]：模型没有给出有限的数；它的值离训练数据太远',
  'input "{1}" claims shape [{2}]: a request may hold {3} elements; send smaller batches':
    '输入 “{1}” 声称形状 [{2}]：一次请求最多容纳 {3} 个元素；请减小批量',
  'output "{1}" is not an output of this model; its outputs are {2}': '输出 “{1}” 不是此模型的输出；它的输出有 {2}',
  'tensor "{1}" has unknown element type {2}': '张量 “{1}” 的元素类型 {2} 未知',
  'the model host of {1}@{2} did not answer for {3} s': '{1}@{2} 的模型主机已有 {3} 秒没有应答',
  'the model host of {1}@{2} passed its memory limit and was ended; raise limits.hostMemory or send fewer inputs at once':
    '{1}@{2} 的模型主机超出内存上限，已被结束；请提高 limits.hostMemory，或一次少发送一些输入',
  'the model host of {1}@{2} {3:was killed ({4})|ended with code {5}}; a new one is started, try again':
    '{1}@{2} 的模型主机{3:被终止（{4}）|以代码 {5} 退出}；新的主机正在启动，请重试',
  '{1} writes no texts: leave "generate" out': '{1} 不生成文本：请去掉 "generate"',
  'the host answered predict with {1}': '主机对 predict 的应答是 {1}',
  'the host answered infer with {1}': '主机对 infer 的应答是 {1}',
  'nothing is served here now; deploy the model, or wait until its host has started':
    '这里现在没有在服务的模型；请部署模型，或等它的主机启动',
  'this model takes tensors ({1}), not rows or texts: POST /v2/models/NAME/infer':
    '此模型接受张量（{1}），不接受行或文本：POST /v2/models/NAME/infer',
  'version {1} is not served here; versions {2} are': '版本 {1} 不在这里服务；在服务的版本有 {2}',
  'a batch mixes rows and tensors': '同一批中混有行和张量',
  'output {1} has no row for each row that went in': '输出 {1} 的行与输入的行不对应',
  '{1} gives no vectors of texts; ask a language model': '{1} 不给出文本向量；请调用语言模型',
  'inputs[{1}] has no text in {2}: send {{3}: "…"} or the bare text':
    'inputs[{1}] 的 {2} 中没有文本：请发送 {{3}: "…"} 或直接发送文本',
  'this model does not forecast': '此模型不做序列预测',
};
