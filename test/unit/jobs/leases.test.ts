import { describe, expect, it } from 'vitest';
import { createLeases, type LeaseRequest } from '../../../engine/jobs/leases.ts';

const gib = 1024 ** 3;
const train = (holder: string, more: Partial<LeaseRequest> = {}): LeaseRequest => ({
  kind: 'trainer',
  holder,
  device: 'auto',
  memory: 4 * gib,
  ...more,
});
const never = new AbortController().signal;
/** Lets settled promises call back. */
const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('device leases', () => {
  it('lets runs train one after the other, in the order they came', async () => {
    const leases = createLeases({ cores: 4, memory: 16 * gib }, 1);
    const order: string[] = [];
    const waits = ['a', 'b', 'c'].map((name) =>
      leases.wait(train(name), never).then((lease) => {
        order.push(name);
        return lease;
      }),
    );
    await turn();
    expect(order).toEqual(['a']);
    leases.release((await waits[0])?.id ?? '');
    await turn();
    expect(order).toEqual(['a', 'b']);
    expect(leases.list().map((lease) => lease.holder)).toEqual(['b']);
  });

  it('gives every run of a machine the same threads, whatever is served', async () => {
    const leases = createLeases({ cores: 8, memory: 64 * gib }, 2);
    const first = await leases.wait(train('a'), never);
    leases.grant({ kind: 'host', holder: 'd', device: 'cpu', memory: gib });
    const second = await leases.wait(train('b'), never);
    expect([first.threads, second.threads]).toEqual([4, 4]);
  });

  it('says what a request waits for, and whose that is', async () => {
    const one = createLeases({ cores: 4, memory: 64 * gib }, 1);
    const first = await one.wait(train('a'), never);
    const waits = ['b', 'c'].map((name) => one.wait(train(name), never));
    expect(['a', 'b', 'c'].map((name) => one.waitsFor(name))).toEqual([
      undefined,
      { for: 'place', holders: ['a'] },
      { for: 'turn', holders: ['b'] },
    ]);
    one.release(first.id);
    await waits[0];
    expect(one.waitsFor('c')).toEqual({ for: 'place', holders: ['b'] });

    const small = createLeases({ cores: 4, memory: 5 * gib }, 2);
    await small.wait(train('a'), never);
    void small.wait(train('b'), never);
    expect(small.waitsFor('b')).toEqual({ for: 'memory', holders: ['a'] });

    const gpu = createLeases({ cores: 4, memory: 64 * gib }, 2);
    await gpu.wait(train('a', { device: 'webgpu' }), never);
    void gpu.wait(train('b', { device: 'webgpu' }), never);
    expect(gpu.waitsFor('b')).toEqual({ for: 'device', holders: ['a'] });
  });

  it('never makes a host wait', async () => {
    const leases = createLeases({ cores: 2, memory: 4 * gib }, 1);
    await leases.wait(train('a'), never);
    const host = leases.grant({ kind: 'host', holder: 'd', device: 'cpu', memory: 2 * gib });
    expect(host).toMatchObject({ kind: 'host', holder: 'd', threads: 1, memory: 2 * gib });
  });

  it('queues a second run when the memory is taken, and for the same GPU', async () => {
    const small = createLeases({ cores: 4, memory: 5 * gib }, 2);
    await small.wait(train('a'), never);
    let got = false;
    void small.wait(train('b'), never).then(() => (got = true));
    await turn();
    expect(got).toBe(false);
    const gpu = createLeases({ cores: 4, memory: 64 * gib }, 2);
    const first = await gpu.wait(train('a', { device: 'webgpu' }), never);
    void gpu.wait(train('b', { device: 'webgpu' }), never).then(() => (got = true));
    await turn();
    expect(got).toBe(false);
    gpu.release(first.id);
    await turn();
    expect(got).toBe(true);
  });

  it('forgets a run that stopped waiting', async () => {
    const leases = createLeases({ cores: 4, memory: 16 * gib }, 1);
    const first = await leases.wait(train('a'), never);
    const leave = new AbortController();
    const second = leases.wait(train('b'), leave.signal);
    const third = leases.wait(train('c'), never);
    leave.abort(new Error('stopped'));
    await expect(second).rejects.toThrow('stopped');
    leases.release(first.id);
    expect((await third).holder).toBe('c');
  });
});
