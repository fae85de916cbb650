/** Verifies and exports the audit trail; the command line uses the same two functions. */
import {
  type AuditEntry,
  type AuditVerdict,
  AuditVerifier,
  type AuditVerifierOptions,
} from '../domain/close/audit-chain.ts';
import { whyTrailForbids } from '../domain/close/audited-votes.ts';
import type { CloseRequest } from '../domain/close/close-request.ts';
import type { Facts } from '../domain/close/facts.ts';
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
  /**
   * All of the trail, or one request's part of it, and whether the records name the trail's newest entries. Reads page
   * by page; what it keeps of very many requests is bounded by reading the trail several times.
   */
  verify(requestId: string | null): Promise<AuditVerdict>;
  /** What the sealed trail says against sending this request as its record stands; null: nothing. */
  whyNotSend(request: CloseRequest): Promise<string | null>;
  /** All that shows how one request came to its end; null: there is no such request. */
  evidence(requestId: string): Promise<EvidencePack | null>;
  /** JSON Lines: one entry a line, as stored and sealed. */
  exportLines(requestId: string | null): AsyncGenerator<string>;
}

const PAGE = 200;
/** Of a request about 400 bytes are kept while the trail is read: 20 MB at the most. */
const REQUESTS_A_PASS = 50_000;
/** Slack would take more, but all of a file is in memory at once, and many people may ask at once. */
export const LARGEST_SLACK_EXPORT_BYTES = 4 * 1_024 * 1_024;

export interface CheckAuditParts {
  readonly audit: AuditLog;
  readonly store: CloseRequestStore;
  readonly key: Uint8Array;
  /** How many requests are judged in one reading of the trail; default 50,000. */
  readonly requestsAPass?: number;
}

export function createCheckAudit(parts: CheckAuditParts): CheckAudit {
  const { audit, store, key, requestsAPass = REQUESTS_A_PASS } = parts;

  /** Every record, page by page; one at the edge of two pages may come twice. */
  async function* records(): AsyncGenerator<CloseRequest> {
    let before: number | undefined;
    let seen: ReadonlySet<string> = new Set();
    for (;;) {
      const page = await store.listRecent(PAGE, before);
      const last = page.at(-1);
      if (last === undefined) return;
      yield* page;
      // The first look at a millisecond includes it, so that its requests do not fall between two pages.
      const isNew = page.some(({ id }) => !seen.has(id));
      before = isNew ? last.createdAtMs + 1 : last.createdAtMs;
      seen = new Set(page.map(({ id }) => id));
    }
  }

  async function verify(requestId: string | null): Promise<AuditVerdict> {
    if (requestId !== null) {
      const stored = await store.load(requestId);
      const newest = new Map(stored === null ? [] : [[requestId, stored.request.audit]]);
      return readTrail(requestId, { whole: false, newest });
    }
    const { count, newest } = await newestByRecord(() => true, requestsAPass);
    if (newest !== null) return readTrail(null, { whole: true, newest });
    const passes = Math.ceil(count / requestsAPass);
    let verdict = await judgeShare(0, passes);
    for (let share = 1; share < passes; share += 1)
      verdict = bothVerdicts(verdict, await judgeShare(share, passes));
    return verdict;
  }

  /** One share of all requests; with the first one the openings of all are looked at, too. */
  async function judgeShare(share: number, shares: number): Promise<AuditVerdict> {
    const judges = (id: string) => shareOf(id, shares) === share;
    const { newest } = await newestByRecord(judges, Number.POSITIVE_INFINITY);
    return readTrail(null, { whole: share === 0, newest: newest ?? new Map(), judges });
  }

  /**
   * Read before the trail: what is written meanwhile is more than the trail must show. `newest` null: they are more
   * than `atMost`. `count` counts one at the edge of two pages twice.
   */
  async function newestByRecord(judges: (id: string) => boolean, atMost: number) {
    let newest: Map<string, { sequence: number; seal: string }> | null = new Map();
    let count = 0;
    for await (const { id, audit: entry } of records()) {
      if (!judges(id)) continue;
      count += 1;
      newest?.set(id, entry);
      if (newest !== null && newest.size > atMost) newest = null;
    }
    return { count, newest };
  }

  async function readTrail(requestId: string | null, options: AuditVerifierOptions): Promise<AuditVerdict> {
    const verifier = new AuditVerifier(key, options);
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

/** Which of so many shares of all requests this one belongs to. */
function shareOf(requestId: string, shares: number): number {
  let hash = 0;
  for (let at = 0; at < requestId.length; at += 1) hash = (hash * 31 + requestId.charCodeAt(at)) >>> 0;
  return hash % shares;
}

/** Of two readings that judged different requests. The first one looked at the openings of all, too. */
function bothVerdicts(first: AuditVerdict, next: AuditVerdict): AuditVerdict {
  const isEarlier =
    next.fault !== null && (first.fault === null || next.fault.position <= first.fault.position);
  return {
    ...first,
    requests: first.requests + next.requests,
    fault: isEarlier ? next.fault : first.fault,
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
      let bytes = 0;
      for await (const line of checkAudit.exportLines(admitted.value)) {
        bytes += Buffer.byteLength(line) + 1;
        if (bytes > LARGEST_SLACK_EXPORT_BYTES)
          return refuse({ code: 'audit-too-large', limitBytes: LARGEST_SLACK_EXPORT_BYTES });
        lines.push(line);
      }
      return done({ fileName: `audit-${admitted.value ?? 'all'}.jsonl`, jsonLines: `${lines.join('\n')}\n` });
    },
  };
}
