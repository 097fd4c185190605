// Recommendations and unusual rows, whole: a table in, a model trained, its report, and answers over REST from a deployment.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { rng } from '../../engine/base/index.ts';
import type { PredictResponse } from '../../engine/schema/index.ts';
import { faultOf, importPath, launch, makePlace, type Place, type Running, train } from './parts/appliance.ts';

const clubs = ['chess', 'cooking', 'hiking'];
const perClub = 12;

/** Who lent which book: members lend mostly what their club is about. */
function lendings(place: Place): { path: string; lent: Map<string, Set<string>> } {
  const random = rng(5, 'lendings');
  const lent = new Map<string, Set<string>>();
  const lines = ['member,book,club,subject,day'];
  for (let m = 0; m < 120; m++) {
    const club = m % clubs.length;
    const own = new Set<string>();
    while (own.size < 7) {
      const subject = random.next() < 0.9 ? club : random.int(clubs.length);
      const book = `${clubs[subject]}-${random.int(perClub)}`;
      if (own.has(book)) continue;
      own.add(book);
      lines.push([`m${m}`, book, clubs[club], clubs[subject], own.size].join(','));
    }
    lent.set(`m${m}`, own);
  }
  const path = join(place.root, 'lendings.csv');
  writeFileSync(path, `${lines.join('\n')}\n`);
  return { path, lent };
}

/** Readings of a machine: heat follows load, but for a few that run hot. */
function readings(place: Place): string {
  const random = rng(6, 'readings');
  const lines = ['load,heat,mode,state'];
  for (let i = 0; i < 600; i++) {
    const load = random.next() * 10;
    const isHot = i % 20 === 0;
    const heat = 20 + 5 * load + random.normal() + (isHot ? 25 : 0);
    lines.push([load.toFixed(2), heat.toFixed(2), load > 5 ? 'high' : 'low', isHot ? 'broken' : 'fine'].join(','));
  }
  const path = join(place.root, 'readings.csv');
  writeFileSync(path, `${lines.join('\n')}\n`);
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

async function answers(name: string, inputs: Record<string, string | number>[]): Promise<PredictResponse['outputs']> {
  await appliance.client.call('deployments.create', { body: { model: name } });
  return (await appliance.client.call('deployments.predict', { params: { name }, body: { inputs } })).outputs;
}

describe('a recommender', () => {
  it('learns who takes what, beats what most take, and proposes what a user did not have', async () => {
    const { path, lent } = lendings(place);
    await importPath(appliance.client, path, 'lendings');
    const run = await train(appliance.client, {
      dataset: 'lendings',
      model: 'two-tower',
      target: 'book',
      ranking: { user: 'member', time: 'day' },
      epochs: 25,
      seed: 1,
      hyper: { top: 5 },
    });
    expect(run.error).toBeUndefined();
    expect(run.plan).toMatchObject({ task: 'ranking', target: 'book', family: 'two-tower' });
    expect(run.plan?.features).toEqual([
      { column: 'member', as: 'category' },
      { column: 'club', as: 'category' },
    ]);
    const { report } = run;
    if (report?.task !== 'ranking') throw new Error('no report of a ranking');
    expect(report.items).toBe(clubs.length * perClub);
    expect(report.ndcg).toBeGreaterThan(1.3 * report.popularity.ndcg);
    const [known, bare, stranger] = await answers('lendings', [
      { member: 'm3', club: 'chess' },
      { member: 'm3' },
      { member: 'nobody', club: 'cooking' },
    ]);
    if (!('items' in known && 'items' in bare && 'items' in stranger)) throw new Error('no items');
    // What a request leaves out of a known user is what it was.
    expect(bare).toEqual(known);
    expect(known.items).toHaveLength(5);
    const subjects = known.items.map(({ item }) => item.split('-')[0]);
    expect(subjects.filter((subject) => subject === 'chess').length).toBeGreaterThanOrEqual(3);
    const first = lent.get('m3') ?? new Set();
    const lastOfAll = [...first].slice(-2);
    for (const { item } of known.items) if (!lastOfAll.includes(item)) expect(first.has(item)).toBe(false);
    expect(stranger.items.filter(({ item }) => item.startsWith('cooking')).length).toBeGreaterThanOrEqual(4);
    const scores = known.items.map(({ score }) => score);
    expect(scores).toEqual(scores.toSorted((a, b) => b - a));
  });

  it('says which column is missing', async () => {
    const request = { dataset: 'lendings', model: 'two-tower' as const, target: 'book', ranking: { user: 'membr' } };
    const fault = await faultOf(appliance.client.call('runs.create', { body: request }));
    expect(fault).toMatchObject({ code: 'bad_target', message: 'There is no column "membr". Did you mean "member"?' });
    await importPath(appliance.client, readings(place), 'machines');
    const bare = { dataset: 'machines', model: 'two-tower' as const, target: 'mode' };
    const other = await faultOf(appliance.client.call('runs.create', { body: bare }));
    expect(other.message).toMatch(/looks like the users.*--user/);
  });
});

describe('an autoencoder', () => {
  it('tells unusual rows, and by which columns, without having seen a mark', async () => {
    await importPath(appliance.client, readings(place), 'readings');
    const run = await train(appliance.client, {
      dataset: 'readings',
      model: 'autoencoder',
      target: 'state',
      epochs: 60,
      seed: 1,
      hyper: { code: 1 },
    });
    expect(run.error).toBeUndefined();
    expect(run.plan).toMatchObject({ task: 'anomaly', target: 'state' });
    expect(run.plan?.features.map(({ column }) => column)).toEqual(['load', 'heat', 'mode']);
    const { report } = run;
    if (report?.task !== 'anomaly') throw new Error('no report of anomalies');
    expect(report.labels).toMatchObject({ column: 'state', anomalous: 'broken' });
    expect(report.labels?.rocAuc).toBeGreaterThan(0.95);
    const [usual, hot] = await answers('readings', [
      { load: 4, heat: 40, mode: 'low' },
      { load: 4, heat: 65, mode: 'low' },
    ]);
    if (!('anomaly' in usual && 'anomaly' in hot)) throw new Error('no judgement');
    expect(usual.anomaly).toBe(false);
    expect(hot.anomaly).toBe(true);
    expect(hot.score).toBeGreaterThan(0.95);
    expect(hot.score).toBeGreaterThan(usual.score);
    expect(hot.why[0].share).toBeGreaterThan(0.3);
  });

  it('needs no target', async () => {
    const run = await train(appliance.client, { dataset: 'readings', task: 'anomaly', epochs: 3, ignore: ['state'] });
    expect(run.error).toBeUndefined();
    expect(run.report).toMatchObject({ task: 'anomaly' });
    expect(run.request.target).toBeUndefined();
    expect(run.model?.name).toBe('readings');
  });
});
