/** Random walks through the life of close requests, mostly forward. */
import fc from 'fast-check';
import type { CloseRequest, Command } from '../../src/domain/close/close-request.ts';
import {
  approval,
  CARD,
  ELIGIBLE,
  HOUR_MS,
  markAt,
  PEOPLE,
  person,
  repaidFacts,
} from '../contracts/requests.ts';

const OWNER = 'process-1';
const VOTERS = ['U_BEN', 'U_CARA', 'U_DAN', 'U_DAN2', 'U_ANN', 'U_EVE'] as const;
export const steps = fc.array(
  fc.oneof(
    { weight: 2, arbitrary: fc.record({ do: fc.constant('open' as const), unit: fc.nat(2) }) },
    {
      weight: 20,
      arbitrary: fc.record({
        do: fc.constant('command' as const),
        request: fc.nat(2),
        command: fc.oneof(
          { weight: 5, arbitrary: fc.constant('progress' as const) },
          {
            weight: 2,
            arbitrary: fc.constantFrom(
              ...([
                'vote',
                'reject',
                'withdraw',
                'expire',
                'remind',
                'facts',
                'release',
                'recount',
                'reach',
              ] as const),
              ...(['supersede', 'abandon', 'never-sent', 'answer', 'lose-track', 'read-back'] as const),
              ...(['page', 'settle', 'refusal', 'give-up-card'] as const),
            ),
          },
        ),
        pick: fc.nat(100),
        stale: fc.nat(9).map((n) => n === 0),
        late: fc.nat(9).map((n) => n === 0),
        attention: fc.constantFrom('past', 'future', null),
      }),
    },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('time' as const), minutes: fc.nat(60) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('attention' as const), postpone: fc.boolean() }) },
    {
      weight: 3,
      arbitrary: fc.record({
        do: fc.constant('deliver' as const),
        how: fc.constantFrom('done', 'retry', 'wait'),
      }),
    },
  ),
  { minLength: 5, maxLength: 60, size: 'max' },
);
export type Step = (typeof steps extends fc.Arbitrary<infer Value> ? Value : never)[number];
export type CommandStep = Extract<Step, { do: 'command' }>;

/** What the step asks of this request; most of it the rule may well refuse. */
export function commandOf({ command, pick }: CommandStep, request: CloseRequest, nowMs: number): Command {
  const by = person(VOTERS[pick % VOTERS.length] ?? 'U_BEN');
  const evidence = {
    groupId: request.groupId,
    creditEmail: 'credit@example.com',
    createdAtMs: nowMs - HOUR_MS,
    closedAtMs: pick % 4 === 0 ? nowMs - 24 * HOUR_MS : nowMs,
  };
  const answers = ['closed', 'refused', 'not-sent', 'unknown'] as const;
  switch (command) {
    case 'progress':
      return progress(request, pick, nowMs);
    case 'vote':
      return approval(request, by.userId);
    case 'reject':
      return {
        type: 'reject',
        pairs: [],
        by,
        version: request.version,
        reason: 'no 🛑\nקו',
        eligible: ELIGIBLE,
      };
    case 'withdraw':
      return { type: 'withdraw', by };
    case 'remind':
      return { type: 'remind', stage: pick % 2 === 0 ? 'half' : 'eighty' };
    case 'facts': {
      const facts = {
        ...repaidFacts(request.groupId, nowMs),
        creditAccount: `credit-${pick % 3}@example.com`,
      };
      return { type: 'replace-facts', facts };
    }
    case 'release':
      return { type: 'release-claim', owner: OWNER, why: 'timeout' };
    case 'recount':
      return {
        type: 'recount-votes',
        eligible: new Set(VOTERS.slice(0, pick % 4)),
        requesterMayAsk: pick % 2 === 0,
        ...{ seats: [], pairs: [], ruleDigest: null },
      };
    case 'reach': {
      const eligible = new Set(VOTERS.slice(0, pick % 4));
      return { type: 'note-reach', eligible, ...{ seats: [], pairs: [], ruleDigest: null } };
    }
    case 'supersede':
      return { type: 'supersede', evidence };
    case 'abandon':
      return { type: 'abandon-claim' };
    case 'never-sent':
      return { type: 'never-sent', owner: OWNER, why: 'refused connection' };
    case 'answer': {
      const kind = answers[pick % 4] ?? 'unknown';
      const answer = { kind, httpStatus: 200, exchangeCode: null, meaning: kind, advice: '', atMs: nowMs };
      // Also of a mark that the record lost.
      return { type: 'record-answer', mark: request.sent ?? markAt(nowMs), answer };
    }
    case 'read-back':
      return {
        type: 'read-back',
        afterAnswer: pick % 2 === 0,
        seen:
          pick % 3 === 0
            ? { kind: 'in-closed-list', evidence }
            : pick % 3 === 1
              ? { kind: 'still-active', readAtMs: nowMs }
              : { kind: 'neither' },
      };
    case 'settle':
      return {
        type: 'settle',
        pairs: [],
        by,
        verdict: pick % 2 === 0 ? 'closed' : 'not-closed',
        note: 'seen',
        eligible: ELIGIBLE,
      };
    case 'refusal':
      return { type: 'note-refusal', by, attempted: 'approve', refusal: 'self-approval' };
    case 'give-up-card':
      return { type: 'give-up-card', why: 'channel_not_found' };
    case 'expire':
      return { type: 'expire' };
    case 'lose-track':
      return { type: 'lose-track' };
    case 'page':
      return { type: 'page-people' };
  }
}

/** The next step of a close that goes well. */
function progress(request: CloseRequest, pick: number, nowMs: number): Command {
  const deadlineAtMs = nowMs + 60_000;
  if (request.state === 'pending') {
    if (request.card === null) return CARD;
    return approval(request, request.votes.length === 0 ? 'U_BEN' : 'U_CARA');
  }
  if (request.state === 'approved') {
    const { version } = request;
    const starter = request.abandonedClaims > 0 ? { by: person('U_ANN'), version, eligible: ELIGIBLE } : null;
    return { type: 'claim', owner: OWNER, deadlineAtMs, starter };
  }
  if (request.sent === null) {
    const signed = { signedTimestampMs: nowMs, recvWindowMs: 5_000, deadlineAtMs };
    return { type: 'mark-sent', owner: OWNER, ...signed, ...PEOPLE };
  }
  const command = request.answer === null && request.state === 'sending' ? 'answer' : 'read-back';
  return commandOf({ ...NO_STEP, command, pick }, request, nowMs);
}

const NO_STEP: CommandStep = {
  do: 'command',
  request: 0,
  command: 'expire',
  pick: 0,
  stale: false,
  late: false,
  attention: null,
};
