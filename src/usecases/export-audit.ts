/** Verifies and exports the audit trail for Slack, and compares it with an earlier export. */
import { type AuditEntry, type AuditKeys, sealFits, subjectOf } from '../domain/audit-chain.ts';
import type { PersonId } from '../domain/person.ts';
import { done, type Refusal, type Result, refuse } from '../domain/refusal.ts';
import { alwaysExists, parseSubjectId, subjectKindOf, subjectText } from '../domain/subject.ts';
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
    const subjectId = parseSubjectId(typedId);
    return subjectId === null ? refuse({ code: 'bad-request-id', input: typedId }) : done(subjectId);
  }

  return {
    async verifyAudit(by, typedId, kept) {
      const admitted = await requireReader(by, typedId);
      if (!admitted.ok) return admitted;
      const subjectId = admitted.value;
      if (subjectId === null) return done(await checkAudit.verify(kept));
      const verdict = await checkAudit.verifySubject(subjectId, kept);
      return verdict === null ? refuse(notFound(subjectId)) : done(verdict);
    },
    async exportAudit(by, typedId) {
      const admitted = await requireReader(by, typedId);
      if (!admitted.ok) return admitted;
      const subjectId = admitted.value;
      const lines: string[] = [];
      let bytes = 0;
      for await (const line of checkAudit.exportLines(subjectId)) {
        bytes += Buffer.byteLength(line) + 1;
        if (bytes > LARGEST_SLACK_EXPORT_BYTES)
          return refuse({ code: 'audit-too-large', limitBytes: LARGEST_SLACK_EXPORT_BYTES });
        lines.push(line);
      }
      if (subjectId !== null && lines.length === 0) return refuse(notFound(subjectId));
      return done({ fileName: `audit-${subjectId ?? 'all'}.jsonl`, jsonLines: `${lines.join('\n')}\n` });
    },
  };
}

function notFound(subjectId: string): Refusal {
  if (alwaysExists(subjectId)) return { code: 'no-entries', subjectId };
  return subjectKindOf(subjectId) === 'request'
    ? { code: 'request-not-found', requestId: subjectId }
    : { code: 'case-not-found', caseId: subjectId };
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
    now.set(`${subjectOf(body)} ${body.sequence}`, { seal, position });
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
    const { sequence, event } = entry.body;
    const subjectId = subjectOf(entry.body);
    const name = `entry ${sequence} of ${subjectText(subjectId)} (${event.type})`;
    const found = now.get(`${subjectId} ${sequence}`);
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

function namesASubject(body: Partial<AuditEntry['body']> | undefined): body is AuditEntry['body'] {
  return (
    [body?.requestId, body?.episodeId].some((id) => typeof id === 'string') ||
    body?.watch === true ||
    body?.rules === true
  );
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
    namesASubject(value.body) &&
    typeof value.body.sequence === 'number' &&
    typeof value.body.event?.type === 'string';
  return isEntry ? (value as AuditEntry) : null;
}
