// Axes of parallel coordinates: a number lies on a line, or on its logarithm where it spans magnitudes; anything else gets a
// place for each value. Pure.

export interface Axis {
  name: string;
  /** 0 (bottom) to 1 of each row, undefined where a row has no value. */
  places: (number | undefined)[];
  /** What stands at the axis: its ends, or every value; each with its place. */
  marks: { at: number; text: string }[];
}

/** Values from which on a scale is logarithmic: greatest over smallest. */
const magnitudes = 50;
/** Different values of an axis that is no number; beyond that it says too little. */
const mostValues = 12;

/** The axis of one field, or undefined where its values tell rows nothing apart. */
export function axisOf(name: string, values: unknown[], write: (value: number) => string): Axis | undefined {
  const present = values.filter((value) => value !== null && value !== undefined);
  const distinct = [...new Set(present.map((value) => (typeof value === 'number' ? value : JSON.stringify(value))))];
  if (distinct.length < 2) return undefined;
  const numbers = present.filter((value): value is number => typeof value === 'number' && Number.isFinite(value));
  if (numbers.length === present.length) {
    const [low, high] = [Math.min(...numbers), Math.max(...numbers)];
    const log = low > 0 && high / low >= magnitudes;
    const on = (value: number): number =>
      log ? Math.log(value / low) / Math.log(high / low) : (value - low) / (high - low);
    return {
      name,
      places: values.map((value) => (typeof value === 'number' && Number.isFinite(value) ? on(value) : undefined)),
      marks: [
        { at: 0, text: write(low) },
        { at: 1, text: write(high) },
      ],
    };
  }
  if (distinct.length > mostValues) return undefined;
  const texts = distinct.map((value) => (typeof value === 'number' ? String(value) : value)).sort();
  const place = (text: string): number => texts.indexOf(text) / (texts.length - 1);
  const textOf = (value: unknown): string => (typeof value === 'number' ? String(value) : JSON.stringify(value));
  return {
    name,
    places: values.map((value) => (value === null || value === undefined ? undefined : place(textOf(value)))),
    marks: texts.map((text) => ({ at: place(text), text: text.replaceAll('"', '') })),
  };
}
