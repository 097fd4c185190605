// What a single answer rests on: the same input asked again with one of its parts left out each time, a word of a text or a column of a
// row (occlusion, Zeiler and Fergus 2014). Asks nothing itself.
import { type Explanation, Fault, type FeatureSpec, type PredictInput, type PredictOutput } from '../schema/index.ts';

/** Parts of a text and of a row at most; more words go in groups. */
const mostWords = 100;
const mostColumns = 800;

/** A part, and the input without it. */
export interface Occluded {
  column: string;
  /** What was left out of a text; nothing for a whole column. */
  text?: string;
  /** Where it begins in the text, characters. */
  at?: number;
  input: PredictInput;
}

/** The input without each of its parts. Fault `bad_request` where it has none that can be left out. */
export function occlusionsOf(input: PredictInput, features: readonly FeatureSpec[]): Occluded[] {
  const kind = new Map(features.map(({ column, as }) => [column, as]));
  const parts: Occluded[] = [];
  if (typeof input === 'string') {
    const column = features.find(({ as }) => as === 'text')?.column ?? features[0]?.column ?? '';
    for (const { text, at, rest } of words(input)) parts.push({ column, text, at, input: rest });
  } else {
    const columns = Object.keys(input).filter((column) => kind.has(column) && input[column] !== null);
    for (const column of columns.slice(0, mostColumns)) {
      const value = input[column];
      if (kind.get(column) === 'text' && typeof value === 'string') {
        for (const { text, at, rest } of words(value)) {
          parts.push({ column, text, at, input: { ...input, [column]: rest } });
        }
      } else if (kind.get(column) === 'numeric' || kind.get(column) === 'category') {
        parts.push({ column, input: { ...input, [column]: null } });
      }
    }
  }
  if (parts.length === 0) {
    throw new Fault('bad_request', 'nothing of this input can be left out: words of texts, numbers and categories can');
  }
  return parts;
}

/** Words of a text in their order, or groups of neighbours where there are many, and the text without each. */
function words(text: string): { text: string; at: number; rest: string }[] {
  const found = [...new Intl.Segmenter(undefined, { granularity: 'word' }).segment(text)].filter(
    ({ isWordLike }) => isWordLike === true,
  );
  const group = Math.max(1, Math.ceil(found.length / mostWords));
  const out: { text: string; at: number; rest: string }[] = [];
  for (let i = 0; i < found.length; i += group) {
    const last = found[Math.min(found.length, i + group) - 1];
    const [from, to] = [found[i].index, last.index + last.segment.length];
    out.push({ text: text.slice(from, to), at: from, rest: text.slice(0, from) + text.slice(to) });
  }
  return out;
}

/** What the answer loses without each part, the greatest change first; of a class its share, of a number itself. */
export function explanationOf(
  answer: PredictOutput,
  parts: readonly Occluded[],
  without: readonly PredictOutput[],
): Explanation {
  const figure = (output: PredictOutput): number => {
    if ('label' in answer && 'scores' in output) return output.scores[answer.label] ?? 0;
    if ('value' in output) return output.value;
    throw new Fault('bad_request', 'only answers that are a class or a number can be explained');
  };
  const whole = figure(answer);
  return {
    output: answer,
    parts: parts
      .map(({ column, text, at }, i) => ({
        column,
        ...(text === undefined ? {} : { text, at: at ?? 0 }),
        drop: whole - figure(without[i]),
      }))
      .sort((a, b) => Math.abs(b.drop) - Math.abs(a.drop)),
  };
}
