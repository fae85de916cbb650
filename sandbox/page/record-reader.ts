/** The bot's own record, read beside it through a second connection: what is stored, and whether the trail holds. */
import { AuditVerifier } from '../../src/domain/audit-chain.ts';
import type { CloseRequest } from '../../src/domain/close/close-request.ts';
import { isRequestEntry, type RequestEntry } from '../../src/domain/close/request-entry.ts';
import { createLogger } from '../../src/ops/logger.ts';
import { RedisAuditLog } from '../../src/redis/audit-log.ts';
import { RedisCloseRequestStore } from '../../src/redis/close-request-store.ts';
import { RedisConnection } from '../../src/redis/connection.ts';
import { KeyNames } from '../../src/redis/key-names.ts';
import { loadConfig } from '../../src/settings/config.ts';

const REQUESTS_LISTED = 20;

/** `holds`: the seals of this entry and of all before it are right. */
export type AuditLine = RequestEntry & { readonly holds: boolean };

export interface RecordView {
  readonly requests: readonly CloseRequest[];
  readonly chosen: CloseRequest | null;
  readonly trail: readonly AuditLine[];
  /** What the verifier found wrong; null: it is whole up to the entry that the record names as its newest. */
  readonly fault: string | null;
}

export interface RecordReader {
  /** The request of that id, or the newest. Throws StoreUnavailable. */
  read(requestId: string | null): Promise<RecordView>;
  close(): Promise<void>;
}

/** `settings` are those of the bot; `redisUrl` leads past what the sandbox puts before the bot's Redis. */
export function createRecordReader(
  settings: Readonly<Record<string, string>>,
  redisUrl: string,
): RecordReader {
  const { auditKeys, redis } = loadConfig(settings);
  const log = createLogger('silent');
  const connection = new RedisConnection({ url: redisUrl }, log);
  const keys = new KeyNames(redis.prefix);
  const newId = () => crypto.randomUUID();
  const store = new RedisCloseRequestStore({ connection, keys, auditKeys, newId, log });
  const audit = new RedisAuditLog({ connection, keys });

  async function readTrail(request: CloseRequest): Promise<Pick<RecordView, 'trail' | 'fault'>> {
    const newest = new Map([[request.id, request.audit]]);
    const verifier = new AuditVerifier(auditKeys, { whole: false, newest });
    const trail: AuditLine[] = [];
    for await (const entry of audit.entries(request.id)) {
      verifier.read(entry);
      if (isRequestEntry(entry)) trail.push({ ...entry, holds: verifier.fault === null });
    }
    const { fault } = verifier.result();
    return { trail, fault: fault === null ? null : `entry ${fault.sequence}: ${fault.what}` };
  }

  return {
    async read(requestId) {
      const requests = await store.listRecent(REQUESTS_LISTED);
      const chosen = requests.find(({ id }) => id === requestId) ?? requests[0] ?? null;
      if (chosen === null) return { requests, chosen, trail: [], fault: null };
      return { requests, chosen, ...(await readTrail(chosen)) };
    },
    close: () => connection.close(),
  };
}
