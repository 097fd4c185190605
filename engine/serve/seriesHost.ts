// A host of a model that forecasts: histories in, steps with bounds out. Runs only in a child process, as host.ts.
import type { Bundle } from '../bundle/index.ts';
import type { Program } from '../runtime/index.ts';
import { Fault, type PredictOutput } from '../schema/index.ts';
import { describeModel } from './describe.ts';
import { inferWith, type ModelHost } from './host.ts';

/** Histories of one run. */
const rowsPerRun = 64;

/** Serves forecasts of a compiled graph. */
export async function openSeriesHost({ manifest, preprocess }: Bundle, program: Program): Promise<ModelHost> {
  const { encodeHistories, saidTime, timeOf } = await import('../data/index.ts');
  const { series } = preprocess;
  if (!series) throw new Fault('internal', 'this model does not forecast');
  const { horizon, step } = series;
  const host: ModelHost = {
    manifest,
    async predict(inputs) {
      const outputs: PredictOutput[] = [];
      for (let from = 0; from < inputs.length; from += rowsPerRun) {
        const { feeds, last } = encodeHistories(preprocess, inputs.slice(from, from + rowsPerRun), from);
        const used = Object.fromEntries(program.inputs.map(({ name }) => [name, feeds[name]]));
        const results = await program.run(used, ['forecast', 'low', 'high']);
        const [forecast, low, high] = ['forecast', 'low', 'high'].map((name) => results[name].data as Float64Array);
        for (const [row, end] of last.entries()) {
          const steps = Array.from({ length: horizon }, (_, h) => {
            const at = row * horizon + h;
            if (!Number.isFinite(forecast[at])) {
              throw new Fault(
                'bad_input',
                `inputs[${from + row}]: the model gave no finite number; its values are too far outside the training data`,
              );
            }
            const time = saidTime(step, timeOf(step, end + h + 1));
            return { time, value: forecast[at], low: low[at], high: high[at] };
          });
          outputs.push({ forecast: steps });
        }
      }
      return outputs;
    },
    infer: (tensors, outputs) => inferWith(program, manifest, tensors, outputs),
    dispose: () => program.dispose(),
  };
  await host.predict(describeModel(manifest).example.inputs);
  return host;
}
