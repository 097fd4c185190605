// A forecast, whole: a table of dates and a number in, the task told from it, a search, its report, and answers over REST.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { rng } from '../../engine/base/index.ts';
import { faultOf, importPath, launch, makePlace, type Place, type Running, train } from './parts/appliance.ts';

const dayOf = (t: number) => new Date(Date.UTC(2024, 0, 1 + t)).toISOString().slice(0, 10);
const truth = (t: number) => 200 + 40 * Math.sin((2 * Math.PI * t) / 7) + 0.2 * t;
const days = 140;

/** A shop's sales by day. */
function sales(place: Place): string {
  const random = rng(8, 'sales');
  const lines = Array.from({ length: days }, (_, t) => `${dayOf(t)},${(truth(t) + 5 * random.normal()).toFixed(2)}`);
  const path = join(place.root, 'sales.csv');
  writeFileSync(path, `day,sold\n${lines.join('\n')}\n`);
  return path;
}

let place: Place;
let appliance: Running;

beforeAll(async () => {
  place = makePlace();
  appliance = await launch(place);
});
afterAll(async () => {
  await appliance?.stop();
  place.remove();
});

describe('a series', () => {
  it('is found in a table, forecast better than by its last week, and goes on at its endpoint', async () => {
    const { client } = appliance;
    await importPath(client, sales(place), 'sales');
    const run = await train(client, { dataset: 'sales', target: 'sold', trials: 3, seed: 1 });
    expect(run.error).toBeUndefined();
    expect(run.request).toMatchObject({ task: 'forecasting', forecast: { time: 'day' } });
    expect(run.plan).toMatchObject({ task: 'forecasting', target: 'sold' });
    expect(run.plan?.features).toEqual([
      { column: 'day', as: 'numeric' },
      { column: 'sold', as: 'numeric' },
    ]);
    const { report } = run;
    if (report?.task !== 'forecasting') throw new Error('the report is of another task');
    expect(report).toMatchObject({ horizon: 7, season: 7, series: 1 });
    expect(report.rmse).toBeLessThan(report.baseline.rmse);
    const model = await client.call('models.show', { params: { id: 'sales' } });
    expect(model.series).toMatchObject({ time: 'day', horizon: 7 });
    await client.call('deployments.create', { body: { model: 'sales' } });
    const history = Array.from({ length: days }, (_, t) => ({ day: dayOf(t), sold: truth(t) }));
    const ask = (inputs: { history: Record<string, string | number>[] }[]) =>
      client.call('deployments.predict', { params: { name: 'sales' }, body: { inputs } });
    const [output] = (await ask([{ history }])).outputs;
    if (!output || !('forecast' in output)) throw new Error('there is no forecast');
    expect(output.forecast.map(({ time }) => time)).toEqual(Array.from({ length: 7 }, (_, h) => dayOf(days + h)));
    for (const [h, { value, low, high }] of output.forecast.entries()) {
      expect(Math.abs(value - truth(days + h))).toBeLessThan(15);
      expect(low).toBeLessThan(value);
      expect(high).toBeGreaterThan(value);
    }
    // The last window says all: earlier rows change nothing.
    const again = await ask([{ history: history.slice(-(model.series?.window ?? 0)) }]);
    expect(again.outputs).toEqual([output]);
    const schema = await client.call('deployments.schema', { params: { name: 'sales' } });
    expect(
      (await client.call('deployments.predict', { params: { name: 'sales' }, body: schema.example })).outputs,
    ).toHaveLength(1);
    const row = { inputs: [{ day: '2024-02-01', sold: 3 }] };
    const refused = await faultOf(client.call('deployments.predict', { params: { name: 'sales' }, body: row }));
    expect(refused).toMatchObject({ code: 'bad_input' });
    expect(refused.message).toMatch(/needs the rows behind/);
  });

  it('is refused to networks and to too few rows, in words', async () => {
    const { client } = appliance;
    const path = join(place.root, 'short.csv');
    writeFileSync(path, `day,sold\n${Array.from({ length: 12 }, (_, t) => `${dayOf(t)},${t}.5`).join('\n')}\n`);
    await importPath(client, path, 'short');
    const asked = { dataset: 'short', target: 'sold', forecast: { horizon: 9 }, trials: 2 };
    expect((await train(client, asked)).error?.message).toMatch(/too few to forecast 9/);
    const other = await train(client, { dataset: 'short', target: 'sold', forecast: { horizon: 2 }, model: 'mlp' });
    expect(other.error?.message).toMatch(/a series is forecast by a search/);
  });
});
