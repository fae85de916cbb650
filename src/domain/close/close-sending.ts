/**
 * The part of the rule after the last vote: one claim, one marker, one DELETE, and its outcome from the exchange's
 * answer, the exchange's record, or the finding of two people.
 */
import type { Person } from '../person.ts';
import { refuseKind } from '../policy.ts';
import type { Refusal } from '../refusal.ts';
import { UNKNOWN_PAGES_AFTER_MS } from './attention.ts';
import {
  type CloseRequest,
  type CommandOf,
  type Ending,
  type ExchangeAnswer,
  NEVER_LOOKED,
  type ReadBack,
  type RequestEvent,
} from './close-request.ts';
import { CLOSE_TIME_TOLERANCE_MS, fits } from './closed-evidence.ts';
import { type Changes, type Decision, end, idOf, keyOf, no, to } from './decision.ts';
import { isDecided, refuseSending, sendsFromMs, tooFewApprovals } from './votes.ts';

export function claim(request: CloseRequest, command: CommandOf<'claim'>, nowMs: number): Decision {
  if (request.state === 'sending') return no({ code: 'already-executing' });
  if (request.state !== 'approved') return no({ code: 'wrong-state', state: request.state });
  // The state alone isn't enough: the votes must be there.
  if (!isDecided(request, request.votes)) return no(tooFewApprovals(request, request.votes));
  if (nowMs >= request.expiresAtMs) return no({ code: 'expired' });
  const untilMs = sendsFromMs(request);
  if (nowMs < untilMs) return no({ code: 'cooling-off', untilMs });
  const { starter } = command;
  if (starter !== null) {
    const refusal = refuseStarter(request, starter.by, starter.eligible);
    if (refusal) return no(refusal);
    if (starter.version !== request.version) return no({ code: 'old-version' });
  } else if (request.abandonedClaims > 0) {
    // A process died after claiming. Only a person may restart the sending.
    return no({ code: 'nothing-changed' });
  }
  return to(
    request,
    { state: 'sending', claim: { owner: command.owner, deadlineAtMs: command.deadlineAtMs } },
    { type: 'claimed', by: starter === null ? null : idOf(starter.by), owner: command.owner, atMs: nowMs },
    request.expiresAtMs,
  );
}

/** Approvers and the requester may restart the sending of an approved request. */
function refuseStarter(request: CloseRequest, by: Person, eligible: ReadonlySet<string>): Refusal | null {
  const kind = refuseKind(by);
  if (kind) return kind;
  if (by.userId === request.requester.userId && by.teamId === request.requester.teamId) return null;
  return eligible.has(by.userId) ? null : { code: 'role-missing', role: 'approver' };
}

export function abandonClaim(request: CloseRequest, nowMs: number): Decision {
  if (request.state !== 'sending' || request.claim === null || request.sent !== null) {
    return no({ code: 'wrong-state', state: request.state });
  }
  if (nowMs < request.claim.deadlineAtMs) return no({ code: 'nothing-changed' });
  return to(
    request,
    { state: 'approved', claim: null, obstacle: null, abandonedClaims: request.abandonedClaims + 1 },
    { type: 'claim-abandoned', by: null, owner: request.claim.owner, atMs: nowMs },
  );
}

/** Nothing was sent, so the approvals are kept. The claiming process may also release it after the deadline. */
export function releaseClaim(
  request: CloseRequest,
  { owner, why }: CommandOf<'release-claim'>,
  nowMs: number,
): Decision {
  if (request.state !== 'sending' || request.sent !== null) {
    return no({ code: 'wrong-state', state: request.state });
  }
  if (request.claim?.owner !== owner) return no({ code: 'not-claim-owner' });
  return to(
    request,
    { state: 'approved', claim: null, obstacle: { why, sinceMs: request.obstacle?.sinceMs ?? nowMs } },
    { type: 'claim-released', by: null, owner, why, atMs: nowMs },
  );
}

/** Why this process may not go on with its claim; null: it may. */
function refuseClaimant(request: CloseRequest, owner: string, nowMs: number): Refusal | null {
  if (request.state !== 'sending') return { code: 'wrong-state', state: request.state };
  if (request.claim?.owner !== owner) return { code: 'not-claim-owner' };
  if (request.sent !== null) return { code: 'already-executing' };
  if (nowMs >= request.claim.deadlineAtMs) return { code: 'claim-expired' };
  return null;
}

export function markSent(request: CloseRequest, command: CommandOf<'mark-sent'>, nowMs: number): Decision {
  const refusal = refuseClaimant(request, command.owner, nowMs);
  if (refusal) return no(refusal);
  if (nowMs >= request.expiresAtMs) return no({ code: 'expired' });
  if (request.policy.mode === 'dry-run') return no({ code: 'wrong-state', state: request.state });
  const uncounted = refuseSending(request, command, nowMs);
  if (uncounted) return no(uncounted);
  const { signedTimestampMs, recvWindowMs, owner, deadlineAtMs } = command;
  return to(
    request,
    {
      sent: { atMs: nowMs, signedTimestampMs, recvWindowMs },
      claim: { owner, deadlineAtMs },
      obstacle: null,
    },
    { type: 'sent', by: null, signedTimestampMs, recvWindowMs, atMs: nowMs },
    Math.min(request.expiresAtMs, request.claim?.deadlineAtMs ?? nowMs),
  );
}

export function rehearse(request: CloseRequest, command: CommandOf<'rehearse'>, nowMs: number): Decision {
  const refusal = refuseClaimant(request, command.owner, nowMs);
  if (refusal) return no(refusal);
  if (nowMs >= request.expiresAtMs) return no({ code: 'expired' });
  if (request.policy.mode !== 'dry-run') return no({ code: 'wrong-state', state: request.state });
  const uncounted = refuseSending(request, command, nowMs);
  if (uncounted) return no(uncounted);
  return to(
    request,
    end('rehearsed', { kind: 'rehearsed', atMs: nowMs }),
    { type: 'rehearsed', by: null, atMs: nowMs },
    request.expiresAtMs,
  );
}

export function neverSent(request: CloseRequest, owner: string, why: string, nowMs: number): Decision {
  const refusal = refuseClaimant(request, owner, nowMs);
  if (refusal) return no(refusal);
  return to(request, end('failed', { kind: 'never-sent', why, atMs: nowMs }), {
    type: 'never-sent',
    by: null,
    why,
    atMs: nowMs,
  });
}

/** The exchange refuses the DELETE after timestamp + recvWindow, and its back end gives up after 10 s. */
export const LATE_COPY_MARGIN_MS = 60_000;

/** Reads that must show the unit as active before a DELETE with unknown outcome counts as not executed. */
export const AGREEING_READS = 3;

/** Reads closer together than this count as one. */
export const LOOKS_APART_MS = 5_000;

export function recordAnswer(
  request: CloseRequest,
  { mark, answer }: CommandOf<'record-answer'>,
  nowMs: number,
): Decision {
  if (request.sent === null) return restoreMark(request, { mark, answer }, nowMs);
  // The answer is still evidence if another process has already set the outcome to unknown.
  const awaited = request.state === 'sending' || request.state === 'unknown';
  const another = request.sent.signedTimestampMs !== mark.signedTimestampMs;
  if (!awaited || another || request.answer !== null)
    return no({ code: 'wrong-state', state: request.state });
  if (answer === null) return no({ code: 'nothing-changed' });
  const event: RequestEvent = { type: 'answered', by: null, answer, atMs: nowMs };
  return to(request, afterAnswer(request.state, answer, nowMs), event);
}

/**
 * The store lost its last writes (a failover, a truncated log), including the marker of a DELETE that was sent. The
 * marker is restored, whatever the record says now.
 */
function restoreMark(
  request: CloseRequest,
  { mark, answer }: Pick<CommandOf<'record-answer'>, 'mark' | 'answer'>,
  nowMs: number,
): Decision {
  const changes: Changes = {
    state: 'unknown',
    sent: mark,
    claim: null,
    obstacle: null,
    readBack: NEVER_LOOKED,
    evidence: null,
    settlement: null,
    ending: null,
    ...(answer !== null && afterAnswer('sending', answer, nowMs)),
  };
  const stateBefore = request.state;
  return to(request, changes, { type: 'mark-restored', by: null, mark, answer, stateBefore, atMs: nowMs });
}

/** CLOSED and a refusal are final only after a read-back. `state`: the request's state until then. */
function afterAnswer(state: 'sending' | 'unknown', answer: ExchangeAnswer, nowMs: number): Changes {
  switch (answer.kind) {
    case 'closed':
    case 'refused':
      return { state, answer, claim: null };
    case 'not-sent':
      return { ...end('failed', { kind: 'never-sent', why: answer.meaning, atMs: nowMs }), answer };
    case 'unknown':
      return { state: 'unknown', answer, claim: null };
  }
}

/** From this time on the exchange would refuse a late DELETE: a unit active after it was not closed by it. */
function provableFromMs(sent: CloseRequest['sent']): number {
  return sent === null ? 0 : sent.signedTimestampMs + sent.recvWindowMs + LATE_COPY_MARGIN_MS;
}

export function loseTrack(request: CloseRequest, nowMs: number): Decision {
  if (request.state !== 'sending' || request.sent === null)
    return no({ code: 'wrong-state', state: request.state });
  const isLate = nowMs >= request.sent.atMs + UNKNOWN_PAGES_AFTER_MS;
  // If the exchange answered but its record doesn't show that outcome in time, the outcome is unknown.
  const isLost =
    request.answer === null ? request.claim === null || nowMs >= request.claim.deadlineAtMs : isLate;
  if (!isLost) return no({ code: 'nothing-changed' });
  return to(
    request,
    { state: 'unknown', claim: null, pagedAtMs: isLate ? (request.pagedAtMs ?? nowMs) : request.pagedAtMs },
    { type: 'lost-track', by: null, atMs: nowMs },
  );
}

export function readBack(
  request: CloseRequest,
  { seen, afterAnswer }: CommandOf<'read-back'>,
  nowMs: number,
): Decision {
  const awaits = request.state === 'unknown' || (request.state === 'sending' && request.answer !== null);
  if (!awaits || request.sent === null) return no({ code: 'wrong-state', state: request.state });
  const { sent, answer } = request;
  if (seen.kind === 'in-closed-list') {
    const { kind, evidence } = seen;
    if (!fits(request.facts, evidence)) return no({ code: 'not-evidence' });
    const event: RequestEvent = { type: 'read-back', by: null, seen: kind, why: null, evidence, atMs: nowMs };
    const byThis = evidence.closedAtMs >= sent.signedTimestampMs - CLOSE_TIME_TOLERANCE_MS;
    const ending = byThis
      ? end('closed', { kind: 'read-back', atMs: nowMs })
      : end('superseded', { kind: 'closed-elsewhere', atMs: nowMs });
    return to(request, { ...ending, evidence }, event);
  }
  const before = request.readBack;
  const isProof =
    seen.kind === 'still-active' &&
    seen.readAtMs >= provableFromMs(sent) &&
    // Looks of two replicas at the same moment count as one.
    nowMs - (before.lastSeenAtMs ?? 0) >= LOOKS_APART_MS &&
    before.agreeingActiveReads < AGREEING_READS;
  const isRefused = seen.kind === 'still-active' && answer?.kind === 'refused' && afterAnswer;
  // Record a result only if it changed or proves something, so that an outage doesn't fill the audit.
  if (before.lastSeen?.kind === seen.kind && !isProof && !isRefused) return no({ code: 'nothing-changed' });
  const why = seen.kind === 'unreadable' ? seen.why : null;
  const event: RequestEvent = {
    type: 'read-back',
    by: null,
    seen: seen.kind,
    why,
    evidence: null,
    atMs: nowMs,
  };
  const agreeing = agreeingAfter(seen.kind, before.agreeingActiveReads, isProof);
  const changes: Changes = {
    readBack: {
      agreeingActiveReads: agreeing,
      lastSeen: { kind: seen.kind, why },
      lastSeenAtMs: nowMs,
    },
  };
  if (isRefused) {
    return to(request, { ...changes, ...end('failed', { kind: 'refused-by-exchange', atMs: nowMs }) }, event);
  }
  // If the exchange answered CLOSED but still lists the unit, people decide.
  if (agreeing >= AGREEING_READS && answer?.kind !== 'closed') {
    return to(request, { ...changes, ...end('failed', { kind: 'not-executed', atMs: nowMs }) }, event);
  }
  return to(request, changes, event);
}

/** A failed look doesn't reset the count; one with another result does. */
function agreeingAfter(
  kind: NonNullable<ReadBack['lastSeen']>['kind'],
  before: number,
  isProof: boolean,
): number {
  if (kind === 'neither' || kind === 'in-both-lists') return 0;
  return isProof ? before + 1 : before;
}

export function pagePeople(request: CloseRequest, nowMs: number): Decision {
  if (request.state !== 'unknown' || request.sent === null)
    return no({ code: 'wrong-state', state: request.state });
  if (request.pagedAtMs !== null || nowMs < request.sent.atMs + UNKNOWN_PAGES_AFTER_MS) {
    return no({ code: 'nothing-changed' });
  }
  return to(request, { pagedAtMs: nowMs }, { type: 'people-paged', by: null, atMs: nowMs });
}

export function settle(request: CloseRequest, command: CommandOf<'settle'>, nowMs: number): Decision {
  const refusal = refuseKind(command.by);
  if (refusal) return no(refusal);
  if (!command.eligible.has(command.by.userId)) return no({ code: 'role-missing', role: 'approver' });
  if (request.state !== 'unknown') return no({ code: 'wrong-state', state: request.state });
  const note = command.note.trim();
  if (note === '') return no({ code: 'note-missing' });
  const by = idOf(command.by);
  const { verdict } = command;
  const provableAtMs = provableFromMs(request.sent);
  if (verdict === 'not-closed' && nowMs < provableAtMs)
    return no({ code: 'too-early-to-settle', notBeforeMs: provableAtMs });
  const proposal = request.settlement;
  const isOwn = proposal !== null && keyOf(request, proposal.by) === keyOf(request, by);
  if (isOwn && proposal.verdict === verdict) return no({ code: 'second-person-needed' });
  // A differing finding replaces the earlier one, so that a wrong one can't block the settlement.
  if (isOwn || proposal?.verdict !== verdict || !command.eligible.has(proposal.by.userId)) {
    return to(
      request,
      { settlement: { by, verdict, note, atMs: nowMs } },
      { type: 'settlement-proposed', by, verdict, note, atMs: nowMs },
    );
  }
  const ending: Ending = { kind: 'settled', verdict, by: [proposal.by, by], note, atMs: nowMs };
  return to(request, end(verdict === 'closed' ? 'closed' : 'failed', ending), {
    type: 'settled',
    by,
    verdict,
    note,
    atMs: nowMs,
  });
}
