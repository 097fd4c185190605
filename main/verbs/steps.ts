// A step of a recipe from words: `rename price cost`, `filter "price > 10"`. What each takes is one row of a table.
import { Fault, type RecipeStep, recipeStep } from '../../engine/schema/index.ts';

interface Form {
  usage: string;
  make: (words: string[]) => unknown;
}

const pair = (word: string): [string, string] => {
  const at = word.indexOf('=');
  return at < 0 ? [word, word] : [word.slice(0, at), word.slice(at + 1)];
};
const options = (words: readonly string[]): Record<string, string> => Object.fromEntries(words.map(pair));

const forms: Record<RecipeStep['op'], Form> = {
  rename: { usage: 'rename COLUMN NEW', make: ([column, to]) => ({ op: 'rename', column, to }) },
  cast: {
    usage: 'cast COLUMN TYPE [missing]',
    make: ([column, type, invalid]) => ({ op: 'cast', column, type, ...(invalid ? { invalid } : {}) }),
  },
  drop: { usage: 'drop COLUMN…', make: (columns) => ({ op: 'drop', columns }) },
  fill: {
    usage: 'fill COLUMN mean|median|mode|value=V',
    make: ([column, way = '']) => {
      const [name, value] = pair(way);
      return name === 'value' ? { op: 'fill', column, with: 'value', value } : { op: 'fill', column, with: way };
    },
  },
  clip: {
    usage: 'clip COLUMN min=A max=B | q=0.01,0.99',
    make([column, ...rest]) {
      const given = options(rest);
      const quantiles = given['q']?.split(',').map(Number);
      const limits = Object.fromEntries(
        ['min', 'max'].flatMap((name) => (given[name] === undefined ? [] : [[name, Number(given[name])]])),
      );
      return { op: 'clip', column, ...limits, ...(quantiles ? { quantiles } : {}) };
    },
  },
  deduplicate: {
    usage: 'deduplicate [loose] [COLUMN…]',
    make(words) {
      const columns = words.filter((word) => word !== 'loose');
      return { op: 'deduplicate', loose: words.includes('loose'), ...(columns.length > 0 ? { columns } : {}) };
    },
  },
  filter: { usage: 'filter "CONDITION"', make: (words) => ({ op: 'filter', where: words.join(' ') }) },
  normalise: {
    usage: 'normalise COLUMN [FORM…]',
    make: ([column, ...forms]) => ({ op: 'normalise', column, ...(forms.length > 0 ? { forms } : {}) }),
  },
  join: {
    usage: 'join DATASET KEY|LEFT=RIGHT [columns=A,B] [keep=matching]',
    make([dataset, ...rest]) {
      const keys = rest.filter((word) => !/^(columns|keep)=/.test(word));
      const given = options(rest.filter((word) => /^(columns|keep)=/.test(word)));
      return {
        op: 'join',
        dataset,
        on: keys.map((word) => ({ left: pair(word)[0], right: pair(word)[1] })),
        ...(given['columns'] ? { columns: given['columns'].split(',') } : {}),
        ...(given['keep'] ? { keep: given['keep'] } : {}),
      };
    },
  },
  mask: {
    usage: 'mask [ACTION] [COLUMN…]',
    make: ([action, ...columns]) => ({
      op: 'mask',
      ...(action ? { action } : {}),
      ...(columns.length > 0 ? { columns } : {}),
    }),
  },
  label: {
    usage: 'label COLUMN ROW=LABEL…',
    make: ([column, ...values]) => ({
      op: 'label',
      column,
      values: values.map((word) => ({ row: Number(pair(word)[0]), value: pair(word)[1] || null })),
    }),
  },
};

/** The step that the words say; `bad_request` with the way to write it where they say none. */
export function stepFrom(words: readonly string[]): RecipeStep {
  const [op = '', ...rest] = words;
  const form = Object.hasOwn(forms, op) ? forms[op as RecipeStep['op']] : undefined;
  if (!form)
    throw new Fault(
      'bad_request',
      `write a step as one of: ${Object.values(forms)
        .map(({ usage }) => usage)
        .join('; ')}`,
    );
  const parsed = recipeStep.safeParse(form.make(rest));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new Fault('bad_request', `write it as ${form.usage} (${issue?.path.join('.')}: ${issue?.message})`);
}
