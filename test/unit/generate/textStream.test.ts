// Tokens one by one as text: whole characters only, stop words never told, everything told in the end.
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { fitBytePairs, openWriting } from '../../../engine/data/index.ts';
import { openTextStream } from '../../../engine/generate/index.ts';

const tokenizer = {
  ...fitBytePairs(['the cat sat on the mat, the end', '中文 texts 😀 too'], { size: 300, special: ['<|end|>'] }),
};
const tokens = openWriting({ tokenizer, vocabulary: 300, maxLength: 100, start: 0, framed: false, end: 0 });
const idsOf = (text: string) => tokens.whole(text).slice(1, -1);

test('pieces together are the text, and no piece holds half a character', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: 60 }), (text) => {
      const stream = openTextStream(tokens.decode);
      const pieces = [...idsOf(text).map((id) => stream.push(id)), stream.finish()];
      expect(pieces.join('')).toBe(text);
      expect(stream.text).toBe(text);
      if (!text.includes('\uFFFD')) expect(pieces.join('')).not.toContain('\uFFFD');
    }),
    { seed: 3 },
  );
});

test('a text ends before a stop word, however its tokens fall', () => {
  for (const stop of ['the mat', 'mat,', ' ', '😀']) {
    const text = 'a cat 😀 on the mat, here';
    const stream = openTextStream(tokens.decode, [stop, 'never said']);
    const told: string[] = [];
    for (const id of idsOf(text)) if (!stream.stopped) told.push(stream.push(id));
    told.push(stream.finish());
    expect([told.join(''), stream.stopped]).toEqual([text.slice(0, text.indexOf(stop)), true]);
  }
});

test('what only looked like a stop word is told', () => {
  const stream = openTextStream(tokens.decode, ['the mats']);
  for (const id of idsOf('on the mat')) stream.push(id);
  expect(stream.text).toBe('on ');
  expect(stream.finish()).toBe('the mat');
});
