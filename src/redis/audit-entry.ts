/** The stored form of an audit entry: the sealed text itself, so that what is verified is what was sealed. */
import { z } from 'zod';
import type { AuditBody, AuditEntry } from '../domain/close/audit-chain.ts';

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
