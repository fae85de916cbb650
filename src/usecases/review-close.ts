/**
 * What people decide about a request: approve, reject, withdraw, check a blocked one again, start the sending again,
 * settle an unknown outcome.
 * Who acts is looked up at every click, and a vote is given on facts fetched just now.
 */
import type { CloseRequest, CommandOf, PeopleNow, VotersNow } from '../domain/close/close-request.ts';
import { evidenceOf } from '../domain/close/closed-evidence.ts';
import { isBlocked, refuseOwing } from '../domain/close/decision.ts';
import { inWhosePlace } from '../domain/close/votes.ts';
import type { Person, PersonId } from '../domain/person.ts';
import { done, type Refusal, type Result, refuse } from '../domain/refusal.ts';
import type { Access, Voters } from './access.ts';
import { type CurrentFacts, exchangeRefusal, readFacts } from './current-facts.ts';
import type { Desk } from './desk.ts';
import type { ExecuteClose } from './execute-close.ts';
import type { LoanReader, StoredRequest } from './ports.ts';
import type { RequestBook } from './request-book.ts';

export interface ReviewCloseParts {
  readonly access: Access;
  readonly book: RequestBook;
  readonly reader: LoanReader;
  readonly executor: Pick<ExecuteClose, 'start'>;
  /** Called when the last needed approval is stored, to start the sending. */
  readonly onApproved: (requestId: string) => void;
}

const NOT_VISIBLE: Refusal = {
  code: 'facts-unreadable',
  why: "Binance doesn't show the unit to this key right now",
};

type ReviewClose = Pick<
  Desk,
  | 'openBallot'
  | 'approve'
  | 'openRejection'
  | 'reject'
  | 'withdraw'
  | 'checkAgain'
  | 'startSending'
  | 'settle'
>;

interface ActingPerson {
  readonly person: Person;
  readonly stored: StoredRequest;
}

type ActingVoter = ActingPerson & Voters;

type Approver = ActingVoter & PeopleNow;

export function createReviewClose(parts: ReviewCloseParts): ReviewClose {
  const { access, book, reader } = parts;

  /** `what` is the name of the act in the audit, where a person who may not act at all is recorded. */
  async function personOn(by: PersonId, requestId: string, what: string): Promise<Result<ActingPerson>> {
    const [person, stored] = await Promise.all([access.identify(by), book.load(requestId)]);
    if (!stored.ok) return stored;
    if (!person.ok) {
      await book.noteRefusal(requestId, by, what, person.refusal.code);
      return person;
    }
    return done({ person: person.value, stored: stored.value });
  }

  async function actorOn<Found extends VotersNow>(
    by: PersonId,
    requestId: string,
    what: string,
    lookUp: (request: CloseRequest) => Promise<Result<Found>>,
  ): Promise<Result<ActingPerson & Found>> {
    const acting = await personOn(by, requestId, what);
    if (!acting.ok) return acting;
    const { request } = acting.value.stored;
    const { policy, requester } = request;
    const voters = await lookUp(request);
    if (!voters.ok) return voters;
    // The rule would refuse them as well, but can't name the missing groups.
    const isRequester = by.userId === requester.userId;
    if (!isRequester && !voters.value.eligible.has(by.userId)) {
      const missingGroups = await access.missingGroups(policy.approvers);
      if (missingGroups.length > 0) {
        await book.noteRefusal(requestId, by, what, 'role-missing');
        return refuse({ code: 'role-missing', role: 'approver', missingGroups });
      }
    }
    return done({ ...acting.value, ...voters.value });
  }

  const voterOn = (by: PersonId, requestId: string, what: string): Promise<Result<ActingVoter>> =>
    actorOn(by, requestId, what, access.votersFor);

  /** Looks up only what decides about this person: what Slack doesn't answer about others must not hold up a veto. */
  const stopperOn = (by: PersonId, requestId: string) =>
    actorOn(by, requestId, 'vote', (request) => access.voterFor(by, request));

  /** As `voterOn`, and whether the requester is still allowed to request closes. */
  async function approverOn(by: PersonId, requestId: string): Promise<Result<Approver>> {
    const voter = await voterOn(by, requestId, 'vote');
    if (!voter.ok) return voter;
    const mayAsk = await access.requesterMayAsk(voter.value.stored.request.requester);
    return mayAsk.ok ? done({ ...voter.value, requesterMayAsk: mayAsk.value }) : mayAsk;
  }

  function approval(
    { person: by, stored: _, ...people }: Approver,
    version: number,
    factsDigest: string,
  ): CommandOf<'approve'> {
    return { type: 'approve', by, version, factsDigest, ...people };
  }

  function mayApprove(approver: Approver, version: number): Promise<Result<CloseRequest>> {
    const { stored, person: by } = approver;
    const command = approval(approver, version, stored.request.factsDigest);
    return book.ask(stored, { by, what: 'approve', command });
  }

  /** Voids the votes if the facts changed; returns the request if they did not. */
  async function compareFacts(current: CurrentFacts, stored: StoredRequest): Promise<Result<CloseRequest>> {
    const request = book.underRule(stored.request);
    switch (current.kind) {
      // No vote on unreadable facts; earlier votes stay.
      case 'unreadable':
        return refuse(exchangeRefusal(current.failure));
      case 'not-visible':
        return refuse(NOT_VISIBLE);
      case 'closed': {
        const evidence = evidenceOf(request.facts, current.closedUnit);
        if (evidence === null) return refuse(NOT_VISIBLE);
        const superseded = await book.applyTo(stored, () => ({ type: 'supersede', evidence }));
        if (!superseded.ok) return superseded;
        const { groupId, closedAtMs } = evidence;
        return refuse({ code: 'already-closed', groupId, closedAtMs });
      }
      case 'read': {
        const change = book.changeOf(request, current.facts);
        if (change === null) return done(request);
        const replaced = await book.applyTo(stored, () => change);
        if (replaced.ok) return refuse({ code: 'facts-changed', changes: replaced.value.factChanges });
        // Another click recorded the same change first, so this one was on the old version.
        return replaced.refusal.code === 'nothing-changed' ? refuse({ code: 'old-version' }) : replaced;
      }
    }
  }

  return {
    async openBallot(by, requestId, version) {
      const voter = await approverOn(by, requestId);
      if (!voter.ok) return voter;
      const allowed = await mayApprove(voter.value, version);
      if (!allowed.ok) return allowed;
      const current = await readFacts(reader, allowed.value.groupId, allowed.value.facts.creditAccount);
      const held = await compareFacts(current, voter.value.stored);
      if (!held.ok) return held;
      return done({
        request: held.value,
        facts: current.kind === 'read' ? current.facts : held.value.facts,
        inPlaceOf: inWhosePlace(voter.value.pairs, by.userId),
      });
    },

    async approve(by, { requestId, version, digest, typedId }) {
      const voter = await approverOn(by, requestId);
      if (!voter.ok) return voter;
      const allowed = await mayApprove(voter.value, version);
      if (!allowed.ok) return allowed;
      const { groupId, facts } = allowed.value;
      if (typedId.trim() !== groupId)
        return refuse({ code: 'typed-id-differs', typed: typedId.trim(), groupId });
      const { stored } = voter.value;
      const held = await compareFacts(await readFacts(reader, groupId, facts.creditAccount), stored);
      if (!held.ok) return held;
      // Reading the facts took time, so the vote gets the store's current time. If the record changed meanwhile, the
      // store refuses and the rule decides again.
      const approved = await book.attempt(await book.asOfNow(stored), {
        by,
        what: 'approve',
        command: approval(voter.value, version, digest),
      });
      if (approved.ok && approved.value.state === 'approved') parts.onApproved(requestId);
      return approved;
    },

    async openRejection(by, requestId, version) {
      const voter = await stopperOn(by, requestId);
      if (!voter.ok) return voter;
      const { person, stored, eligible, pairs } = voter.value;
      const command = { type: 'reject', by: person, eligible, pairs, version, reason: '…' } as const;
      return book.ask(stored, { by, what: 'reject', command });
    },

    async reject(by, requestId, version, reason) {
      const voter = await stopperOn(by, requestId);
      if (!voter.ok) return voter;
      const { person, stored, eligible, pairs } = voter.value;
      const command = { type: 'reject', by: person, eligible, pairs, version, reason } as const;
      return book.attempt(stored, { by, what: 'reject', command });
    },

    async withdraw(by, requestId) {
      const acting = await personOn(by, requestId, 'withdraw');
      if (!acting.ok) return acting;
      const { person, stored } = acting.value;
      return book.attempt(stored, { by, what: 'withdraw', command: { type: 'withdraw', by: person } });
    },

    async checkAgain(by, requestId) {
      const what = 'check again';
      const voter = await voterOn(by, requestId, what);
      if (!voter.ok) return voter;
      const { stored, eligible } = voter.value;
      const request = book.underRule(stored.request);
      const isRequester = by.userId === request.requester.userId && by.teamId === request.requester.teamId;
      if (!isRequester && !eligible.has(by.userId)) {
        const refusal: Refusal = { code: 'role-missing', role: 'approver' };
        await book.noteAttempt(requestId, by, what, refusal);
        return refuse(refusal);
      }
      const { groupId, facts, state, ending, expiresAtMs } = request;
      if (!isBlocked(request))
        return refuse({ code: 'wrong-state', state, settled: ending?.kind === 'settled' });
      if (stored.nowMs >= expiresAtMs) return refuse({ code: 'expired' });
      const held = await compareFacts(await readFacts(reader, groupId, facts.creditAccount), stored);
      const isChanged = !held.ok && ['facts-changed', 'old-version'].includes(held.refusal.code);
      if (!held.ok && !isChanged) return held;
      const now = await book.load(requestId);
      if (!now.ok) return now;
      const checked = book.underRule(now.value.request);
      const owes = isBlocked(checked) ? refuseOwing(checked.facts) : null;
      return owes === null ? done(checked) : refuse(owes);
    },

    async startSending(by, requestId, version) {
      const what = 'start sending';
      const voter = await voterOn(by, requestId, what);
      if (!voter.ok) return voter;
      const { person, eligible, stored } = voter.value;
      const started = await parts.executor.start(stored, { by: person, version, eligible });
      if (!started.ok) await book.noteAttempt(requestId, by, what, started.refusal);
      return started;
    },

    /** Two eligible people with the same finding, each with a note, settle an unknown outcome. */
    async settle(by, requestId, verdict, note) {
      const voter = await voterOn(by, requestId, 'settle');
      if (!voter.ok) return voter;
      const { person, stored, eligible, pairs } = voter.value;
      const command = { type: 'settle', by: person, verdict, note, eligible, pairs } as const;
      return book.attempt(stored, { by, what: 'settle', command });
    },
  };
}
