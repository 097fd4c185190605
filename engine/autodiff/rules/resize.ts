// The matrix of Resize along one axis (ONNX specification, operator Resize, opset 13 to 17).
import { type Tensor, tensor } from '../../onnx/index.ts';
import type { GradContext } from '../rule.ts';

type Coordinate = (out: number, scale: number, size: number, length: number) => number;

/** Position in the input of an output index, by `coordinate_transformation_mode`. */
const coordinates: Readonly<Record<string, Coordinate>> = {
  half_pixel: (out, scale) => (out + 0.5) / scale - 0.5,
  asymmetric: (out, scale) => out / scale,
  align_corners: (out, _, size, length) => (length === 1 ? 0 : (out * (size - 1)) / (length - 1)),
  pytorch_half_pixel: (out, scale, _, length) => (length > 1 ? (out + 0.5) / scale - 0.5 : 0),
};

const roundings: Readonly<Record<string, (x: number) => number>> = {
  round_prefer_floor: (x) => Math.ceil(x - 0.5),
  round_prefer_ceil: (x) => Math.floor(x + 0.5),
  floor: Math.floor,
  ceil: Math.ceil,
};

/** [length, size]: row `o` holds the weights of the inputs that make output `o`. */
export function resizeMatrix(c: GradContext, axis: number, size: number, length: number): Tensor {
  const given = c.inputs[2] ? c.g.constantOf(c.x(2).name) : undefined;
  const scale = given && given.data.length > 0 ? Number(given.data[axis]) : length / size;
  const how = c.text('coordinate_transformation_mode', 'half_pixel');
  const place = coordinates[how] ?? c.fail(`coordinate_transformation_mode ${how}`);
  const mode = c.text('mode', 'nearest');
  const matrix = tensor('float32', [length, size]);
  const weights = matrix.data as Float32Array;
  const inside = (i: number) => Math.min(Math.max(i, 0), size - 1);
  for (let out = 0; out < length; out++) {
    const at = place(out, scale, size, length);
    if (mode === 'nearest') {
      const round = roundings[c.text('nearest_mode', 'round_prefer_floor')] ?? c.fail('this nearest_mode');
      weights[out * size + inside(round(at))] += 1;
    } else if (mode === 'linear') {
      const low = Math.floor(at);
      weights[out * size + inside(low)] += 1 - (at - low);
      weights[out * size + inside(low + 1)] += at - low;
    } else c.fail(`mode ${mode}`);
  }
  return matrix;
}
