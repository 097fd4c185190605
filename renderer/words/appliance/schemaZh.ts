// What engine/schema says, in Simplified Chinese, by its English; how a row is written is told in index.ts.

export const schemaZh: Record<string, string> = {
  'model {1} has no hyper-parameter "{2}": {3:it has {4}|it has none}':
    '模型族 {1} 没有超参数 “{2}”：{3:它有 {4}|它没有超参数}',
  'hyper-parameter "{1}" of model {2} must be {3:one of {4}|a text of at most {5} characters|true or false|a list of at most {6} whole numbers from {7} to {8}|a {9:whole number|number} from {10} to {11}}':
    '模型族 {2} 的超参数 “{1}” 必须是{3: {4} 之一|最多 {5} 个字符的文本| true 或 false|最多 {6} 个整数的列表，各在 {7} 到 {8} 之间| {10} 到 {11} 的{9:整数|数}}',
  'leave name and password out of the address of a webhook': '请不要在 Webhook 的地址中写用户名和密码',
  'write more than blanks; leave out control characters, line ends and marks of writing direction':
    '请不要只写空格，并去掉控制字符、换行符和书写方向标记',
  'model {1} predicts a column of classes or numbers, and nothing else': '模型族 {1} 只能预测类别列或数值列',
};
