/** From the last vote to the moment before the DELETE leaves: one claim, one mark. */

import type { Person } from '../person.ts';
import { refuseKind } from '../policy.ts';
import type { Refusal } from '../refusal.ts';
import type { CommandOf } from './close-command.ts';
import type { CloseRequest } from './close-request.ts';
import { type Decision, end, idOf, isDecided, no, refuseSending, to, tooFewApprovals } from './close-step.ts';

export function claim(request: CloseRequest, command: CommandOf<'claim'>, nowMs: number): Decision {
  if (request.state === 'sending') return no({ code: 'already-executing' });
  if (request.state !== 'approved') return no({ code: 'wrong-state', state: request.state });
  // The state alone is not believed: the votes must be there, too.
  if (!isDecided(request, request.votes)) return no(tooFewApprovals(request, request.votes));
  if (nowMs >= request.expiresAtMs) return no({ code: 'expired' });
  const { starter } = command;
  if (request.abandonedClaims > 0) {
    // A process died here once. Only a person may start the sending again.
    if (starter === null) return no({ code: 'nothing-changed' });
    const refusal = refuseStarter(request, starter.by, starter.eligible);
    if (refusal) return no(refusal);
  }
  if (starter !== null && starter.version !== request.version) return no({ code: 'old-version' });
  return to(
    request,
    { state: 'sending', claim: { owner: command.owner, deadlineAtMs: command.deadlineAtMs } },
    { type: 'claimed', by: starter === null ? null : idOf(starter.by), owner: command.owner, atMs: nowMs },
    request.expiresAtMs,
  );
}

/** Approvers and the requester may start the sending of an approved request again. */
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

/** Nothing was sent, and the approvals are kept: trouble is no decision. Its process may say so after the deadline, too. */
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

/** Why this process may not go on with the claim it believes it holds. */
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
