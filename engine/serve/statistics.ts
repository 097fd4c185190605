// The statistics extension of the Open Inference Protocol, from the meters of models. Durations are nanoseconds.
// https://github.com/triton-inference-server/server/blob/main/docs/protocol/extension_statistics.md
import type { V2Stats } from '../schema/index.ts';
import type { Meter } from './meter.ts';

type ModelStats = V2Stats['model_stats'][number];

const ns = (ms: number): number => Math.round(ms * 1e6);
const duration = ({ count, ms }: { count: number; ms: number }) => ({ count, ns: ns(ms) });
/** Encoding happens within a run here and is not told apart. */
const nothing = { count: 0, ns: 0 };

/** The statistics of one model of a deployment. */
export function v2Statistics(name: string, version: number, meter: Meter): ModelStats {
  const { success, fail, queue, compute } = meter.sums;
  const batches = [...meter.batches].sort(([a], [b]) => a - b);
  return {
    name,
    version: String(version),
    last_inference: meter.lastAt,
    inference_count: meter.rows,
    execution_count: batches.reduce((sum, [, { count }]) => sum + count, 0),
    inference_stats: {
      success: duration(success),
      fail: duration(fail),
      queue: duration(queue),
      compute_input: nothing,
      compute_infer: duration(compute),
      compute_output: nothing,
    },
    batch_stats: batches.map(([size, sum]) => ({
      batch_size: size,
      compute_input: nothing,
      compute_infer: duration(sum),
      compute_output: nothing,
    })),
  };
}
