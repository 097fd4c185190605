// Arithmetic on dimensions that may be symbolic. A symbolic dimension is a product such as `2*batch` of a factor and
// names; what is not a product (sums, quotients) becomes one name in parentheses. Equal dimensions have equal text.
import type { Dim } from '../onnx/index.ts';

interface Product {
  factor: number;
  names: string[];
}

/** Factors at the top level: `2*(a*b+1)*c` has three. */
function factorsOf(text: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let start = 0;
  for (let i = 0; i <= text.length; i++) {
    const char = text[i];
    if (char === '(') depth++;
    else if (char === ')') depth--;
    else if (i === text.length || (char === '*' && depth === 0)) {
      parts.push(text.slice(start, i));
      start = i + 1;
    }
  }
  if (start < text.length) parts.push(text.slice(start));
  return parts.filter((part) => part !== '');
}

function productOf(dim: Dim): Product {
  if (typeof dim === 'number') return { factor: dim, names: [] };
  const product: Product = { factor: 1, names: [] };
  for (const part of factorsOf(dim)) {
    if (/^\d+$/.test(part)) product.factor *= Number(part);
    else product.names.push(part);
  }
  return product;
}

function textOf({ factor, names }: Product): Dim {
  if (names.length === 0 || factor === 0) return factor;
  const sorted = names.toSorted();
  return (factor === 1 ? sorted : [String(factor), ...sorted]).join('*');
}

/** The product of dimensions; 1 for none. */
export function multiplyDims(dims: readonly Dim[]): Dim {
  const all = dims.map(productOf);
  return textOf({ factor: all.reduce((f, p) => f * p.factor, 1), names: all.flatMap((p) => p.names) });
}

/** `a / b` where it divides evenly for every value of the names, else undefined. */
export function divideDims(a: Dim, b: Dim): Dim | undefined {
  const top = productOf(a);
  const bottom = productOf(b);
  const names = [...top.names];
  for (const name of bottom.names) {
    const at = names.indexOf(name);
    if (at < 0) return undefined;
    names.splice(at, 1);
  }
  if (bottom.factor === 0 || top.factor % bottom.factor !== 0) return undefined;
  return textOf({ factor: top.factor / bottom.factor, names });
}

/** `a + b`. */
export function addDims(a: Dim, b: Dim): Dim {
  if (typeof a === 'number' && typeof b === 'number') return a + b;
  if (a === 0) return b;
  if (b === 0) return a;
  const left = productOf(a);
  const right = productOf(b);
  if (left.names.toSorted().join('*') === right.names.toSorted().join('*')) {
    return textOf({ factor: left.factor + right.factor, names: left.names });
  }
  const known = /^\((.*)([+-]\d+)\)$/.exec(String(a));
  if (known && typeof b === 'number') return offset(known[1] ?? '', Number(known[2]) + b);
  return typeof b === 'number' ? offset(String(a), b) : `(${[a, b].join('+')})`;
}

const offset = (name: string, by: number): Dim => (by === 0 ? name : `(${name}${by < 0 ? by : `+${by}`})`);

/** `floor(a / b)`. */
export function floorDims(a: Dim, b: number): Dim {
  if (typeof a === 'number') return Math.floor(a / b);
  return b === 1 ? a : (divideDims(a, b) ?? `(${a}/${b})`);
}

/** Numpy's rule for one axis, or undefined when the dimensions do not go together. */
export function broadcastDim(a: Dim, b: Dim): Dim | undefined {
  if (a === b || b === 1) return a;
  return a === 1 ? b : undefined;
}

/** Numpy's broadcasting of shapes, or undefined. */
export function broadcastShapes(...shapes: readonly (readonly Dim[])[]): Dim[] | undefined {
  const rank = Math.max(...shapes.map((shape) => shape.length));
  const out: Dim[] = [];
  for (let axis = 1; axis <= rank; axis++) {
    let dim: Dim | undefined = 1;
    for (const shape of shapes) {
      const own = shape[shape.length - axis];
      if (own !== undefined && dim !== undefined) dim = broadcastDim(dim, own);
    }
    if (dim === undefined) return undefined;
    out.unshift(dim);
  }
  return out;
}

/** Equal shapes, symbolic names included. */
export function sameShape(a: readonly Dim[], b: readonly Dim[]): boolean {
  return a.length === b.length && a.every((dim, i) => dim === b[i]);
}
