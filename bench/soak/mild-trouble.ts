/** What goes wrong on any long day: slow and failing calls, a Redis that blinks. Nobody is killed: see the chaos run. */
import { setTimeout as pause } from 'node:timers/promises';
import type { Exchange } from '../../sandbox/binance/exchange.ts';
import type { FaultOrder } from '../../sandbox/binance/faults.ts';
import type { WorkspaceFault } from '../../sandbox/slack/faults.ts';
import type { Workspace } from '../../sandbox/slack/workspace.ts';
import type { Fleet } from '../../test/chaos/fleet.ts';
import type { Random } from '../../test/chaos/random.ts';

const EXCHANGE: readonly [FaultOrder, ...FaultOrder[]] = [
  { effect: { kind: 'latency', ms: 900 }, count: 6 },
  { effect: { kind: 'error', status: 500 }, method: 'GET', count: 2 },
  { effect: { kind: 'reset', when: 'after' }, method: 'GET', count: 2 },
  { effect: { kind: 'truncated' }, endpoint: 'ltv-details', count: 1 },
  { effect: { kind: 'reset', when: 'after' }, endpoint: 'close', count: 1 },
  { effect: { kind: 'error', when: 'after', status: 502 }, endpoint: 'close', count: 1 },
  { effect: { kind: 'error', when: 'before', status: 503 }, endpoint: 'close', count: 1 },
];

const SLACK: readonly [WorkspaceFault, ...WorkspaceFault[]] = [
  { kind: 'latency', ms: 700 },
  { kind: 'http', status: 500 },
  { kind: 'rate_limited', retryAfterS: 1 },
  { kind: 'reset', when: 'before' },
  { kind: 'error', code: 'internal_error' },
];
const METHODS: readonly [string, ...string[]] = [
  'chat.postMessage',
  'chat.update',
  'views.update',
  'users.info',
  'response_url',
];

export interface MildTally {
  exchange: number;
  slack: number;
  redis: number;
}

export interface MildParts {
  readonly exchange: Exchange;
  readonly workspace: Workspace;
  readonly fleet: Fleet;
  readonly random: Random;
  readonly stopped: AbortSignal;
}

export async function makeMildTrouble(parts: MildParts): Promise<MildTally> {
  const { exchange, workspace, fleet, stopped } = parts;
  const tally: MildTally = { exchange: 0, slack: 0, redis: 0 };
  const rounds = async (name: keyof MildTally, everyMs: number, act: (random: Random) => Promise<void>) => {
    const random = parts.random.fork(name);
    while (!stopped.aborted) {
      await pause(random.between(everyMs / 2, everyMs * 1.5), null, { signal: stopped }).catch(() => {});
      if (stopped.aborted) return;
      tally[name] += 1;
      await act(random);
    }
  };
  await Promise.all([
    rounds('exchange', 4_000, async (random) => void exchange.inject(random.pick(EXCHANGE))),
    rounds('slack', 2_000, async (random) => {
      workspace.faults.add(random.pick(METHODS), random.pick(SLACK), 1);
    }),
    rounds('redis', 10_000, async (random) => {
      const { proxy } = random.pick(fleet.places);
      if (random.chance(0.5)) return proxy.breakAll();
      proxy.fallSilent();
      await pause(random.between(200, 1_000));
      proxy.heal();
    }),
  ]);
  return tally;
}
