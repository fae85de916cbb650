import { describe, expect, it } from 'vitest';
import { type Place, WorkQueue } from '../../src/slack/work-queue.ts';

function entered(queue: WorkQueue): Place {
  const place = queue.enter();
  if (place === null) throw new Error('no room');
  return place;
}

describe('the work queue', () => {
  it('runs a bounded number at a time, in order, and refuses beyond the waiting limit', async () => {
    const queue = new WorkQueue({ atOnce: 1, waitingAtMost: 1 });
    const held = Promise.withResolvers<void>();
    const order: string[] = [];
    const one = entered(queue);
    const two = entered(queue);
    expect(queue.enter()).toBeNull();
    const running = one.run(async () => {
      order.push('one starts');
      await held.promise;
      order.push('one ends');
    });
    const waiting = two.run(async () => void order.push('two'));
    held.resolve();
    await Promise.all([running, waiting]);
    expect(order).toEqual(['one starts', 'one ends', 'two']);
    expect(queue.enter()).not.toBeNull();
  });

  it('frees the place when work fails, and is idle when nothing runs', async () => {
    const queue = new WorkQueue({ atOnce: 1, waitingAtMost: 0 });
    const failing = entered(queue).run(async () => {
      throw new Error('broken');
    });
    const idle = queue.idle();
    await expect(failing).rejects.toThrow('broken');
    await idle;
    const unused = entered(queue);
    unused.leave();
    unused.leave();
    await queue.idle();
    await expect(entered(queue).run(async () => 'again')).resolves.toBe('again');
    await queue.idle();
  });
});
