/** LTVs over time in memory: the same promises as the Redis ones. */
import type { LongId } from '../../src/domain/amount.ts';
import { mergePoints, type TrendPoint, trendPointOf } from '../../src/domain/watch/trend-points.ts';
import type { Sample, TrendStep, WatchHistory } from '../../src/usecases/watch-ports.ts';

const STEPS = {
  '15s': [15_000, 240],
  '1m': [60_000, 2_880],
  '15m': [900_000, 8_640],
} as const satisfies { [Step in TrendStep]: readonly [lengthMs: number, spans: number] };

export class MemoryWatchHistory implements WatchHistory {
  readonly #lists = new Map<string, TrendPoint[]>();

  async add(samples: readonly Sample[], atMs: number): Promise<void> {
    for (const { groupId, ltv } of samples) {
      for (const [step, [lengthMs, spans]] of Object.entries(STEPS)) {
        const list = this.#lists.get(`${step} ${groupId}`) ?? [];
        const point = trendPointOf(ltv, Math.floor(atMs / lengthMs) * lengthMs);
        const newest = list.at(-1);
        if (newest?.fromMs === point.fromMs) list[list.length - 1] = mergePoints(newest, point);
        else if (newest === undefined || newest.fromMs < point.fromMs) list.push(point);
        this.#lists.set(`${step} ${groupId}`, list.slice(-spans));
      }
    }
  }

  async read(groupId: LongId, step: TrendStep, fromMs: number): Promise<readonly TrendPoint[]> {
    return (this.#lists.get(`${step} ${groupId}`) ?? []).filter((point) => point.fromMs >= fromMs);
  }
}
