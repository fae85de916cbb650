/**
 * The desk on a real Redis, with people and exchange that answer at once: what a vote costs in the store, how many
 * round trips it makes, and what the background's look at open requests costs.
 */
import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { Redis } from 'ioredis';
import { z } from 'zod';
import { longId } from '../../src/domain/amount.ts';
import type { CloseRequest } from '../../src/domain/close/close-request.ts';
import { requestIdFrom } from '../../src/domain/request-id.ts';
import { PUBLISHED_THRESHOLDS } from '../../src/domain/unit/risk-unit.ts';
import { RedisAuditLog } from '../../src/redis/audit-log.ts';
import { RedisCloseRequestStore } from '../../src/redis/close-request-store.ts';
import { RedisConnection } from '../../src/redis/connection.ts';
import { KeyNames } from '../../src/redis/key-names.ts';
import { RedisOutbox } from '../../src/redis/outbox.ts';
import { createDesk } from '../../src/usecases/create-desk.ts';
import { FakeLoanExchange, repaidUnit } from '../../test/fakes/loan-exchange.ts';
import { FakeDirectory, FakeNotifier } from '../../test/fakes/people.ts';
import { ALICE, BOB, CAROL, policy, REQUESTER } from '../../test/support/close-requests.ts';
import { answerParent, givenArgument } from '../support/parent.ts';
import { percentile } from '../support/statistics.ts';

const { redisUrl } = z.object({ redisUrl: z.string() }).parse(givenArgument());
const QUIET = { debug() {}, info() {}, warn() {}, error() {} };
const AUDIT_KEY = randomBytes(32);
const connection = new RedisConnection({ url: redisUrl }, QUIET);

/** A desk with a key prefix of its own. Of what clicks and rounds set off only the looks at requests are run. */
function createOffice(prefix: string) {
  const keys = new KeyNames(prefix);
  const auditKeys = { current: AUDIT_KEY, previous: [] };
  const exchange = new FakeLoanExchange(Date.now);
  const reads = { closed: 0 };
  const findClosedUnit = exchange.findClosedUnit.bind(exchange);
  exchange.findClosedUnit = (groupId) => {
    reads.closed += 1;
    return findClosedUnit(groupId);
  };
  const store = new RedisCloseRequestStore({
    connection,
    keys,
    auditKeys,
    newId: randomUUID,
    log: QUIET,
  });
  const underWay = new Set<Promise<unknown>>();
  // Three approvals: the first two stay votes and send nothing.
  const rule = policy({ quorum: 3 });
  const work = createDesk({
    reader: exchange,
    closer: exchange,
    stops: exchange.stops,
    store,
    outbox: new RedisOutbox({ connection, keys, auditKeys, log: QUIET }),
    audit: new RedisAuditLog({ connection, keys }),
    auditKeys,
    directory: new FakeDirectory(REQUESTER, ALICE, BOB, CAROL),
    notifier: new FakeNotifier(),
    roles: { requesters: [REQUESTER.userId], approvers: rule.approvers, viewers: '*' },
    policy: rule,
    thresholds: PUBLISHED_THRESHOLDS,
    probe: async () => ({ version: '0', nodeVersion: '24', mode: 'live', lines: [] }),
    now: Date.now,
    pause: async () => {},
    newId: randomUUID,
    newRequestId: () => requestIdFrom(randomBytes(10)),
    log: QUIET,
    inBackground: (what, run) => {
      if (what !== 'attend') return;
      const task = run().finally(() => underWay.delete(task));
      underWay.add(task);
    },
  });
  let unit = 1_000;
  const addUnit = () => {
    unit += 1;
    const groupId = longId(String(unit));
    exchange.units.set(groupId, repaidUnit(groupId));
    return groupId;
  };
  const open = async (): Promise<CloseRequest> => {
    const groupId = addUnit();
    const asked = await work.desk.askToClose(REQUESTER, groupId, 'Loan repaid');
    if (!asked.ok) throw new Error(`the ask was refused: ${asked.refusal.code}`);
    // The card has to be posted before anybody can vote.
    await work.deliverOutbox();
    const stored = await store.load(asked.value.id);
    if (stored === null) throw new Error('the request is gone');
    return stored.request;
  };
  return { keys, store, work, open, addUnit, reads, settled: () => Promise.all(underWay) };
}

type DeskOffice = ReturnType<typeof createOffice>;

async function approve({ work }: DeskOffice, request: CloseRequest): Promise<number> {
  const { id: requestId, version, factsDigest: digest, groupId: typedId } = request;
  const startedAtMs = performance.now();
  const voted = await work.desk.approve(ALICE, { requestId, version, digest, typedId });
  const tookMs = performance.now() - startedAtMs;
  if (!voted.ok) throw new Error(`the vote was refused: ${voted.refusal.code}`);
  return tookMs;
}

/** The product's scripts by the SHA1 with which EVALSHA names them. */
const SCRIPTS = new Map(
  readdirSync(new URL('../../src/redis/lua/', import.meta.url))
    .filter((name) => name.endsWith('.lua'))
    .map((name) => [createHash('sha1').update(luaOf(name)).digest('hex'), name.replace('.lua', '')]),
);

function luaOf(name: string): string {
  return readFileSync(new URL(`../../src/redis/lua/${name}`, import.meta.url), 'utf8');
}

/** Commands that arrive at Redis while `act` runs, those inside scripts left out. */
async function commandsDuring(act: () => Promise<unknown>): Promise<string[]> {
  const monitor = await new Redis(redisUrl).monitor();
  const seen: string[] = [];
  monitor.on('monitor', (_time: string, args: string[], source: string) => {
    if (source !== 'lua') seen.push(SCRIPTS.get(args[1] ?? '') ?? args[0]?.toLowerCase() ?? '');
  });
  await act();
  await new Promise((resolve) => setTimeout(resolve, 100));
  // Whatever comes until the monitor is really gone is somebody else's.
  const during = [...seen];
  monitor.disconnect();
  return during;
}

async function votes(argument: unknown) {
  const { count } = z.object({ count: z.number() }).parse(argument);
  const office = createOffice(`votes-${randomUUID()}`);
  const requests: CloseRequest[] = [];
  for (let at = 0; at < count + 20; at += 1) requests.push(await office.open());
  for (const request of requests.splice(0, 19)) await approve(office, request);
  const [first, ...others] = requests;
  const commands = first === undefined ? [] : await commandsDuring(() => approve(office, first));
  const tookMs: number[] = [];
  for (const request of others) tookMs.push(await approve(office, request));
  return { commands, p50: percentile(tookMs, 50), p99: percentile(tookMs, 99) };
}

/** One request opened, voted on and withdrawn again and again: beside nothing, and beside many open ones. */
async function crowdedVotes(argument: unknown) {
  const { open, rounds } = z.object({ open: z.number(), rounds: z.number() }).parse(argument);
  const alone = createOffice(`alone-${randomUUID()}`);
  const crowded = createOffice(`crowded-${randomUUID()}`);
  for (let at = 1; at < open; at += 1) {
    await crowded.open();
    // As many units here and there, so that nothing but the open requests differs.
    alone.addUnit();
  }
  const tookMs = { alone: [] as number[], crowded: [] as number[] };
  for (let round = 0; round < rounds; round += 1) {
    const both = [
      ['alone', alone],
      ['crowded', crowded],
    ] as const;
    // Who goes first changes: the first of a round finds other caches than the second.
    for (const [name, office] of round % 2 === 0 ? both : both.toReversed()) {
      const request = await office.open();
      tookMs[name].push(await approve(office, request));
      await office.work.desk.withdraw(REQUESTER, request.id);
    }
  }
  return { ...tookMs, sweep: await sweep(crowded, open - 1) };
}

/** Makes every open request due and looks at all of them, as the background does. */
async function sweep({ work, keys, reads, settled }: DeskOffice, open: number) {
  const redis = new Redis(redisUrl);
  const due = await redis.zrange(keys.attention, '0', '-1');
  const scored = due.flatMap((id) => ['1', id]);
  await redis.call('ZADD', keys.attention, ...scored);
  redis.disconnect();
  const idle = await commandsDuring(async () => {});
  reads.closed = 0;
  const cpu = process.cpuUsage();
  const startedAtMs = performance.now();
  let looked = 0;
  let rounds = 0;
  const commands = await commandsDuring(async () => {
    for (let more = 1; more > 0; looked += more) {
      more = await work.attendRequests();
      await settled();
      rounds += 1;
    }
  });
  const { user, system } = process.cpuUsage(cpu);
  return {
    open,
    looked,
    rounds,
    commands: commands.length - idle.length,
    exchangeReads: reads.closed,
    tookMs: performance.now() - startedAtMs,
    cpuMs: (user + system) / 1_000,
  };
}

/**
 * The guarded transition with the arguments of a real vote, made so that it succeeds each time: the new revision and
 * seal are the old ones, and each command has an id of its own.
 */
async function transitionArguments() {
  const office = createOffice(`transition-${randomUUID()}`);
  const request = await office.open();
  await approve(office, request);
  const redis = new Redis(redisUrl);
  const hash = await redis.hgetall(office.keys.request(request.id));
  const [entry] = await redis.xrevrange(office.keys.audit, '+', '-', 'COUNT', '1');
  const sha = String(await redis.script('LOAD', luaOf('save-request.lua')));
  redis.disconnect();
  const body = entry?.[1][entry[1].indexOf('body') + 1] ?? '';
  const { keys } = office;
  const before = [
    keys.request(request.id),
    keys.unit(request.groupId),
    keys.open,
    keys.attention,
    keys.closedThrough,
    keys.audit,
    keys.outbox(request.id),
    keys.outboxDue,
  ];
  const { revision = '', seal = '', schema = '', record = '' } = hash;
  const after = [
    ...[request.id, record, '', '', revision, '', body, schema, record, seal, 'must-hold', ''],
    ...[String(Date.now() + 300_000), String(request.createdAtMs), '60000'],
  ];
  return { sha, before, commandStem: keys.command(''), after };
}

const transitionSchema = z.object({
  before: z.array(z.string()),
  commandStem: z.string(),
  after: z.array(z.string()),
  count: z.number(),
  concurrency: z.number(),
});

async function transitions(argument: unknown) {
  const { before, commandStem, after, count, concurrency } = transitionSchema.parse(argument);
  const run = randomUUID();
  let left = count;
  const tookMs: number[] = [];
  const worker = async () => {
    while (left > 0) {
      left -= 1;
      const id = left;
      const beganAtMs = performance.now();
      const status = await connection.run('saveRequest', (client) =>
        client.saveRequest(...before, `${commandStem}${run}-${id}`, ...after),
      );
      if (status !== 1) throw new Error(`not saved: ${status}`);
      tookMs.push(performance.now() - beganAtMs);
    }
  };
  const startedAtMs = performance.now();
  await Promise.all(Array.from({ length: concurrency }, worker));
  return {
    perSecond: (count / (performance.now() - startedAtMs)) * 1_000,
    p50: percentile(tookMs, 50),
    p99: percentile(tookMs, 99),
  };
}

await connection.ready(5_000);
answerParent({ votes, crowdedVotes, transitionArguments, transitions });
