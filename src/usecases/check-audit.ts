/** Verifies and exports the audit trail; the command line uses the same two functions. */
import { type AuditVerdict, AuditVerifier } from '../domain/audit-chain.ts';
import { done, type Result, refuse } from '../domain/refusal.ts';
import { parseRequestId } from '../domain/request-id.ts';
import type { Access } from './access.ts';
import type { Desk } from './desk.ts';
import { type AuditLog, type CloseRequestStore, UnreadableAuditEntry } from './ports.ts';

export interface CheckAudit {
  /** All of the trail, or one request's part of it, and whether the records name the trail's newest entries. */
  verify(requestId: string | null): Promise<AuditVerdict>;
  /** JSON Lines: one entry a line, as stored and sealed. */
  exportLines(requestId: string | null): AsyncGenerator<string>;
}

const PAGE = 200;

export function createCheckAudit(parts: {
  audit: AuditLog;
  store: CloseRequestStore;
  key: Uint8Array;
}): CheckAudit {
  const { audit, store, key } = parts;

  /** Read before the trail: entries written meanwhile must not look like missing ones. */
  async function newestByRecord(
    requestId: string | null,
  ): Promise<Map<string, { sequence: number; seal: string }>> {
    const newest = new Map<string, { sequence: number; seal: string }>();
    if (requestId !== null) {
      const stored = await store.load(requestId);
      if (stored !== null) newest.set(requestId, stored.request.audit);
      return newest;
    }
    let before: number | undefined;
    for (;;) {
      const page = await store.listRecent(PAGE, before);
      const last = page.at(-1);
      if (last === undefined) return newest;
      const known = newest.size;
      for (const request of page) newest.set(request.id, request.audit);
      // The first look at a millisecond includes it, so that its requests do not fall between two pages.
      before = newest.size > known ? last.createdAtMs + 1 : last.createdAtMs;
    }
  }

  return {
    async verify(requestId) {
      const expected = await newestByRecord(requestId);
      const verifier = new AuditVerifier(key, { whole: requestId === null });
      try {
        for await (const entry of audit.entries(requestId ?? undefined)) verifier.read(entry);
      } catch (error) {
        if (!(error instanceof UnreadableAuditEntry)) throw error;
        const { position, requestId: found, what } = error;
        const read = verifier.result();
        return { ...read, fault: read.fault ?? { position, requestId: found, sequence: 0, what } };
      }
      return verifier.result(expected);
    },
    async *exportLines(requestId) {
      for await (const entry of audit.entries(requestId ?? undefined)) yield JSON.stringify(entry);
    },
  };
}

export function createAuditVerbs(parts: {
  access: Access;
  checkAudit: CheckAudit;
}): Pick<Desk, 'verifyAudit' | 'exportAudit'> {
  const { access, checkAudit } = parts;

  /** Requesters and approvers, not every viewer: the trail names people and what they tried. */
  async function admit(
    by: Parameters<Desk['verifyAudit']>[0],
    typedId: string | null,
  ): Promise<Result<string | null>> {
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
    async verifyAudit(by, typedId) {
      const admitted = await admit(by, typedId);
      return admitted.ok ? done(await checkAudit.verify(admitted.value)) : admitted;
    },
    async exportAudit(by, typedId) {
      const admitted = await admit(by, typedId);
      if (!admitted.ok) return admitted;
      const lines: string[] = [];
      for await (const line of checkAudit.exportLines(admitted.value)) lines.push(line);
      return done({ fileName: `audit-${admitted.value ?? 'all'}.jsonl`, jsonLines: `${lines.join('\n')}\n` });
    },
  };
}
