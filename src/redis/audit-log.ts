/**
 * The audit stream, read in pages, oldest first. An entry is stored as the sealed text itself, so that what is verified
 * is what was sealed.
 */
import { z } from 'zod';
import { type AuditBody, type AuditEntry, subjectOf } from '../domain/audit-chain.ts';
import { subjectText } from '../domain/subject.ts';
import { type AuditLog, UnreadableAuditEntry } from '../usecases/ports.ts';
import { RedisStore } from './connection.ts';

const ENTRIES_A_PAGE = 500;

export class RedisAuditLog extends RedisStore implements AuditLog {
  /** Throws UnreadableAuditEntry at an entry that is not what was written, StoreUnavailable. */
  async *entries(subjectId?: string): AsyncIterable<AuditEntry> {
    let position = 0;
    let page = subjectId === undefined ? await this.#page('-') : await this.#trailOf(subjectId);
    for (;;) {
      for (const [, fields] of page) {
        const stored = fieldsOf(fields);
        const ofSubject = stored.get('request') ?? '';
        if (subjectId !== undefined && ofSubject !== subjectId) continue;
        position += 1;
        yield read(stored, ofSubject, position);
      }
      const last = page.at(-1);
      if (last === undefined || page.length < ENTRIES_A_PAGE) return;
      page = await this.#page(`(${last[0]}`);
    }
  }

  #page(from: string) {
    return this.connection.run('xrange', (client) =>
      client.xrange(this.keys.audit, from, '+', 'COUNT', ENTRIES_A_PAGE),
    );
  }

  /** No entry of a subject is before its opening; if the opening is not known, all entries are read. */
  #trailOf(subjectId: string) {
    return this.connection.script(
      'requestTrail',
      this.keys.record(subjectId),
      this.keys.audit,
      ENTRIES_A_PAGE,
    );
  }
}

function fieldsOf(fields: readonly string[]): Map<string, string> {
  const byName = new Map<string, string>();
  for (let i = 0; i + 1 < fields.length; i += 2) byName.set(fields[i] ?? '', fields[i + 1] ?? '');
  return byName;
}

function read(stored: ReadonlyMap<string, string>, ofSubject: string, position: number): AuditEntry {
  const entry = readAuditEntry(
    stored.get('body') ?? '',
    stored.get('previous') ?? '',
    stored.get('seal') ?? '',
  );
  if (entry === null)
    throw new UnreadableAuditEntry(position, ofSubject, 'its text is not as it was written');
  const subjectId = subjectOf(entry.body);
  if (subjectId !== ofSubject) {
    throw new UnreadableAuditEntry(position, ofSubject, `its text belongs to ${subjectText(subjectId)}`);
  }
  return entry;
}

/** Only what reading needs; the seal vouches for the rest. A body names one subject, never two. */
const placed = z.looseObject({
  sequence: z.number().int(),
  stateAfter: z.string(),
  event: z.looseObject({ type: z.string(), atMs: z.number() }),
});
const absent = z.undefined().optional();
const none = { requestId: absent, episodeId: absent, watch: absent, rules: absent };
const body = z.union([
  placed.extend({ ...none, requestId: z.string(), groupId: z.string() }),
  placed.extend({ ...none, episodeId: z.string(), groupId: z.string() }),
  placed.extend({ ...none, watch: z.literal(true) }),
  placed.extend({ ...none, rules: z.literal(true) }),
]);

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
