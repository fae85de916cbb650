/**
 * The rule of a close request, written once. Pure: the caller brings the time (the store's clock), the people and
 * the facts; the store makes the result durable if nothing changed in between.
 */
import {
  type CardLocation,
  type ClosedEvidence,
  type CloseRequest,
  type Ending,
  type ExchangeAnswer,
  isTerminal,
  type RequestEvent,
  reminderAtMs,
  UNKNOWN_PAGES_AFTER_MS,
  type Verdict,
  type VoidedVote,
  type Vote,
} from './close-request.ts';
import { blockersOf, diffFacts, digestOf, type Facts } from './facts.ts';
import { type Person, type PersonId, personKey, refuseKind } from './policy.ts';
import type { Refusal } from './refusal.ts';

export type Command =
  | { readonly type: 'record-card'; readonly card: CardLocation }
  | { readonly type: 'give-up-card'; readonly why: string }
  | {
      readonly type: 'approve';
      readonly by: Person;
      readonly version: number;
      readonly factsDigest: string;
      readonly eligible: ReadonlySet<string>;
    }
  | {
      readonly type: 'reject';
      readonly by: Person;
      readonly version: number;
      readonly reason: string;
      readonly eligible: ReadonlySet<string>;
    }
  | { readonly type: 'withdraw'; readonly by: Person }
  | { readonly type: 'expire' }
  | { readonly type: 'remind'; readonly stage: 'half' | 'eighty' }
  /** `facts` null: they could not be read, which counts as changed. */
  | { readonly type: 'replace-facts'; readonly facts: Facts | null; readonly why: string | null }
  | { readonly type: 'recount-votes'; readonly eligible: ReadonlySet<string> }
  | { readonly type: 'supersede'; readonly evidence: ClosedEvidence }
  | {
      readonly type: 'claim';
      readonly owner: string;
      readonly deadlineAtMs: number;
      readonly by: Person | null;
      readonly eligible: ReadonlySet<string> | null;
    }
  | { readonly type: 'abandon-claim' }
  | {
      readonly type: 'mark-sent';
      readonly owner: string;
      readonly signedTimestampMs: number;
      readonly recvWindowMs: number;
      readonly deadlineAtMs: number;
    }
  | { readonly type: 'rehearse'; readonly owner: string }
  | { readonly type: 'never-sent'; readonly owner: string; readonly why: string }
  | { readonly type: 'record-answer'; readonly answer: ExchangeAnswer }
  | { readonly type: 'lose-track' }
  | { readonly type: 'read-back'; readonly seen: ReadBackSighting }
  | { readonly type: 'page-people' }
  | {
      readonly type: 'settle';
      readonly by: Person;
      readonly verdict: Verdict;
      readonly note: string;
      readonly eligible: ReadonlySet<string>;
    }
  | {
      readonly type: 'note-refusal';
      readonly by: PersonId;
      readonly attempted: string;
      readonly refusal: Refusal['code'];
    };

/** What a look at the exchange's own record showed. `readAtMs` is exchange time. */
export type ReadBackSighting =
  | { readonly kind: 'in-closed-list'; readonly evidence: ClosedEvidence }
  | { readonly kind: 'still-active'; readonly readAtMs: number }
  | { readonly kind: 'neither'; readonly readAtMs: number }
  | { readonly kind: 'unreadable'; readonly why: string };

export type Decision =
  | {
      readonly ok: true;
      readonly next: CloseRequest;
      readonly event: RequestEvent;
      /** The store refuses the change from this time on, by its own clock; null: no deadline. */
      readonly notAfterMs: number | null;
    }
  | { readonly ok: false; readonly refusal: Refusal };

/** A late copy of the DELETE is refused after timestamp + recvWindow; the exchange's own back end gives up after 10 s. */
export const LATE_COPY_MARGIN_MS = 60_000;
/** Reads that must agree that the unit is still active before a lost DELETE counts as not executed. */
export const AGREEING_READS = 3;
/** Both times are the exchange's clock; it may round a closeTime down. */
const CLOSE_TIME_TOLERANCE_MS = 1_000;
/** A flood of refused clicks must not grow the audit without end. */
const REFUSALS_NOTED_AT_MOST = 50;

/** The next record and what happened, or why not. Revision and audit are the store's to advance. */
export function decide(request: CloseRequest, command: Command, nowMs: number): Decision {
  switch (command.type) {
    case 'record-card':
      if (request.card !== null) return no({ code: 'nothing-changed' });
      return to(request, { card: command.card }, { type: 'card-posted', by: null, atMs: nowMs });
    case 'give-up-card':
      return giveUpCard(request, command.why, nowMs);
    case 'approve':
      return approve(request, command, nowMs);
    case 'reject':
      return reject(request, command, nowMs);
    case 'withdraw':
      return withdraw(request, command.by, nowMs);
    case 'expire':
      return expire(request, nowMs);
    case 'remind':
      return remind(request, command.stage, nowMs);
    case 'replace-facts':
      return replaceFacts(request, command.facts, command.why, nowMs);
    case 'recount-votes':
      return recountVotes(request, command.eligible, nowMs);
    case 'supersede':
      return supersede(request, command.evidence, nowMs);
    case 'claim':
      return claim(request, command, nowMs);
    case 'abandon-claim':
      return abandonClaim(request, nowMs);
    case 'mark-sent':
      return markSent(request, command, nowMs);
    case 'rehearse':
      return rehearse(request, command.owner, nowMs);
    case 'never-sent':
      return neverSent(request, command.owner, command.why, nowMs);
    case 'record-answer':
      return recordAnswer(request, command.answer, nowMs);
    case 'lose-track':
      return loseTrack(request, nowMs);
    case 'read-back':
      return readBack(request, command.seen, nowMs);
    case 'page-people':
      return pagePeople(request, nowMs);
    case 'settle':
      return settle(request, command, nowMs);
    case 'note-refusal':
      if (request.refusalsNoted >= REFUSALS_NOTED_AT_MOST) return no({ code: 'nothing-changed' });
      return to(
        request,
        { refusalsNoted: request.refusalsNoted + 1 },
        {
          type: 'refused',
          by: command.by,
          attempted: command.attempted,
          refusal: command.refusal,
          atMs: nowMs,
        },
      );
  }
}

type Changes = Partial<
  Omit<CloseRequest, 'id' | 'groupId' | 'requester' | 'policy' | 'revision' | 'audit' | 'schema'>
>;

function to(
  request: CloseRequest,
  changes: Changes,
  event: RequestEvent,
  notAfterMs: number | null = null,
): Decision {
  return { ok: true, next: { ...request, ...changes }, event, notAfterMs };
}

function no(refusal: Refusal): Decision {
  return { ok: false, refusal };
}

function end(state: CloseRequest['state'], ending: Ending): Changes {
  return { state, ending, claim: null };
}

function idOf({ teamId, userId }: PersonId): PersonId {
  return { teamId, userId };
}

function keyOf(request: CloseRequest, person: PersonId): string {
  return personKey(person.userId, request.policy.samePerson);
}

/** Why a person's decision cannot be taken in this state, or null when it is open for decisions. */
function refuseUndecidable(request: CloseRequest, nowMs: number): Refusal | null {
  if (request.state === 'sending' || request.state === 'unknown') return { code: 'already-executing' };
  if (request.state === 'expired') return { code: 'expired' };
  if (isTerminal(request.state)) return { code: 'already-decided', state: request.state };
  // Expiry holds by the clock, whether or not the sweeper has come by.
  if (nowMs >= request.expiresAtMs) return { code: 'expired' };
  if (request.card === null) return { code: 'card-not-posted' };
  return null;
}

/** Why this person may not vote, or null. The requester's own vote has its own words: it is the rule itself. */
function refuseVoter(request: CloseRequest, by: Person, eligible: ReadonlySet<string>): Refusal | null {
  const kind = refuseKind(by);
  if (kind) return kind;
  const key = keyOf(request, by);
  if (!request.policy.requesterMayApprove && key === keyOf(request, request.requester))
    return { code: 'self-approval' };
  return eligible.has(key) ? null : { code: 'role-missing', role: 'approver' };
}

function approve(
  request: CloseRequest,
  command: Extract<Command, { type: 'approve' }>,
  nowMs: number,
): Decision {
  const refusal =
    refuseVoter(request, command.by, command.eligible) ??
    refuseUndecidable(request, nowMs) ??
    (request.state === 'approved' ? ({ code: 'already-decided', state: 'approved' } as const) : null) ??
    (command.version !== request.version || command.factsDigest !== request.factsDigest
      ? ({ code: 'old-version' } as const)
      : null) ??
    refuseBlocked(request);
  if (refusal) return no(refusal);
  const key = keyOf(request, command.by);
  if (request.votes.some((vote) => keyOf(request, vote.voter) === key)) return no({ code: 'already-voted' });

  const vote: Vote = {
    voter: idOf(command.by),
    atMs: nowMs,
    version: request.version,
    factsDigest: request.factsDigest,
  };
  const { kept, dropped } = splitVotes(request, command.eligible, nowMs);
  const votes = [...kept, vote];
  return to(
    request,
    {
      votes,
      voidedVotes: [...request.voidedVotes, ...dropped],
      state: votes.length >= request.policy.quorum ? 'approved' : 'pending',
    },
    {
      type: 'approved',
      by: idOf(command.by),
      votes: votes.length,
      dropped: dropped.map((each) => each.voter),
      atMs: nowMs,
    },
    request.expiresAtMs,
  );
}

/** A request whose own facts forbid the close (they changed so) cannot be voted on. */
function refuseBlocked(request: CloseRequest): Refusal | null {
  const blocker = blockersOf(request.facts)[0];
  if (blocker === undefined) return null;
  if (blocker.kind === 'not-active') return { code: 'unit-not-active', groupId: request.groupId };
  const { liabilities, totalLiability } = blocker;
  return { code: 'owes', groupId: request.groupId, liabilities, totalLiability };
}

/** Votes that still count, and those whose voter is no longer eligible. */
function splitVotes(
  request: CloseRequest,
  eligible: ReadonlySet<string>,
  nowMs: number,
): { kept: Vote[]; dropped: VoidedVote[] } {
  const kept: Vote[] = [];
  const dropped: VoidedVote[] = [];
  for (const vote of request.votes) {
    if (eligible.has(keyOf(request, vote.voter))) kept.push(vote);
    else dropped.push({ ...vote, voidedAtMs: nowMs, because: 'no-longer-eligible' });
  }
  return { kept, dropped };
}

function reject(
  request: CloseRequest,
  command: Extract<Command, { type: 'reject' }>,
  nowMs: number,
): Decision {
  const refusal = refuseVoter(request, command.by, command.eligible) ?? refuseUndecidable(request, nowMs);
  if (refusal) return no(refusal);
  if (command.version !== request.version) return no({ code: 'old-version' });
  const reason = command.reason.trim();
  if (reason === '') return no({ code: 'reason-missing' });
  const by = idOf(command.by);
  return to(
    request,
    end('rejected', { kind: 'rejected', by, reason, atMs: nowMs }),
    { type: 'rejected', by, reason, atMs: nowMs },
    request.expiresAtMs,
  );
}

function withdraw(request: CloseRequest, by: Person, nowMs: number): Decision {
  if (by.userId !== request.requester.userId || by.teamId !== request.requester.teamId) {
    return no({ code: 'not-the-requester' });
  }
  if (request.state === 'sending' || request.state === 'unknown') return no({ code: 'already-executing' });
  if (isTerminal(request.state)) return no({ code: 'already-decided', state: request.state });
  const requester = idOf(by);
  return to(request, end('withdrawn', { kind: 'withdrawn', by: requester, atMs: nowMs }), {
    type: 'withdrawn',
    by: requester,
    atMs: nowMs,
  });
}

function expire(request: CloseRequest, nowMs: number): Decision {
  const claimedUnsent = request.state === 'sending' && request.sent === null;
  if (request.state !== 'pending' && request.state !== 'approved' && !claimedUnsent) {
    return no({ code: 'wrong-state', state: request.state });
  }
  if (nowMs < request.expiresAtMs) return no({ code: 'nothing-changed' });
  return to(request, end('expired', { kind: 'expired', atMs: nowMs }), {
    type: 'expired',
    by: null,
    atMs: nowMs,
  });
}

function remind(request: CloseRequest, stage: 'half' | 'eighty', nowMs: number): Decision {
  if (request.state !== 'pending') return no({ code: 'wrong-state', state: request.state });
  if (request.reminded[stage] || nowMs < reminderAtMs(request, stage)) return no({ code: 'nothing-changed' });
  // At 80 % the half-way reminder is no longer worth sending.
  const reminded = stage === 'half' ? { ...request.reminded, half: true } : { half: true, eighty: true };
  return to(request, { reminded }, { type: 'reminded', by: null, stage, atMs: nowMs }, request.expiresAtMs);
}

function isUnsent(request: CloseRequest): boolean {
  return (
    request.state === 'pending' ||
    request.state === 'approved' ||
    (request.state === 'sending' && request.sent === null)
  );
}

function replaceFacts(
  request: CloseRequest,
  facts: Facts | null,
  why: string | null,
  nowMs: number,
): Decision {
  if (!isUnsent(request)) return no({ code: 'wrong-state', state: request.state });
  const changes = facts === null ? [] : diffFacts(request.facts, facts);
  if (facts !== null && digestOf(facts) === request.factsDigest) return no({ code: 'nothing-changed' });
  const because = facts === null ? 'facts-unreadable' : 'facts-changed';
  const voided: VoidedVote[] = request.votes.map((vote) => ({ ...vote, voidedAtMs: nowMs, because }));
  return to(
    request,
    {
      state: 'pending',
      version: request.version + 1,
      facts: facts ?? request.facts,
      factsDigest: facts === null ? request.factsDigest : digestOf(facts),
      factChanges: changes,
      votes: [],
      voidedVotes: [...request.voidedVotes, ...voided],
      claim: null,
    },
    {
      type: 'facts-changed',
      by: null,
      changes,
      unreadable: facts === null ? (why ?? 'the unit could not be read') : null,
      voided: voided.map((vote) => vote.voter),
      atMs: nowMs,
    },
  );
}

function recountVotes(request: CloseRequest, eligible: ReadonlySet<string>, nowMs: number): Decision {
  if (!isUnsent(request)) return no({ code: 'wrong-state', state: request.state });
  const { kept, dropped } = splitVotes(request, eligible, nowMs);
  if (dropped.length === 0) return no({ code: 'nothing-changed' });
  const short = kept.length < request.policy.quorum;
  return to(
    request,
    {
      votes: kept,
      voidedVotes: [...request.voidedVotes, ...dropped],
      state: short ? 'pending' : request.state,
      claim: short ? null : request.claim,
    },
    { type: 'votes-dropped', by: null, dropped: dropped.map((vote) => vote.voter), atMs: nowMs },
  );
}

function supersede(request: CloseRequest, evidence: ClosedEvidence, nowMs: number): Decision {
  if (!isUnsent(request)) return no({ code: 'wrong-state', state: request.state });
  return to(
    request,
    { ...end('superseded', { kind: 'closed-elsewhere', atMs: nowMs }), evidence },
    { type: 'superseded', by: null, evidence, atMs: nowMs },
  );
}

function claim(request: CloseRequest, command: Extract<Command, { type: 'claim' }>, nowMs: number): Decision {
  if (request.state === 'sending') return no({ code: 'already-executing' });
  if (request.state !== 'approved') return no({ code: 'wrong-state', state: request.state });
  if (nowMs >= request.expiresAtMs) return no({ code: 'expired' });
  if (request.abandonedClaims > 0) {
    // A process died here once. Only a person may start the sending again.
    if (command.by === null || command.eligible === null) return no({ code: 'nothing-changed' });
    const refusal = refuseStarter(request, command.by, command.eligible);
    if (refusal) return no(refusal);
  }
  return to(
    request,
    { state: 'sending', claim: { owner: command.owner, deadlineAtMs: command.deadlineAtMs } },
    { type: 'claimed', by: command.by === null ? null : idOf(command.by), owner: command.owner, atMs: nowMs },
    request.expiresAtMs,
  );
}

/** Approvers and the requester may start the sending of an approved request again. */
function refuseStarter(request: CloseRequest, by: Person, eligible: ReadonlySet<string>): Refusal | null {
  const kind = refuseKind(by);
  if (kind) return kind;
  if (by.userId === request.requester.userId && by.teamId === request.requester.teamId) return null;
  return eligible.has(keyOf(request, by)) ? null : { code: 'role-missing', role: 'approver' };
}

function abandonClaim(request: CloseRequest, nowMs: number): Decision {
  if (request.state !== 'sending' || request.claim === null || request.sent !== null) {
    return no({ code: 'wrong-state', state: request.state });
  }
  if (nowMs < request.claim.deadlineAtMs) return no({ code: 'nothing-changed' });
  return to(
    request,
    { state: 'approved', claim: null, abandonedClaims: request.abandonedClaims + 1 },
    { type: 'claim-abandoned', by: null, owner: request.claim.owner, atMs: nowMs },
  );
}

/** Why this process may not go on with the claim it believes it holds. */
function refuseClaimant(request: CloseRequest, owner: string, nowMs: number): Refusal | null {
  if (request.state !== 'sending') return { code: 'wrong-state', state: request.state };
  if (request.claim?.owner !== owner) return { code: 'not-claim-owner' };
  if (request.sent !== null) return { code: 'already-executing' };
  if (nowMs >= request.claim.deadlineAtMs) return { code: 'claim-expired' };
  return null;
}

function markSent(
  request: CloseRequest,
  command: Extract<Command, { type: 'mark-sent' }>,
  nowMs: number,
): Decision {
  const refusal = refuseClaimant(request, command.owner, nowMs);
  if (refusal) return no(refusal);
  if (nowMs >= request.expiresAtMs) return no({ code: 'expired' });
  if (request.policy.mode === 'dry-run') return no({ code: 'wrong-state', state: request.state });
  const { signedTimestampMs, recvWindowMs, owner, deadlineAtMs } = command;
  return to(
    request,
    { sent: { atMs: nowMs, signedTimestampMs, recvWindowMs }, claim: { owner, deadlineAtMs } },
    { type: 'sent', by: null, signedTimestampMs, recvWindowMs, atMs: nowMs },
    Math.min(request.expiresAtMs, request.claim?.deadlineAtMs ?? nowMs),
  );
}

function rehearse(request: CloseRequest, owner: string, nowMs: number): Decision {
  const refusal = refuseClaimant(request, owner, nowMs);
  if (refusal) return no(refusal);
  if (nowMs >= request.expiresAtMs) return no({ code: 'expired' });
  if (request.policy.mode !== 'dry-run') return no({ code: 'wrong-state', state: request.state });
  return to(
    request,
    end('rehearsed', { kind: 'rehearsed', atMs: nowMs }),
    { type: 'rehearsed', by: null, atMs: nowMs },
    request.expiresAtMs,
  );
}

function neverSent(request: CloseRequest, owner: string, why: string, nowMs: number): Decision {
  const refusal = refuseClaimant(request, owner, nowMs);
  if (refusal) return no(refusal);
  return to(request, end('failed', { kind: 'never-sent', why, atMs: nowMs }), {
    type: 'never-sent',
    by: null,
    why,
    atMs: nowMs,
  });
}

function recordAnswer(request: CloseRequest, answer: ExchangeAnswer, nowMs: number): Decision {
  // The answer may come after another process already called the outcome unknown: it is evidence all the same.
  const awaited = (request.state === 'sending' || request.state === 'unknown') && request.sent !== null;
  if (!awaited || request.answer !== null) return no({ code: 'wrong-state', state: request.state });
  const event: RequestEvent = { type: 'answered', by: null, answer, atMs: nowMs };
  switch (answer.kind) {
    case 'closed':
      return to(request, { answer, claim: null }, event);
    case 'refused':
      return to(request, { ...end('failed', { kind: 'refused-by-exchange', atMs: nowMs }), answer }, event);
    case 'not-sent':
      return to(
        request,
        { ...end('failed', { kind: 'never-sent', why: answer.meaning, atMs: nowMs }), answer },
        event,
      );
    case 'unknown':
      return to(request, { state: 'unknown', answer, claim: null }, event);
  }
}

function loseTrack(request: CloseRequest, nowMs: number): Decision {
  if (request.state !== 'sending' || request.sent === null)
    return no({ code: 'wrong-state', state: request.state });
  const event: RequestEvent = { type: 'lost-track', by: null, atMs: nowMs };
  if (request.answer === null) {
    if (request.claim !== null && nowMs < request.claim.deadlineAtMs) return no({ code: 'nothing-changed' });
    return to(request, { state: 'unknown', claim: null }, event);
  }
  // The exchange said CLOSED, yet its own closed list does not show it: that is not known to be closed.
  if (nowMs < request.sent.atMs + UNKNOWN_PAGES_AFTER_MS) return no({ code: 'nothing-changed' });
  return to(request, { state: 'unknown', claim: null }, event);
}

function readBack(request: CloseRequest, seen: ReadBackSighting, nowMs: number): Decision {
  const awaits =
    request.state === 'unknown' || (request.state === 'sending' && request.answer?.kind === 'closed');
  if (!awaits || request.sent === null) return no({ code: 'wrong-state', state: request.state });
  const { sent } = request;
  if (seen.kind === 'in-closed-list') {
    const event: RequestEvent = {
      type: 'read-back',
      by: null,
      seen: seen.kind,
      evidence: seen.evidence,
      atMs: nowMs,
    };
    const fits = seen.evidence.closedAtMs >= sent.signedTimestampMs - CLOSE_TIME_TOLERANCE_MS;
    return fits
      ? to(request, { ...end('closed', { kind: 'read-back', atMs: nowMs }), evidence: seen.evidence }, event)
      : to(
          request,
          { ...end('superseded', { kind: 'closed-elsewhere', atMs: nowMs }), evidence: seen.evidence },
          event,
        );
  }
  const provesSomething =
    seen.kind === 'still-active' &&
    seen.readAtMs >= sent.signedTimestampMs + sent.recvWindowMs + LATE_COPY_MARGIN_MS;
  const agreeingActiveReads = provesSomething
    ? request.readBack.agreeingActiveReads + 1
    : seen.kind === 'neither'
      ? 0
      : request.readBack.agreeingActiveReads;
  const lastSeen = seen.kind === 'unreadable' ? `unreadable: ${seen.why}` : seen.kind;
  const changes: Changes = {
    readBack: { checks: request.readBack.checks + 1, agreeingActiveReads, lastCheckAtMs: nowMs, lastSeen },
  };
  const event: RequestEvent = { type: 'read-back', by: null, seen: lastSeen, evidence: null, atMs: nowMs };
  // An exchange that answered CLOSED and still lists the unit contradicts itself: people decide that.
  if (agreeingActiveReads >= AGREEING_READS && request.answer?.kind !== 'closed') {
    return to(request, { ...changes, ...end('failed', { kind: 'not-executed', atMs: nowMs }) }, event);
  }
  return to(request, changes, event);
}

function pagePeople(request: CloseRequest, nowMs: number): Decision {
  if (request.state !== 'unknown' || request.sent === null)
    return no({ code: 'wrong-state', state: request.state });
  if (request.pagedAtMs !== null || nowMs < request.sent.atMs + UNKNOWN_PAGES_AFTER_MS) {
    return no({ code: 'nothing-changed' });
  }
  return to(request, { pagedAtMs: nowMs }, { type: 'people-paged', by: null, atMs: nowMs });
}

function settle(
  request: CloseRequest,
  command: Extract<Command, { type: 'settle' }>,
  nowMs: number,
): Decision {
  const refusal = refuseKind(command.by);
  if (refusal) return no(refusal);
  if (!command.eligible.has(keyOf(request, command.by)))
    return no({ code: 'role-missing', role: 'approver' });
  if (request.state !== 'unknown') return no({ code: 'wrong-state', state: request.state });
  const note = command.note.trim();
  if (note === '') return no({ code: 'note-missing' });
  const by = idOf(command.by);
  const { verdict } = command;
  const proposal = request.settlement;
  const sameProposer = proposal !== null && keyOf(request, proposal.by) === keyOf(request, by);
  if (proposal === null || sameProposer || !command.eligible.has(keyOf(request, proposal.by))) {
    if (sameProposer && proposal.verdict === verdict) return no({ code: 'second-person-needed' });
    return to(
      request,
      { settlement: { by, verdict, note, atMs: nowMs } },
      { type: 'settlement-proposed', by, verdict, note, atMs: nowMs },
    );
  }
  if (proposal.verdict !== verdict) return no({ code: 'verdict-differs' });
  const ending: Ending = { kind: 'settled', verdict, by: [proposal.by, by], note, atMs: nowMs };
  return to(request, end(verdict === 'closed' ? 'closed' : 'failed', ending), {
    type: 'settled',
    by,
    verdict,
    note,
    atMs: nowMs,
  });
}

function giveUpCard(request: CloseRequest, why: string, nowMs: number): Decision {
  if (request.state !== 'pending' || request.card !== null)
    return no({ code: 'wrong-state', state: request.state });
  return to(request, end('failed', { kind: 'card-undeliverable', why, atMs: nowMs }), {
    type: 'card-undeliverable',
    by: null,
    why,
    atMs: nowMs,
  });
}
