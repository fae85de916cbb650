/**
 * The audit stream, read in pages, oldest first. An entry is stored as the sealed text itself, so that what is verified
 * is what was sealed.
 */
import { z } from 'zod';
import type { AuditBody, AuditEntry } from '../domain/close/audit-chain.ts';
import { type AuditLog, UnreadableAuditEntry } from '../usecases/ports.ts';
import type { RedisConnection } from './connection.ts';
import type { KeyNames } from './key-names.ts';

const ENTRIES_A_PAGE = 500;

export class RedisAuditLog implements AuditLog {
  readonly #connection: RedisConnection;
  readonly #keys: KeyNames;

  constructor(parts: { connection: RedisConnection; keys: KeyNames }) {
    this.#connection = parts.connection;
    this.#keys = parts.keys;
  }

  /** Throws UnreadableAuditEntry at an entry that is not what was written, StoreUnavailable. */
  async *entries(requestId?: string): AsyncIterable<AuditEntry> {
    let position = 0;
    let page = requestId === undefined ? await this.#page('-') : await this.#trailOf(requestId);
    for (;;) {
      for (const [, fields] of page) {
        const stored = fieldsOf(fields);
        const ofRequest = stored.get('request') ?? '';
        if (requestId !== undefined && ofRequest !== requestId) continue;
        position += 1;
        yield read(stored, ofRequest, position);
      }
      const last = page.at(-1);
      if (last === undefined || page.length < ENTRIES_A_PAGE) return;
      page = await this.#page(`(${last[0]}`);
    }
  }

  #page(from: string) {
    return this.#connection.run('xrange', (client) =>
      client.xrange(this.#keys.audit, from, '+', 'COUNT', ENTRIES_A_PAGE),
    );
  }

  /** No entry of a request is before its opening; if the opening is not known, all entries are read. */
  #trailOf(requestId: string) {
    return this.#connection.run('requestTrail', (client) =>
      client.requestTrail(this.#keys.request(requestId), this.#keys.audit, ENTRIES_A_PAGE),
    );
  }
}

function fieldsOf(fields: readonly string[]): Map<string, string> {
  const byName = new Map<string, string>();
  for (let i = 0; i + 1 < fields.length; i += 2) byName.set(fields[i] ?? '', fields[i + 1] ?? '');
  return byName;
}

function read(stored: ReadonlyMap<string, string>, ofRequest: string, position: number): AuditEntry {
  const entry = readAuditEntry(
    stored.get('body') ?? '',
    stored.get('previous') ?? '',
    stored.get('seal') ?? '',
  );
  if (entry === null)
    throw new UnreadableAuditEntry(position, ofRequest, 'its text is not as it was written');
  if (entry.body.requestId !== ofRequest) {
    throw new UnreadableAuditEntry(
      position,
      ofRequest,
      `its text belongs to request ${entry.body.requestId}`,
    );
  }
  return entry;
}

/** Only what reading needs; the seal vouches for the rest. */
const body = z.looseObject({
  requestId: z.string(),
  groupId: z.string(),
  sequence: z.number().int(),
  stateAfter: z.string(),
  event: z.looseObject({ type: z.string(), atMs: z.number() }),
});

export function textOf(entry: AuditEntry): string {
  return JSON.stringify(entry.body);
}

/**
 * Null when the text is not what `textOf` writes. A text that says the same in another writing (a key twice, blanks)
 * is refused, too: the seal is over the text.
 */
export function readAuditEntry(text: string, previousSeal: string, seal: string): AuditEntry | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  if (!isAuditBody(value) || JSON.stringify(value) !== text) return null;
  return { body: value, previousSeal, seal };
}

function isAuditBody(value: unknown): value is AuditBody {
  return body.safeParse(value).success;
}
