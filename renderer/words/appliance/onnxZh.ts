// What engine/onnx says, in Simplified Chinese, by its English; how a row is written is told in index.ts.

export const onnxZh: Record<string, string> = {
  '{1:tensor "{2}"|value "{3}"} has element type {4}, which is not supported':
    '{1:张量 “{2}” |值 “{3}” }的元素类型为 {4}，不受支持',
  'tensor "{1}" lies in the file {2}: import the folder that holds both':
    '张量 “{1}” 位于文件 {2} 中：请导入包含两者的文件夹',
  'tensor "{1}" holds {2} of {3} values': '张量 “{1}” 只有 {3} 个值中的 {2} 个',
  'attribute "{1}" has a kind that is not supported': '属性 “{1}” 的类型不受支持',
  'value "{1}" is not a tensor': '值 “{1}” 不是张量',
  'this is not an ONNX file': '这不是 ONNX 文件',
  'this is not an ONNX file: it holds no graph': '这不是 ONNX 文件：其中没有计算图',
  'this is not a safetensors file: it is shorter than its header': '这不是 safetensors 文件：它比文件头还短',
  'this is not a safetensors file: its header length is wrong': '这不是 safetensors 文件：文件头长度有误',
  'this is not a safetensors file: its header is not JSON': '这不是 safetensors 文件：文件头不是 JSON',
  'tensor "{1}" lies outside the file': '张量 “{1}” 超出文件范围',
  'tensor "{1}" has type {2}, which is not supported': '张量 “{1}” 的类型 {2} 不受支持',
  'tensor "{1}" has the wrong length': '张量 “{1}” 的长度有误',
  'safetensors cannot hold {1} ({2})': 'safetensors 不能存放 {1}（{2}）',
  'a {1} tensor of shape [{2}] needs {3} elements, got {4}': '形状为 [{2}] 的 {1} 张量需要 {3} 个元素，实为 {4} 个',
  'a {1} tensor needs {2} data, got {3}': '{1} 张量需要 {2} 数据，实为 {3}',
  'string tensors have no raw bytes': '字符串张量没有原始字节',
  'a {1} tensor of shape [{2}] needs {3} bytes, got {4}': '形状为 [{2}] 的 {1} 张量需要 {3} 字节，实为 {4} 字节',
  'a string tensor has no numbers': '字符串张量中没有数值',
  'messages nest deeper than 64 levels': '消息的嵌套超过 64 层',
  'field {1} has wire type {2}': '字段 {1} 的线路类型为 {2}',
};
