/** Verifies the audit trail against its seals and the stored records. */
import {
  type AuditEntry,
  type AuditFault,
  type AuditKeys,
  type AuditVerdict,
  AuditVerifier,
  isSameEntry,
  type KeptHead,
  type NewestEntry,
} from '../domain/audit-chain.ts';
import { whyTrailDiffers, whyTrailForbids } from '../domain/close/audited-votes.ts';
import type { CloseRequest } from '../domain/close/close-request.ts';
import type { Facts } from '../domain/close/facts.ts';
import { isRequestEntry, type RequestEntry } from '../domain/close/request-entry.ts';
import type { PersonId } from '../domain/person.ts';
import { alwaysExists, RULES_ID, subjectKindOf, WATCH_ID } from '../domain/subject.ts';
import {
  type AuditLog,
  type CloseRequestStore,
  type DeskEvents,
  type NewestOfRecord,
  UnreadableAuditEntry,
  UnreadableRecord,
} from './ports.ts';
import type { RuleBookStore } from './rule-book.ts';
import type { WatchRecords } from './watch-ports.ts';

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

export interface CheckedTrail {
  readonly verdict: AuditVerdict;
  /** Oldest first. Not to be believed where the verdict has a fault. */
  readonly entries: readonly AuditEntry[];
}

export interface CheckAudit {
  /**
   * Verifies the whole trail, read once, and the record of every subject in the trail or an index: each record must
   * exist, match its seal and name its newest entry. With `kept`, also whether the trail still contains that head.
   * Throws StoreUnavailable.
   */
  verify(kept?: KeptHead | null): Promise<AuditVerdict>;
  /** The same for one subject's entries and its record; null: that id has neither a record nor an entry. */
  verifySubject(subjectId: string, kept?: KeptHead | null): Promise<AuditVerdict | null>;
  /**
   * How this copy of a record differs from the sealed trail; null: it matches. The record must name the newest entry of
   * its request, and state, facts, policy, votes, finding and ending must follow from the entries. Call it before a
   * vote or a finding counts, and save on the same copy. A copy that someone else just changed also differs; the store
   * then holds another one. Throws StoreUnavailable.
   */
  whyNotBelieved(request: CloseRequest): Promise<string | null>;
  /** One subject's entries, with the verdict on them and its record; null: that id has neither. */
  trailOf(subjectId: string): Promise<CheckedTrail | null>;
  /** As `whyNotBelieved`; the entries must also show enough votes and no earlier send. */
  whyNotSend(request: CloseRequest): Promise<string | null>;
  /** Null: there is no such request. Throws UnreadableRecord. */
  evidence(requestId: string): Promise<EvidencePack | null>;
  /** JSON Lines: one entry per line, as stored and sealed. */
  exportLines(subjectId: string | null): AsyncGenerator<string>;
}

const RECORDS_A_TRIP = 100;
/** People don't change a record this often during one check. */
const CHECKS_AT_MOST = 5;

export interface CheckAuditParts {
  readonly audit: AuditLog;
  readonly store: CloseRequestStore;
  readonly watch: WatchRecords;
  readonly ruleBook: Pick<RuleBookStore, 'newestEntry'>;
  readonly keys: AuditKeys;
  readonly events?: Pick<DeskEvents, 'auditVerified'>;
}

export function createCheckAudit({
  audit,
  store,
  watch,
  ruleBook,
  keys,
  events,
}: CheckAuditParts): CheckAudit {
  async function verify(kept: KeptHead | null = null): Promise<AuditVerdict> {
    // Read before the trail: everything in the index now must have an entry in the trail read later.
    const [requests, episodes] = await Promise.all([store.requestIds(), watch.episodeIds()]);
    const indexed = [...requests, ...episodes, WATCH_ID, RULES_ID];
    const verifier = new AuditVerifier(keys, { whole: true, kept });
    for await (const _ of readWith(verifier, null));
    const verdict = verifier.result();
    if (verdict.fault !== null) return verdict;
    const ids = [...new Set([...verifier.newest.keys(), ...indexed])];
    for (let at = 0; at < ids.length; at += RECORDS_A_TRIP) {
      const some = ids.slice(at, at + RECORDS_A_TRIP);
      const records = await recordsOf(some);
      for (const subjectId of some) {
        const record = records.get(subjectId) ?? null;
        const fault = await recordFault(subjectId, record, verifier.newest.get(subjectId));
        if (fault !== null) return { ...verdict, fault: { ...fault, position: verdict.entries } };
      }
    }
    return verdict;
  }

  /** `newest` as read from the trail. A record that names another entry may have changed since: it is checked again. */
  async function recordFault(
    subjectId: string,
    record: NewestOfRecord,
    newest: NewestEntry | undefined,
  ): Promise<AuditFault | null> {
    if (isReadable(record) && isSameEntry(record, newest)) return null;
    if (record === null && newest === undefined && alwaysExists(subjectId)) return null;
    const verdict = await verifySubject(subjectId);
    if (verdict !== null) return verdict.fault;
    const what = 'it is in the index, but has neither a record nor an audit entry';
    return { position: 0, subjectId, sequence: 0, what };
  }

  async function verifySubject(
    subjectId: string,
    kept: KeptHead | null = null,
  ): Promise<AuditVerdict | null> {
    return (await examine(subjectId, kept))?.verdict ?? null;
  }

  /** One subject's entries and the verdict on them; null: that id has neither a record nor an entry. */
  async function examine(subjectId: string, kept: KeptHead | null = null): Promise<CheckedTrail | null> {
    let record = await recordOf(subjectId);
    for (let check = 1; ; check += 1) {
      const newest = isReadable(record) ? record : null;
      const verifier = new AuditVerifier(keys, {
        whole: false,
        newest: new Map(newest === null ? [] : [[subjectId, newest]]),
        kept,
      });
      const entries = await Array.fromAsync(readWith(verifier, subjectId));
      const verdict = verifier.result();
      const isNothing = record === null && verdict.entries === 0 && verdict.fault === null;
      if (isNothing) return alwaysExists(subjectId) ? { verdict, entries } : null;
      // A record that is unchanged shows that nothing was written while the trail was read.
      const after = await recordOf(subjectId);
      const isUnchanged = sameText(after) === sameText(record);
      if (isUnchanged || check === CHECKS_AT_MOST) {
        if (verdict.fault !== null) return { verdict, entries };
        const last = verifier.newest.get(subjectId);
        const what = isUnchanged
          ? whatIsWrong(record, last)
          : 'its record kept changing while it was checked';
        const fault = { position: verdict.entries, subjectId, sequence: last?.sequence ?? 0 };
        return { verdict: what === null ? verdict : { ...verdict, fault: { ...fault, what } }, entries };
      }
      record = after;
    }
  }

  async function recordOf(subjectId: string): Promise<NewestOfRecord> {
    return (await recordsOf([subjectId])).get(subjectId) ?? null;
  }

  async function recordsOf(subjectIds: readonly string[]): Promise<ReadonlyMap<string, NewestOfRecord>> {
    const ofRequests: string[] = [];
    const ofWatch: string[] = [];
    const ofRules: string[] = [];
    for (const id of subjectIds) {
      const kind = subjectKindOf(id);
      (kind === 'request' ? ofRequests : kind === 'rules' ? ofRules : ofWatch).push(id);
    }
    const found = await Promise.all([
      store.newestEntries(ofRequests),
      watch.newestEntries(ofWatch),
      Promise.all(ofRules.map(() => ruleBook.newestEntry())),
    ]);
    const records = found.flat();
    return new Map([...ofRequests, ...ofWatch, ...ofRules].map((id, index) => [id, records[index] ?? null]));
  }

  /** All entries, or one subject's, each passed to the verifier; ends at the first unreadable one. */
  async function* readWith(verifier: AuditVerifier, subjectId: string | null): AsyncGenerator<AuditEntry> {
    try {
      for await (const entry of audit.entries(subjectId ?? undefined)) {
        verifier.read(entry);
        yield entry;
      }
    } catch (error) {
      if (!(error instanceof UnreadableAuditEntry)) throw error;
      verifier.readUnreadable(error.subjectId, error.what);
    }
  }

  async function whyNot(
    request: CloseRequest,
    judge: (request: CloseRequest, entries: readonly RequestEntry[]) => string | null,
  ): Promise<string | null> {
    const verifier = new AuditVerifier(keys, {
      whole: false,
      newest: new Map([[request.id, request.audit]]),
    });
    const entries = await Array.fromAsync(readWith(verifier, request.id));
    const { fault } = verifier.result();
    if (fault !== null) return `the audit trail is broken: ${fault.what}`;
    if (!isSameEntry(request.audit, verifier.newest.get(request.id)))
      return 'the record is older than the audit trail';
    return judge(request, entries.filter(isRequestEntry));
  }

  async function evidence(requestId: string): Promise<EvidencePack | null> {
    const stored = await store.load(requestId);
    if (stored === null) return null;
    const { request } = stored;
    const examined = await examine(requestId);
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
    verifySubject,
    trailOf: (subjectId) => examine(subjectId),
    whyNotBelieved: (request) => whyNot(request, whyTrailDiffers),
    whyNotSend: (request) => whyNot(request, whyTrailForbids),
    evidence,
    async *exportLines(subjectId) {
      for await (const entry of audit.entries(subjectId ?? undefined)) yield JSON.stringify(entry);
    },
  };
}

/** Compares a record with the newest entry of its trail, which has been verified. */
function whatIsWrong(record: NewestOfRecord, newest: NewestEntry | undefined): string | null {
  if (record === null) return 'it has audit entries, but its record is missing';
  if (!isReadable(record)) return `its record can't be read: ${record.what}`;
  if (isSameEntry(record, newest)) return null;
  return `its record is older than the trail: the record ends at entry ${record.sequence}`;
}

function isReadable(record: NewestOfRecord): record is NewestEntry {
  return record !== null && !(record instanceof UnreadableRecord);
}

function sameText(record: NewestOfRecord): string {
  return JSON.stringify(record instanceof UnreadableRecord ? record.what : record);
}
