/** Verifies and exports the audit trail; the command line uses the same two functions. */
import { type AuditEntry, type AuditVerdict, AuditVerifier } from '../domain/audit-chain.ts';
import { whyTrailForbids } from '../domain/audited-votes.ts';
import type { CloseRequest } from '../domain/close-request.ts';
import type { Facts } from '../domain/facts.ts';
import type { PersonId } from '../domain/policy.ts';
import { done, type Result, refuse } from '../domain/refusal.ts';
import { parseRequestId } from '../domain/request-id.ts';
import type { Access } from './access.ts';
import type { Desk } from './desk.ts';
import { type AuditLog, type CloseRequestStore, UnreadableAuditEntry } from './ports.ts';

/** One close on one sheet: the facts voted on, the votes, what was sent and answered, and the exchange's own record. */
export interface EvidencePack {
  readonly requestId: string;
  readonly groupId: string;
  readonly mode: string;
  readonly state: string;
  readonly requester: PersonId;
  readonly reason: string;
  readonly before: { readonly facts: Facts; readonly digest: string; readonly version: number };
  readonly votes: CloseRequest['votes'];
  readonly voidedVotes: CloseRequest['voidedVotes'];
  readonly sent: CloseRequest['sent'];
  readonly answer: CloseRequest['answer'];
  /** The unit's row in the exchange's closed list, as read back. */
  readonly after: CloseRequest['evidence'];
  readonly ending: CloseRequest['ending'];
  readonly chain: { readonly holds: boolean; readonly fault: AuditVerdict['fault']; readonly head: string };
  readonly entries: readonly AuditEntry[];
}

export interface CheckAudit {
  /** All of the trail, or one request's part of it, and whether the records name the trail's newest entries. */
  verify(requestId: string | null): Promise<AuditVerdict>;
  /** What the sealed trail says against sending this request as its record stands; null: nothing. */
  whyNotSend(request: CloseRequest): Promise<string | null>;
  /** All that shows how one request came to its end; null: there is no such request. */
  evidence(requestId: string): Promise<EvidencePack | null>;
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

  /** Read before the trail: what is written meanwhile is more than the trail must show. */
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

  async function verify(requestId: string | null): Promise<AuditVerdict> {
    const newest = await newestByRecord(requestId);
    const verifier = new AuditVerifier(key, { whole: requestId === null, newest });
    try {
      for await (const entry of audit.entries(requestId ?? undefined)) verifier.read(entry);
    } catch (error) {
      if (!(error instanceof UnreadableAuditEntry)) throw error;
      const { position, requestId: found, what } = error;
      const read = verifier.result();
      return { ...read, fault: read.fault ?? { position, requestId: found, sequence: 0, what } };
    }
    return verifier.result();
  }

  async function whyNotSend(request: CloseRequest): Promise<string | null> {
    const verifier = new AuditVerifier(key, { whole: false, newest: new Map([[request.id, request.audit]]) });
    const entries: AuditEntry[] = [];
    try {
      for await (const entry of audit.entries(request.id)) {
        verifier.read(entry);
        entries.push(entry);
      }
    } catch (error) {
      if (!(error instanceof UnreadableAuditEntry)) throw error;
      return `the audit trail is broken: ${error.what}`;
    }
    const { fault } = verifier.result();
    return fault === null ? whyTrailForbids(request, entries) : `the audit trail is broken: ${fault.what}`;
  }

  async function evidence(requestId: string): Promise<EvidencePack | null> {
    const stored = await store.load(requestId);
    if (stored === null) return null;
    const { request } = stored;
    const { fault, head } = await verify(requestId);
    const entries: AuditEntry[] = [];
    if (fault === null) for await (const entry of audit.entries(requestId)) entries.push(entry);
    return {
      requestId,
      groupId: request.groupId,
      mode: request.policy.mode,
      state: request.state,
      requester: request.requester,
      reason: request.reason,
      before: { facts: request.facts, digest: request.factsDigest, version: request.version },
      votes: request.votes,
      voidedVotes: request.voidedVotes,
      sent: request.sent,
      answer: request.answer,
      after: request.evidence,
      ending: request.ending,
      chain: { holds: fault === null, fault, head },
      entries,
    };
  }

  return {
    verify,
    whyNotSend,
    evidence,
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
