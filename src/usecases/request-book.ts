/**
 * The only way to change a stored request: load, decide, save if nothing changed meanwhile, else start again. After
 * each change with notices, the outbox runs at once.
 */

import { nextAttentionAtMs } from '../domain/close/attention.ts';
import {
  type CloseRequest,
  type Command,
  type CommandOf,
  withNarrowerPolicy,
} from '../domain/close/close-request.ts';
import { decide } from '../domain/close/close-rule.ts';
import type { Decision } from '../domain/close/decision.ts';
import { digestOf, type Facts } from '../domain/close/facts.ts';
import { noticesFor } from '../domain/close/notices.ts';
import type { PersonId } from '../domain/person.ts';
import { done, type Refusal, type RefusalCode, type Result, refuse } from '../domain/refusal.ts';
import type { CheckAudit } from './check-audit.ts';
import type { ClosePolicies } from './close-policies.ts';
import type { CloseRequestStore, DeskEvents, Log, RecordCopy, StoredRequest } from './ports.ts';

/** Many people may click at once; in each round of attempts one of them succeeds. */
const ATTEMPTS_AT_MOST = 20;

/** Refusals that the audit must show: the person lacked the right, or clicked a forged or old button. */
const NOTED: ReadonlySet<RefusalCode> = new Set([
  'self-approval',
  'role-missing',
  'not-a-full-member',
  'not-the-requester',
  'old-version',
]);

/** These count towards an irreversible act, so the record is compared with the sealed trail first. */
const PROVED_FIRST: ReadonlySet<Command['type']> = new Set(['approve', 'settle']);

/** What a person tries to do; `what` is its name in the audit. */
export interface Attempt {
  readonly by: PersonId;
  readonly what: string;
  readonly command: Command;
}

/** Changed requests are returned as `underRule` shows them. */
export interface RequestBook {
  load(requestId: string): Promise<Result<StoredRequest>>;
  /** The same copy with the store's current time. Throws StoreUnavailable. */
  asOfNow(copy: RecordCopy): Promise<StoredRequest>;
  /** The request under the policy that decides now: the narrower of its own and the settings'. Shown, never stored. */
  underRule(request: CloseRequest): CloseRequest;
  /** How facts read now differ from those voted on, as a command; null: they don't, nor does another rule decide. */
  changeOf(request: CloseRequest, now: Facts): CommandOf<'replace-facts'> | null;
  /**
   * Compares this copy with the sealed trail: `record-not-proved` if they differ, `changed-meanwhile` if the store now
   * holds another copy; null: they match.
   */
  refuseUnproved(stored: RecordCopy): Promise<Refusal | null>;
  /** The rule's decision; stores nothing. */
  judge(stored: StoredRequest, command: Command): Decision;
  /** Applies what `command` returns for the stored request; it may be called several times and must do no I/O. */
  apply(
    requestId: string,
    command: (request: CloseRequest, nowMs: number) => Command,
  ): Promise<Result<CloseRequest>>;
  /** As `apply`, from a record that was just loaded. */
  applyTo(
    stored: StoredRequest,
    command: (request: CloseRequest, nowMs: number) => Command,
  ): Promise<Result<CloseRequest>>;
  /** As `applyTo`, on this copy only: refuses with `changed-meanwhile` if the store holds another one. */
  applyOnce(stored: StoredRequest, command: Command): Promise<Result<CloseRequest>>;
  /**
   * Whether this person can do this now. Stores nothing, except a refusal that the audit must show. Returns the request
   * as `underRule` shows it.
   */
  ask(stored: StoredRequest, attempt: Attempt): Promise<Result<CloseRequest>>;
  /** As `applyTo`, for a person's attempt: writes a refusal that the audit must show. */
  attempt(stored: StoredRequest, attempt: Attempt): Promise<Result<CloseRequest>>;
  /** Writes a refusal to the audit of the request, if there is one. */
  noteRefusal(requestId: string, by: PersonId, what: string, code: RefusalCode): Promise<void>;
  /** As `noteRefusal`, only if the audit must show this refusal. */
  noteAttempt(requestId: string, by: PersonId, what: string, refusal: Refusal): Promise<void>;
}

export interface RequestBookParts {
  readonly store: CloseRequestStore;
  readonly checkAudit: Pick<CheckAudit, 'whyNotBelieved'>;
  readonly log: Log;
  readonly policies: ClosePolicies;
  readonly events: Pick<DeskEvents, 'requestChanged'>;
  readonly afterChange: (requestId: string) => void;
}

export function createRequestBook(parts: RequestBookParts): RequestBook {
  const { store, checkAudit, log, policies, events, afterChange } = parts;
  const underRule = (request: CloseRequest) => withNarrowerPolicy(request, policies.for(request.facts));
  const judge = ({ request, nowMs }: StoredRequest, command: Command) =>
    decide(request, command, { nowMs, current: policies.for(request.facts) });

  async function load(requestId: string): Promise<Result<StoredRequest>> {
    const stored = await store.load(requestId);
    return stored === null ? refuse({ code: 'request-not-found', requestId }) : done(stored);
  }

  async function applyTo(
    first: StoredRequest,
    command: (request: CloseRequest, nowMs: number) => Command,
  ): Promise<Result<CloseRequest>> {
    let stored = first;
    for (let attempt = 0; attempt < ATTEMPTS_AT_MOST; attempt += 1) {
      const { request, nowMs } = stored;
      const applied = await applyOnce(stored, command(request, nowMs));
      if (applied.ok || applied.refusal.code !== 'changed-meanwhile') return applied;

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
    const notices = noticesFor(underRule(next), event);
    const saved = await store.save({
      from: stored,
      next,
      event,
      notAfterMs,
      notices,
      attentionAtMs: nextAttentionAtMs(underRule(next), stored.nowMs),
    });
    // A conflict, or a deadline has passed.
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
    changeOf(request, now) {
      const releasesMore = policies.releasesMore(request.facts, now);
      if (digestOf(now) === request.factsDigest && !releasesMore) return null;
      return { type: 'replace-facts', facts: now, ...(releasesMore && { releasesMore }) };
    },
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
