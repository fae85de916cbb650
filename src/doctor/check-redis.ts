/** Redis: reachable, safe for approvals, fast enough, and with the replicas that the settings require. */
import { Cluster } from 'ioredis';
import type { Absence } from '../domain/close/close-rules.ts';
import { inForce } from '../domain/close/rule-book.ts';
import type { RedisConnection } from '../redis/connection.ts';
import type { RedisOutbox } from '../redis/outbox.ts';
import { checkRedis } from '../redis/startup-check.ts';
import { CLOCKS_AGREE_WITHIN_MS } from '../redis/store-clock.ts';
import { StoreUnavailable, UnreadableRecord } from '../usecases/ports.ts';
import type { RuleBookStore } from '../usecases/rule-book.ts';
import { type Finding, findingsAbout } from './finding.ts';

const { ok, warning, fault } = findingsAbout('Redis');

const CONNECTS_WITHIN_MS = 5_000;
const ASKED_TIMES = 20;
/** A click takes a few round trips. */
const SLOW_MS = 20;
const CLOCK_OFF_BY_MS = 1_000;

export async function examineRedis(
  connection: RedisConnection,
  settings: { readonly mayForget: boolean; readonly waitReplicas: number },
  outbox: { readonly backlog: RedisOutbox['backlog']; readonly setAsideKey: string },
): Promise<Finding[]> {
  try {
    await connection.ready(CONNECTS_WITHIN_MS);
    const state = await checkRedis(connection);
    const findings = state.map(({ level, text, advice }): Finding => {
      const allowed = level === 'fault' && settings.mayForget;
      return allowed
        ? warning(`${text} (REDIS_MAY_FORGET allows it)`, advice)
        : { level, about: 'Redis', text, advice };
    });
    const { setAside, nowMs } = await outbox.backlog();
    return [
      ...findings,
      judgeClock(nowMs - Date.now()),
      await measure(connection),
      ...(await judgeReplicas(connection, settings.waitReplicas)),
      ...findSetAside(setAside, outbox.setAsideKey),
    ];
  } catch {
    if (connection.noDatabase !== null) {
      return [
        fault(`Redis refuses the database number of REDIS_URL (${connection.noDatabase})`, 'Correct it.'),
      ];
    }
    return [
      fault(
        `Redis can't be reached, or refuses the user or password${connection.trouble === null ? '' : ` (${connection.trouble})`}`,
        'Check REDIS_URL (rediss:// for TLS), the ACL user (Sentinels: REDIS_SENTINEL_PASSWORD), and with TLS REDIS_TLS_CA_FILE (a CA of your own) and REDIS_TLS_SERVER_NAME (certificates that do not name each host).',
      ),
    ];
  }
}

async function measure(connection: RedisConnection): Promise<Finding> {
  const times: number[] = [];
  for (let asked = 0; asked < ASKED_TIMES; asked += 1) {
    const startedMs = performance.now();
    await connection.run('ping', (client) => client.ping());
    times.push(performance.now() - startedMs);
  }
  times.sort((a, b) => a - b);
  const median = times[Math.floor(times.length / 2)] ?? 0;
  const text = `a round trip takes ${median.toFixed(1)} ms (median of ${ASKED_TIMES}, slowest ${(times.at(-1) ?? 0).toFixed(1)} ms)`;
  return median > SLOW_MS
    ? warning(text, 'Run the bot close to Redis: in the same region or zone.')
    : ok(text);
}

async function judgeReplicas(connection: RedisConnection, wanted: number): Promise<Finding[]> {
  if (wanted === 0) return [];
  const counts = await connection.run('info', (client) =>
    Promise.all(
      (client instanceof Cluster ? client.nodes('master') : [client]).map(async (node) =>
        Number(/connected_slaves:(\d+)/.exec(await node.info('replication'))?.[1] ?? '0'),
      ),
    ),
  );
  const fewest = Math.min(...counts);
  const text = `REDIS_WAIT_REPLICAS is ${wanted}, and ${fewest} replica${fewest === 1 ? ' is' : 's are'} attached`;
  return [
    fewest < wanted
      ? fault(
          `${text}: no approval would count and nothing would be sent`,
          'Attach replicas, or lower the setting.',
        )
      : ok(text),
  ];
}

/** Deadlines are decided by Redis' clock. `offMs`: Redis' minus ours. */
function judgeClock(offMs: number): Finding {
  const text = `Redis' clock is ${offMs} ms from this machine's`;
  if (Math.abs(offMs) <= CLOCK_OFF_BY_MS) return ok(text);
  const advice = 'Synchronize both clocks with NTP.';
  if (Math.abs(offMs) <= CLOCKS_AGREE_WITHIN_MS) return warning(text, advice);
  return fault(`${text}: nothing is decided or sent unless it agrees with Binance's`, advice);
}

function findSetAside(setAside: number, key: string): Finding[] {
  if (setAside === 0) return [];
  return [
    warning(
      `${setAside} message${setAside === 1 ? '' : 's'} to Slack couldn't be read by any replica and were set aside`,
      `Read them (LRANGE ${key} 0 -1), compare the card of each request, then DEL ${key}.`,
    ),
  ];
}

/**
 * Who is away, as people entered it: approvers are looked up with it, and its record must be readable. None of either
 * where Redis can't be reached: `examineRedis` says so.
 */
export async function readAbsences(
  store: Pick<RuleBookStore, 'load'>,
): Promise<{ readonly absences: readonly Absence[]; readonly findings: readonly Finding[] }> {
  try {
    const { book, nowMs } = await store.load();
    return { absences: inForce(book?.absences ?? [], nowMs), findings: [] };
  } catch (error) {
    if (error instanceof StoreUnavailable) return { absences: [], findings: [] };
    if (!(error instanceof UnreadableRecord)) throw error;
    const finding = fault(
      `the record of who is away can't be read: ${error.what}. Nobody stands in for them`,
      'See docs/operations.md, “The record of the rules can’t be read”.',
    );
    return { absences: [], findings: [finding] };
  }
}
