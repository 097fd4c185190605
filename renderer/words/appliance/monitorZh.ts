// What engine/monitor says, in Simplified Chinese, by its English; how a row is written is told in index.ts.

export const monitorZh: Record<string, string> = {
  '{1} of {2} requests failed in {3} s': '{3} 秒内 {2} 个请求中有 {1} 个失败',
  'the 95th percentile is {1} ms over {2} s': '{2} 秒内第 95 百分位延迟为 {1} 毫秒',
  '“{1}” was answered {2} times in {3} s': '{3} 秒内回答 “{1}” 共 {2} 次',
  '{1:a predicted value|the score of “{2}”} is {3}, above {4}': '{1:预测值|“{2}” 的得分}为 {3}，高于 {4}',
  '{1:a predicted value|the score of “{2}”} is {3}, below {4}': '{1:预测值|“{2}” 的得分}为 {3}，低于 {4}',
  '{1} (PSI {2})': '{1}（PSI {2}）',
  'drift in {1} rows: {2}': '{1} 行中出现漂移：{2}',
  '{1} is a link-local address, to which no alert goes': '{1} 是链路本地地址，告警不会发往那里',
};
