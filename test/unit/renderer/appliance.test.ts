// The translator of the appliance's words: which template a message came from, and what of it stays as it is.
import { describe, expect, test } from 'vitest';
import { inChinese } from '../../../renderer/words/appliance/index.ts';
import { translator } from '../../../renderer/words/appliance/translator.ts';

const told = translator(
  {
    'there is no file {1}: check the path': '没有文件 {1}：请检查路径',
    'trial {1}: {2}': '试验 {1}：{2}',
    'it was stopped': '已被停止',
    '{1} of {2} requests failed in {3} s': '{3} 秒内 {2} 个请求中有 {1} 个失败',
    'version {1} is not served': '版本 {1} 没有在服务',
    'version {1} is not served; deploy it': '版本 {1} 没有在服务；请部署',
    '{1} row{2:|s} of {3} {4:is|are} empty{5: (the first is {6})|}': '{3} 中有 {1} 行是空的{5:（首个为 {6}）|}',
    'run {1} is {2}': '运行 {1} {2!}',
    'type {1}': '类型 {1}',
    '{1} is {2}. Look again.': '{1} 是{2}。请再看看。',
    'a PDF': 'PDF 文件',
    reading: '正在读取',
  },
  { finished: '已完成' },
);

describe('the translator of messages', () => {
  test('fills in what stood in the message, in the order of the translation', () => {
    expect(told('3 of 70 requests failed in 60 s')).toBe('60 秒内 70 个请求中有 3 个失败');
    expect(told('run night is finished')).toBe('运行 night 已完成');
  });

  test('takes the template with most literal text', () => {
    expect(told('version 3 is not served; deploy it')).toBe('版本 3 没有在服务；请部署');
  });

  test('chooses as the message did, and drops what only English grammar needs', () => {
    expect(told('1 row of age is empty')).toBe('age 中有 1 行是空的');
    expect(told('4 rows of age are empty (the first is 12)')).toBe('age 中有 4 行是空的（首个为 12）');
  });

  test('translates messages within messages, and those that punctuation puts together', () => {
    expect(told('trial 7: there is no file a.csv: check the path')).toBe('试验 7：没有文件 a.csv：请检查路径');
    expect(told('a.csv is a PDF. Look again.')).toBe('a.csv 是 PDF 文件。请再看看。');
    expect(told('night.csv: it was stopped.')).toBe('night.csv：已被停止。');
    expect(told('it was stopped; version 3 is not served')).toBe('已被停止；版本 3 没有在服务');
  });

  test('leaves paths, quoted names and single words as they are, whatever they say', () => {
    expect(told('there is no file /data/it was stopped: check the path')).toBe(
      '没有文件 /data/it was stopped：请检查路径',
    );
    expect(told('trial "it was stopped": it was stopped')).toBe('试验 "it was stopped"：已被停止');
    expect(told('version reading is not served')).toBe('版本 reading 没有在服务');
    expect(told('reading')).toBe('正在读取');
  });

  test('says in English what it does not know, whole', () => {
    expect(told('nothing of this is known')).toBe('nothing of this is known');
    expect(told('type of a thing that nobody translated')).toBe('type of a thing that nobody translated');
    expect(told('')).toBe('');
    expect(told('已被停止')).toBe('已被停止');
  });

  test('takes no time over long texts', () => {
    const text = 'a: b, c; d (e). '.repeat(240);
    const began = process.cpuUsage().user;
    expect(told(text)).toBe(text);
    expect(process.cpuUsage().user - began).toBeLessThan(2_000_000);
  });
});

test('messages of the appliance are known with all that they hold', () => {
  expect(
    inChinese(
      'titanic.csv: line 3 has 4 fields where 5 are expected. Correct the line, or quote values that contain ",".',
    ),
  ).toBe('titanic.csv：第 3 行有 4 个字段，应为 5 个。请更正该行，或给含有 "," 的值加引号。');
  expect(inChinese('The trainer was killed (SIGKILL). Go on with: neutrino runs resume 01ab')).toBe(
    '训练进程被终止（SIGKILL）。继续运行：neutrino runs resume 01ab',
  );
  expect(inChinese('body: name: Too small: expected string to have >=1 characters')).toContain('至少应有 1 个字符');
  expect(inChinese('drift in 300 rows: age (PSI 0.4), pay (PSI 0.2)')).toBe(
    '300 行中出现漂移：age（PSI 0.4），pay（PSI 0.2）',
  );
});
