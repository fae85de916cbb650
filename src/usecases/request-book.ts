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
import type { CloseRequestStore, DeskEvents, Log, RecordCopy, StoredRequest } from './ports.ts';

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

/** What a person tries: `what` names it in the audit. */
export interface Attempt {
  readonly by: PersonId;
  readonly what: string;
  readonly command: Command;
}

/** Changed requests are answered as `underRule` shows them. */
export interface RequestBook {
  load(requestId: string): Promise<Result<StoredRequest>>;
  /** The same copy by the store's clock of now. Throws StoreUnavailable. */
  asOfNow(copy: RecordCopy): Promise<StoredRequest>;
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
  /**
   * May this person do this, as the record stands? Stores nothing but the refusal, where the audit must show it. The
   * answer: the request under the rule that decides.
   */
  ask(stored: StoredRequest, attempt: Attempt): Promise<Result<CloseRequest>>;
  /** As `applyTo`, for what a person attempts: a refusal that the audit must show is written to it. */
  attempt(stored: StoredRequest, attempt: Attempt): Promise<Result<CloseRequest>>;
  /** Writes a refusal to the audit of the request, if there is one. */
  noteRefusal(requestId: string, by: PersonId, what: string, code: RefusalCode): Promise<void>;
  /** As `noteRefusal`, where the audit must show it. */
  noteAttempt(requestId: string, by: PersonId, what: string, refusal: Refusal): Promise<void>;
}

export interface RequestBookParts {
  readonly store: CloseRequestStore;
  readonly checkAudit: Pick<CheckAudit, 'whyNotBelieved'>;
  readonly log: Log;
  /** The rule that the settings of this process give. */
  readonly policy: ClosePolicy;
  readonly events: Pick<DeskEvents, 'requestChanged'>;
  readonly afterChange: (requestId: string) => void;
}

export function createRequestBook(parts: RequestBookParts): RequestBook {
  const { store, checkAudit, log, policy, events, afterChange } = parts;
  const underRule = (request: CloseRequest) => withNarrowerPolicy(request, policy);
  const judge = ({ request, nowMs }: StoredRequest, command: Command) =>
    decide(request, command, { nowMs, current: policy });

  async function load(requestId: string): Promise<Result<StoredRequest>> {
    const stored = await store.load(requestId);
    return stored === null ? refuse({ code: 'request-not-found', requestId }) : done(stored);
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
    const notices = noticesFor(next, event);
    const saved = await store.save({
      from: stored,
      next,
      event,
      notAfterMs,
      notices,
      attentionAtMs: nextAttentionAtMs(underRule(next), stored.nowMs),
    });
    // A conflict, or a deadline that passed meanwhile.
    if (saved.kind !== 'saved') return refuse({ code: 'changed-meanwhile' });
    events.requestChanged({
      event: event.type,
      from: stored.request.state,
      request: saved.request,
      atMs: event.atMs,
    });
    if (notices.length > 0) afterChange(stored.request.id);
    return done(underRule(saved.request));
  }

  async function refuseUnproved({ request, stored }: RecordCopy): Promise<Refusal | null> {
    const why = await checkAudit.whyNotBelieved(request);
    if (why === null) return null;
    const now = await store.load(request.id);
    if (now?.stored !== stored) return { code: 'changed-meanwhile' };
    log.error({ requestId: request.id, why }, 'record differs from the audit trail');
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

  async function noteAttempt(
    requestId: string,
    by: PersonId,
    what: string,
    { code }: Refusal,
  ): Promise<void> {
    if (NOTED.has(code)) await noteRefusal(requestId, by, what, code);
  }

  return {
    load,
    asOfNow: async ({ request, stored }) => ({ request, stored, nowMs: await store.nowMs() }),
    underRule,
    refuseUnproved,
    judge,
    applyTo,
    applyOnce,
    async apply(requestId, command) {
      const stored = await load(requestId);
      return stored.ok ? applyTo(stored.value, command) : stored;
    },
    async ask(stored, { by, what, command }) {
      const decision = judge(stored, command);
      if (decision.ok) return done(underRule(stored.request));
      await noteAttempt(stored.request.id, by, what, decision.refusal);
      return decision;
    },
    async attempt(stored, { by, what, command }) {
      const result = await applyTo(stored, () => command);
      if (!result.ok) await noteAttempt(stored.request.id, by, what, result.refusal);
      return result;
    },
    noteRefusal,
    noteAttempt,
  };
}
