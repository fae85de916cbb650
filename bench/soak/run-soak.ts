/**
 * Three replicas for a while under what a desk really does: many who look, some who close, calls that fail, a Redis
 * that blinks, and one rolling restart. Then the books are read, as after a chaos run.
 */
import { writeFile } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import type { StoredMessage } from '../../sandbox/slack/store.ts';
import { startWorld, type World } from '../../sandbox/world.ts';
import { finish } from '../../test/chaos/finish.ts';
import { Fleet, type Place } from '../../test/chaos/fleet.ts';
import { violationsOf } from '../../test/chaos/invariants.ts';
import { People } from '../../test/chaos/people.ts';
import { createRandom, type Random } from '../../test/chaos/random.ts';
import { Records } from '../../test/chaos/records.ts';
import { startRedisProcess } from '../../test/chaos/redis-process.ts';
import { askToClose, type NewCollateral, playStory } from '../../test/chaos/stories.ts';
import { judgeTold } from '../../test/chaos/told.ts';
import { residentMb } from '../support/child.ts';
import { median } from '../support/statistics.ts';
import { type MildTally, makeMildTrouble } from './mild-trouble.ts';
import { type Seen, seedWithViewers, watchViewers } from './viewers.ts';

export interface SoakOptions {
  readonly minutes: number;
  readonly seed: number;
  readonly say: (line: string) => void;
}

export interface SoakReport {
  readonly minutes: number;
  readonly seen: Seen;
  readonly trouble: MildTally;
  readonly requests: number;
  readonly deletes: number;
  readonly executed: number;
  readonly outcomes: ReadonlyMap<string, number>;
  /** Resident MB of each replica: after the rolling restart and some load, and at the end. */
  readonly memory: readonly { readonly earlyMb: number; readonly lateMb: number }[];
  readonly errors: readonly (readonly [string, number])[];
  /** Empty: everything held. */
  readonly violations: readonly string[];
}

const REPLICAS = 3;
const VIEWERS = 40;
const STORIES_AT_ONCE = 4;
const CREDIT_ACCOUNTS = ['soak-a', 'soak-b'] as const;
const FIRST_UNIT = 1_000;
/** As long as a balancer takes to notice that a process is no longer ready. */
const OUT_OF_THE_BALANCER_MS = 1_000;
const SAMPLE_EVERY_MS = 5_000;

export async function runSoak({ minutes, seed, say }: SoakOptions): Promise<SoakReport> {
  const redis = await startRedisProcess();
  const { seed: people, viewers } = seedWithViewers(VIEWERS);
  const world = await startWorld({
    redisUrl: redis.url,
    replicas: 0,
    exchange: {
      ledger: () => ({ units: [], closed: [], records: [], interest: [], liquidations: [] }),
      settings: { closedOrder: 'closeTime-descending' },
    },
    // What is watched is memory over hours of closes: at Slack's one post a second there would be too few of them.
    workspace: { strictRateLimits: false, transport: 'http', seed: people },
    settings: { REDIS_PREFIX: 'soak', CLOSE_EXPIRES: '150s' },
  });
  const records = new Records({
    redisUrl: redis.url,
    prefix: 'soak',
    auditKey: world.settings().AUDIT_KEY ?? '',
  });
  try {
    const units = await openUnits(world, Math.ceil(minutes * 40));
    const fleet = await Fleet.start(REPLICAS, redis.url, () => world.settings());
    try {
      return await soak({ minutes, random: createRandom(seed), say, world, records, fleet, units, viewers });
    } finally {
      await fleet.close();
    }
  } finally {
    await records.close();
    await world.close();
    await redis.stop();
  }
}

interface Run {
  readonly minutes: number;
  readonly random: Random;
  readonly say: (line: string) => void;
  readonly world: World;
  readonly records: Records;
  readonly fleet: Fleet;
  readonly units: readonly string[];
  readonly viewers: readonly string[];
}

async function soak(run: Run): Promise<SoakReport> {
  const { minutes, random, world, records, fleet, viewers, say } = run;
  const { exchange, workspace } = world;
  const behindBalancer = new Set<Place>(fleet.places);
  const balancer = random.fork('balancer');
  const someBot = () => {
    const [first = fleet.places[0], ...others] = behindBalancer;
    return balancer.pick([first, ...others]).url;
  };
  const people = new People({ workspace, someBot });
  const over = new AbortController();
  const newCollateral: NewCollateral[] = [];
  const memory = watchMemory(fleet, over.signal);
  const looking = watchViewers({
    workspace,
    viewers,
    someBot,
    random: random.fork('viewers'),
    stopped: over.signal,
  });
  const closing = playStories(run, people, newCollateral, over.signal);
  const trouble = makeMildTrouble({
    exchange,
    workspace,
    fleet,
    random: random.fork('trouble'),
    stopped: over.signal,
  });
  await pause(minutes * 20_000);
  say('rolling restart');
  const restartFaults = await rollingRestart(fleet, behindBalancer);
  const restartedAtMs = Date.now();
  await pause(minutes * 40_000);
  over.abort();
  const [seen, tally] = await Promise.all([looking, trouble, closing]);
  say('the load is over; healing');
  exchange.clearFaults();
  workspace.faults.clear();
  await fleet.heal();
  const finished = await finish({
    ...{ people, records, exchange },
    withinMs: 300_000,
    settleByHandAfterMs: 20_000,
  });
  const samples = await memory;
  const stops = await Promise.allSettled(fleet.places.map((place) => place.stop()));
  const requests = await records.all();
  const closedUnits = new Map(exchange.closedUnits().map((unit) => [unit.groupId, unit]));
  const deletes = exchange.requests({ endpoint: 'close' });
  const verdicts = await records.verifyAudit(requests.keys());
  return {
    minutes,
    seen,
    trouble: tally,
    requests: requests.size,
    deletes: deletes.length,
    executed: deletes.filter(({ effect }) => effect).length,
    outcomes: tallied(
      [...requests.values()].map(({ state, ending }) => `${state}: ${ending?.kind ?? 'open'}`),
    ),
    memory: fleet.places.map((_, at) => earlyAndLate(samples, at, restartedAtMs)),
    errors: fleet.watch.errors(),
    violations: [
      ...violationsOf({
        ...{ requests, deletes, closedUnits, newCollateral, absences: [], rules: [], emptied: [] },
        lives: fleet.lives(),
        trail: await records.trail(),
        activeUnits: new Set(exchange.units().map(({ groupId }) => groupId)),
      }),
      ...verdicts.flatMap(({ fault }) =>
        fault === null ? [] : [`audit, ${fault.subjectId}: ${fault.what}`],
      ),
      ...judgeTold(workspace, requests, closedUnits).violations,
      ...seen.notAcked.map((what) => `not acked: ${what}`),
      ...seen.notAnswered.map((what) => `acked and not answered: ${what}`),
      ...restartFaults,
      ...stops.flatMap((stop) => (stop.status === 'rejected' ? [String(stop.reason)] : [])),
      ...fleet.watch.ownEnds.map((how) => `a bot ended by itself: ${how}`),
      ...(finished.undelivered === 0 ? [] : [`${finished.undelivered} requests have undelivered messages`]),
    ],
  };
}

/** Units that owe nothing, on few credit accounts, and the keys for them. */
async function openUnits({ exchange, accountsFile }: World, count: number): Promise<string[]> {
  for (const name of CREDIT_ACCOUNTS)
    exchange.changeAccount({ name, role: 'credit', email: `${name}@test.com` });
  const names: ReadonlySet<string> = new Set(['fund-a', ...CREDIT_ACCOUNTS]);
  await writeFile(accountsFile, JSON.stringify(exchange.accounts().filter(({ name }) => names.has(name))));
  return Array.from({ length: count }, (_, index) => {
    const groupId = String(FIRST_UNIT + index);
    const name = CREDIT_ACCOUNTS[index % CREDIT_ACCOUNTS.length] ?? CREDIT_ACCOUNTS[0];
    exchange.addUnit({ groupId, creditEmail: `${name}@test.com` });
    return groupId;
  });
}

async function playStories(
  { units, records, world, random }: Run,
  people: People,
  newCollateral: NewCollateral[],
  stopped: AbortSignal,
): Promise<void> {
  const left = [...units];
  const oldCards: StoredMessage[] = [];
  const worker = async (number: number) => {
    const own = random.fork(`story ${number}`);
    for (let unit = left.shift(); unit !== undefined && !stopped.aborted; unit = left.shift()) {
      const parts = {
        people,
        records,
        exchange: world.exchange,
        random: own,
        stopped,
        oldCards,
        newCollateral,
      };
      const request = await askToClose(unit, parts);
      if (request !== null) await playStory(request, parts);
    }
  };
  await Promise.all(Array.from({ length: STORIES_AT_ONCE }, (_, number) => worker(number)));
}

/** One after the other: out of the balancer, SIGTERM, and a new one that is ready takes its place. */
async function rollingRestart(fleet: Fleet, behindBalancer: Set<Place>): Promise<string[]> {
  const faults: string[] = [];
  for (const place of fleet.places) {
    behindBalancer.delete(place);
    await pause(OUT_OF_THE_BALANCER_MS);
    place.proxy.heal();
    await place.stop().catch((error: unknown) => faults.push(`rolling restart: ${String(error)}`));
    await place.start(true);
    behindBalancer.add(place);
  }
  return faults;
}

interface Sample {
  readonly atMs: number;
  readonly residentMb: readonly (number | null)[];
}

async function watchMemory({ places }: Fleet, stopped: AbortSignal): Promise<Sample[]> {
  const samples: Sample[] = [];
  while (!stopped.aborted) {
    samples.push({
      atMs: Date.now(),
      residentMb: places.map(({ bot }) => (bot ? residentMb(bot.pid) : null)),
    });
    await pause(SAMPLE_EVERY_MS, null, { signal: stopped }).catch(() => {});
  }
  return samples;
}

/** Of the time after the restart: the second quarter, and the last. */
function earlyAndLate(samples: readonly Sample[], at: number, fromMs: number) {
  const own = samples.flatMap(({ atMs, residentMb: all }) => (atMs >= fromMs ? [all[at] ?? Number.NaN] : []));
  const quarter = Math.max(Math.floor(own.length / 4), 1);
  return { earlyMb: median(own.slice(quarter, 2 * quarter)), lateMb: median(own.slice(-quarter)) };
}

function tallied(names: readonly string[]): Map<string, number> {
  const tally = new Map<string, number>();
  for (const name of names.toSorted()) tally.set(name, (tally.get(name) ?? 0) + 1);
  return tally;
}
