// What engine/autodiff says, in Simplified Chinese, by its English; how a row is written is told in index.ts.

export const autodiffZh: Record<string, string> = {
  'auto_pad: write the pads': 'auto_pad：请明确写出 pads',
  'a kernel of size {1}': '大小为 {1} 的卷积核',
  'a stride over a size of {1}': '在大小 {1} 上的步长',
  'a stride over a size that is not known': '在未知大小上的步长',
  'a size that is not known': '未知的大小',
  'a Cast from {1}': '从 {1} 进行的 Cast',
  'batch_dims above 0': '大于 0 的 batch_dims',
  'a scatter by {1}': '以 {1} 方式的 scatter',
  'equation {1} repeats a letter in one operand': '等式 {1} 在同一操作数中重复了字母',
  'equation {1} sums over a letter of one operand only': '等式 {1} 对只在一个操作数中出现的字母求和',
  'training_mode: export the model for inference': 'training_mode：请以推理模式导出模型',
  'activations {1}': '激活函数 {1}',
  'sequence_lens: mask the outputs instead': 'sequence_lens：请改为对输出加掩码',
  'only its values have gradients': '只有它的值有梯度',
  'coordinate_transformation_mode {1}': 'coordinate_transformation_mode {1}',
  'this nearest_mode': '这种 nearest_mode',
  'mode {1}': '模式 {1}',
  'it slices several axes with steps: slice one axis at a time': '它带步长地切分多个轴：请一次只切一个轴',
  'padding by {1}': '以 {1} 方式填充',
  'negative pads': '负的 pads',
  '{1} "{2}" cannot be trained through: input {3} is missing': '无法穿过 {1} “{2}” 训练：缺少输入 {3}',
  'operator {1} of node {2} "{3}" has no gradient: freeze the weights before it, or replace it':
    '节点 {2} “{3}” 的算子 {1} 没有梯度：请冻结它之前的权重，或替换它',
  'the gradient rule of {1} gave {2} gradients for {3} inputs': '{1} 的梯度规则对 {3} 个输入给出了 {2} 个梯度',
};
