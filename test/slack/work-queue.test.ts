import { describe, expect, it } from 'vitest';
import { WorkQueue } from '../../src/slack/work-queue.ts';

function gate() {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { promise, open: () => resolve() };
}

describe('the work queue', () => {
  it('runs so many at a time, in order, and has no room beyond what may wait', async () => {
    const queue = new WorkQueue({ atOnce: 1, waitingAtMost: 1 });
    const first = gate();
    const order: string[] = [];
    const one = queue.run(async () => {
      order.push('one starts');
      await first.promise;
      order.push('one ends');
    });
    const two = queue.run(async () => void order.push('two'));
    expect(queue.hasRoom()).toBe(false);
    first.open();
    await Promise.all([one, two]);
    expect(order).toEqual(['one starts', 'one ends', 'two']);
    expect(queue.hasRoom()).toBe(true);
  });

  it('gives the place free when work fails, and is idle when nothing is left', async () => {
    const queue = new WorkQueue({ atOnce: 1, waitingAtMost: 5 });
    const failing = queue.run(async () => {
      throw new Error('broken');
    });
    const idle = queue.idle();
    await expect(failing).rejects.toThrow('broken');
    await idle;
    await expect(queue.run(async () => 'again')).resolves.toBe('again');
    await queue.idle();
  });
});
