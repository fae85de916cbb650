/**
 * `npm run audit -- verify`, `export`, `evidence` and `access`, with the bot's own settings. Exit status 0: everything was read
 * and verified; 1: not verified, unreadable or missing; 2: bad usage; 78: bad settings. docs/audit.md has the algorithm.
 */
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { open } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { type AuditKeys, isVerified, type KeptHead, parseKeptHead } from './domain/audit-chain.ts';
import { dayOf, iso, parseDay } from './domain/calendar-day.ts';
import { alwaysExists, parseSubjectId, RULES_ID, subjectKindOf, subjectText } from './domain/subject.ts';
import { createLogger, errorText } from './ops/logger.ts';
import { RedisAuditLog } from './redis/audit-log.ts';
import { RedisCloseRequestStore } from './redis/close-request-store.ts';
import { RedisConnection } from './redis/connection.ts';
import { KeyNames } from './redis/key-names.ts';
import { RedisRuleBookStore } from './redis/rule-book-store.ts';
import { RedisWatchStore } from './redis/watch-store.ts';
import { ConfigFaults, loadConfig } from './settings/config.ts';
import { accessText } from './slack/views/access-text.ts';
import { keptHeadText, readText } from './slack/views/audit-view.ts';
import { accessOfDay } from './usecases/access-of-day.ts';
import { type CheckAudit, createCheckAudit } from './usecases/check-audit.ts';
import { compareWithExport, type ExportDifference } from './usecases/export-audit.ts';
import { StoreUnavailable, UnreadableAuditEntry, UnreadableRecord } from './usecases/ports.ts';

const USAGE = `Usage: npm run audit -- verify [id] [--entries <n> --head <hex>]
                                          compares with an earlier head
       npm run audit -- verify --against <file>
                                          compares with an earlier export and names each difference
       npm run audit -- export [id]             JSON Lines, one sealed entry per line
       npm run audit -- evidence <request id>   everything about one close, as one JSON document
       npm run audit -- access <yyyy-mm-dd>     who could have approved on that day, in UTC
An id is that of a request, of a case (C- and 8 letters and digits), "watch" or "rules".
`;

/** Bad arguments; the message says why. */
class BadUsage extends Error {}

interface Asked {
  readonly verb: 'verify' | 'export' | 'evidence';
  /** Of a request, a case, `watch` or `rules`. */
  readonly subjectId: string | null;
  readonly kept: KeptHead | null;
  /** Path of an earlier export. */
  readonly against: string | null;
}

/** Who could have approved on that day. */
interface AskedDay {
  readonly verb: 'access';
  /** `2026-12-01`. */
  readonly day: string;
}

/** Throws BadUsage. */
function read(words: readonly string[]): Asked | AskedDay {
  const { positionals, values } = parsed(words);
  const [verb, typedId, ...more] = positionals;
  if (verb === 'access') return readDay(typedId, more.length + Object.keys(values).length);
  if ((verb !== 'verify' && verb !== 'export' && verb !== 'evidence') || more.length > 0)
    throw new BadUsage();
  const subjectId = typedId === undefined ? null : parseSubjectId(typedId);
  if (typedId !== undefined && subjectId === null)
    throw new BadUsage(
      'Not an id: expected the 10 letters and digits of a request, C- and 8 of a case, watch or rules.',
    );
  if (verb === 'evidence' && (subjectId === null || subjectKindOf(subjectId) !== 'request'))
    throw new BadUsage();
  const { head, entries, against = null } = values;
  const hasHead = head !== undefined || entries !== undefined;
  const kept = hasHead ? parseKeptHead(entries ?? '', head ?? '') : null;
  if (hasHead && kept === null)
    throw new BadUsage(
      '--entries takes a number from 1, --head 64 hexadecimal digits; give both or neither.',
    );
  if (verb !== 'verify' && (hasHead || against !== null)) throw new BadUsage();
  if (against !== null && (hasHead || subjectId !== null))
    throw new BadUsage('--against compares the whole file and takes no other argument.');
  return { verb, subjectId, kept, against };
}

/** Throws BadUsage. */
function readDay(typed: string | undefined, more: number): AskedDay {
  if (typed === undefined || more > 0) throw new BadUsage();
  const day = /^\d/.test(typed) ? parseDay(typed, Date.now(), 'UTC') : null;
  if (day === null) throw new BadUsage('Not a day: expected one of the calendar, such as 2026-12-01.');
  return { verb: 'access', day: iso(day) };
}

function parsed(words: readonly string[]) {
  const text = { type: 'string' } as const;
  try {
    const options = { head: text, entries: text, against: text };
    return parseArgs({ args: [...words], allowPositionals: true, options });
  } catch (error) {
    throw new BadUsage(error instanceof Error ? error.message : '');
  }
}

async function run(asked: Asked | AskedDay): Promise<number> {
  const { redis, auditKeys } = loadConfig();
  const log = createLogger('silent');
  const connection = new RedisConnection(redis.connection, log);
  const keys = new KeyNames(redis.prefix);
  const parts = { connection, keys, auditKeys, newId: randomUUID, log };
  const audit = new RedisAuditLog({ connection, keys });
  const store = new RedisCloseRequestStore(parts);
  const check = createCheckAudit({
    store,
    watch: new RedisWatchStore(parts),
    ruleBook: new RedisRuleBookStore(parts),
    audit,
    keys: auditKeys,
  });
  try {
    if (asked.verb === 'access') return await printAccess(check, asked.day, await store.nowMs(), auditKeys);
    const { verb, subjectId, kept, against } = asked;
    if (against !== null)
      return await compare(against, (lines) => compareWithExport(lines, audit, auditKeys));
    if (verb === 'verify') return await verify(check, subjectId, kept);
    return subjectId !== null && verb === 'evidence'
      ? await printEvidence(check, subjectId)
      : await exportLines(check, subjectId);
  } finally {
    await connection.close();
  }
}

async function verify(check: CheckAudit, subjectId: string | null, kept: KeptHead | null): Promise<number> {
  const verdict = subjectId === null ? await check.verify(kept) : await check.verifySubject(subjectId, kept);
  if (verdict === null) return unknownSubject(subjectId);
  const { head, fault } = verdict;
  process.stdout.write(`${readText(verdict)}, head ${head || '(none)'}\n`);
  process.stdout.write(
    fault === null
      ? 'Audit trail verified, no gaps: every seal and every record fits.\n'
      : `THE AUDIT TRAIL IS BROKEN at entry ${fault.position} (${subjectText(fault.subjectId)}, its entry ${fault.sequence}): ${fault.what}\n`,
  );
  if (verdict.kept !== null) process.stdout.write(`${keptHeadText(verdict.kept)}\n`);
  return isVerified(verdict) ? 0 : 1;
}

function unknownSubject(subjectId: string | null): number {
  process.stderr.write(
    `There is no ${subjectText(subjectId ?? '')}: it has neither a record nor an audit entry.\n`,
  );
  return 1;
}

async function compare(
  path: string,
  compareLines: (lines: AsyncIterable<string>) => AsyncIterable<ExportDifference>,
): Promise<number> {
  const file = await open(path).catch(() => null);
  if (file === null) {
    process.stderr.write(`The file ${path} can't be read. Nothing was compared.\n`);
    return 1;
  }
  let lines = 0;
  async function* counted() {
    for await (const line of file?.readLines() ?? []) {
      lines += 1;
      yield line;
    }
  }
  let differences = 0;
  for await (const { line, what } of compareLines(counted())) {
    differences += 1;
    process.stdout.write(`line ${line}: ${what}\n`);
  }
  if (lines === 0) {
    process.stderr.write(`The file ${path} is empty. Nothing was compared.\n`);
    return 1;
  }
  process.stdout.write(
    differences === 0
      ? `All ${lines} entries of the export are in the trail, unchanged and in the same order.\n`
      : `${differences} of ${lines} entries of the export differ from the trail.\n`,
  );
  return differences === 0 ? 0 : 1;
}

async function printEvidence(check: CheckAudit, requestId: string): Promise<number> {
  const pack = await check.evidence(requestId);
  if (pack === null) return unknownSubject(requestId);
  process.stdout.write(`${JSON.stringify(pack, null, 2)}\n`);
  return pack.chain.holds ? 0 : 1;
}

async function printAccess(check: CheckAudit, day: string, nowMs: number, keys: AuditKeys): Promise<number> {
  if (day > iso(dayOf(nowMs, 'UTC'))) {
    process.stderr.write(
      `${day} is still to come (in UTC). Who can approve is recorded once on each day, on the day itself.\n`,
    );
    return 1;
  }
  const trail = await check.trailOf(RULES_ID);
  if (trail === null) return unknownSubject(RULES_ID);
  const found = accessOfDay(day, trail, keys);
  process.stdout.write(accessText(found));
  return found.recorded.length > 0 && isVerified(found.verdict) ? 0 : 1;
}

async function exportLines(check: CheckAudit, subjectId: string | null): Promise<number> {
  let lines = 0;
  // Wait for a slow reader, so that a long trail isn't held in memory.
  for await (const line of check.exportLines(subjectId)) {
    lines += 1;
    if (!process.stdout.write(`${line}\n`)) await once(process.stdout, 'drain');
  }
  return lines === 0 && subjectId !== null && !alwaysExists(subjectId) ? unknownSubject(subjectId) : 0;
}

/** The message and exit status for an expected error; null: unexpected. */
function explained(error: unknown): { readonly text: string; readonly status: number } | null {
  if (error instanceof BadUsage)
    return { text: error.message === '' ? USAGE : `${error.message}\n${USAGE}`, status: 2 };
  if (error instanceof ConfigFaults) return { text: `${error.message}\n`, status: 78 };
  if (error instanceof UnreadableRecord) return { text: `Not proved: ${error.message}.\n`, status: 1 };
  if (error instanceof UnreadableAuditEntry)
    return { text: `The audit trail can't be read to its end: ${error.message}.\n`, status: 1 };
  if (error instanceof StoreUnavailable)
    return { text: "Redis can't be reached. Nothing was verified.\n", status: 1 };
  return null;
}

try {
  process.exitCode = await run(read(process.argv.slice(2)));
} catch (error) {
  const known = explained(error);
  process.stderr.write(known?.text ?? `${errorText(error)}\n`);
  process.exitCode = known?.status ?? 1;
}
