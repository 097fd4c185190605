// Requests that are kept, where a deployment asks for it: sealed in the store like every record, masked before, the oldest
// given up first. With the labels that came back they are what a model is trained on again.
import type { PredictInput, ServingOptions } from '../schema/index.ts';
import type { Settings } from '../store/index.ts';

/** One kept request. `labels` are by row. */
export interface Sample {
  id: string;
  at: number;
  inputs: PredictInput[];
  said: (string | number | null)[];
  labels: Record<number, string | number | boolean>;
}

export interface Samples {
  readonly count: number;
  /** Keeps a request if its turn comes by the deployment's share. */
  take(sample: Omit<Sample, 'labels'>, watching: ServingOptions['watching']): void;
  label(id: string, index: number, label: string | number | boolean): void;
  /** Rows whose right answer is known, as objects or texts. */
  labelled(): { input: PredictInput; label: string | number | boolean }[];
  /** Erases all of them; how many there were. */
  erase(): number;
  /** Writes what is new. */
  flush(): void;
}

/** Requests of one sealed piece. */
const pieceSize = 50;

interface Piece {
  number: number;
  samples: Sample[];
  dirty: boolean;
}

/** The samples of one deployment, read from the store. */
export function openSamples(settings: Settings, deployment: string): Samples {
  const name = (piece: number) => `samples_${deployment}_${piece}`;
  const range = (settings.get(`samples_${deployment}`) ?? { first: 0, next: 0 }) as { first: number; next: number };
  let { first, next } = range;
  const pieces: Piece[] = [];
  const byId = new Map<string, { sample: Sample; piece: Piece }>();
  let count = 0;
  let turn = 0;
  let moved = false;
  for (let number = first; number < next; number++) {
    const samples = (settings.get(name(number)) ?? []) as Sample[];
    const piece: Piece = { number, samples, dirty: false };
    pieces.push(piece);
    count += samples.length;
    for (const sample of samples) byId.set(sample.id, { sample, piece });
  }

  function drop(): void {
    const piece = pieces.shift();
    if (!piece) return;
    for (const { id } of piece.samples) byId.delete(id);
    count -= piece.samples.length;
    settings.remove(name(piece.number));
    first = piece.number + 1;
    moved = true;
  }

  return {
    get count() {
      return count;
    },
    take({ id, at, inputs, said }, { sample: share, keep, mask }) {
      turn += share;
      if (turn < 1) return;
      turn -= 1;
      const masked = inputs.map((input) => masking(input, mask));
      let piece = pieces.at(-1);
      if (!piece || piece.samples.length >= pieceSize) {
        piece = { number: next++, samples: [], dirty: true };
        pieces.push(piece);
        moved = true;
      }
      const sample: Sample = { id, at, inputs: masked, said, labels: {} };
      piece.samples.push(sample);
      piece.dirty = true;
      byId.set(id, { sample, piece });
      count++;
      while (count > keep && pieces.length > 1) drop();
    },
    label(id, index, label) {
      const found = byId.get(id);
      if (!found || index >= found.sample.inputs.length) return;
      found.sample.labels[index] = label;
      found.piece.dirty = true;
    },
    labelled: () =>
      [...byId.values()].flatMap(({ sample }) =>
        Object.entries(sample.labels).map(([index, label]) => ({ input: sample.inputs[Number(index)] ?? '', label })),
      ),
    erase() {
      const erased = count;
      while (pieces.length > 0) drop();
      // A number is not used twice: what is written late must not come back under it.
      first = next;
      settings.set(`samples_${deployment}`, { first, next });
      moved = false;
      return erased;
    },
    flush() {
      for (const piece of pieces) {
        if (!piece.dirty) continue;
        settings.set(name(piece.number), piece.samples);
        piece.dirty = false;
      }
      if (moved) settings.set(`samples_${deployment}`, { first, next });
      moved = false;
    },
  };
}

/** An input without the values that must not be kept. A bare text is its only column's value. */
function masking(input: PredictInput, mask: readonly string[]): PredictInput {
  if (mask.length === 0) return input;
  if (typeof input === 'string') return '***';
  return Object.fromEntries(
    Object.entries(input).map(([column, value]) => [column, mask.includes(column) && value !== null ? '***' : value]),
  );
}
