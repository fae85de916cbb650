/**
 * For random prices, faults and crashes: whatever was read at or above a level is told in time, or the watch says that it
 * is blind; and no two messages say the same within a floor.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Told } from './told.ts';
import { MINUTE, ON_REAL_REDIS, SECOND, WatchRig } from './watch-rig.ts';

const UNITS = ['1', '2'] as const;
const FLOORS = [
  { key: 'liquidation', level: 'liquidation', at: 0.9, floorMs: 5 * MINUTE },
  { key: 'margin-call', level: 'margin call', at: 0.85, floorMs: 15 * MINUTE },
] as const;
/** A round, the longest pause between two attempts at Slack, and what a dead process held. */
const BOUND_MS = 3 * MINUTE;

type Step =
  | { readonly do: 'price'; readonly unit: (typeof UNITS)[number]; readonly ltv: string }
  | { readonly do: 'outage' | 'slack-away' | 'slack-limits'; readonly rounds: number }
  | { readonly do: 'kill' | 'restart' };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('price' as const),
      unit: fc.constantFrom(...UNITS),
      ltv: fc.constantFrom('0.6', '0.849', '0.851', '0.86', '0.899', '0.901', '0.95'),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constantFrom('outage' as const, 'slack-away' as const, 'slack-limits' as const),
      rounds: fc.integer({ min: 1, max: 12 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('kill' as const, 'restart' as const) }) },
);

interface Reading {
  readonly atMs: number;
  readonly unit: string;
  readonly ltv: number;
}

/** Plays the steps, three rounds each, and a quarter of an hour of peace; answers what complete readings showed. */
async function play(rig: WatchRig, steps: readonly Step[]): Promise<Reading[]> {
  const readings: Reading[] = [];
  let outageLeft = 0;
  let slackLeft = 0;
  rig.exchange.onAnswered(({ endpoint, status, account }) => {
    if (endpoint !== 'ltv-details' || status !== 200 || account !== 'fund-a') return;
    for (const unit of UNITS)
      readings.push({ atMs: rig.clock.nowMs, unit, ltv: Number(rig.exchange.unit(unit).ltv) });
  });
  const round = async () => {
    if (outageLeft-- === 0) rig.exchange.clearFaults();
    if (slackLeft-- === 0) rig.workspace.faults.clear();
    await rig.round();
  };
  for (const each of steps) {
    if (each.do === 'price') rig.setLtv(each.unit, each.ltv);
    else if (each.do === 'outage') {
      rig.exchange.inject({
        effect: { kind: 'error', status: 503, when: 'before' },
        endpoint: 'ltv-details',
      });
      outageLeft = each.rounds;
    } else if (each.do === 'slack-away' || each.do === 'slack-limits') {
      const away = { kind: 'reset', when: 'after' } as const;
      const limited = { kind: 'rate_limited', retryAfterS: 30 } as const;
      rig.workspace.faults.add('chat.postMessage', each.do === 'slack-away' ? away : limited);
      slackLeft = each.rounds;
    } else {
      const [leader] = rig.replicas;
      if (leader !== undefined && each.do === 'kill') rig.kill(leader);
      else await rig.stopAll();
      while (rig.replicas.length < 2) await rig.addReplica();
    }
    for (let count = 0; count < 3; count += 1) await round();
  }
  rig.exchange.clearFaults();
  rig.workspace.faults.clear();
  for (let count = 0; count < 24; count += 1) await rig.round();
  return readings;
}

/** Slack's outages end; a message may be as late as the longest of them and the bound. */
function isTold({ atMs, unit, ltv }: Reading, told: readonly Told[], slackAwayMs: number): boolean {
  const level = FLOORS.find(({ at }) => ltv >= at);
  if (level === undefined) return true;
  // A worse level says more than enough.
  const levels = FLOORS.slice(0, FLOORS.indexOf(level) + 1).map((each) => each.level);
  const says = new RegExp(`unit ${unit}\\b[^.\\n]*(?:${levels.join('|')})`, 'i');
  return told.some(
    ({ text, atMs: toldMs }) =>
      toldMs >= atMs - level.floorMs - BOUND_MS && toldMs <= atMs + BOUND_MS + slackAwayMs && says.test(text),
  );
}

describe.skipIf(!ON_REAL_REDIS)('over random prices, faults and crashes', { timeout: 300_000 }, () => {
  it('each reading at a level is told within its bound, once per floor, and each message once', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 6, maxLength: 14 }), async (steps) => {
        const rig = await WatchRig.start({ replicas: 2, units: { 1: '0.6', 2: '0.6' } });
        try {
          const readings = await play(rig, steps);
          const told = rig.told();
          const slackAwayMs = 12 * rig.everyMs;
          const untold = readings.filter(
            (reading) => reading.ltv >= 0.85 && !isTold(reading, told, slackAwayMs),
          );
          expect(untold).toEqual([]);

          const keys = told.map(({ message }) => JSON.stringify(message.metadata));
          expect(keys.filter((key, index) => keys.indexOf(key) !== index)).toEqual([]);

          for (const { key, floorMs } of FLOORS) {
            for (const times of await rig.callsAt(key)) {
              const gaps = times.slice(1).map((at, index) => at - (times[index] ?? 0));
              expect(gaps.filter((gap) => gap < floorMs - SECOND)).toEqual([]);
            }
          }
        } finally {
          await rig.end();
        }
      }),
      {
        numRuns: 3,
        seed: 7,
        endOnFailure: true,
      },
    );
  });
});
