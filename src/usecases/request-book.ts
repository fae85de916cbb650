/**
 * The one way in which a stored request changes: load, decide, save if nothing changed meanwhile, else look again.
 * Outcomes are told to people by the outbox, which is asked to run at once after each change.
 */

import { nextAttentionAtMs } from '../domain/close/attention.ts';
import { type CloseRequest, type Command, withNarrowerPolicy } from '../domain/close/close-request.ts';
import { decide } from '../domain/close/close-rule.ts';
import type { Decision } from '../domain/close/decision.ts';
import { noticesFor } from '../domain/close/notices.ts';
import type { PersonId } from '../domain/person.ts';
import type { ClosePolicy } from '../domain/policy.ts';
import { done, type Refusal, type RefusalCode, type Result, refuse } from '../domain/refusal.ts';
import type { CheckAudit } from './check-audit.ts';
import type { CloseRequestStore, Log, RecordCopy, StoredRequest } from './ports.ts';

/** Many people may click at once; each look costs two round trips and one of them always gets on. */
const LOOKS_AT_MOST = 20;

/** Attempts that the audit must show: somebody tried what they may not do, or with a forged or old button. */
const NOTED: ReadonlySet<RefusalCode> = new Set([
  'self-approval',
  'role-missing',
  'not-a-full-member',
  'not-the-requester',
  'old-version',
]);

/**
 * They count towards an act that cannot be undone, so the very copy they are decided on is held against the sealed
 * trail first.
 */
const PROVED_FIRST: ReadonlySet<Command['type']> = new Set(['approve', 'settle']);

/** A record as it was loaded, and when that was. */
export interface LoadedRequest extends StoredRequest {
  /** Steady milliseconds, not a time of day. */
  readonly loadedAtMs: number;
}

/** Changed requests are answered as `underRule` shows them. */
export interface RequestBook {
  load(requestId: string): Promise<Result<LoadedRequest>>;
  /** The same record by the store's clock of now: its clock at the load, and the time that went by since. */
  asOfNow(loaded: LoadedRequest): StoredRequest;
  /** The request under the rule that decides on it now: the narrower of its own and the settings'. Shown, never stored. */
  underRule(request: CloseRequest): CloseRequest;
  /**
   * Holds this copy against the sealed trail. Refuses with `record-not-proved`, or with `changed-meanwhile` where the
   * store holds another copy by now; null: it is proved.
   */
  refuseUnproved(stored: RecordCopy): Promise<Refusal | null>;
  /** What the rule answers, without storing anything. */
  judge(stored: StoredRequest, command: Command): Decision;
  /**
   * Applies what `command` answers for the request as stored now; it may be called several times and must do no I/O.
   */
  apply(
    requestId: string,
    command: (request: CloseRequest, nowMs: number) => Command,
  ): Promise<Result<CloseRequest>>;
  /** As `apply`, from a record that was just loaded: one round trip less. */
  applyTo(
    stored: StoredRequest,
    command: (request: CloseRequest, nowMs: number) => Command,
  ): Promise<Result<CloseRequest>>;
  /** As `applyTo`, on this very copy or not at all: where the store holds another one, `changed-meanwhile`. */
  applyOnce(stored: StoredRequest, command: Command): Promise<Result<CloseRequest>>;
  /** As `apply`, for what a person attempts: a refusal worth knowing is written to the audit. */
  attempt(
    stored: StoredRequest,
    by: PersonId,
    what: string,
    command: (request: CloseRequest, nowMs: number) => Command,
  ): Promise<Result<CloseRequest>>;
  noteRefusal(requestId: string, by: PersonId, what: string, code: RefusalCode): Promise<void>;
}

export interface RequestBookParts {
  readonly store: CloseRequestStore;
  readonly checkAudit: Pick<CheckAudit, 'whyNotBelieved'>;
  readonly log: Log;
  /** The rule that the settings of this process give. */
  readonly policy: ClosePolicy;
  readonly monotonic: () => number;
  readonly afterChange: (requestId: string) => void;
}

export function createRequestBook(parts: RequestBookParts): RequestBook {
  const { store, checkAudit, log, policy, monotonic, afterChange } = parts;
  const underRule = (request: CloseRequest) => withNarrowerPolicy(request, policy);
  const judge = ({ request, nowMs }: StoredRequest, command: Command) =>
    decide(request, command, { nowMs, current: policy });

  async function load(requestId: string): Promise<Result<LoadedRequest>> {
    const stored = await store.load(requestId);
    if (stored === null) return refuse({ code: 'request-not-found', requestId });
    return done({ ...stored, loadedAtMs: monotonic() });
  }

  async function applyTo(
    first: StoredRequest,
    command: (request: CloseRequest, nowMs: number) => Command,
  ): Promise<Result<CloseRequest>> {
    let stored = first;
    for (let look = 0; look < LOOKS_AT_MOST; look += 1) {
      const { request, nowMs } = stored;
      const applied = await applyOnce(stored, command(request, nowMs));
      if (applied.ok || applied.refusal.code !== 'changed-meanwhile') return applied;
      // The rule judges again, by the record and clock of now.
      const again = await load(request.id);
      if (!again.ok) return again;
      stored = again.value;
    }
    return refuse({ code: 'changed-meanwhile' });
  }

  async function applyOnce(stored: StoredRequest, command: Command): Promise<Result<CloseRequest>> {
    const decision = judge(stored, command);
    if (!decision.ok) return decision;
    const unproved = PROVED_FIRST.has(command.type) ? await refuseUnproved(stored) : null;
    if (unproved !== null) return refuse(unproved);
    const { next, event, notAfterMs } = decision;
    const saved = await store.save({
      from: stored,
      next,
      event,
      notAfterMs,
      notices: noticesFor(next, event),
      attentionAtMs: nextAttentionAtMs(underRule(next), stored.nowMs),
    });
    // A conflict, or a deadline that passed meanwhile.
    if (saved.kind !== 'saved') return refuse({ code: 'changed-meanwhile' });
    afterChange(stored.request.id);
    return done(underRule(saved.request));
  }

  async function refuseUnproved({ request, stored }: RecordCopy): Promise<Refusal | null> {
    const why = await checkAudit.whyNotBelieved(request);
    if (why === null) return null;
    const now = await store.load(request.id);
    if (now?.stored !== stored) return { code: 'changed-meanwhile' };
    log.error({ requestId: request.id, why }, 'record and audit trail disagree');
    return { code: 'record-not-proved', requestId: request.id, why };
  }

  async function noteRefusal(
    requestId: string,
    by: PersonId,
    what: string,
    code: RefusalCode,
  ): Promise<void> {
    const stored = await load(requestId);
    if (!stored.ok) return;
    await applyTo(stored.value, () => ({ type: 'note-refusal', by, attempted: what, refusal: code }));
  }

  return {
    load,
    asOfNow: ({ request, stored, nowMs, loadedAtMs }) => ({
      request,
      stored,
      nowMs: Math.floor(nowMs + monotonic() - loadedAtMs),
    }),
    underRule,
    refuseUnproved,
    judge,
    applyTo,
    applyOnce,
    async apply(requestId, command) {
      const stored = await load(requestId);
      return stored.ok ? applyTo(stored.value, command) : stored;
    },
    async attempt(stored, by, what, command) {
      const result = await applyTo(stored, command);
      if (!result.ok && isNoted(result.refusal))
        await noteRefusal(stored.request.id, by, what, result.refusal.code);
      return result;
    },
    noteRefusal,
  };
}

/** Whether the audit must show that somebody tried. */
export function isNoted(refusal: Refusal): boolean {
  return NOTED.has(refusal.code);
}
