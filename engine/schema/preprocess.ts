// `preprocess.json`: how a row of a table, or a text, becomes the raw tensors that a model's graph takes. Fitted on the
// training part only; training and serving read the same file. What standard operators can express (scaling, filling,
// looking codes up) is done in the graph from the figures kept here.
import { z } from 'zod';
import { columnType, task } from './columns.ts';
import { seriesSpec } from './series.ts';

/**
 * Parts of a date (UTC; `days` counts from 1970-01-01, `weekday` from Sunday = 0) as they are counted, and around a circle, where
 * December is beside January: sine and cosine go round once in twelve months, seven days, 24 hours.
 */
export const dateParts = [
  'days',
  'month',
  'weekday',
  'hour',
  'monthSin',
  'monthCos',
  'weekdaySin',
  'weekdayCos',
  'hourSin',
  'hourCos',
] as const;
/** What a numeric input is taken from: the number itself, or a part of a date. */
export const numericParts = ['value', ...dateParts] as const;
export type NumericPart = (typeof numericParts)[number];

/** One column of the `numeric` input (float64 [batch, k], NaN where missing). */
export const numericInput = z.object({
  column: z.string(),
  part: z.enum(numericParts),
  /** How the column writes dates beside ISO 8601 (strptime), for dates. */
  format: z.string().optional(),
  /** Mean and population standard deviation over the training part, missing values left out; `std` is above 0. */
  mean: z.number(),
  std: z.number().positive(),
  /** Stands in for a missing value: the median of the training part. */
  fill: z.number(),
  /** Rows of the training part without a value. */
  missing: z.number().int(),
  /**
   * Rising values at equal steps of rank in the training part, for a scale by rank: 0 at the first, 1 at the last, straight between
   * neighbours; then shifted and stretched to mean 0 and deviation 1 of an even spread. In place of `mean` and `std`.
   */
  knots: z.array(z.number()).min(3).optional(),
});
export type NumericInput = z.infer<typeof numericInput>;

/** One column of the `category` input: string [batch, c] when served, codes when trained (0 is missing or unseen, i + 1 is `values[i]`). */
export const categoryInput = z.object({
  column: z.string(),
  boolean: z.boolean(),
  /** Values with a code of their own, by falling count in the training part. */
  values: z.array(z.string()),
  /** Has a vector for each value however few there are: what names a user. */
  embed: z.literal(true).optional(),
});
export type CategoryInput = z.infer<typeof categoryInput>;

/** How a text is cut into n-grams: NFKC, lower case, runs of letters and digits; every CJK character is a word of its own. */
export const analyzer = z.object({
  /** Least and greatest number of words in a word n-gram. */
  words: z.tuple([z.number().int().min(1), z.number().int().max(3)]),
  /** Least and greatest length of character n-grams inside ` word ` with its boundary blanks; left out for none. */
  chars: z.tuple([z.number().int().min(1), z.number().int().max(8)]).optional(),
  /** Counts weigh 1 + ln(count) instead of count. */
  sublinear: z.boolean(),
});
export type Analyzer = z.infer<typeof analyzer>;

/**
 * One pair of inputs `text_i_ids` (int64 [batch, L], 0 pads) and `text_i_weights` (float32 [batch, L], 0 pads), i being
 * the place in the list. Ids are 1 … words.length for words and go on with chars; a row's weights are tf-idf with unit l2 norm
 * (each of the two blocks normalised, then the row), ids rising.
 */
export const textInput = z.object({
  column: z.string(),
  analyzer,
  /** Word n-grams joined by one blank. */
  words: z.array(z.string()),
  chars: z.array(z.string()),
  /** ln((1 + documents) / (1 + documents with it)) + 1, words first; scikit-learn's smoothed idf. */
  idf: z.array(z.number()),
  /** Most n-grams of one row; those of the greatest weight stay. */
  maxTokens: z.number().int().min(1),
});
export type TextInput = z.infer<typeof textInput>;

/**
 * One input `text_i_tokens` (int64 [batch, L], 0 pads), i being the place in the list: the words of a text in their order.
 * Lower-cased words and punctuation after NFKC, every CJK character by itself; 1 is a word without an id, i + 2 is `words[i]`.
 */
export const sequenceInput = z.object({
  column: z.string(),
  /** Words by falling number of documents in the training part; none where a tokenizer reads. */
  words: z.array(z.string()),
  /**
   * A tokenizer.json of a pretrained model: ids are its own plus 1, special tokens included. Bundles hold it in a file of its
   * own, and `true` stands here for it.
   */
  tokenizer: z.union([z.literal(true), z.record(z.string(), z.unknown())]).optional(),
  /** Most tokens of one row; later ones are cut off. */
  maxLength: z.number().int().min(1),
});
export type SequenceInput = z.infer<typeof sequenceInput>;

/** How a model that writes reads and writes texts: ids are the tokenizer's own, and its graph is a decoder with a cache. */
export const generation = z.object({
  /** Column of the texts that it writes. */
  column: z.string(),
  /** tokenizer.json; bundles hold it in a file of its own, and `true` stands here for it. */
  tokenizer: z.union([z.literal(true), z.record(z.string(), z.unknown())]),
  /** Ids are below this. */
  vocabulary: z.number().int().min(2),
  /** Most tokens of a text, those that begin and end it included. */
  maxLength: z.number().int().min(2),
  /** Id of the token that a written text begins after; an empty beginning is this token. */
  start: z.number().int().min(0),
  /** Whether a text that is given as the beginning stands behind it too. */
  framed: z.boolean(),
  /** Id of the token that ends a text. */
  end: z.number().int().min(0),
  /** The column that is read, and most tokens of it; left out for a language model, which goes on with what it is given. */
  source: z.object({ column: z.string(), maxLength: z.number().int().min(1) }).optional(),
});
export type TextTokens = z.infer<typeof generation>;

/** For ranking: the columns of users and items. The inputs beside are of users; items live in the graph. */
export const rankingColumns = z.object({
  user: z.string(),
  item: z.string(),
  rating: z.string().optional(),
  time: z.string().optional(),
});
export type RankingColumns = z.infer<typeof rankingColumns>;

/** For anomalies: whose errors are told, and how an error becomes a score. */
export const anomalyScale = z.object({
  /** Columns of the user's, and the places in the model's numbers that are about each. */
  columns: z.array(z.object({ column: z.string(), places: z.array(z.number().int()) })),
  /** Share of rows that the user holds for unusual. */
  contamination: z.number(),
  /** The column that says which rows are unusual, and its value for them. */
  label: z.object({ column: z.string(), anomalous: z.string() }).optional(),
  /** Left out until a model was trained. */
  scale: z
    .object({
      /** What each place's squared error counts in a row's error. */
      weights: z.array(z.number()),
      /** Rows with a greater error are called unusual. */
      threshold: z.number(),
      /** Errors at equal steps of rank from the least to `tail.from`, which the share `tail.share` of rows exceed, by `tail.mean` in the mean. */
      quantiles: z.array(z.number()),
      tail: z.object({ from: z.number(), share: z.number(), mean: z.number().positive() }),
    })
    .optional(),
});
export type AnomalyScale = z.infer<typeof anomalyScale>;

/** Size of an image in pixels. */
export const imageShape = z.object({
  height: z.number().int().min(1),
  width: z.number().int().min(1),
  channels: z.number().int().min(1),
});
export type ImageShape = z.infer<typeof imageShape>;

/** Numeric inputs that are the pixels of an image; their `mean` and `std` are those of their whole channel. */
export const imageInput = imageShape.extend({
  /** Place in `numeric` of the first pixel; the others follow, channel by channel and row by row within it. */
  first: z.number().int().min(0),
});
export type ImageInput = z.infer<typeof imageInput>;

/** How images are changed while training, seeded by run, epoch and row; never when testing or serving. */
export const imageAugment = z.object({
  /** Mirrored left to right, half of the time. */
  flip: z.boolean(),
  /** Moved by up to this share of width and height, the border repeated. */
  shift: z.number().min(0).max(0.5),
  /** Turned by up to this many degrees. */
  turn: z.number().min(0).max(180),
  /** Brightness and contrast changed by up to this share. */
  light: z.number().min(0).max(1),
});
export type ImageAugment = z.infer<typeof imageAugment>;

/**
 * One input `image_i` (uint8 [batch, channels, height, width]), i being the place in the list: the file decoded, turned as
 * the camera noted, transparency over white, scaled. The graph itself subtracts `mean` and divides by `std`.
 */
export const pictureInput = imageShape.extend({
  column: z.string(),
  /** `cover` cuts off what is too long, `contain` adds a border of the mean, `stretch` changes the proportions. */
  fit: z.enum(['cover', 'contain', 'stretch']),
  /** Of each channel over (a sample of) the training part, of values 0 to 255. */
  mean: z.array(z.number()),
  std: z.array(z.number().positive()),
  augment: imageAugment.optional(),
});
export type PictureInput = z.infer<typeof pictureInput>;

/** Stripes that are set to the mean while training (SpecAugment, Park et al. 2019). */
export const soundAugment = z.object({
  /** Stripes over time, each up to this share of the frames. */
  timeMasks: z.number().int().min(0),
  timeShare: z.number().min(0).max(1),
  /** Stripes over frequency, each up to this many bands. */
  bandMasks: z.number().int().min(0),
  bands: z.number().int().min(0),
  /** Moved in time by up to this share, around the end. */
  shift: z.number().min(0).max(1),
});
export type SoundAugment = z.infer<typeof soundAugment>;

/**
 * One input `audio_i` (float32 [batch, 1, mels, frames]), i being the place in the list: natural logarithms of mel band
 * energies of the clip, mixed to one channel, resampled to `rate`, cut or filled with silence to `seconds`. The graph itself
 * subtracts `mean` and divides by `std`.
 */
export const soundInput = z.object({
  column: z.string(),
  rate: z.number().int().min(1000).max(192_000),
  seconds: z.number().positive(),
  /** Samples of a frame, a power of two, and from one frame to the next. */
  window: z.number().int().min(16).max(65_536),
  hop: z.number().int().min(1),
  mels: z.number().int().min(1).max(1024),
  frames: z.number().int().min(1),
  /** Over (a sample of) the training part. */
  mean: z.number(),
  std: z.number().positive(),
  augment: soundAugment.optional(),
});
export type SoundInput = z.infer<typeof soundInput>;

export const preprocess = z.object({
  format: z.literal('neutrino-preprocess'),
  formatVersion: z.literal(1),
  task,
  /** Mean and population standard deviation over the training part, for regression. */
  target: z.object({ column: z.string(), mean: z.number().optional(), std: z.number().positive().optional() }),
  /** Labels in the order of the class indices; empty for regression. */
  classes: z.array(z.string()),
  /** Added to the logarithm of each class's share before the greatest is named; the likeliest class is when left out. */
  decision: z.array(z.number()).optional(),
  numeric: z.array(numericInput),
  category: z.array(categoryInput),
  text: z.array(textInput),
  /** Left out where no model reads texts word by word. */
  sequence: z.array(sequenceInput).optional(),
  /** Left out where no columns are taken for an image. */
  image: imageInput.optional(),
  /** Columns of image files; left out where there are none. */
  pictures: z.array(pictureInput).optional(),
  /** Columns of sound files; left out where there are none. */
  sounds: z.array(soundInput).optional(),
  /** For models that write texts: all that they take; the lists above are empty then. */
  generation: generation.optional(),
  ranking: rankingColumns.optional(),
  anomaly: anomalyScale.optional(),
  /** For forecasting: what `numeric` and `category` are made from; they name features, not columns, then. */
  series: seriesSpec.optional(),
  /** Every column that a row may name, in the dataset's order, the target included. */
  columns: z.array(z.object({ name: z.string(), type: columnType })),
  /** Columns that feed nothing, and why. */
  ignored: z.array(z.object({ column: z.string(), why: z.string() })),
});
export type Preprocess = z.infer<typeof preprocess>;
