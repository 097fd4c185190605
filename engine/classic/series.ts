// Forecasts without a model of their own: the value one season before, and exponential smoothing. Rows hold them as features, one for
// each set of rates, so that fitting is choosing among them.
import { tensor } from '../onnx/index.ts';
import { Fault } from '../schema/index.ts';
import { type ClassicFamily, type ClassicModel, openInputs } from './model.ts';
import type { ClassicRows } from './rows.ts';

type Forecasts = NonNullable<ClassicRows['forecasts']>;

function forecastsOf({ forecasts }: ClassicRows, name: string): Forecasts {
  if (forecasts) return forecasts;
  throw new Fault('bad_request', `model ${name} forecasts a series: add --task forecasting, or choose another model`);
}

/** The mean of some forecasts of the rows. */
function meanOf(data: ClassicRows, { mean, std }: Forecasts, places: readonly number[]): ClassicModel {
  return {
    rounds: 1,
    bestRound: 1,
    size: places.length,
    graph() {
      const { g, numeric } = openInputs('series', data);
      const own = g.op('Gather', [numeric(), g.ints(places)], { axis: 1 });
      const said = g.op('ReduceMean', [own], { axes: [1], keepdims: 1 });
      const number = (value: number) => g.constant(tensor('float64', [], [value]));
      const scaled = g.op('Div', [g.op('Sub', [said, number(mean)]), number(std)]);
      g.output(g.op('Cast', [scaled], { to: 1 }), 'logits');
      return g.build();
    },
    logits: (other, rows) =>
      Float32Array.from(rows, (row) => {
        let sum = 0;
        for (const place of places) sum += other.numeric[row * other.numericWidth + place];
        return (sum / places.length - mean) / std;
      }),
  };
}

/** The value one season before. */
export const seasonalNaive: ClassicFamily = {
  name: 'seasonal-naive',
  says: 'a series goes on as it was one season before, or stays where it is: what every forecast has to beat',
  hyper: {},
  suits: ({ forecasts }) => forecasts !== undefined,
  async fit(data) {
    const forecasts = forecastsOf(data, 'seasonal-naive');
    return meanOf(data, forecasts, [forecasts.naive]);
  },
};

/** Exponential smoothing by the rates that did best. */
export const smoothing: ClassicFamily = {
  name: 'smoothing',
  says: 'exponential smoothing of a series (Holt-Winters, damped), by the rates that did best on the training rows',
  hyper: {
    best: { kind: 'integer', default: 1, range: [1, 12], says: 'rates whose mean is taken, the best so many' },
  },
  suits: ({ forecasts }) => forecasts !== undefined && forecasts.smoothed.length > 0,
  async fit(data, train, _validation, hyper) {
    const forecasts = forecastsOf(data, 'smoothing');
    const { smoothed, mean, std } = forecasts;
    const { numeric, numericWidth, targets } = data;
    const losses = smoothed.map((place) => {
      let loss = 0;
      for (const row of train)
        loss += ((numeric[row * numericWidth + place] - mean) / std - (targets?.[row] ?? 0)) ** 2;
      return { place, loss };
    });
    losses.sort((a, b) => a.loss - b.loss || a.place - b.place);
    return meanOf(
      data,
      forecasts,
      losses.slice(0, Number(hyper['best'])).map(({ place }) => place),
    );
  },
};
