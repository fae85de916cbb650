/** Everything that goes wrong around the bots, at random, until it is stopped. */
import { rename, writeFile } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import type { Exchange } from '../../sandbox/binance/exchange.ts';
import type { FaultOrder } from '../../sandbox/binance/faults.ts';
import type { WorkspaceFault } from '../../sandbox/slack/faults.ts';
import { SEED_IDS } from '../../sandbox/slack/seed.ts';
import type { Workspace } from '../../sandbox/slack/workspace.ts';
import { endsInTime } from '../../src/shared/in-time.ts';
import { type Absence, RESTARTS, type Settings } from './brakes.ts';
import type { Fleet, Place } from './fleet.ts';
import type { People } from './people.ts';
import type { Random } from './random.ts';
import type { RedisProcess } from './redis-process.ts';
import type { EmptyGroup, RulesFile, RulesInForce } from './rules.ts';

export interface TroubleParts {
  readonly exchange: Exchange;
  readonly workspace: Workspace;
  readonly people: People;
  readonly fleet: Fleet;
  /** Null: somebody else's Redis, which is not ours to kill. */
  readonly redis: RedisProcess | null;
  readonly random: Random;
  readonly stopped: AbortSignal;
  /**
   * True: nobody is stopped, or killed on purpose, where only a claim's end helps (60 s), so that a run ends soon; and
   * bots are killed more often.
   */
  readonly short: boolean;
  /** Which emergencies there are; all of them unless a run leaves some out. */
  readonly emergencies: readonly Emergency[];
  /** Grows with each approver who was deactivated for a while. */
  readonly absences: Absence[];
  /** Null: the bots run without a rules file. */
  readonly rules: RulesParts | null;
}

export interface RulesParts {
  readonly path: string;
  readonly usual: RulesFile;
  readonly stricter: RulesFile;
  /** Grows with each file that was put in place; the first is there from the start. */
  readonly inForce: RulesInForce[];
  /** Grows with each group that had nobody in it for a while. */
  readonly emptied: EmptyGroup[];
}

export const EMERGENCIES = ['token-revoked', 'approver-removed', 'narrower-policy', 'dry-run'] as const;
export type Emergency = (typeof EMERGENCIES)[number];

export interface TroubleTally {
  kills: number;
  /** Of those: at the very moment when Redis had done a certain command and the bot did not know yet. */
  killsAtPoint: number;
  pauses: number;
  longPauses: number;
  redisRestarts: number;
  redisCuts: number;
  lostReplies: number;
  exchangeFaults: number;
  slackFaults: number;
  rulesSwapped: number;
  groupsEmptied: number;
  /** How often each emergency came. */
  readonly emergencies: Map<Emergency, number>;
  /** Slack faults after which a message may stand twice: it was posted, and its answer was lost. */
  repeatedBySlack: number;
}

/** Longer than a claim (60 s) and than the answer to a close is waited for (30 s). */
const LONG_PAUSE_MS = 68_000;

/** How many times as often a process is killed in a short run. */
const SHORT_RUN_KILLS = 3;

/** Resolves when all of it has ended; what was paused or cut may still be so. */
export async function makeTrouble(parts: TroubleParts): Promise<TroubleTally> {
  const tally: TroubleTally = {
    kills: 0,
    killsAtPoint: 0,
    pauses: 0,
    longPauses: 0,
    redisRestarts: 0,
    redisCuts: 0,
    lostReplies: 0,
    exchangeFaults: 0,
    slackFaults: 0,
    rulesSwapped: 0,
    groupsEmptied: 0,
    emergencies: new Map(),
    repeatedBySlack: 0,
  };
  const each = (name: string, least: number, most: number, act: (random: Random) => Promise<void> | void) =>
    rounds(parts, name, least, most, act);
  const kills = parts.short ? SHORT_RUN_KILLS : 1;
  await Promise.all([
    each('close', 300, 2_000, (random) => failClose(random, parts, tally)),
    each('exchange', 1_000, 5_000, (random) => failExchange(random, parts, tally)),
    each('slack', 300, 1_500, (random) => failSlack(random, parts, tally)),
    each('kill', Math.round(2_000 / kills), 9_000 / kills, (random) => killOne(random, parts, tally)),
    each('pause', 3_000, 12_000, (random) => pauseOne(random, parts, tally)),
    each('connection', 2_000, 9_000, (random) => cutOne(random, parts, tally)),
    each('redis', 20_000, 45_000, (random) => restartRedis(random, parts, tally)),
    ...(parts.rules === null
      ? []
      : [
          each('rules', 4_000, parts.short ? 8_000 : 30_000, () => swapRules(parts, tally)),
          each('groups', 2_000, parts.short ? 6_000 : 15_000, (random) => emptyGroup(random, parts, tally)),
        ]),
    ...(parts.emergencies.length === 0 ? [] : [emergencies(parts, tally)]),
  ]);
  return tally;
}

async function rounds(
  { random, stopped }: TroubleParts,
  name: string,
  least: number,
  most: number,
  act: (random: Random) => Promise<void> | void,
): Promise<void> {
  const own = random.fork(name);
  while (!stopped.aborted) {
    await pause(own.between(least, most), null, { signal: stopped }).catch(() => {});
    if (!stopped.aborted) await act(own);
  }
}

/** All but the firewall's 403, after which every bot rightly keeps quiet for five minutes. */
const CLOSE_FAULTS: readonly [FaultOrder['effect'], ...FaultOrder['effect'][]] = [
  { kind: 'reset', when: 'before' },
  { kind: 'reset', when: 'after' },
  { kind: 'hang', when: 'before' },
  { kind: 'hang', when: 'after' },
  { kind: 'truncated' },
  { kind: 'wrong-answer', groupId: '1' },
  { kind: 'wrong-answer', status: 'PROCESSING' },
  { kind: 'error', when: 'before', status: 503 },
  { kind: 'error', when: 'after', status: 502 },
  { kind: 'error', when: 'after', status: 504, code: -1007, msg: 'Timeout waiting for response.' },
  { kind: 'error', when: 'before', status: 400, code: -1001, msg: 'Internal error.' },
  { kind: 'error', when: 'after', status: 400, code: -1006, msg: 'Unexpected response.' },
  { kind: 'error', when: 'before', status: 400, code: -1000, msg: 'An unknown error occurred.' },
  { kind: 'error', when: 'before', status: 400, code: -27025, msg: 'A transaction is pending.' },
  { kind: 'region-blocked' },
  { kind: 'latency', ms: 1_500 },
  { kind: 'latency', ms: 8_000, when: 'after' },
  { kind: 'latency', ms: 6_000, when: 'before' },
];

/** About every other close meets a fault of its own. */
function failClose(random: Random, { exchange }: TroubleParts, tally: TroubleTally): void {
  if (exchange.faults().some(({ endpoint }) => endpoint === 'close') || !random.chance(0.5)) return;
  exchange.inject({ effect: random.pick(CLOSE_FAULTS), endpoint: 'close', count: 1 });
  tally.exchangeFaults += 1;
}

/**
 * Bots rightly keep quiet for the rest of the minute, or two minutes, once a call was refused: then somebody sees it and
 * lifts the stop, again if the first try met a dead bot.
 */
async function liftLater(random: Random, { exchange, people, stopped }: TroubleParts): Promise<void> {
  const wait = (ms: number) => pause(ms, null, { signal: stopped }).catch(() => {});
  const isOrdered = () => exchange.faults().some(({ effect }) => STOPS.has(effect.kind));
  while (isOrdered() && !stopped.aborted) await wait(200);
  for (let tries = 0; tries < 2 && !stopped.aborted; tries += 1) {
    await wait(random.between(500, 3_000));
    await people.resume(random.pick([SEED_IDS.ada, SEED_IDS.ben, SEED_IDS.chen]));
  }
}

const STOPS: ReadonlySet<FaultOrder['effect']['kind']> = new Set(['rate-limited', 'ip-banned']);

async function failExchange(random: Random, parts: TroubleParts, tally: TroubleTally): Promise<void> {
  const { exchange, stopped } = parts;
  tally.exchangeFaults += 1;
  switch (random.between(0, 9)) {
    case 0:
      exchange.inject({ effect: { kind: 'rate-limited', retryAfterS: 1 }, method: 'GET', count: 1 });
      await liftLater(random, parts);
      return;
    case 1:
      exchange.inject({ effect: { kind: 'ip-banned', untilMs: Date.now() + 1_500 }, count: 1 });
      await liftLater(random, parts);
      return;
    case 2:
      exchange.inject({ effect: { kind: 'reset', when: 'after' }, method: 'GET', count: 2 });
      return;
    case 3:
      exchange.inject({ effect: { kind: 'hang', when: 'before' }, endpoint: 'closed', count: 1 });
      return;
    case 4:
      exchange.inject({ effect: { kind: 'truncated' }, endpoint: 'ltv-details', count: 1 });
      return;
    case 5:
      exchange.inject({ effect: { kind: 'error', status: 500 }, method: 'GET', count: 3 });
      return;
    case 6:
      exchange.configure({ maintenance: true });
      await pause(random.between(300, 2_500), null, { signal: stopped }).catch(() => {});
      exchange.configure({ maintenance: false });
      return;
    case 7:
      exchange.configure({
        closedListDelayMs: random.between(0, 9_000),
        detailsLingerMs: random.between(0, 5_000),
      });
      return;
    default:
      exchange.inject({ effect: { kind: 'latency', ms: random.between(50, 1_200) }, count: 4 });
  }
}

const SLACK_FAULTS: readonly [WorkspaceFault, ...WorkspaceFault[]] = [
  { kind: 'latency', ms: 700 },
  { kind: 'rate_limited', retryAfterS: 1 },
  { kind: 'http', status: 500 },
  { kind: 'error', code: 'internal_error' },
  { kind: 'error', code: 'fatal_error' },
  { kind: 'reset', when: 'before' },
  { kind: 'reset', when: 'after' },
  { kind: 'hang' },
  { kind: 'latency', ms: 3_500 },
  { kind: 'refuse_block', blockType: 'header' },
];
const SLACK_METHODS: readonly [string, ...string[]] = [
  'chat.postMessage',
  'chat.update',
  'chat.postMessage',
  'chat.update',
  'views.open',
  'views.update',
  'users.info',
  'usergroups.users.list',
  'response_url',
  '*',
];

function failSlack(random: Random, { workspace }: TroubleParts, tally: TroubleTally): void {
  const fault = random.pick(SLACK_FAULTS);
  const method = random.pick(SLACK_METHODS);
  workspace.faults.add(method, fault, 1);
  tally.slackFaults += 1;
  if (fault.kind === 'reset' && fault.when === 'after') tally.repeatedBySlack += 1;
  if (random.chance(0.05))
    workspace.faults.add('chat.update', { kind: 'error', code: 'message_not_found' }, 1);
  if (random.chance(0.02)) workspace.faults.add('chat.postMessage', { kind: 'no_ts' }, 1);
}

/** One whose process is running and not stopped; never the last one that can work. */
function victim(random: Random, { fleet }: TroubleParts): Place | null {
  const able = fleet.places.filter(({ bot }) => bot?.running === true && !bot.paused);
  if (able.length < 2) return null;
  return able[random.between(0, able.length - 1)] ?? null;
}

async function killOne(random: Random, parts: TroubleParts, tally: TroubleTally): Promise<void> {
  // Now and then one dies while it stands still: its claim outlives it.
  const stopped = parts.fleet.places.find(({ bot }) => bot?.paused === true && bot.running);
  const place = stopped !== undefined && random.chance(0.1) ? stopped : victim(random, parts);
  if (place === null) return;
  const [points, withinMs] = parts.short
    ? [SOON_OVER, POINT_WITHIN_IN_SHORT_RUN_MS]
    : [POINTS, POINT_WITHIN_MS];
  if (random.chance(0.6) && (await reaches(place, random.pick(points), withinMs))) tally.killsAtPoint += 1;
  tally.kills += 1;
  await parts.fleet.replace(place, random.between(100, 1_500));
  place.proxy.heal();
}

/** What a command to Redis contains: the last vote, the claim, the mark, the answer, a card that was posted. */
const POINTS = [
  '"state":"approved"',
  '"state":"sending"',
  '"sent":{"atMs"',
  '"answer":{"kind"',
  '"card-posted"',
] as const;
/** Those of them after which others go on at once. */
const SOON_OVER = ['"state":"approved"', '"answer":{"kind"', '"card-posted"'] as const;
const POINT_WITHIN_MS = 4_000;
const POINT_WITHIN_IN_SHORT_RUN_MS = 2_000;

/** Waits until this bot has sent such a command, whose answer is then held back; false when it does not. */
function reaches({ proxy }: Place, point: string, withinMs: number): Promise<boolean> {
  return endsInTime(proxy.silenceAfter(point), withinMs);
}

async function pauseOne(random: Random, parts: TroubleParts, tally: TroubleTally): Promise<void> {
  const bot = victim(random, parts)?.bot;
  if (!bot) return;
  const long = !parts.short && random.chance(0.15);
  bot.pause();
  tally.pauses += 1;
  if (long) tally.longPauses += 1;
  const resume = () => bot.resume();
  if (long) {
    // The others go on meanwhile, and get their share of trouble.
    setTimeout(resume, LONG_PAUSE_MS).unref();
    return;
  }
  await pause(random.between(200, 7_000));
  resume();
}

async function cutOne(random: Random, { fleet, stopped }: TroubleParts, tally: TroubleTally): Promise<void> {
  const { proxy } = fleet.places[random.between(0, fleet.places.length - 1)] ?? fleet.places[0];
  if (random.chance(0.6)) {
    proxy.dropReplyAfter(random.between(0, 20));
    tally.lostReplies += 1;
    return;
  }
  tally.redisCuts += 1;
  const how = random.between(0, 2);
  if (how === 0) return proxy.breakAll();
  if (how === 1) proxy.cut();
  else proxy.fallSilent();
  await pause(random.between(200, 4_000), null, { signal: stopped }).catch(() => {});
  proxy.heal();
}

async function restartRedis(random: Random, { redis }: TroubleParts, tally: TroubleTally): Promise<void> {
  if (redis === null) return;
  tally.redisRestarts += 1;
  await redis.restart(random.between(100, 2_500));
}

/** One at a time, in an order of its own; each comes once, even if the run is over before. A short run has no more. */
async function emergencies(parts: TroubleParts, tally: TroubleTally): Promise<void> {
  const { short, stopped } = parts;
  const random = parts.random.fork('emergency');
  do {
    const left = [...parts.emergencies];
    while (left.length > 0) {
      const ms = short ? random.between(300, 800) : random.between(5_000, 15_000);
      await pause(ms, null, { signal: stopped }).catch(() => {});
      const [emergency] = left.splice(random.between(0, left.length - 1), 1);
      if (emergency === undefined) return;
      tally.emergencies.set(emergency, (tally.emergencies.get(emergency) ?? 0) + 1);
      await HAPPENS[emergency](random, parts);
    }
  } while (!short && !stopped.aborted);
}

const HAPPENS: Readonly<Record<Emergency, (random: Random, parts: TroubleParts) => Promise<void>>> = {
  'token-revoked': async (random, parts) => {
    const { grants } = parts.workspace;
    grants.tokenError = random.pick(['token_revoked', 'account_inactive', 'invalid_auth']);
    await last(random, parts);
    grants.tokenError = null;
  },
  'approver-removed': async (random, parts) => {
    const { directory } = parts.workspace;
    const userId = random.pick([SEED_IDS.ada, SEED_IDS.ben, SEED_IDS.chen]);
    directory.changePerson(userId, { deleted: true });
    const fromMs = Date.now();
    await last(random, parts);
    parts.absences.push({ userId, fromMs, toMs: Date.now() });
    directory.changePerson(userId, { deleted: false });
  },
  'narrower-policy': (random, parts) => restarted('narrower-policy', random, parts),
  'dry-run': (random, parts) => restarted('dry-run', random, parts),
};

async function restarted(brake: keyof typeof RESTARTS, random: Random, parts: TroubleParts): Promise<void> {
  await parts.fleet.restartAll(random.pick<Settings>(RESTARTS[brake]));
  await last(random, parts);
  await parts.fleet.restartAll({});
}

/** How long an emergency lasts. */
async function last(random: Random, { short, stopped }: TroubleParts): Promise<void> {
  const ms = short ? random.between(2_000, 4_000) : random.between(8_000, 30_000);
  await pause(ms, null, { signal: stopped }).catch(() => {});
}

/** The stricter file after the usual one, and back; as an operator does it: a whole file, then SIGHUP to every bot. */
async function swapRules({ rules, fleet }: TroubleParts, tally: TroubleTally): Promise<void> {
  if (rules === null) return;
  const isUsual = rules.inForce.at(-1)?.file === rules.usual;
  await putRules(rules, isUsual ? rules.stricter : rules.usual, fleet);
  tally.rulesSwapped += 1;
}

export async function putRules({ path, inForce }: RulesParts, file: RulesFile, fleet: Fleet): Promise<void> {
  await writeFile(`${path}.new`, JSON.stringify(file));
  await rename(`${path}.new`, path);
  const fromMs = Date.now();
  for (const place of fleet.places) place.reloadFiles();
  const last = inForce.at(-1);
  if (last !== undefined) last.toMs = fromMs;
  inForce.push({ file, fromMs, toMs: Number.POSITIVE_INFINITY });
}

async function emptyGroup(random: Random, parts: TroubleParts, tally: TroubleTally): Promise<void> {
  const { rules, workspace, stopped } = parts;
  const group = random.pick([SEED_IDS.treasuryTeam, SEED_IDS.riskTeam]);
  const members = workspace.directory.userGroups.get(group)?.members;
  if (rules === null || members === undefined) return;
  const before = [...members];
  members.clear();
  const fromMs = Date.now();
  await pause(random.between(1_000, parts.short ? 3_000 : 10_000), null, { signal: stopped }).catch(() => {});
  rules.emptied.push({ group, fromMs, toMs: Date.now() });
  for (const userId of before) members.add(userId);
  tally.groupsEmptied += 1;
}
