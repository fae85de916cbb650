/**
 * `npm run audit -- verify [request]`, `export [request]` and `evidence <request>`: the trail as in Slack, from the command
 * line, with the bot's own settings. Status 0: the chain holds; 1: it does not, or could not be read; 2: bad usage.
 */
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { parseRequestId } from './domain/request-id.ts';
import { errorText } from './ops/log-redaction.ts';
import { createLogger } from './ops/logger.ts';
import { RedisAuditLog } from './redis/audit-log.ts';
import { RedisCloseRequestStore } from './redis/close-request-store.ts';
import { RedisConnection } from './redis/connection.ts';
import { KeyNames } from './redis/key-names.ts';
import { ConfigFaults, loadConfig } from './settings/config.ts';
import { redisSettings } from './settings/redis-settings.ts';
import { type CheckAudit, createCheckAudit } from './usecases/check-audit.ts';
import { StoreUnavailable } from './usecases/ports.ts';

const USAGE = `Usage: npm run audit -- verify [request id]
       npm run audit -- export [request id]     JSON Lines, one sealed entry a line
       npm run audit -- evidence <request id>   everything about one close, as one JSON document
`;

async function run(words: readonly string[]): Promise<number> {
  const [verb = '', typedId, ...more] = words;
  const requestId = typedId === undefined ? null : parseRequestId(typedId);
  const misread = typedId !== undefined && requestId === null;
  const incomplete = verb === 'evidence' && typedId === undefined;
  if (!['verify', 'export', 'evidence'].includes(verb) || misread || incomplete || more.length > 0) {
    process.stderr.write(misread ? `Not a request id: expected 10 letters and digits.\n${USAGE}` : USAGE);
    return 2;
  }
  const { redis, auditKeys } = loadConfig();
  const log = createLogger('silent');
  const connection = new RedisConnection(redisSettings(redis), log);
  const keys = new KeyNames(redis.prefix);
  const auditKey = auditKeys.current;
  const store = new RedisCloseRequestStore({ connection, keys, auditKey, newId: randomUUID, log });
  const check = createCheckAudit({ store, audit: new RedisAuditLog({ connection, keys }), key: auditKey });
  try {
    if (verb === 'verify') return await verify(check, requestId);
    return requestId !== null && verb === 'evidence'
      ? await printEvidence(check, requestId)
      : await exportLines(check, requestId);
  } finally {
    await connection.close();
  }
}

async function verify(check: CheckAudit, requestId: string | null): Promise<number> {
  const { entries, requests, head, fault } = await check.verify(requestId);
  process.stdout.write(`${entries} entries of ${requests} requests read, head ${head || '(none)'}\n`);
  if (fault === null) {
    process.stdout.write('The chain holds: every seal fits.\n');
    return 0;
  }
  process.stdout.write(
    `THE CHAIN IS BROKEN at entry ${fault.position} (request ${fault.requestId}, its entry ${fault.sequence}): ${fault.what}\n`,
  );
  return 1;
}

async function printEvidence(check: CheckAudit, requestId: string): Promise<number> {
  const pack = await check.evidence(requestId);
  if (pack === null) {
    process.stderr.write(`There is no request ${requestId}.\n`);
    return 1;
  }
  process.stdout.write(`${JSON.stringify(pack, null, 2)}\n`);
  return pack.chain.holds ? 0 : 1;
}

async function exportLines(check: CheckAudit, requestId: string | null): Promise<number> {
  // Whoever reads slowly is waited for: a trail of any length passes through.
  for await (const line of check.exportLines(requestId))
    if (!process.stdout.write(`${line}\n`)) await once(process.stdout, 'drain');
  return 0;
}

try {
  process.exitCode = await run(process.argv.slice(2));
} catch (error) {
  const text =
    error instanceof StoreUnavailable ? 'Redis cannot be reached. Nothing was read.' : errorText(error);
  process.stderr.write(`${error instanceof ConfigFaults ? error.message : text}\n`);
  process.exitCode = error instanceof ConfigFaults ? 78 : 1;
}
