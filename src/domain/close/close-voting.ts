/** Votes, and what makes them void: the part of the rule that people see. */

import type { Person } from '../person.ts';
import { refuseKind } from '../policy.ts';
import type { Refusal } from '../refusal.ts';
import type { CommandOf, PeopleNow } from './close-command.ts';
import { type CloseRequest, reminderAtMs, type VoidedVote, type Vote } from './close-request.ts';
import { isTerminal } from './close-state.ts';
import {
  countApprovals,
  type Decision,
  end,
  idOf,
  isDecided,
  isUnsent,
  keyOf,
  no,
  refuseOwing,
  splitVotes,
  to,
} from './close-step.ts';
import { type ClosedEvidence, fits } from './closed-evidence.ts';
import { diffFacts, digestOf, type Facts } from './facts.ts';

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
  if (!request.policy.requesterMayApprove && keyOf(request, by) === keyOf(request, request.requester))
    return { code: 'self-approval' };
  return eligible.has(by.userId) ? null : { code: 'role-missing', role: 'approver' };
}

export function approve(request: CloseRequest, command: CommandOf<'approve'>, nowMs: number): Decision {
  const refusal =
    refuseVoter(request, command.by, command.eligible) ??
    refuseUndecidable(request, nowMs) ??
    (request.state === 'approved' ? ({ code: 'already-decided', state: 'approved' } as const) : null) ??
    (command.requesterMayAsk ? null : ({ code: 'requester-not-allowed' } as const)) ??
    (command.version !== request.version || command.factsDigest !== request.factsDigest
      ? ({ code: 'old-version' } as const)
      : null) ??
    // Facts that changed may forbid the close.
    refuseOwing(request.facts);
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
  const decided = isDecided(request, votes);
  return to(
    request,
    {
      votes,
      voidedVotes: [...request.voidedVotes, ...dropped],
      state: decided ? 'approved' : 'pending',
      // A process that stopped while it sent an earlier approval says nothing about this one.
      abandonedClaims: decided ? 0 : request.abandonedClaims,
    },
    {
      type: 'approved',
      by: idOf(command.by),
      votes: countApprovals(request, votes),
      dropped: dropped.map((each) => each.voter),
      atMs: nowMs,
    },
    request.expiresAtMs,
  );
}

export function reject(request: CloseRequest, command: CommandOf<'reject'>, nowMs: number): Decision {
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

export function withdraw(request: CloseRequest, by: Person, nowMs: number): Decision {
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

export function expire(request: CloseRequest, nowMs: number): Decision {
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

export function remind(request: CloseRequest, stage: 'half' | 'eighty', nowMs: number): Decision {
  if (request.state !== 'pending') return no({ code: 'wrong-state', state: request.state });
  if (request.reminded[stage] || nowMs < reminderAtMs(request, stage)) return no({ code: 'nothing-changed' });
  // At 80 % the half-way reminder is no longer worth sending.
  const reminded = stage === 'half' ? { ...request.reminded, half: true } : { half: true, eighty: true };
  return to(request, { reminded }, { type: 'reminded', by: null, stage, atMs: nowMs }, request.expiresAtMs);
}

export function replaceFacts(request: CloseRequest, facts: Facts, nowMs: number): Decision {
  if (!isUnsent(request)) return no({ code: 'wrong-state', state: request.state });
  if (facts.groupId !== request.groupId || digestOf(facts) === request.factsDigest)
    return no({ code: 'nothing-changed' });
  const changes = diffFacts(request.facts, facts);
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
 * Votes of people who no longer count are void, and a request without enough of those who do waits for more: also when
 * the settings of now ask for more people, or make one person of two voters.
 */
export function recountVotes(
  request: CloseRequest,
  { eligible }: Pick<PeopleNow, 'eligible'>,
  nowMs: number,
): Decision {
  if (!isUnsent(request)) return no({ code: 'wrong-state', state: request.state });
  const { kept, dropped } = splitVotes(request, eligible, nowMs);
  const short = request.state !== 'pending' && !isDecided(request, kept);
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

export function supersede(request: CloseRequest, evidence: ClosedEvidence, nowMs: number): Decision {
  if (!isUnsent(request)) return no({ code: 'wrong-state', state: request.state });
  if (!fits(request.facts, evidence)) return no({ code: 'not-evidence' });
  return to(
    request,
    { ...end('superseded', { kind: 'closed-elsewhere', atMs: nowMs }), evidence },
    { type: 'superseded', by: null, evidence, atMs: nowMs },
  );
}

export function giveUpCard(request: CloseRequest, why: string, nowMs: number): Decision {
  if (request.state !== 'pending' || request.card !== null)
    return no({ code: 'wrong-state', state: request.state });
  return to(request, end('failed', { kind: 'card-undeliverable', why, atMs: nowMs }), {
    type: 'card-undeliverable',
    by: null,
    why,
    atMs: nowMs,
  });
}
