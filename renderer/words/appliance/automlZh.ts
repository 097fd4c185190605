// What engine/automl says, in Simplified Chinese, by its English; how a row is written is told in index.ts.

export const automlZh: Record<string, string> = {
  'no family suits these columns; name one with --model': '没有适合这些列的模型族；请用 --model 指定一个',
  'no reason was given': '没有给出原因',
  'no model could be fitted: {1}': '没有一个模型能够拟合：{1}',
  'there was no time to try any': '没有时间尝试任何一个',
  'the space names no family': '搜索空间没有指定模型族',
  'the space names {1}, which a search on these columns does not try; it tries {2}':
    '搜索空间指定了 {1}，而对这些列的搜索不会尝试它；会尝试的是 {2}',
  '{1}.{2}: "from" must be below "to"': '{1}.{2}："from" 必须小于 "to"',
  '{1}.{2}: a logarithmic range begins above 0': '{1}.{2}：对数范围须从大于 0 处开始',
  'a starting point that did well on other data': '在其他数据上表现良好的起点',
  'like what did well among {1} trials of {2}': '参照 {2} 的 {1} 次试验中表现良好者',
  'a series is parted by its time: leave --split out, or say --split time':
    '序列按时间划分：请去掉 --split，或使用 --split time',
  'The series is too short: {1} rows are left to learn from. Add earlier ones, or forecast fewer steps.':
    '序列太短：只剩 {1} 行可供学习。请增加更早的行，或减少预测步数。',
  'a forecast goes by the values behind and the calendar': '预测依据过去的值和日历',
  'rows to test a forecast on are windows': '用于测试预测的行须是窗口',
  'The rows to test on must come after all others: a forecast is tested on what follows.':
    '测试行必须在其他所有行之后：预测要用后来的数据检验。',
  '{1} steps are too few to forecast {2} and to test it. Add earlier rows, or forecast fewer steps (--horizon).':
    '{1} 步太少，不足以预测 {2} 步并加以测试。请增加更早的行，或减少预测步数（--horizon）。',
  'The series has too few values for folds in order of time. Add earlier rows.':
    '序列的值太少，不足以按时间顺序分折。请增加更早的行。',
};
