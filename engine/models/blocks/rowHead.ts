// Rows of a table whose numbers a model reads as they are: the way to logits, with the other columns beside.
import type { Value } from '../../graph/index.ts';
import { Fault } from '../../schema/index.ts';
import { beside, dense, dropout, embed, embeddingWidth, type Parts } from '../inputs.ts';
import type { Layout } from '../layout.ts';
import { slice } from './image.ts';

/** Makes logits of the vector that `read` makes of the row's numbers, and of the table's other columns. */
export function rowLogits(
  parts: Parts,
  layout: Layout,
  outputs: number,
  share: number,
  read: (numbers: Value) => Value,
): void {
  const { g, inputs } = parts;
  const count = layout.parts.numeric;
  if (count === 0 || !inputs.dense)
    throw new Fault('bad_request', 'the base reads numbers, but the data has no column of them');
  const vectors = [
    read(slice(parts, inputs.dense, 0, count)),
    ...inputs.codes.map((codes, i) =>
      embed(parts, codes, layout.embedded[i], embeddingWidth(layout.embedded[i]), `category_${i}`, 0.5),
    ),
    ...(layout.dense > count ? [slice(parts, inputs.dense, count, layout.dense)] : []),
  ];
  g.output(dense(parts, dropout(parts, beside(parts, vectors), share), outputs, 'output', 'plain'), 'logits');
}
