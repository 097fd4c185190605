// Metric points as bytes: a list of names, then five columns of float64. Exact for every number, NaN and infinities included.
import { bytesOf, concat, fromUtf8, utf8 } from '../base/index.ts';
import type { MetricPoint } from '../schema/index.ts';

const columns = 5;

/** Packs points; the order stays. */
export function packPoints(points: readonly MetricPoint[]): Uint8Array {
  const names = [...new Set(points.map(({ name }) => name))];
  const places = new Map(names.map((name, i) => [name, i]));
  const values = new Float64Array(points.length * columns);
  const n = points.length;
  points.forEach((point, i) => {
    values[i] = point.step;
    values[n + i] = point.epoch;
    values[2 * n + i] = places.get(point.name) ?? 0;
    values[3 * n + i] = point.value;
    values[4 * n + i] = point.at;
  });
  const head = utf8(JSON.stringify(names));
  return concat([bytesOf(Uint32Array.of(n, head.length)), head, bytesOf(values)]);
}

/** The inverse. */
export function unpackPoints(bytes: Uint8Array): MetricPoint[] {
  const [n = 0, headLength = 0] = new Uint32Array(Uint8Array.from(bytes.subarray(0, 8)).buffer);
  const names = JSON.parse(fromUtf8(bytes.subarray(8, 8 + headLength))) as string[];
  const values = new Float64Array(Uint8Array.from(bytes.subarray(8 + headLength)).buffer);
  const at = (column: number, i: number) => values[column * n + i] ?? 0;
  return Array.from({ length: n }, (_, i) => {
    return { step: at(0, i), epoch: at(1, i), name: names[at(2, i)] ?? '', value: at(3, i), at: at(4, i) };
  });
}
