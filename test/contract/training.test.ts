// Training against PyTorch's reference runs, on every runtime of this machine.
import { describe, expect, test } from 'vitest';
import { compileTraining, type TrainingProgram } from '../../engine/train/index.ts';
import { type Fixture, fixtureNames, readFixture, relativeError } from './fixture.ts';
import { runtimes } from './runtimes.ts';

/**
 * A bias before BatchNormalization has a gradient of exactly 0, so floats hold noise and Adam steps by its sign; the
 * running mean follows that bias.
 */
const undetermined = new Set(['c1.bias', 'bn.running_mean']);

async function program(fixture: Fixture, device: string): Promise<TrainingProgram> {
  const { forward, loss, optimizer } = fixture;
  return compileTraining(forward, { loss, optimizer, device, threads: 2, seed: 1 });
}

async function losses(training: TrainingProgram, fixture: Fixture, from = 0): Promise<number[]> {
  const out: number[] = [];
  for (let i = from; i < fixture.curve.length; i++) {
    const { feeds, labels, weights } = fixture.batch(i);
    const { lossSum, weightSum } = await training.step(feeds, labels, weights, fixture.lr);
    out.push(lossSum / weightSum);
  }
  return out;
}

for (const { device, skip } of runtimes) {
  describe.skipIf(skip !== undefined)(`${device}${skip ? `: skipped, ${skip}` : ''}`, () => {
    describe.each(fixtureNames)('%s', (name) => {
      test('gradients of the first step are within 1e-4 of PyTorch', async () => {
        const fixture = readFixture(name);
        const training = await program(fixture, device);
        const { feeds, labels, weights } = fixture.batch(0);
        const gradients = await training.gradients(feeds, labels, weights);
        const errors = [...gradients].map(
          ([key, value]) => [key, relativeError(value, fixture.reference(`grad.${key}`))] as const,
        );
        expect(errors.filter(([key, error]) => !undetermined.has(key) && !(error < 1e-4))).toEqual([]);
        expect(errors.map(([key]) => key)).toEqual(fixture.forward.parameters);
        await training.dispose();
      });

      test('the loss curve and the weights after 20 steps are those of PyTorch', async () => {
        const fixture = readFixture(name);
        const training = await program(fixture, device);
        const curve = await losses(training, fixture);
        const off = curve.map((loss, i) => Math.abs(loss - fixture.curve[i]));
        expect(off.filter((error, i) => !(error < (i < 5 ? 1e-4 : Math.max(1e-3, 0.02 * fixture.curve[i]))))).toEqual(
          [],
        );
        const end = await training.weights();
        const errors = [...end].map(
          ([key, value]) => [key, relativeError(value, fixture.reference(`end.${key}`))] as const,
        );
        expect(errors.filter(([key, error]) => !undetermined.has(key) && !(error < 1e-2))).toEqual([]);
        await training.dispose();
      });
    });
  });
}
