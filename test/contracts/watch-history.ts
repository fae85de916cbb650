/** What every history of LTVs must do. */
import { describe, expect, it } from 'vitest';
import type { WatchHistory } from '../../src/usecases/watch-ports.ts';
import { newUnit } from './requests.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
/** The begin of a quarter of an hour. */
const START_MS = Date.UTC(2026, 10, 20, 12);

export function watchHistoryContract(name: string, create: () => Promise<WatchHistory>): void {
  describe(`${name}: the history of LTVs`, () => {
    it('has nothing of a unit that was never read', async () => {
      expect(await (await create()).read(newUnit(), '15s', 0)).toEqual([]);
    });

    it('keeps lowest, highest and last of each span, of several units at once', async () => {
      const history = await create();
      const [a, b] = [newUnit(), newUnit()];
      for (const [index, ltv] of ['0.81', '0.9153', '0.79', '0.8'].entries())
        await history.add(
          [
            { groupId: a, ltv },
            { groupId: b, ltv: '0.5' },
          ],
          START_MS + index * 15 * SECOND,
        );
      const whole = { fromMs: START_MS, lowest: '0.79', highest: '0.9153', last: '0.8' };
      expect(await history.read(a, '15m', 0)).toEqual([whole]);
      expect(await history.read(a, '1m', 0)).toEqual([whole]);
      expect((await history.read(a, '15s', 0)).map(({ last }) => last)).toEqual([
        '0.81',
        '0.9153',
        '0.79',
        '0.8',
      ]);
      expect(await history.read(b, '1m', 0)).toEqual([
        { fromMs: START_MS, lowest: '0.5', highest: '0.5', last: '0.5' },
      ]);
    });

    it('a spike of one reading survives in the coarsest span', async () => {
      const history = await create();
      const groupId = newUnit();
      for (let round = 0; round < 60; round += 1)
        await history.add([{ groupId, ltv: round === 31 ? '0.91' : '0.8' }], START_MS + round * 15 * SECOND);
      expect(await history.read(groupId, '15m', 0)).toEqual([
        { fromMs: START_MS, lowest: '0.8', highest: '0.91', last: '0.8' },
      ]);
    });

    it('takes an LTV that is not defined for the highest of all', async () => {
      const history = await create();
      const groupId = newUnit();
      for (const [index, ltv] of ['0.9', null, '0.95'].entries())
        await history.add([{ groupId, ltv }], START_MS + index * SECOND);
      expect(await history.read(groupId, '15s', 0)).toEqual([
        { fromMs: START_MS, lowest: '0.9', highest: null, last: '0.95' },
      ]);
      await history.add([{ groupId, ltv: null }], START_MS + MINUTE);
      expect((await history.read(groupId, '15s', START_MS + MINUTE)).at(-1)).toEqual({
        fromMs: START_MS + MINUTE,
        lowest: null,
        highest: null,
        last: null,
      });
    });

    it('shows a gap where nothing was read, and begins where it is asked to', async () => {
      const history = await create();
      const groupId = newUnit();
      for (const minute of [0, 1, 5])
        await history.add([{ groupId, ltv: '0.8' }], START_MS + minute * MINUTE);
      const minutes = async (fromMs: number) =>
        (await history.read(groupId, '1m', fromMs)).map((point) => (point.fromMs - START_MS) / MINUTE);
      expect(await minutes(0)).toEqual([0, 1, 5]);
      expect(await minutes(START_MS + MINUTE)).toEqual([1, 5]);
      expect(await minutes(START_MS + MINUTE + 1)).toEqual([5]);
    });

    it('a clock that steps back rewrites nothing', async () => {
      const history = await create();
      const groupId = newUnit();
      await history.add([{ groupId, ltv: '0.8' }], START_MS);
      await history.add([{ groupId, ltv: '0.81' }], START_MS + 15 * SECOND);
      await history.add([{ groupId, ltv: '0.99' }], START_MS + 2 * SECOND);
      expect(await history.read(groupId, '15s', 0)).toMatchObject([{ last: '0.8' }, { last: '0.81' }]);
    });

    it('is bounded: an hour, two days and 90 days without a gap', async () => {
      const history = await create();
      const groupId = newUnit();
      for (let round = 0; round < 250; round += 1)
        await history.add([{ groupId, ltv: '0.8' }], START_MS + round * 15 * SECOND);
      const spans = await history.read(groupId, '15s', 0);
      expect(spans).toHaveLength(240);
      expect(spans.at(-1)?.fromMs).toBe(START_MS + 249 * 15 * SECOND);
    });
  });
}
