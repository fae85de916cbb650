/** What became of the DELETE: the answer, the exchange's own record, or two people's word. */

import { refuseKind } from '../policy.ts';
import type { CommandOf, ReadBackSighting } from './close-command.ts';
import {
  type CloseRequest,
  type Ending,
  type ExchangeAnswer,
  type RequestEvent,
  UNKNOWN_PAGES_AFTER_MS,
  UNREADABLE,
} from './close-request.ts';
import { type Changes, type Decision, end, idOf, keyOf, no, to } from './close-step.ts';

/** A late copy of the DELETE is refused after timestamp + recvWindow; the exchange's own back end gives up after 10 s. */
export const LATE_COPY_MARGIN_MS = 60_000;

/** Reads that must agree that the unit is still active before a lost DELETE counts as not executed. */
export const AGREEING_READS = 3;

/** Reads closer together than this are one read. */
export const LOOKS_APART_MS = 5_000;
/** Both times are the exchange's clock; it may round a closeTime down. */
const CLOSE_TIME_TOLERANCE_MS = 1_000;

export function recordAnswer(request: CloseRequest, answer: ExchangeAnswer, nowMs: number): Decision {
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

/** From then on a DELETE that is still under way would be refused: what is active then was not closed by it. */
function provableFromMs(sent: CloseRequest['sent']): number {
  return sent === null ? 0 : sent.signedTimestampMs + sent.recvWindowMs + LATE_COPY_MARGIN_MS;
}

export function loseTrack(request: CloseRequest, nowMs: number): Decision {
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

export function readBack(request: CloseRequest, seen: ReadBackSighting, nowMs: number): Decision {
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
  // Looks of two replicas at the same moment are one look.
  const spaced = nowMs - (request.readBack.lastCheckAtMs ?? 0) >= LOOKS_APART_MS;
  const provesSomething = seen.kind === 'still-active' && seen.readAtMs >= provableFromMs(sent) && spaced;
  const agreeingActiveReads = provesSomething
    ? request.readBack.agreeingActiveReads + 1
    : seen.kind === 'neither'
      ? 0
      : request.readBack.agreeingActiveReads;
  const lastSeen = seen.kind === 'unreadable' ? `${UNREADABLE}: ${seen.why}` : seen.kind;
  const changes: Changes = {
    readBack: {
      // A look that saw nothing must not slow down the looks to come.
      checks: request.readBack.checks + (seen.kind === 'unreadable' ? 0 : 1),
      agreeingActiveReads,
      lastCheckAtMs: nowMs,
      lastSeen,
    },
  };
  const event: RequestEvent = { type: 'read-back', by: null, seen: lastSeen, evidence: null, atMs: nowMs };
  // An exchange that answered CLOSED and still lists the unit contradicts itself: people decide that.
  if (agreeingActiveReads >= AGREEING_READS && request.answer?.kind !== 'closed') {
    return to(request, { ...changes, ...end('failed', { kind: 'not-executed', atMs: nowMs }) }, event);
  }
  return to(request, changes, event);
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
  if (!command.eligible.has(keyOf(request, command.by)))
    return no({ code: 'role-missing', role: 'approver' });
  if (request.state !== 'unknown') return no({ code: 'wrong-state', state: request.state });
  const note = command.note.trim();
  if (note === '') return no({ code: 'note-missing' });
  const by = idOf(command.by);
  const { verdict } = command;
  const provableAtMs = provableFromMs(request.sent);
  if (verdict === 'not-closed' && nowMs < provableAtMs)
    return no({ code: 'too-early-to-settle', notBeforeMs: provableAtMs });
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
