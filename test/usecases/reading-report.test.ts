import { expect, it } from 'vitest';
import type { ReadingProgress } from '../../src/usecases/loan-desk.ts';
import { ReadingReport } from '../../src/usecases/reading-report.ts';
import { MemoryReadingProgress } from '../fakes/loan-records.ts';
import { QUIET } from '../support/logs.ts';

it('what goes on in the very moment in which a report was taken is reported too', async () => {
  const store = new MemoryReadingProgress();
  const reported: ReadingProgress[] = [];
  const taken: { readonly promise: Promise<boolean>; readonly resolve: (isStopped: boolean) => void }[] = [];
  store.report = (_, progress) => {
    reported.push(progress);
    const answer = Promise.withResolvers<boolean>();
    taken.push(answer);
    return answer.promise;
  };
  const report = new ReadingReport({ store, log: QUIET });
  void report.join('r-1');
  const walk = report.walk('interest');
  await new Promise(setImmediate);
  // Right behind the report's own look at whether there is something new.
  void taken[0]?.promise.then(() => walk.onProgress(3, 3));
  taken[0]?.resolve(false);
  await new Promise(setImmediate);
  expect(reported).toEqual([
    { done: 0, of: 1 },
    { done: 3, of: 3 },
  ]);
});

it('is stopped when everybody who waits asked for it, or when it is of no use', async () => {
  const store = new MemoryReadingProgress();
  const report = new ReadingReport({ store, log: QUIET });
  const walk = report.walk('interest');
  expect(walk.isStopped(), 'nobody waits yet').toBe(false);
  const first = report.join('r-1');
  void report.join('r-2');
  await new Promise(setImmediate);
  await store.stop('r-1');
  walk.onProgress(1, 3);
  expect(await first).toBe('stopped');
  expect(walk.isStopped()).toBe(false);
  await store.stop('r-2');
  walk.onProgress(2, 3);
  await new Promise(setImmediate);
  expect(walk.isStopped()).toBe(true);
  const useless = new ReadingReport({ store, log: QUIET });
  useless.giveUp();
  expect(useless.isStopped).toBe(true);
});
