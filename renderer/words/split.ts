// What a dataset's split says, in both languages: words of one page that most visits never open, and that the first screen need not load.
import type { Language } from './index.ts';

const en = {
  note: 'No row is in two parts; the same seed parts alike. A search tries its candidates on folds of the rows that are not for the test.',
  parts: 'three parts',
  part: 'Part',
  fold: 'Fold',
  train: 'Training',
  validation: 'Validation',
  test: 'Test',
  begin: 'Train on these parts',
};

/** By language. */
export const splitWords: Record<Language, typeof en> = {
  en,
  'zh-CN': {
    note: '没有一行同时在两个部分里；种子相同，划分就相同。搜索在测试行以外的行上以交叉验证比较候选模型。',
    parts: '三部分',
    part: '部分',
    fold: '折',
    train: '训练',
    validation: '验证',
    test: '测试',
    begin: '按此划分训练',
  },
};
