/** A close request at each stage of its life, reached through the rule itself, and the commands that lead there. */
import type { CloseRequest, Command, ExchangeAnswer } from '../../src/domain/close/close-request.ts';
import { ALICE, BOB, decideAt, ELIGIBLE, PEOPLE, REQUESTER, request, START_MS } from './close-requests.ts';

/** When everything here happens, unless said otherwise. */
export const NOW = START_MS + 1_000;
/** Until when the claim of a stage holds; the one of its mark. */
export const CLAIM_DEADLINE_MS = NOW + 60_000;
export const MARK_DEADLINE_MS = NOW + 30_000;

export function approveBy(who = ALICE, at: CloseRequest = request(), eligible = ELIGIBLE): Command {
  const { version, factsDigest } = at;
  return {
    type: 'approve',
    by: who,
    version,
    factsDigest,
    eligible,
    requesterMayAsk: true,
    seats: [],
    pairs: [],
    ruleDigest: null,
  };
}

/** Applies commands one after the other; the record after the last one is returned. */
export function following(start: CloseRequest, ...commands: Command[]): CloseRequest {
  return commands.reduce((current, command) => {
    const decision = decideAt(current, command, NOW);
    if (!decision.ok) throw new Error(`${command.type} refused: ${decision.refusal.code}`);
    return decision.next;
  }, start);
}

export function refusalOf(start: CloseRequest, command: Command, nowMs = NOW): string | null {
  const decision = decideAt(start, command, nowMs);
  return decision.ok ? null : decision.refusal.code;
}

export const CLAIM: Command = {
  type: 'claim',
  owner: 'one',
  deadlineAtMs: CLAIM_DEADLINE_MS,
  starter: null,
};
export const MARK: Command = {
  type: 'mark-sent',
  owner: 'one',
  signedTimestampMs: NOW,
  recvWindowMs: 5_000,
  deadlineAtMs: MARK_DEADLINE_MS,
  ...PEOPLE,
};

export const approved = () => following(request(), approveBy(), approveBy(BOB));
export const claimed = () => following(approved(), CLAIM);
export const marked = () => following(claimed(), MARK);

export function answer(kind: ExchangeAnswer['kind']): ExchangeAnswer {
  return { kind, httpStatus: null, exchangeCode: null, meaning: kind, advice: '', atMs: NOW };
}

export function answered(with_: ExchangeAnswer | null): Command {
  const mark = { atMs: NOW, signedTimestampMs: NOW, recvWindowMs: 5_000 };
  return { type: 'record-answer', mark, answer: with_ };
}

export const unknown = () => following(marked(), answered(answer('unknown')));

/** A row of the closed list that fits. */
export function evidence(closedAtMs = NOW + 500) {
  return { groupId: request().groupId, creditEmail: 'credit7@test.com', createdAtMs: 1, closedAtMs };
}

export const FOUND_CLOSED: Command = {
  type: 'read-back',
  afterAnswer: true,
  seen: { kind: 'in-closed-list', evidence: evidence() },
};

function expired(): CloseRequest {
  const start = request();
  const decision = decideAt(start, { type: 'expire' }, start.expiresAtMs);
  if (!decision.ok) throw new Error(decision.refusal.code);
  return decision.next;
}

export const IN_STATE = {
  pending: () => request(),
  approved,
  sending: claimed,
  unknown,
  closed: () => following(unknown(), FOUND_CLOSED),
  rehearsed: () =>
    following(request({}, { mode: 'dry-run' }), approveBy(), approveBy(BOB), CLAIM, {
      type: 'rehearse',
      owner: 'one',
      ...PEOPLE,
    }),
  failed: () => following(marked(), answered(answer('not-sent'))),
  rejected: () =>
    following(request(), {
      type: 'reject',
      pairs: [],
      by: ALICE,
      version: 1,
      reason: 'not yet',
      eligible: ELIGIBLE,
    }),
  withdrawn: () => following(request(), { type: 'withdraw', by: REQUESTER }),
  expired,
  superseded: () => following(request(), { type: 'supersede', evidence: evidence() }),
} satisfies Record<CloseRequest['state'], () => CloseRequest>;

const foundClosedBy = (by: typeof ALICE): Command => ({
  type: 'settle',
  pairs: [],
  by,
  verdict: 'closed',
  note: 'seen in the console',
  eligible: ELIGIBLE,
});

/** The states, with the stages of `sending`, `unknown` and `closed` that the rule tells apart. */
export const AT_STAGE = {
  ...IN_STATE,
  'sending, marked': marked,
  'sending, answered': () => following(marked(), answered(answer('closed'))),
  'closed, settled': () => following(unknown(), foundClosedBy(ALICE), foundClosedBy(BOB)),
  'unknown, unanswered': (): CloseRequest => ({ ...marked(), state: 'unknown', claim: null }),
};
export type Stage = keyof typeof AT_STAGE;
