/** Approve, reject, withdraw: what people decide about a request, each on facts fetched just now. */

import type { CloseRequest, CommandOf } from '../domain/close/close-request.ts';
import { evidenceOf } from '../domain/close/closed-evidence.ts';
import type { PersonId } from '../domain/person.ts';
import { done, type Refusal, type Result, refuse } from '../domain/refusal.ts';
import type { Access } from './access.ts';
import { type ActingVoter, actingPerson, actingVoter } from './acting-person.ts';
import { type CurrentFacts, readFacts } from './current-facts.ts';
import type { Desk } from './desk.ts';
import { exchangeRefusal } from './exchange-refusal.ts';
import type { LoanReader, StoredRequest } from './ports.ts';
import type { RequestBook } from './request-book.ts';

export interface ReviewCloseParts {
  readonly access: Access;
  readonly book: RequestBook;
  readonly reader: LoanReader;
  /** Called when the last needed vote is stored: somebody should send now. */
  readonly onApproved: (requestId: string) => void;
}

const NOT_VISIBLE: Refusal = {
  code: 'facts-unreadable',
  why: 'the unit is not visible on the exchange at this moment',
};

type ReviewClose = Pick<Desk, 'openBallot' | 'approve' | 'openRejection' | 'reject' | 'withdraw'>;

interface Approver extends ActingVoter {
  readonly requesterMayAsk: boolean;
}

export function createReviewClose({ access, book, reader, onApproved }: ReviewCloseParts): ReviewClose {
  const voterOn = (by: PersonId, requestId: string) => actingVoter({ access, book }, by, requestId, 'vote');

  /** As a vote needs it: the requester must still be allowed to ask. */
  async function approverOn(by: PersonId, requestId: string): Promise<Result<Approver>> {
    const voter = await voterOn(by, requestId);
    if (!voter.ok) return voter;
    const mayAsk = await access.requesterMayAsk(voter.value.stored.request.requester);
    return mayAsk.ok ? done({ ...voter.value, requesterMayAsk: mayAsk.value }) : mayAsk;
  }

  function approval(
    { person: by, eligible, requesterMayAsk }: Approver,
    version: number,
    factsDigest: string,
  ): CommandOf<'approve'> {
    return { type: 'approve', by, version, factsDigest, eligible, requesterMayAsk };
  }

  /** The rule's answer without storing anything; attempts that matter are noted in the audit. */
  async function wouldApprove(approver: Approver, version: number): Promise<Result<CloseRequest>> {
    const { stored, person } = approver;
    const command = approval(approver, version, stored.request.factsDigest);
    const decision = book.judge(stored, command);
    if (decision.ok) return done(book.underRule(stored.request));
    return book.attempt(stored, person, 'approve', () => command);
  }

  /** Voids the votes where the facts moved; the request itself when they are the ones voted on. */
  async function holdAgainst(current: CurrentFacts, stored: StoredRequest): Promise<Result<CloseRequest>> {
    const request = book.underRule(stored.request);
    switch (current.kind) {
      // Nothing is voted while the facts cannot be read, and nothing needs to be undone for it.
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
        if (current.digest === request.factsDigest) return done(request);
        const replaced = await book.applyTo(stored, () => ({
          type: 'replace-facts',
          facts: current.facts,
        }));
        if (replaced.ok) return refuse({ code: 'facts-changed', changes: replaced.value.factChanges });
        // Somebody else's click recorded the same change first: this one was on the version before.
        return replaced.refusal.code === 'nothing-changed' ? refuse({ code: 'old-version' }) : replaced;
      }
    }
  }

  return {
    async openBallot(by, requestId, version) {
      const voter = await approverOn(by, requestId);
      if (!voter.ok) return voter;
      const allowed = await wouldApprove(voter.value, version);
      if (!allowed.ok) return allowed;
      const current = await readFacts(reader, allowed.value.groupId, allowed.value.facts.creditAccount);
      const held = await holdAgainst(current, voter.value.stored);
      if (!held.ok) return held;
      return done({
        request: held.value,
        // Equal in everything a vote is bound to, but read just now.
        facts: current.kind === 'read' ? current.facts : held.value.facts,
        digest: held.value.factsDigest,
        changesSinceFirstVote: held.value.factChanges,
      });
    },

    async approve(by, { requestId, version, digest, typedId }) {
      const voter = await approverOn(by, requestId);
      if (!voter.ok) return voter;
      const { stored } = voter.value;
      const allowed = await wouldApprove(voter.value, version);
      if (!allowed.ok) return allowed;
      const { groupId, facts } = allowed.value;
      if (typedId.trim() !== groupId)
        return refuse({ code: 'typed-id-differs', typed: typedId.trim(), groupId });
      const held = await holdAgainst(await readFacts(reader, groupId, facts.creditAccount), stored);
      if (!held.ok) return held;
      // Reading the facts took its time, and the vote is dated by the store's clock of now. A record that changed
      // meanwhile does not take it: the store compares, and the rule judges again.
      const command = approval(voter.value, version, digest);
      const approved = await book.attempt(book.asOfNow(stored), by, 'approve', () => command);
      if (approved.ok && approved.value.state === 'approved') onApproved(requestId);
      return approved;
    },

    async openRejection(by, requestId, version) {
      const voter = await voterOn(by, requestId);
      if (!voter.ok) return voter;
      const { person, eligible, stored } = voter.value;
      const command = { type: 'reject', by: person, eligible, version, reason: '…' } as const;
      const decision = book.judge(stored, command);
      return decision.ok
        ? done(book.underRule(stored.request))
        : book.attempt(stored, by, 'reject', () => command);
    },

    async reject(by, requestId, version, reason) {
      const voter = await voterOn(by, requestId);
      if (!voter.ok) return voter;
      const { person, eligible, stored } = voter.value;
      return book.attempt(stored, by, 'reject', () => ({
        type: 'reject',
        by: person,
        eligible,
        version,
        reason,
      }));
    },

    async withdraw(by, requestId) {
      const acting = await actingPerson({ access, book }, by, requestId, 'withdraw');
      if (!acting.ok) return acting;
      const { person, stored } = acting.value;
      return book.attempt(stored, by, 'withdraw', () => ({ type: 'withdraw', by: person }));
    },
  };
}
