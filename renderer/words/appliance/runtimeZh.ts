// What engine/runtime says, in Simplified Chinese, by its English; how a row is written is told in index.ts.

export const runtimeZh: Record<string, string> = {
  'there is no device "{1}": use one of {2}': '没有设备 “{1}”：请使用 {2} 之一',
  'no room for {1} million numbers of weights, gradients and moments: choose a smaller model, or freeze weights':
    '{1} 百万个权重、梯度和动量放不下：请选择较小的模型，或冻结权重',
  'nothing makes "{1}" in graph {2}': '图 {2} 中没有任何节点生成 “{1}”',
  'operator {1} cannot be fused into one pass': '算子 {1} 无法融合为一遍计算',
  'this package is incomplete: run npm ci again': '此安装包不完整：请重新运行 npm ci',
  'install the GPU driver with Vulkan, or use --device cpu': '请安装支持 Vulkan 的显卡驱动，或使用 --device cpu',
  'install the CUDA libraries of onnxruntime-node, or use --device webgpu or cpu':
    '请安装 onnxruntime-node 的 CUDA 库，或使用 --device webgpu 或 cpu',
  'DirectML needs Windows: use --device webgpu or cpu': 'DirectML 需要 Windows：请使用 --device webgpu 或 cpu',
  'Core ML needs macOS: use --device webgpu or cpu': 'Core ML 需要 macOS：请使用 --device webgpu 或 cpu',
  'not enough memory for this batch: use a smaller batch size or a smaller model':
    '内存不足以处理这一批：请减小批大小，或换较小的模型',
  'this GPU computes no half precision: leave out --precision fp16': '此显卡不支持半精度计算：请去掉 --precision fp16',
  'onnxruntime: {1}': 'onnxruntime：{1}',
  'device {1} cannot be used here: {2:this package is incomplete: run npm ci again|install the GPU driver with Vulkan, or use --device cpu|install the CUDA libraries of onnxruntime-node, or use --device webgpu or cpu|DirectML needs Windows: use --device webgpu or cpu|Core ML needs macOS: use --device webgpu or cpu} ({3})':
    '此处无法使用设备 {1}：{2:此安装包不完整：请重新运行 npm ci|请安装支持 Vulkan 的显卡驱动，或使用 --device cpu|请安装 onnxruntime-node 的 CUDA 库，或使用 --device webgpu 或 cpu|DirectML 需要 Windows：请使用 --device webgpu 或 cpu|Core ML 需要 macOS：请使用 --device webgpu 或 cpu}（{3}）',
  'install @tensorflow/tfjs-node-gpu and CUDA 11, or use --device webgpu or cpu':
    '请安装 @tensorflow/tfjs-node-gpu 和 CUDA 11，或使用 --device webgpu 或 cpu',
  'install @tensorflow/tfjs-core and @tensorflow/tfjs-backend-cpu, or use --device cpu':
    '请安装 @tensorflow/tfjs-core 和 @tensorflow/tfjs-backend-cpu，或使用 --device cpu',
  'device {1} cannot be used here: {2:install @tensorflow/tfjs-node-gpu and CUDA 11, or use --device webgpu or cpu|install @tensorflow/tfjs-core and @tensorflow/tfjs-backend-cpu, or use --device cpu} ({3})':
    '此处无法使用设备 {1}：{2:请安装 @tensorflow/tfjs-node-gpu 和 CUDA 11，或使用 --device webgpu 或 cpu|请安装 @tensorflow/tfjs-core 和 @tensorflow/tfjs-backend-cpu，或使用 --device cpu}（{3}）',
  'device {1} has no kernel for {2} "{3}": use --device webgpu or cpu':
    '设备 {1} 没有 {2} “{3}” 的计算核：请使用 --device webgpu 或 cpu',
  'TensorFlow.js has no {1}: use --device webgpu or cpu': 'TensorFlow.js 不支持{1}：请使用 --device webgpu 或 cpu',
  '{1} "{2}" on TensorFlow.js: {3:a missing input {4}|output {5}} is not supported':
    'TensorFlow.js 上的 {1} “{2}”：不支持{3:缺少输入 {4}|输出 {5}}',
  'a missing body': '缺失的 body',
  'output {1}': '输出 {1}',
  'input "{1}" is missing': '缺少输入 “{1}”',
  'output "{1}" has shape [{2}]': '输出 “{1}” 的形状为 [{2}]',
  'a reduction other than add': '除相加以外的归约',
  'type {1}': '类型 {1}',
  'a mode other than constant': '除 constant 以外的模式',
  'an axis other than the last': '除最后一个以外的轴',
  'a reduction': '归约',
  '{1} axes of space': '{1} 个空间轴',
  'the output Indices': '输出 Indices',
  'a direction other than forward': '除 forward 以外的方向',
  'anything but repeated elements': '重复元素以外的方式',
  'factors of {1}': '{1} 倍的系数',
  'linear_before_reset 0': 'linear_before_reset 0',
};
