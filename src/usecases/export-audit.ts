/** Verifies and exports the audit trail for Slack, and compares it with an earlier export. */
import { type AuditEntry, type AuditKeys, sealFits } from '../domain/close/audit-chain.ts';
import type { PersonId } from '../domain/person.ts';
import { done, type Result, refuse } from '../domain/refusal.ts';
import { parseRequestId } from '../domain/request-id.ts';
import type { Access } from './access.ts';
import type { CheckAudit } from './check-audit.ts';
import type { Desk } from './desk.ts';
import type { AuditLog } from './ports.ts';

/** Slack accepts more, but each export is held in memory and many people may ask at once. */
export const LARGEST_SLACK_EXPORT_BYTES = 4 * 1_024 * 1_024;

export function createAuditVerbs(parts: {
  access: Access;
  checkAudit: CheckAudit;
}): Pick<Desk, 'verifyAudit' | 'exportAudit'> {
  const { access, checkAudit } = parts;

  /** Requesters and approvers, not every viewer: the trail names people and what they tried. */
  async function requireReader(by: PersonId, typedId: string | null): Promise<Result<string | null>> {
    const roles = await access.rolesOf(by);
    if (!roles.ok) return roles;
    if (!roles.value.includes('approver') && !roles.value.includes('requester')) {
      return refuse({ code: 'role-missing', role: 'approver' });
    }
    if (typedId === null) return done(null);
    const requestId = parseRequestId(typedId);
    return requestId === null ? refuse({ code: 'bad-request-id', input: typedId }) : done(requestId);
  }

  return {
    async verifyAudit(by, typedId, kept) {
      const admitted = await requireReader(by, typedId);
      if (!admitted.ok) return admitted;
      const requestId = admitted.value;
      if (requestId === null) return done(await checkAudit.verify(kept));
      const verdict = await checkAudit.verifyRequest(requestId, kept);
      return verdict === null ? refuse({ code: 'request-not-found', requestId }) : done(verdict);
    },
    async exportAudit(by, typedId) {
      const admitted = await requireReader(by, typedId);
      if (!admitted.ok) return admitted;
      const requestId = admitted.value;
      const lines: string[] = [];
      let bytes = 0;
      for await (const line of checkAudit.exportLines(requestId)) {
        bytes += Buffer.byteLength(line) + 1;
        if (bytes > LARGEST_SLACK_EXPORT_BYTES)
          return refuse({ code: 'audit-too-large', limitBytes: LARGEST_SLACK_EXPORT_BYTES });
        lines.push(line);
      }
      if (requestId !== null && lines.length === 0) return refuse({ code: 'request-not-found', requestId });
      return done({ fileName: `audit-${requestId ?? 'all'}.jsonl`, jsonLines: `${lines.join('\n')}\n` });
    },
  };
}

/** One line of an earlier export that is missing, altered or out of order in the current trail. */
export interface ExportDifference {
  /** Line number in the export, from 1. */
  readonly line: number;
  /** In words: "entry 3 of request X (approved) is missing from the trail". */
  readonly what: string;
}

/** Compares each line of an earlier export with the current trail and yields the differences. */
export async function* compareWithExport(
  lines: AsyncIterable<string>,
  audit: AuditLog,
  keys: AuditKeys,
): AsyncGenerator<ExportDifference> {
  const now = new Map<string, { readonly seal: string; readonly position: number }>();
  let position = 0;
  for await (const { body, seal } of audit.entries()) {
    position += 1;
    now.set(`${body.requestId} ${body.sequence}`, { seal, position });
  }
  let line = 0;
  let before = 0;
  for await (const text of lines) {
    line += 1;
    const entry = exportedEntry(text);
    if (entry === null) {
      yield { line, what: 'this line is not an audit entry' };
      continue;
    }
    const { requestId, sequence, event } = entry.body;
    const name = `entry ${sequence} of request ${requestId} (${event.type})`;
    const found = now.get(`${requestId} ${sequence}`);
    if (!sealFits(entry, keys)) {
      yield {
        line,
        what: `${name} doesn't match its seal: the export was altered, or its key is missing`,
      };
    } else if (found === undefined) {
      yield { line, what: `${name} is missing from the trail` };
    } else if (found.seal !== entry.seal) {
      yield { line, what: `${name} was replaced by another entry` };
    } else {
      if (found.position < before) yield { line, what: `${name} is in a different position than before` };
      before = Math.max(before, found.position);
    }
  }
}

/** The entry on a line of an export; null: it isn't one. Only its seal proves the content. */
function exportedEntry(line: string): AuditEntry | null {
  let value: Partial<AuditEntry> | null;
  try {
    value = JSON.parse(line);
  } catch {
    return null;
  }
  const isEntry =
    typeof value?.seal === 'string' &&
    typeof value.previousSeal === 'string' &&
    typeof value.body?.requestId === 'string' &&
    typeof value.body.sequence === 'number' &&
    typeof value.body.event?.type === 'string';
  return isEntry ? (value as AuditEntry) : null;
}
