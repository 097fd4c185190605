// Which columns of a table are the pixels of one image, and where each pixel lies. Looks at names and types only.
import { type Column, Fault, type ImageShape } from '../schema/index.ts';

/** Columns of the pixels, channel by channel and row by row within it. */
export interface ImageColumns extends ImageShape {
  columns: string[];
}

interface Place {
  name: string;
  /** Numbers at the end of the name: row and column, or those and a channel, or one running number. */
  at: number[];
}

/** `pixel_3_4`, `r3c4`, `px3x4`, `28x28`, `pixel_0_1_2`, `pixel784`: a stem and one to three numbers. */
const numbered = /^(?<stem>.*?)(?<at>\d+(?:(?:[_x.,:-]|_?[a-z]_?)\d+){0,2})$/i;

/** Columns with a common stem and as many numbers, the largest group first. */
function groupsOf(columns: readonly Column[]): Place[][] {
  const groups = new Map<string, Place[]>();
  for (const { name, type } of columns) {
    const found = type === 'number' ? numbered.exec(name.trim())?.groups : undefined;
    if (!found) continue;
    const at = (found['at'].match(/\d+/g) ?? []).map(Number);
    const key = `${found['stem']}\u0000${at.length}`;
    groups.set(key, [...(groups.get(key) ?? []), { name, at }]);
  }
  return [...groups.values()].sort((a, b) => b.length - a.length);
}

/** The image whose pixels fill a grid of two or three numbers without a gap; undefined when they do not. */
function gridOf(places: readonly Place[]): ImageColumns | undefined {
  const rank = places[0].at.length;
  if (rank < 2) return undefined;
  const axis = (i: number) => {
    const values = places.map(({ at }) => at[i]);
    const [first, last] = [Math.min(...values), Math.max(...values)];
    return { first, size: last - first + 1 };
  };
  const [rows, columns, layers] = [axis(0), axis(1), rank === 3 ? axis(2) : { first: 0, size: 1 }];
  if (places.length !== rows.size * columns.size * layers.size) return undefined;
  const names = Array<string>(places.length);
  for (const { name, at } of places) {
    const [r, c, layer] = [at[0] - rows.first, at[1] - columns.first, (at[2] ?? 0) - layers.first];
    names[(layer * rows.size + r) * columns.size + c] = name;
  }
  // A place that occurs twice leaves another one empty.
  if (names.includes(undefined as never) || Object.keys(names).length !== names.length) return undefined;
  return { height: rows.size, width: columns.size, channels: layers.size, columns: names };
}

/** Running numbers as files have them: row by row, the channels of a pixel side by side. */
function runOf(names: readonly string[], [height, width, channels]: readonly number[]): ImageColumns {
  const columns = Array.from({ length: names.length }, (_, i) => {
    const [layer, place] = [Math.floor(i / (height * width)), i % (height * width)];
    return names[place * channels + layer];
  });
  return { height, width, channels, columns };
}

const inOrder = (places: readonly Place[]): string[] =>
  places.toSorted((a, b) => a.at.reduce((order, n, i) => order || n - b.at[i], 0)).map(({ name }) => name);

/** Fewest columns that are taken for an image unasked. */
const leastPixels = 16;

/**
 * Finds the pixels among the columns that may feed a model. `shape` is [height, width] or [height, width, channels];
 * empty, it is read off names such as `pixel_3_4`, or a square number of running names. Throws `bad_request` when they do not fit.
 */
export function findImage(columns: readonly Column[], shape: readonly number[]): ImageColumns {
  const groups = groupsOf(columns);
  if (shape.length === 0) {
    const [places] = groups;
    const side = places && places[0].at.length === 1 ? Math.sqrt(places.length) : 0;
    const grid =
      places && (Number.isInteger(side) && side > 0 ? runOf(inOrder(places), [side, side, 1]) : gridOf(places));
    if (grid && grid.columns.length >= leastPixels) return grid;
    throw new Fault(
      'bad_request',
      'no columns look like the pixels of an image (pixel_0_0, pixel_0_1, …): say its size, for instance --set image=[28,28]',
    );
  }
  const [height, width, channels = 1] = shape;
  const wanted = height * width * channels;
  if (shape.length === 1)
    throw new Fault('bad_request', 'an image needs height and width, for instance --set image=[28,28]');
  const places = groups.find((group) => group.length === wanted);
  const grid = places && gridOf(places);
  if (grid && grid.height === height && grid.width === width && grid.channels === channels) return grid;
  const numbers = columns.filter(({ type }) => type === 'number').map(({ name }) => name);
  const names = places ? inOrder(places) : numbers;
  if (names.length === wanted) return runOf(names, [height, width, channels]);
  throw new Fault(
    'bad_request',
    `an image of ${shape.join(' × ')} has ${wanted} pixels, but there are ${numbers.length} columns of numbers: name the pixels alike, or ignore the others`,
  );
}
