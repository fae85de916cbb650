/** Verifies the audit trail against its seals and the stored records. */
import {
  type AuditEntry,
  type AuditFault,
  type AuditKeys,
  type AuditVerdict,
  AuditVerifier,
  type KeptHead,
  type NewestEntry,
} from '../domain/close/audit-chain.ts';
import { whyTrailDiffers, whyTrailForbids } from '../domain/close/audited-votes.ts';
import type { CloseRequest } from '../domain/close/close-request.ts';
import type { Facts } from '../domain/close/facts.ts';
import type { PersonId } from '../domain/person.ts';
import {
  type AuditLog,
  type CloseRequestStore,
  type DeskEvents,
  UnreadableAuditEntry,
  UnreadableRecord,
} from './ports.ts';

/** Everything about one close: the facts voted on, the votes, what was sent and answered, and the exchange's record. */
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
   * Verifies the whole trail, read once, and the record of every request in the trail or the index: each record must
   * exist, match its seal and name the newest entry of its request. With `kept`, also whether the trail still contains
   * that head. Throws StoreUnavailable.
   */
  verify(kept?: KeptHead | null): Promise<AuditVerdict>;
  /** The same for one request's entries and its record; null: that id has neither a record nor an entry. */
  verifyRequest(requestId: string, kept?: KeptHead | null): Promise<AuditVerdict | null>;
  /**
   * How this copy of a record differs from the sealed trail; null: it matches. The record must name the newest entry of
   * its request, and state, facts, policy, votes, finding and ending must follow from the entries. Call it before a
   * vote or a finding counts, and save on the same copy. A copy that someone else just changed also differs; the store
   * then holds another one. Throws StoreUnavailable.
   */
  whyNotBelieved(request: CloseRequest): Promise<string | null>;
  /** As `whyNotBelieved`; the entries must also show enough votes and no earlier send. */
  whyNotSend(request: CloseRequest): Promise<string | null>;
  /** Null: there is no such request. Throws UnreadableRecord. */
  evidence(requestId: string): Promise<EvidencePack | null>;
  /** JSON Lines: one entry per line, as stored and sealed. */
  exportLines(requestId: string | null): AsyncGenerator<string>;
}

const LOADS_AT_ONCE = 100;
/** People don't change a record this often during one check. */
const CHECKS_AT_MOST = 5;

export interface CheckAuditParts {
  readonly audit: AuditLog;
  readonly store: CloseRequestStore;
  readonly keys: AuditKeys;
  readonly events?: Pick<DeskEvents, 'auditVerified'>;
}

/** A stored record as the check needs it: its newest entry, or why it can't be read; null: there is none. */
type RecordSeen = { readonly newest: NewestEntry } | { readonly unreadable: string } | null;

interface Examined {
  readonly verdict: AuditVerdict;
  readonly entries: readonly AuditEntry[];
}

export function createCheckAudit({ audit, store, keys, events }: CheckAuditParts): CheckAudit {
  async function verify(kept: KeptHead | null = null): Promise<AuditVerdict> {
    // Read before the trail: every request in the index now must have an entry in the trail read later.
    const indexed = await store.requestIds();
    const verifier = new AuditVerifier(keys, { whole: true, kept });
    for await (const _ of readWith(verifier, null));
    const verdict = verifier.result();
    if (verdict.fault !== null) return verdict;
    const ids = [...new Set([...verifier.newest.keys(), ...indexed])];
    for (let at = 0; at < ids.length; at += LOADS_AT_ONCE) {
      const some = ids.slice(at, at + LOADS_AT_ONCE);
      const records = await Promise.all(some.map(recordOf));
      for (const [index, requestId] of some.entries()) {
        const fault = await recordFault(requestId, records[index] ?? null, verifier.newest.get(requestId));
        if (fault !== null) return { ...verdict, fault: { ...fault, position: verdict.entries } };
      }
    }
    return verdict;
  }

  /** `newest` as read from the trail. A record that names another entry may have changed since: it is checked again. */
  async function recordFault(
    requestId: string,
    record: RecordSeen,
    newest: NewestEntry | undefined,
  ): Promise<AuditFault | null> {
    if (record !== null && 'newest' in record && isSame(record.newest, newest)) return null;
    const verdict = await verifyRequest(requestId);
    if (verdict !== null) return verdict.fault;
    const what = 'the request is in the index, but has neither a record nor an audit entry';
    return { position: 0, requestId, sequence: 0, what };
  }

  async function verifyRequest(
    requestId: string,
    kept: KeptHead | null = null,
  ): Promise<AuditVerdict | null> {
    return (await examine(requestId, kept))?.verdict ?? null;
  }

  /** One request's entries and the verdict on them; null: that id has neither a record nor an entry. */
  async function examine(requestId: string, kept: KeptHead | null): Promise<Examined | null> {
    let record = await recordOf(requestId);
    for (let check = 1; ; check += 1) {
      const newest = record !== null && 'newest' in record ? record.newest : null;
      const verifier = new AuditVerifier(keys, {
        whole: false,
        newest: new Map(newest === null ? [] : [[requestId, newest]]),
        kept,
      });
      const entries = await Array.fromAsync(readWith(verifier, requestId));
      const verdict = verifier.result();
      if (record === null && verdict.entries === 0 && verdict.fault === null) return null;
      // A record that is unchanged shows that nothing was written while the trail was read.
      const after = await recordOf(requestId);
      const isUnchanged = JSON.stringify(after) === JSON.stringify(record);
      if (isUnchanged || check === CHECKS_AT_MOST) {
        if (verdict.fault !== null) return { verdict, entries };
        const last = verifier.newest.get(requestId);
        const what = isUnchanged
          ? whatIsWrong(record, last)
          : 'its record kept changing while it was checked';
        const fault = { position: verdict.entries, requestId, sequence: last?.sequence ?? 0 };
        return { verdict: what === null ? verdict : { ...verdict, fault: { ...fault, what } }, entries };
      }
      record = after;
    }
  }

  async function recordOf(requestId: string): Promise<RecordSeen> {
    try {
      const stored = await store.load(requestId);
      return stored === null ? null : { newest: stored.request.audit };
    } catch (error) {
      if (!(error instanceof UnreadableRecord)) throw error;
      return { unreadable: error.what };
    }
  }

  /** All entries, or one request's, each passed to the verifier; ends at the first unreadable one. */
  async function* readWith(verifier: AuditVerifier, requestId: string | null): AsyncGenerator<AuditEntry> {
    try {
      for await (const entry of audit.entries(requestId ?? undefined)) {
        verifier.read(entry);
        yield entry;
      }
    } catch (error) {
      if (!(error instanceof UnreadableAuditEntry)) throw error;
      verifier.readUnreadable(error.requestId, error.what);
    }
  }

  async function whyNot(
    request: CloseRequest,
    judge: (request: CloseRequest, entries: readonly AuditEntry[]) => string | null,
  ): Promise<string | null> {
    const verifier = new AuditVerifier(keys, {
      whole: false,
      newest: new Map([[request.id, request.audit]]),
    });
    const entries = await Array.fromAsync(readWith(verifier, request.id));
    const { fault } = verifier.result();
    if (fault !== null) return `the audit trail is broken: ${fault.what}`;
    if (!isSame(request.audit, verifier.newest.get(request.id)))
      return 'the record is older than the audit trail';
    return judge(request, entries);
  }

  async function evidence(requestId: string): Promise<EvidencePack | null> {
    const stored = await store.load(requestId);
    if (stored === null) return null;
    const { request } = stored;
    const examined = await examine(requestId, null);
    if (examined === null) return null;
    const { fault, head } = examined.verdict;
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
      entries: fault === null ? examined.entries : [],
    };
  }

  return {
    async verify(kept) {
      const verdict = await verify(kept);
      events?.auditVerified(verdict.fault === null);
      return verdict;
    },
    verifyRequest,
    whyNotBelieved: (request) => whyNot(request, whyTrailDiffers),
    whyNotSend: (request) => whyNot(request, whyTrailForbids),
    evidence,
    async *exportLines(requestId) {
      for await (const entry of audit.entries(requestId ?? undefined)) yield JSON.stringify(entry);
    },
  };
}

function isSame(a: NewestEntry, b: NewestEntry | undefined): boolean {
  return a.sequence === b?.sequence && a.seal === b.seal;
}

/** Compares a record with the newest entry of its trail, which has been verified. */
function whatIsWrong(record: RecordSeen, newest: NewestEntry | undefined): string | null {
  if (record === null) return 'the request has audit entries, but its record is missing';
  if ('unreadable' in record) return `its record can't be read: ${record.unreadable}`;
  if (isSame(record.newest, newest)) return null;
  return `its record is older than the trail: the record ends at entry ${record.newest.sequence}`;
}
