// A run's position as two byte strings and back: JSON for the counters, safetensors for everything with a shape.
import { fromUtf8, utf8 } from '../base/index.ts';
import { readSafetensors, type Tensor, tensor, writeSafetensors } from '../onnx/index.ts';
import { Fault } from '../schema/index.ts';
import type { FitState } from './loop.ts';
import type { RunState, Stage } from './run.ts';

/** Entries of a checkpoint's pack by name. */
export type CheckpointFiles = Record<'state.json' | 'tensors.safetensors', Uint8Array>;

const version = 1;

type Tensors = Map<string, Tensor>;

const prefixed = (prefix: string, tensors: ReadonlyMap<string, Tensor>): [string, Tensor][] =>
  [...tensors].map(([name, value]) => [`${prefix}/${name}`, value]);

const taken = (prefix: string, tensors: Tensors): Tensors =>
  new Map(
    [...tensors].flatMap(([name, value]) =>
      name.startsWith(`${prefix}/`) ? [[name.slice(prefix.length + 1), value] as const] : [],
    ),
  );

/** Everything of a state that JSON holds exactly. */
type Plain = {
  version: number;
  stages: (Omit<Stage, 'best' | 'losses'> & { best: Omit<Stage['best'], 'weights'> })[];
  fit:
    | (Omit<FitState, 'best' | 'program' | 'rounds'> & {
        best: Omit<Stage['best'], 'weights'> | null;
        rounds?: { every: number };
      })
    | null;
};

export function encodeCheckpoint(state: RunState): CheckpointFiles {
  const tensors: [string, Tensor][] = [];
  const plain: Plain = {
    version,
    stages: state.stages.map(({ best: { weights, ...best }, losses, ...rest }, i) => {
      tensors.push(...prefixed(`stages/${i}/weights`, weights), [
        `stages/${i}/losses`,
        tensor('float64', [losses.length], losses),
      ]);
      return { ...rest, best };
    }),
    fit: null,
  };
  if (state.fit) {
    const { best, program, rounds, ...rest } = state.fit;
    tensors.push(...prefixed('fit/program', program));
    if (best) tensors.push(...prefixed('fit/best', best.weights));
    const momentum = rounds?.momentum;
    if (momentum) tensors.push(['fit/momentum', tensor('float32', [momentum.length], momentum)]);
    const { weights: _weights, ...kept } = best ?? { weights: undefined, loss: 0, score: 0, epoch: 0, step: 0 };
    plain.fit = { ...rest, best: best ? kept : null, ...(rounds ? { rounds: { every: rounds.every } } : {}) };
  }
  return { 'state.json': utf8(JSON.stringify(plain)), 'tensors.safetensors': writeSafetensors(new Map(tensors)) };
}

/** Throws `newer_version` for a checkpoint of a later Neutrino. */
export function decodeCheckpoint(files: CheckpointFiles): RunState {
  const plain = JSON.parse(fromUtf8(files['state.json'])) as Plain;
  if (plain.version > version) {
    throw new Fault('newer_version', 'this checkpoint was made by a newer Neutrino: resume it there, or train again');
  }
  const tensors = readSafetensors(files['tensors.safetensors']);
  return {
    stages: plain.stages.map(({ best, ...rest }, i) => ({
      ...rest,
      best: { ...best, weights: taken(`stages/${i}/weights`, tensors) },
      losses: (tensors.get(`stages/${i}/losses`)?.data ?? new Float64Array(0)) as Float64Array,
    })),
    fit: plain.fit && {
      ...plain.fit,
      best: plain.fit.best && { ...plain.fit.best, weights: taken('fit/best', tensors) },
      program: taken('fit/program', tensors),
      rounds: plain.fit.rounds && {
        ...plain.fit.rounds,
        momentum: (tensors.get('fit/momentum')?.data as Float32Array | undefined) ?? null,
      },
    },
  };
}
