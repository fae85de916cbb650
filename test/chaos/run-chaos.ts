/** One run: a world, three bots, people, trouble; then peace, and the judgement. */
import { writeFile } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import type { Exchange } from '../../sandbox/binance/exchange.ts';
import { SEED_IDS } from '../../sandbox/slack/seed.ts';
import type { StoredMessage } from '../../sandbox/slack/store.ts';
import { startWorld, type World } from '../../sandbox/world.ts';
import type { Absence } from './brakes.ts';
import { type Finished, finish } from './finish.ts';
import { Fleet, type Place } from './fleet.ts';
import { violationsOf } from './invariants.ts';
import { People } from './people.ts';
import { createRandom, type Random } from './random.ts';
import { Records } from './records.ts';
import { type RedisProcess, startRedisProcess } from './redis-process.ts';
import { rulesFor } from './rules.ts';
import { askToClose, type NewCollateral, playStory } from './stories.ts';
import { judgeTold, type Told } from './told.ts';
import {
  EMERGENCIES,
  type Emergency,
  makeTrouble,
  putRules,
  type RulesParts,
  type TroubleTally,
} from './trouble.ts';
import { addWatchedUnits, judgeWatch, movePrices, WATCH_SETTINGS } from './watched.ts';

export interface ChaosOptions {
  readonly seed: number;
  /** No new ones are begun after so many were asked for. */
  readonly requests: number;
  /** Trouble and new requests last at most so long. */
  readonly seconds: number;
  /** Default: a redis-server of its own, which is killed and restarted. */
  readonly redisUrl?: string;
  /**
   * A run that ends soon: nobody is stopped for long, people settle by hand what would take minutes to prove, nobody
   * waits for a unit that has a request, and Slack's rate limits are four times as high.
   */
  readonly short?: boolean;
  /** Default: all. */
  readonly emergencies?: readonly Emergency[];
  /** With a rules file that changes, and groups that are emptied and filled again. Default: without. */
  readonly rules?: boolean;
  readonly say?: (line: string) => void;
}

export interface ChaosReport {
  readonly seed: number;
  readonly durationMs: number;
  readonly requests: number;
  readonly clicks: number;
  readonly deletes: number;
  readonly executed: number;
  readonly trouble: TroubleTally;
  /** How many requests ended how: state and why. */
  readonly outcomes: ReadonlyMap<string, number>;
  /** How often each thing happened, by the audit trail: claims abandoned, outcomes lost, facts changed, refusals… */
  readonly events: ReadonlyMap<string, number>;
  readonly finished: Finished;
  readonly told: Told;
  /** Of the watch. */
  readonly alerts: number;
  readonly auditEntries: number;
  /** What the bots logged as errors, by text. */
  readonly errors: readonly (readonly [string, number])[];
  /** Empty: everything held. */
  readonly violations: readonly string[];
}

const BOTS = 3;
const STORIES_AT_ONCE = 28;
const FIRST_UNIT = 1_000;
const SHORT_RUN_PACE = 4;
/** Few keys: each bot that starts asks every credit key once for its units, out of 60 reads a minute. */
const CREDIT_ACCOUNTS = ['chaos-a', 'chaos-b'] as const;
const PREFIX = 'chaos';
const EXPIRES = '150s';
const SCOPES = ['commands', 'chat:write', 'users:read', 'usergroups:read', 'channels:history'];

export async function runChaos(options: ChaosOptions): Promise<ChaosReport> {
  const say = options.say ?? (() => {});
  const startedAt = performance.now();
  const redis = options.redisUrl === undefined ? await startRedisProcess() : null;
  const names = Array.from({ length: Math.ceil(options.requests * (options.short ? 1 : 0.7)) }, (_, index) =>
    String(FIRST_UNIT + index),
  );
  const files = rulesFor(names);
  const world = await startWorld({
    redisUrl: redis?.url ?? options.redisUrl ?? '',
    replicas: 0,
    exchange: {
      ledger: () => ({ units: [], closed: [], records: [], interest: [], liquidations: [] }),
      settings: { closedOrder: 'closeTime-descending' },
    },
    workspace: { transport: 'http', scopes: SCOPES },
    ...(options.rules === true && { closeRules: files.usual }),
    settings: {
      REDIS_PREFIX: `${PREFIX}-${options.seed}-${Date.now()}`,
      CLOSE_EXPIRES: EXPIRES,
      ...WATCH_SETTINGS,
      // Else a short run may be over before a level was seen often enough to be believed.
      ...(options.short && { WATCH_EVERY: '5s' }),
    },
  });
  const settings = world.settings();
  const records = new Records({
    redisUrl: world.redis.url,
    prefix: settings.REDIS_PREFIX ?? PREFIX,
    auditKey: settings.AUDIT_KEY ?? '',
  });
  try {
    if (options.short) world.workspace.limits.pace = SHORT_RUN_PACE;
    const units = await openAccounts(world, names);
    const started = { file: files.usual, fromMs: Date.now(), toMs: Number.POSITIVE_INFINITY };
    const rules =
      world.rulesFile === null ? null : { path: world.rulesFile, ...files, inForce: [started], emptied: [] };
    const fleet = await Fleet.start(BOTS, world.redis.url, () => world.settings());
    try {
      say(`three bots are ready after ${seconds(startedAt)} s`);
      const run = {
        options,
        say,
        startedAt,
        redis,
        world,
        records,
        units,
        fleet,
        newCollateral: [],
        absences: [],
        rules,
      };
      return await judgedRun(run);
    } finally {
      await fleet.close();
    }
  } finally {
    await records.close();
    await world.close();
    await redis?.stop();
  }
}

interface Run {
  readonly options: ChaosOptions;
  readonly say: (line: string) => void;
  readonly startedAt: number;
  readonly redis: RedisProcess | null;
  readonly world: World;
  readonly records: Records;
  readonly units: readonly string[];
  readonly fleet: Fleet;
  readonly newCollateral: NewCollateral[];
  readonly absences: Absence[];
  readonly rules: RulesParts | null;
}

async function judgedRun(run: Run): Promise<ChaosReport> {
  const { options, say, world, records, fleet, redis } = run;
  const random = createRandom(options.seed);
  const people = new People({
    workspace: world.workspace,
    someBot: () => someBot(fleet, random).url,
  });
  const over = new AbortController();
  const trouble = makeTrouble({
    ...{ exchange: world.exchange, workspace: world.workspace, people, fleet, redis, stopped: over.signal },
    random: random.fork('trouble'),
    short: options.short === true,
    emergencies: options.emergencies ?? EMERGENCIES,
    absences: run.absences,
    rules: run.rules,
  });
  const prices = movePrices(world.exchange, random.fork('prices'), over.signal);
  await playStories(run, people, random);
  over.abort();
  const tally = await trouble;
  await prices;
  say(`the trouble is over after ${seconds(run.startedAt)} s; healing`);
  await heal(world, fleet);
  if (run.rules !== null) await putRules(run.rules, run.rules.usual, fleet);
  const finished = await finish({
    ...{ people, records, exchange: world.exchange },
    withinMs: options.short === true ? 150_000 : 600_000,
    settleByHandAfterMs: options.short === true ? 3_000 : 420_000,
  });
  say(`nothing is left to do after ${seconds(run.startedAt)} s; judging`);
  const drained = await drain(fleet);
  return judge(run, people, tally, finished, drained);
}

/** As behind a load balancer that has mostly noticed which bots answer. */
function someBot({ places }: Fleet, random: Random): Place {
  const [first, ...others] = places.filter(({ bot }) => bot?.running === true && !bot.paused);
  return first === undefined || random.chance(0.15) ? random.pick(places) : random.pick([first, ...others]);
}

/** Units that owe nothing, on few credit accounts, and the keys for them. */
async function openAccounts(
  { exchange, accountsFile }: World,
  units: readonly string[],
): Promise<readonly string[]> {
  for (const name of CREDIT_ACCOUNTS) {
    exchange.changeAccount({ name, role: 'credit', email: `${name}@test.com` });
  }
  const names: ReadonlySet<string> = new Set(['fund-a', ...CREDIT_ACCOUNTS]);
  await writeFile(accountsFile, JSON.stringify(exchange.accounts().filter(({ name }) => names.has(name))));
  addWatchedUnits(exchange, `${CREDIT_ACCOUNTS[0]}@test.com`);
  for (const [index, groupId] of units.entries()) {
    const name = CREDIT_ACCOUNTS[index % CREDIT_ACCOUNTS.length] ?? CREDIT_ACCOUNTS[0];
    exchange.addUnit({ groupId, creditEmail: `${name}@test.com` });
  }
  return units;
}

async function playStories(run: Run, people: People, random: Random) {
  const { options, records, world, units, say, newCollateral } = run;
  const untilMs = performance.now() + options.seconds * 1_000;
  const over = AbortSignal.timeout(options.seconds * 1_000);
  const busy = new Set<string>();
  const oldCards: StoredMessage[] = [];
  let begun = 0;
  const worker = async (number: number) => {
    const own = random.fork(`story ${number}`);
    await pause(number * 100);
    while (begun < options.requests && performance.now() < untilMs) {
      const unit = await freeUnit(units, busy, world.exchange, records, own);
      if (unit === null) {
        await pause(500);
        continue;
      }
      busy.add(unit);
      const shared = { people, records, exchange: world.exchange, stopped: over, oldCards, newCollateral };
      const parts = { ...shared, random: own };
      try {
        const request = await askToClose(unit, parts);
        if (request === null) continue;
        begun += 1;
        if (begun % 50 === 0) say(`${begun} requests asked for`);
        await playStory(request, parts);
      } finally {
        busy.delete(unit);
      }
    }
  };
  await Promise.all(Array.from({ length: STORIES_AT_ONCE }, (_, number) => worker(number)));
}

/** A unit that is active, owes nothing, and has no request and no story. */
async function freeUnit(
  units: readonly string[],
  busy: ReadonlySet<string>,
  exchange: Exchange,
  records: Records,
  random: Random,
): Promise<string | null> {
  const active = new Set(
    exchange
      .units()
      .filter(({ liabilities }) => liabilities.length === 0)
      .map(({ groupId }) => groupId),
  );
  const free = units.filter((unit) => active.has(unit) && !busy.has(unit));
  const unit = free[random.between(0, free.length - 1)];
  if (unit === undefined) return null;
  return (await records.openFor(unit)) === null ? unit : null;
}

async function heal({ exchange, workspace }: World, fleet: Fleet): Promise<void> {
  exchange.clearFaults();
  exchange.configure({ maintenance: false, closedListDelayMs: 0, detailsLingerMs: 0 });
  workspace.faults.clear();
  await fleet.heal();
}

/** SIGTERM to all: each has to finish what it does and exit 0. */
async function drain({ places }: Fleet): Promise<string[]> {
  const ends = await Promise.allSettled(places.map((place) => place.stop()));
  return ends.flatMap((end) => (end.status === 'rejected' ? [String(end.reason)] : []));
}

async function judge(
  run: Run,
  people: People,
  trouble: TroubleTally,
  finished: Finished,
  notDrained: readonly string[],
): Promise<ChaosReport> {
  const { records, world, fleet, options } = run;
  const { exchange, workspace } = world;
  const requests = await records.all();
  const closedUnits = new Map(exchange.closedUnits().map((unit) => [unit.groupId, unit]));
  const deletes = exchange.requests({ endpoint: 'close' });
  const verdicts = await records.verifyAudit(requests.keys());
  const trail = await records.trail();
  const told = judgeTold(workspace, requests, closedUnits);
  const alerts = await records.episodeTrails();
  const interruptions =
    trouble.kills + trouble.pauses + trouble.redisCuts + trouble.lostReplies + trouble.repeatedBySlack;
  const violations = [
    ...(requests.size === 0 ? ['nobody could ask for a close: the run shows nothing'] : []),
    ...violationsOf({
      ...{ requests, deletes, closedUnits, newCollateral: run.newCollateral, absences: run.absences },
      ...{ rules: run.rules?.inForce ?? [], emptied: run.rules?.emptied ?? [] },
      trail,
      lives: fleet.lives(),
      activeUnits: new Set(exchange.units().map(({ groupId }) => groupId)),
    }),
    ...verdicts.flatMap(({ fault }) => (fault === null ? [] : [`audit, ${fault.subjectId}: ${fault.what}`])),
    ...told.violations,
    ...judgeWatch(workspace.store.messages(SEED_IDS.loanAlerts), alerts, trouble.redisRestarts > 0),
    ...(told.repeats > interruptions + trouble.redisRestarts * BOTS
      ? [`${told.repeats} messages stand twice after ${interruptions} interruptions`]
      : []),
    ...(finished.undelivered === 0
      ? []
      : [`${finished.undelivered} requests have messages that did not leave`]),
    ...fleet.watch.ownEnds.map((how) => `a bot ended by itself: ${how}`),
    ...notDrained,
  ];
  return {
    seed: options.seed,
    durationMs: performance.now() - run.startedAt,
    requests: requests.size,
    clicks: people.clicks,
    deletes: deletes.length,
    executed: deletes.filter(({ effect }) => effect).length,
    ...{ trouble, finished, told, violations },
    events: tallied([...trail.values()].flatMap((entries) => entries.map(({ body }) => body.event.type))),
    outcomes: tallied(
      [...requests.values()].map(({ state, ending }) => `${state}: ${ending?.kind ?? 'open'}`),
    ),
    alerts: alerts.size,
    auditEntries: verdicts[0]?.entries ?? 0,
    errors: fleet.watch.errors(),
  };
}

function tallied(names: readonly string[]): Map<string, number> {
  const tally = new Map<string, number>();
  for (const name of names.toSorted()) tally.set(name, (tally.get(name) ?? 0) + 1);
  return tally;
}

function seconds(sinceMs: number): string {
  return ((performance.now() - sinceMs) / 1_000).toFixed(1);
}
