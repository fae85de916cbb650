/**
 * The rule for close requests, as a pure function: the caller passes the time (the store's clock), the people and the
 * facts; the store saves the result if nothing changed meanwhile. This file covers everything up to the last vote,
 * close-sending.ts the sending. Two things void a vote: other facts (`replaceFacts`, every vote) and a voter who may no
 * longer vote (`recountVotes`, and `approve` for the earlier votes; votes.ts says who counts).
 */
import type { CardLocation } from '../card-location.ts';
import { type Person, type PersonId, personKey } from '../person.ts';
import { type ClosePolicy, mergeGroups, refuseKind, refuseUnreachableQuorum } from '../policy.ts';
import type { Refusal } from '../refusal.ts';
import { reminderAtMs } from './attention.ts';
import {
  type CloseRequest,
  type Command,
  type CommandOf,
  type Lack,
  type PeopleNow,
  type VoidedVote,
  type Vote,
  withNarrowerPolicy,
} from './close-request.ts';
import { hasNoRule } from './close-rules.ts';
import {
  abandonClaim,
  claim,
  loseTrack,
  markSent,
  neverSent,
  pagePeople,
  readBack,
  recordAnswer,
  rehearse,
  releaseClaim,
  settle,
} from './close-sending.ts';
import { isTerminal } from './close-state.ts';
import { type ClosedEvidence, fits } from './closed-evidence.ts';
import { type Decision, end, idOf, isBlocked, isUnsent, keyOf, no, refuseOwing, to } from './decision.ts';
import { diffFacts, digestOf, type FactChange, isRepaid } from './facts.ts';
import { countApprovals, inWhosePlace, isDecided, splitVotes } from './votes.ts';

/**
 * Limits on refused clicks in the audit, so that a flood can't fill it or hide other people's attempts: per person, and
 * for the number of people who have no part in the request.
 */
const REFUSALS_NOTED_OF_ONE = 10;
const STRANGERS_NOTED = 50;

/** `nowMs`: the store's clock; `current`: the policy in the settings of this process. */
export interface Circumstances {
  readonly nowMs: number;
  readonly current: ClosePolicy;
}

/**
 * The next record and its event, or a refusal, under the narrower of the request's own policy and the current one. The
 * record keeps its own policy. The store sets revision and audit.
 */
export function decide(request: CloseRequest, command: Command, { nowMs, current }: Circumstances): Decision {
  if (command.type === 'approve' && hasNoRule(current))
    return no({ code: 'no-rule', groupId: request.groupId });
  // Rules that were read again since the people were looked up may need others.
  if ('ruleDigest' in command && command.ruleDigest !== (current.ruleDigest ?? null))
    return no({ code: 'changed-meanwhile' });
  const decision = decideUnder(withNarrowerPolicy(request, withPairs(current, command)), command, nowMs);
  if (!decision.ok) return no(withEnd(decision.refusal, request));
  const { policy, expiresAtMs } = request;
  return { ...decision, next: { ...decision.next, policy, expiresAtMs } };
}

/** A stand-in and the approver in whose place they act are one person. */
function withPairs(current: ClosePolicy, command: Command): ClosePolicy {
  const pairs = 'pairs' in command ? command.pairs : [];
  const together = pairs.map(({ approver, standIn }) => [approver, standIn]);
  return { ...current, samePerson: mergeGroups([...current.samePerson, ...together]) };
}

/** A refusal that names the state must say if two people settled it, because Binance's record didn't show it. */
function withEnd(refusal: Refusal, { ending }: CloseRequest): Refusal {
  const namesState = refusal.code === 'already-decided' || refusal.code === 'wrong-state';
  return namesState && ending?.kind === 'settled' ? { ...refusal, settled: true } : refusal;
}

function decideUnder(request: CloseRequest, command: Command, nowMs: number): Decision {
  switch (command.type) {
    case 'record-card':
      // At another location: the card was deleted and posted again.
      if (isSameCard(request.card, command.card)) return no({ code: 'nothing-changed' });
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
      return replaceFacts(request, command, nowMs);
    case 'recount-votes':
      return recountVotes(request, command, nowMs);
    case 'note-reach':
      return noteReach(request, command, nowMs);
    case 'supersede':
      return supersede(request, command.evidence, nowMs);
    case 'claim':
      return claim(request, command, nowMs);
    case 'abandon-claim':
      return abandonClaim(request, nowMs);
    case 'release-claim':
      return releaseClaim(request, command, nowMs);
    case 'mark-sent':
      return markSent(request, command, nowMs);
    case 'rehearse':
      return rehearse(request, command, nowMs);
    case 'never-sent':
      return neverSent(request, command.owner, command.why, nowMs);
    case 'record-answer':
      return recordAnswer(request, command, nowMs);
    case 'lose-track':
      return loseTrack(request, nowMs);
    case 'read-back':
      return readBack(request, command, nowMs);
    case 'page-people':
      return pagePeople(request, nowMs);
    case 'settle':
      return settle(request, command, nowMs);
    case 'note-refusal':
      return noteRefusal(request, command, nowMs);
  }
}

function noteRefusal(request: CloseRequest, command: CommandOf<'note-refusal'>, nowMs: number): Decision {
  const { attempted, refusal } = command;
  const by = idOf(command.by);
  const noted = request.refusalsNotedOf ?? {};
  const ofThem = noted[by.userId] ?? 0;
  const isNew = ofThem === 0 && !hasPartIn(request, by);
  const strangers = Object.keys(noted).filter((userId) => !hasPartIn(request, { userId })).length;
  if (ofThem >= REFUSALS_NOTED_OF_ONE || (isNew && strangers >= STRANGERS_NOTED))
    return no({ code: 'nothing-changed' });
  return to(
    request,
    {
      refusalsNoted: request.refusalsNoted + 1,
      refusalsNotedOf: { ...noted, [by.userId]: ofThem + 1 },
    },
    { type: 'refused', by, attempted, refusal, atMs: nowMs },
  );
}

/** Whether this person is the requester, a voter or listed as an approver. */
function hasPartIn(
  { requester, votes, voidedVotes, policy }: CloseRequest,
  { userId }: Pick<PersonId, 'userId'>,
): boolean {
  const voters = [...votes, ...voidedVotes].map(({ voter }) => voter.userId);
  return [requester.userId, ...voters, ...policy.approvers].includes(userId);
}

function isSameCard(known: CardLocation | null, { channelId, messageTs }: CardLocation): boolean {
  return known !== null && known.channelId === channelId && known.messageTs === messageTs;
}

/** Once it is claimed it is being carried out; with a time to stop it, it can be stopped until the marker is written. */
function isStoppable(request: CloseRequest): boolean {
  return isUnsent(request) && (request.state !== 'sending' || (request.policy.delayMs ?? 0) > 0);
}

/** Why nobody can stop the request in this state; null: they can. */
function refuseUnstoppable(request: CloseRequest, nowMs: number): Refusal | null {
  if (request.state === 'expired') return { code: 'expired' };
  if (isTerminal(request.state)) return { code: 'already-decided', state: request.state };
  if (!isStoppable(request)) return { code: 'already-executing' };
  // It is expired even if background work hasn't stored that yet.
  if (nowMs >= request.expiresAtMs) return { code: 'expired' };
  if (request.card === null) return { code: 'card-not-posted' };
  return null;
}

/** Why it is too late for an approval to be followed by the time to stop it; null: it isn't. */
function refuseLate({ policy, expiresAtMs }: CloseRequest, nowMs: number): Refusal | null {
  const delayMs = policy.delayMs ?? 0;
  return nowMs + delayMs < expiresAtMs ? null : { code: 'too-late-to-approve', delayMs, expiresAtMs };
}

/** Why this person may not vote; null: they may. */
function refuseVoter(request: CloseRequest, by: Person, eligible: ReadonlySet<string>): Refusal | null {
  const kind = refuseKind(by);
  if (kind) return kind;
  if (!request.policy.requesterMayApprove && keyOf(request, by) === keyOf(request, request.requester))
    return { code: 'self-approval' };
  return eligible.has(by.userId) ? null : { code: 'role-missing', role: 'approver' };
}

function approve(request: CloseRequest, command: CommandOf<'approve'>, nowMs: number): Decision {
  const refusal =
    refuseVoter(request, command.by, command.eligible) ??
    refuseUnstoppable(request, nowMs) ??
    (request.state === 'sending' ? ({ code: 'already-executing' } as const) : null) ??
    (request.state === 'approved' ? ({ code: 'already-decided', state: 'approved' } as const) : null) ??
    (command.requesterMayAsk ? null : ({ code: 'requester-not-allowed' } as const)) ??
    (command.version !== request.version || command.factsDigest !== request.factsDigest
      ? ({ code: 'old-version' } as const)
      : null) ??
    refuseLate(request, nowMs) ??
    // Changed facts may forbid the close.
    refuseOwing(request.facts);
  if (refusal) return no(refusal);
  const { kept, dropped } = splitVotes(request, command, nowMs);
  const isOwn = (each: Vote) => keyOf(request, each.voter) === keyOf(request, command.by);
  // Votes that are enough now, and weren't when they were given, need one more click of anybody.
  if (kept.some(isOwn) && !isDecided(request, kept, command.seats)) return no({ code: 'already-voted' });

  const inPlaceOf = inWhosePlace(command.pairs, command.by.userId);
  const vote: Vote = {
    voter: idOf(command.by),
    ...(inPlaceOf !== undefined && { inPlaceOf }),
    atMs: nowMs,
    version: request.version,
    factsDigest: request.factsDigest,
  };
  const votes = [...kept.filter((each) => !isOwn(each)), vote];
  const decided = isDecided(request, votes, command.seats);
  return to(
    request,
    {
      votes,
      voidedVotes: [...request.voidedVotes, ...dropped],
      state: decided ? 'approved' : 'pending',
      // A process that stopped after an earlier approval must not block this one.
      abandonedClaims: decided ? 0 : request.abandonedClaims,
      ...(decided && request.unreachable !== undefined && { unreachable: undefined }),
    },
    {
      type: 'approved',
      by: idOf(command.by),
      votes: countApprovals(request, votes),
      dropped: dropped.map((each) => each.voter),
      ...(inPlaceOf !== undefined && { inPlaceOf }),
      atMs: nowMs,
    },
    request.expiresAtMs,
  );
}

function reject(request: CloseRequest, command: CommandOf<'reject'>, nowMs: number): Decision {
  const refusal = refuseVoter(request, command.by, command.eligible) ?? refuseUnstoppable(request, nowMs);
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
  if (isTerminal(request.state)) return no({ code: 'already-decided', state: request.state });
  if (!isStoppable(request)) return no({ code: 'already-executing' });
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
  // People are reminded of what they can do: nobody can approve while the unit owes.
  if (isBlocked(request) || refuseLate(request, nowMs) !== null) return no({ code: 'nothing-changed' });
  if (request.reminded[stage] || nowMs < reminderAtMs(request, stage)) return no({ code: 'nothing-changed' });
  // At 80 % the half-way reminder is no longer worth sending.
  const reminded = stage === 'half' ? { ...request.reminded, half: true } : { half: true, eighty: true };
  return to(request, { reminded }, { type: 'reminded', by: null, stage, atMs: nowMs }, request.expiresAtMs);
}

function remindersDue(request: CloseRequest, nowMs: number): CloseRequest['reminded'] {
  const { half, eighty } = request.reminded;
  return {
    half: half || nowMs >= reminderAtMs(request, 'half'),
    eighty: eighty || nowMs >= reminderAtMs(request, 'eighty'),
  };
}

function replaceFacts(
  request: CloseRequest,
  { facts, releasesMore = false }: CommandOf<'replace-facts'>,
  nowMs: number,
): Decision {
  if (!isUnsent(request)) return no({ code: 'wrong-state', state: request.state });
  const isSame = digestOf(facts) === request.factsDigest && !releasesMore;
  if (facts.groupId !== request.groupId || isSame) return no({ code: 'nothing-changed' });
  // Approvers would be asked for what they can no longer do.
  if (nowMs >= request.expiresAtMs) return no({ code: 'expired' });
  const released: FactChange = {
    ...{ fact: 'released amount', which: null },
    ...{ before: request.facts.netEquity ?? null, after: facts.netEquity ?? null },
  };
  const changes = [...diffFacts(request.facts, facts), ...(releasesMore ? [released] : [])];
  const voided: VoidedVote[] = request.votes.map((vote) => ({
    ...vote,
    voidedAtMs: nowMs,
    because: 'facts-changed',
  }));
  return to(
    request,
    {
      state: 'pending',
      version: request.version + 1,
      facts,
      factsDigest: digestOf(facts),
      factChanges: changes,
      votes: [],
      voidedVotes: [...request.voidedVotes, ...voided],
      // Approvers hear that it is open again: a reminder due meanwhile would follow at once.
      ...(isBlocked(request) && isRepaid(facts) && { reminded: remindersDue(request, nowMs) }),
      claim: null,
      obstacle: null,
    },
    {
      type: 'facts-changed',
      by: null,
      facts,
      changes,
      voided: voided.map((vote) => vote.voter),
      atMs: nowMs,
    },
  );
}

/**
 * Voids votes of people who no longer count. A request without enough votes goes back to pending, also when the current
 * settings need more people or join two voters into one person.
 */
function recountVotes(
  request: CloseRequest,
  people: Pick<PeopleNow, 'eligible' | 'pairs' | 'seats'>,
  nowMs: number,
): Decision {
  if (!isUnsent(request)) return no({ code: 'wrong-state', state: request.state });
  const { kept, dropped } = splitVotes(request, people, nowMs);
  const short = request.state !== 'pending' && !isDecided(request, kept, people.seats);
  if (dropped.length === 0 && !short) return no({ code: 'nothing-changed' });
  return to(
    request,
    {
      votes: kept,
      voidedVotes: [...request.voidedVotes, ...dropped],
      ...(short && { state: 'pending', claim: null, obstacle: null }),
    },
    { type: 'votes-dropped', by: null, dropped: dropped.map((vote) => vote.voter), atMs: nowMs },
  );
}

/** Whether it would be approved if everyone voted who may. People who voted can't vote with another account. */
function noteReach(request: CloseRequest, people: CommandOf<'note-reach'>, nowMs: number): Decision {
  const { state, requester, policy, unreachable: before } = request;
  if (state !== 'pending' && state !== 'approved') return no({ code: 'wrong-state', state });
  const { kept } = splitVotes(request, people, nowMs);
  const voters = new Set(kept.map(({ voter }) => voter.userId));
  const whoVoted = new Set(kept.map(({ voter }) => keyOf(request, voter)));
  const canCount = [...people.eligible].filter(
    (userId) => voters.has(userId) || !whoVoted.has(personKey(userId, policy.samePerson)),
  );
  const refusal = refuseUnreachableQuorum(new Set(canCount), requester, policy, people.seats);
  if (refusal?.code !== 'quorum-unreachable') {
    if (before === undefined) return no({ code: 'nothing-changed' });
    return to(request, { unreachable: undefined }, { type: 'reachable', by: null, atMs: nowMs });
  }
  const { eligible, quorum, open } = refusal;
  const lack: Lack = { eligible, quorum, ...(open !== undefined && { open }) };
  if (before !== undefined && isSameLack(before, lack)) return no({ code: 'nothing-changed' });
  return to(
    request,
    { unreachable: { ...lack, sinceMs: before?.sinceMs ?? nowMs } },
    { type: 'unreachable', by: null, ...lack, atMs: nowMs },
  );
}

function isSameLack(one: Lack, other: Lack): boolean {
  const text = ({ eligible, quorum, open = [] }: Lack) =>
    JSON.stringify([eligible, quorum, open.map(({ from, count }) => [from, count])]);
  return text(one) === text(other);
}

function supersede(request: CloseRequest, evidence: ClosedEvidence, nowMs: number): Decision {
  if (!isUnsent(request)) return no({ code: 'wrong-state', state: request.state });
  if (!fits(request.facts, evidence)) return no({ code: 'not-evidence' });
  return to(
    request,
    { ...end('superseded', { kind: 'closed-elsewhere', atMs: nowMs }), evidence },
    { type: 'superseded', by: null, evidence, atMs: nowMs },
  );
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
