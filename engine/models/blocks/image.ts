// Images whose pixels are columns: the picture itself, convolutions with batch normalisation, and the way to logits.
import { usualImageAugment } from '../../data/index.ts';
import type { Value } from '../../graph/index.ts';
import { tensor } from '../../onnx/index.ts';
import { Fault, type Hyper } from '../../schema/index.ts';
import type { HyperTable, Wants } from '../family.ts';
import { normal, zeros } from '../initial.ts';
import { beside, dense, dropout, embed, embeddingWidth, type Parts } from '../inputs.ts';
import type { Layout } from '../layout.ts';
import { filled } from './layers.ts';

/** Hyper-parameters of every family that sees images. */
export const imageHyper = {
  image: {
    kind: 'list',
    default: [],
    range: [1, 4096],
    most: 3,
    says: 'height, width and channels of the image that is seen; empty to tell by the files or the columns’ names',
  },
  shift: {
    kind: 'integer',
    default: 1,
    range: [0, 64],
    says: 'most pixels that an image is moved by while training; files are turned and lit, too, but for 0',
  },
  flip: { kind: 'switch', default: false, says: 'mirrors image files while training: photographs, not letters' },
} as const satisfies HyperTable;

export const imageWants = (hyper: Hyper): Wants => {
  const [height, width, channels] = hyper['image'] as number[];
  const size = height && width ? { size: [height, width] as const } : {};
  const isMoved = (hyper['shift'] as number) > 0;
  return {
    image: hyper['image'] as number[],
    media: {
      image: {
        ...size,
        ...(channels === 1 || channels === 3 ? { channels } : {}),
        ...(isMoved ? { augment: { ...usualImageAugment, flip: hyper['flip'] as boolean } } : {}),
      },
    },
  };
};

/** Whether a layout has what families of images see. */
export const hasImage = ({ image, pictures = [] }: Layout): boolean => image !== null || pictures.length > 0;

export const imageShift = (hyper: Hyper): number => hyper['shift'] as number;

/** Columns [from, to) of a value. */
export function slice({ g }: Parts, x: Value, from: number, to: number): Value {
  return from === 0 && to === x.shape[1] ? x : g.op('Slice', [x, g.ints([from]), g.ints([to]), g.ints([1])]);
}

/** The table's picture, [batch, channels, height, width], and its other numbers, null where there are none. */
function pictureOf(parts: Parts, layout: Layout, family: string): { picture: Value; others: Value | null } {
  const { g, inputs } = parts;
  const { image } = layout;
  if (!image && inputs.pictures.length > 0) return { picture: beside(parts, inputs.pictures), others: inputs.dense };
  if (!image || !inputs.dense)
    throw new Fault('bad_request', `model ${family} needs a column of images, or columns that are pixels of one`);
  const { height, width, channels, first } = image;
  const end = first + height * width * channels;
  const flat = slice(parts, inputs.dense, first, end);
  const ends = [
    ...(first > 0 ? [slice(parts, inputs.dense, 0, first)] : []),
    ...(end < layout.dense ? [slice(parts, inputs.dense, end, layout.dense)] : []),
  ];
  const picture = g.op('Reshape', [flat, g.ints([0, channels, height, width])]);
  return { picture, others: ends.length > 0 ? beside(parts, ends) : null };
}

export interface ConvOptions {
  kernel: number;
  stride?: number;
  /** Zeros around the picture; half the kernel when left out, which keeps the size at stride 1. */
  pad?: number;
}

/** Convolution without bias, for a normalisation follows; starts for a ReLU behind it (He et al. 2015). */
export function conv({ g, seed }: Parts, x: Value, filters: number, name: string, options: ConvOptions): Value {
  const { kernel, stride = 1, pad = (kernel - 1) >> 1 } = options;
  const channels = Number(x.shape[1]);
  const std = Math.sqrt(2 / (channels * kernel * kernel));
  const weight = g.parameter(`${name}.weight`, normal(seed, name, [filters, channels, kernel, kernel], std));
  return g.op('Conv', [x, weight], {
    kernel_shape: [kernel, kernel],
    strides: [stride, stride],
    pads: [pad, pad, pad, pad],
  });
}

/** Batch normalisation over [batch, channels, …] (Ioffe & Szegedy 2015) with running statistics, PyTorch's defaults. */
export function batchNorm({ g }: Parts, x: Value, name: string): Value {
  const channels = Number(x.shape[1]);
  return g.op(
    'BatchNormalization',
    [
      x,
      g.parameter(`${name}.scale`, filled(channels, 1)),
      g.parameter(`${name}.bias`, zeros([channels])),
      g.buffer(`${name}.mean`, zeros([channels])),
      g.buffer(`${name}.var`, filled(channels, 1)),
    ],
    { epsilon: 1e-5, momentum: 0.9 },
  );
}

/** Convolution, normalisation, ReLU. */
export const convUnit = (parts: Parts, x: Value, filters: number, name: string, options: ConvOptions): Value =>
  parts.g.op('Relu', [batchNorm(parts, conv(parts, x, filters, name, options), `${name}.norm`)]);

/** Mean over the picture: [batch, channels]. */
export function meanOverPicture({ g }: Parts, x: Value): Value {
  return g.op('Flatten', [g.op('GlobalAveragePool', [x])]);
}

/** Makes logits of the vector that `see` makes of the picture, and of the table's other columns. */
export function imageLogits(
  parts: Parts,
  layout: Layout,
  outputs: number,
  family: string,
  share: number,
  see: (picture: Value) => Value,
): void {
  const { g, inputs } = parts;
  const { picture, others } = pictureOf(parts, layout, family);
  const vectors = [
    see(picture),
    ...inputs.codes.map((codes, i) =>
      embed(parts, codes, layout.embedded[i], embeddingWidth(layout.embedded[i]), `category_${i}`, 0.5),
    ),
    ...(others ? [others] : []),
  ];
  g.output(dense(parts, dropout(parts, beside(parts, vectors), share), outputs, 'output', 'plain'), 'logits');
}

/** One learned vector for every row: [batch, 1, width]. */
export function sharedToken({ g, seed }: Parts, like: Value, width: number, name: string): Value {
  const token = g.parameter(name, normal(seed, name, [1, 1, width], 0.02));
  const batch = g.op('Shape', [like], { start: 0, end: 1 });
  return g.op('Expand', [token, g.op('Concat', [batch, g.constant(tensor('int64', [2], [1, width]))], { axis: 0 })]);
}
