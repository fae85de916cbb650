/** The desk on a real Redis, with people and an exchange that answer at once: what one vote costs in the store. */
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
import { RedisRuleBookStore } from '../../src/redis/rule-book-store.ts';
import { RedisWatchStore } from '../../src/redis/watch-store.ts';
import { createDesk } from '../../src/usecases/create-desk.ts';
import { FakeLoanExchange, repaidUnit } from '../../test/fakes/loan-exchange.ts';
import { FakeLoanRecords, MemoryReadingProgress } from '../../test/fakes/loan-records.ts';
import { FakeDirectory, FakeNotifier, FakeRuleNotifier } from '../../test/fakes/people.ts';
import { ALICE, BOB, CAROL, policy, REQUESTER } from '../../test/support/close-requests.ts';
import { answerParent, givenArgument } from '../support/parent.ts';
import { percentile } from '../support/statistics.ts';

const { redisUrl } = z.object({ redisUrl: z.string() }).parse(givenArgument());
const LOG = { debug() {}, info() {}, warn() {}, error() {} };
const auditKeys = { current: randomBytes(32), previous: [] };
const keys = new KeyNames('bench');
const connection = new RedisConnection({ url: redisUrl }, LOG);
const plain = new Redis(redisUrl);

const exchange = new FakeLoanExchange(Date.now);
const stored = { connection, keys, auditKeys, newId: randomUUID, log: LOG };
const store = new RedisCloseRequestStore(stored);
// Three approvals: the first stays a vote and sends nothing.
const rule = policy({ quorum: 3 });
const { desk, deliverOutbox } = createDesk({
  events: { requestChanged() {}, noticeMissed() {}, auditVerified() {} },
  reader: exchange,
  details: exchange,
  records: new FakeLoanRecords(Date.now),
  readingProgress: new MemoryReadingProgress(),
  closer: exchange,
  stops: exchange.stops,
  store,
  outbox: new RedisOutbox({ connection, keys, auditKeys, log: LOG }),
  watchRecords: new RedisWatchStore(stored),
  ruleBookStore: new RedisRuleBookStore(stored),
  audit: new RedisAuditLog({ connection, keys }),
  auditKeys,
  directory: new FakeDirectory(REQUESTER, ALICE, BOB, CAROL),
  notifier: new FakeNotifier(),
  ruleNotifier: new FakeRuleNotifier(),
  roles: { requesters: [REQUESTER.userId], approvers: rule.approvers, viewers: '*' },
  policy: rule,
  thresholds: PUBLISHED_THRESHOLDS,
  probe: async () => ({ version: '0', nodeVersion: '24', mode: 'live', lines: [] }),
  now: Date.now,
  pause: async () => {},
  newId: randomUUID,
  newRequestId: () => requestIdFrom(randomBytes(10)),
  log: LOG,
  inBackground: () => {},
});

let unit = 1_000;

async function openRequest(): Promise<CloseRequest> {
  const groupId = longId(String(unit++));
  exchange.units.set(groupId, repaidUnit(groupId));
  const asked = await desk.askToClose(REQUESTER, groupId, 'Loan repaid');
  if (!asked.ok) throw new Error(`the request was refused: ${asked.refusal.code}`);
  // The card has to be posted before anybody can vote.
  await deliverOutbox();
  const stored = await store.load(asked.value.id);
  if (stored === null) throw new Error('the request is gone');
  return stored.request;
}

async function vote({ id: requestId, version, factsDigest: digest, groupId: typedId }: CloseRequest) {
  const voted = await desk.approve(ALICE, { requestId, version, digest, typedId });
  if (!voted.ok) throw new Error(`the vote was refused: ${voted.refusal.code}`);
}

async function timed(act: () => Promise<unknown>): Promise<number> {
  const startedAtMs = performance.now();
  await act();
  return performance.now() - startedAtMs;
}

/** Votes, one on each of so many requests, and beside each as many round trips that do nothing. */
async function votes(argument: unknown) {
  const { count, roundTrips } = z.object({ count: z.number(), roundTrips: z.number() }).parse(argument);
  const tookMs = { vote: [] as number[], floor: [] as number[] };
  for (let at = 0; at < count; at += 1) {
    const request = await openRequest();
    tookMs.vote.push(await timed(() => vote(request)));
    tookMs.floor.push(
      await timed(async () => {
        for (let trip = 0; trip < roundTrips; trip += 1) await plain.ping();
      }),
    );
  }
  const p = (values: readonly number[]) => ({ p50: percentile(values, 50), p99: percentile(values, 99) });
  return { vote: p(tookMs.vote), floor: p(tookMs.floor) };
}

/** The product's scripts by the SHA1 with which EVALSHA names them. */
const LUA = new URL('../../src/redis/lua/', import.meta.url);
const SCRIPTS = new Map(
  readdirSync(LUA).map((name) => {
    const sha = createHash('sha1')
      .update(readFileSync(new URL(name, LUA)))
      .digest('hex');
    return [sha, name.replace('.lua', '')];
  }),
);

/** What arrives at Redis during one vote; what scripts do inside it is left out. */
async function commandsOfOneVote(): Promise<string[]> {
  const request = await openRequest();
  const monitor = await new Redis(redisUrl).monitor();
  const seen: string[] = [];
  const end = Promise.withResolvers<void>();
  monitor.on('monitor', (_time: string, [name = '', sha = '']: string[], source: string) => {
    if (name.toLowerCase() === 'ping') end.resolve();
    else if (source !== 'lua') seen.push(SCRIPTS.get(sha) ?? name.toLowerCase());
  });
  await vote(request);
  await plain.ping();
  await end.promise;
  monitor.disconnect();
  return seen;
}

await connection.ready(5_000);
answerParent({ votes, commandsOfOneVote });
