/**
 * LTVs over time in Redis, one list for each unit and step (see add-samples.lua). Measured with Redis 7.0, every span
 * full: 218 kB per unit while its LTV rests, at most 431 kB while each span has three different values.
 */

import { type LongId, parseAmount } from '../domain/amount.ts';
import type { TrendPoint } from '../domain/watch/trend-points.ts';
import type { Sample, TrendStep, WatchHistory } from '../usecases/watch-ports.ts';
import { RedisStore } from './connection.ts';

/** 15 s for an hour, 1 min for 48 h, 15 min for 90 days. */
const STEPS: { readonly [Step in TrendStep]: { readonly lengthMs: number; readonly spans: number } } = {
  '15s': { lengthMs: 15_000, spans: 240 },
  '1m': { lengthMs: 60_000, spans: 2_880 },
  '15m': { lengthMs: 900_000, spans: 8_640 },
};
/** A ten-thousandth of a percentage point, finer than anything shown. */
const DECIMALS = 6;
/** An LTV that isn't defined. */
const UNDEFINED = '-';

export class RedisWatchHistory extends RedisStore implements WatchHistory {
  async add(samples: readonly Sample[], atMs: number): Promise<void> {
    if (samples.length === 0) return;
    const steps = Object.entries(STEPS);
    const { watchRound, trendStem } = this.keys;
    await this.connection.script(
      'addSamples',
      watchRound,
      trendStem,
      atMs,
      steps.length,
      ...steps.flatMap(([name, { lengthMs, spans }]) => [name, lengthMs, spans]),
      ...samples.flatMap(({ groupId, ltv }) => [groupId, ltv === null ? UNDEFINED : rounded(ltv)]),
    );
  }

  async read(groupId: LongId, step: TrendStep, fromMs: number): Promise<readonly TrendPoint[]> {
    const stored = await this.connection.run('lrange', (client) =>
      client.lrange(this.keys.trend(groupId, step), 0, -1),
    );
    const { lengthMs } = STEPS[step];
    return stored.flatMap((span) => pointOf(span, lengthMs) ?? []).filter((point) => point.fromMs >= fromMs);
  }
}

function rounded(ltv: string): string {
  const exact = parseAmount(ltv);
  if (exact === null) throw new RangeError(`not an LTV: ${JSON.stringify(ltv)}`);
  return exact.round(DECIMALS).toFixed();
}

/** Null: it was not written here. */
function pointOf(span: string, lengthMs: number): TrendPoint | null {
  const [, number, first, second, third] = /^(\d{1,12}) (\S+)(?: (\S+) (\S+))?$/.exec(span) ?? [];
  if (number === undefined || first === undefined) return null;
  const [lowest, highest, last] = [first, second ?? first, third ?? first].map((value) =>
    value === UNDEFINED ? null : value,
  );
  return {
    fromMs: Number(number) * lengthMs,
    lowest: lowest ?? null,
    highest: highest ?? null,
    last: last ?? null,
  };
}
