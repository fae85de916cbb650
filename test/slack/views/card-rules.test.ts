/** The card of a close under the firm's own rules: whom it still needs, who stood in, and until when it can be stopped. */
import { describe, expect, it } from 'vitest';
import type { Seat } from '../../../src/domain/close/seats.ts';
import { directMessage } from '../../../src/slack/views/direct-message.ts';
import { threadText } from '../../../src/slack/views/event-text.ts';
import { mention } from '../../../src/slack/views/format.ts';
import { recordedMessage } from '../../../src/slack/views/notice-message.ts';
import { requestCard } from '../../../src/slack/views/request-card.ts';
import { lackText } from '../../../src/slack/views/request-facts.ts';
import { ballotModal } from '../../../src/slack/views/request-forms.ts';
import { ALICE, BOB, CAROL, policy, REQUESTER, request, START_MS } from '../../support/close-requests.ts';

const TREASURY = { from: ['S0TREASURY'], count: 1 };
const RISK = { from: ['S0RISK', 'U0CHEN'], count: 1 };
const NEED = [TREASURY, RISK];
const seats = (treasury: readonly string[], risk: readonly string[]): Seat[] => [
  { ...TREASURY, accounts: new Set(treasury) },
  { ...RISK, accounts: new Set(risk) },
];
const OWN = seats([ALICE.userId, BOB.userId], [CAROL.userId]);
const vote = (by: typeof ALICE, inPlaceOf?: string) => ({
  ...{ voter: by, atMs: START_MS, version: 1, factsDigest: 'd' },
  ...(inPlaceOf !== undefined && { inPlaceOf }),
});
const approvers = new Set([ALICE.userId, BOB.userId, CAROL.userId]);
const words = (...args: Parameters<typeof requestCard>) => {
  const { text, blocks } = requestCard(...args);
  return `${text}\n${JSON.stringify(blocks)}`;
};
const rule = { need: NEED, approvers: ['S0TREASURY', 'S0RISK', 'U0CHEN'], ruleDigest: '0123456789abcdef' };

describe('a card under a rule', () => {
  it('says whom it needs, filled or not, and counts no second person of one group as the missing one', () => {
    const two = request({ votes: [vote(ALICE), vote(BOB)] }, rule);
    const card = words(two, { approvers, seats: [OWN], edition: '1' });
    expect(card).toContain('needs 1 more approval');
    expect(card).toContain('☑ 1 of <!subteam^S0TREASURY>');
    expect(card).toContain('☐ 1 of <!subteam^S0RISK> or <@U0CHEN>');
    expect(card).not.toContain('2 of 2');
    expect(card).toContain('rule `01234567');
    // Nor do boxes for people look like places, and only those are named whose approval still helps.
    expect(card).toContain(`${mention(ALICE)} approved`);
    expect(card).not.toContain(`☑ ${mention(ALICE)}`);
    expect(card).toContain(`Can approve: ${mention(CAROL)} ·`);
  });

  it('names everybody whose approval still helps: for their number, or for one of two rules', () => {
    const one = request({ votes: [vote(ALICE)] }, rule);
    const options = { approvers, edition: '1' };
    const both = `Can approve: ${mention(BOB)}, ${mention(CAROL)} ·`;
    expect(
      words(request({ votes: [vote(ALICE)] }, { ...rule, quorum: 3 }), { ...options, seats: [OWN] }),
    ).toContain(both);
    const now = seats([BOB.userId], [CAROL.userId]);
    expect(words(one, { ...options, seats: [OWN, now] })).toContain(both);
    expect(words(one, { ...options, seats: [OWN] })).toContain(`Can approve: ${mention(CAROL)} ·`);
    expect(words(one, { ...options, seats: [seats([ALICE.userId, BOB.userId], [])] })).toContain(
      'Can approve: nobody at present',
    );
  });

  it('never counts two of one group as two of two, in the thread and in answers', () => {
    const two = request({ votes: [vote(ALICE), vote(BOB)] }, rule);
    const event = { type: 'reminded', stage: 'half', by: null, atMs: START_MS } as const;
    const needed =
      '2 approvals so far, needed: 1 of <!subteam^S0TREASURY> and 1 of <!subteam^S0RISK> or <@U0CHEN>';
    const form = JSON.stringify(ballotModal({ request: two, facts: two.facts }));
    for (const says of [threadText(event, two), recordedMessage('Recorded.', two).text, form]) {
      expect(says).toContain(needed);
      expect(says).not.toContain('of 2');
    }
  });

  it('says only whom it needs where it is not known who is in the groups', () => {
    const card = words(request({ votes: [vote(ALICE)] }, rule), { approvers: null, edition: '1' });
    expect(card).toContain('*1 approval so far*');
    expect(card).toContain('Needs 1 of <!subteam^S0TREASURY>');
    expect(card).toContain('Needs 1 of <!subteam^S0RISK> or <@U0CHEN>');
  });

  it('says what the rule in force now needs beyond its own', () => {
    const filled = request({ votes: [vote(ALICE), vote(CAROL)] }, rule);
    const now: Seat[] = [{ from: ['S0BOARD'], count: 1, accounts: new Set(['U0DIRECTOR']) }];
    const card = words(filled, { approvers, seats: [OWN, now], edition: '1' });
    expect(card).toContain('The rule in force now also needs 1 of <!subteam^S0BOARD>');
    const none: Seat[] = [{ from: [], count: 1, accounts: new Set() }];
    expect(words(filled, { approvers, seats: [OWN, none], edition: '1' })).toContain(
      'No rule in force now is for this unit, so it can only be rejected or withdrawn.',
    );
  });

  it('says whom it lacks while nobody can complete it, and to the requester and in the thread', () => {
    const lack = { eligible: 2, quorum: 2, open: [RISK] };
    const says = 'Nobody can complete this now: 1 of <!subteam^S0RISK> or <@U0CHEN> is missing';
    const short = request({ unreachable: { ...lack, sinceMs: START_MS } }, rule);
    for (const state of ['pending', 'approved'] as const)
      expect(words({ ...short, state }, { approvers, seats: [OWN], edition: '1' })).toContain(says);
    expect(words(short, { approvers, seats: [OWN], edition: '1' })).toMatch(
      /^⚠️ Close unit 7: nobody can complete it now\n/,
    );
    expect(words(short, { approvers, seats: [OWN], edition: '1' })).not.toContain('Can approve');
    expect(words({ ...short, state: 'expired' }, { approvers, edition: '1' })).not.toContain('Nobody');
    const event = { type: 'unreachable', by: null, ...lack, atMs: START_MS } as const;
    expect(threadText(event, short)).toContain(`${says} (`);
    expect(JSON.stringify(directMessage(event, short, REQUESTER, null))).toContain(
      `Your request to close unit 7: ${says} (`,
    );
  });

  it.each([
    [{ eligible: 1, quorum: 2 }, '1 person can approve, and it needs 2'],
    [{ eligible: 1, quorum: 1 }, '1 person can approve, and it needs 2'],
    [{ eligible: 2, quorum: 3, open: [] }, '2 people can approve, and it needs 3'],
    [
      { eligible: 0, quorum: 3, open: [TREASURY, { ...RISK, count: 2 }] },
      '1 of <!subteam^S0TREASURY> and 2 of <!subteam^S0RISK> or <@U0CHEN> are missing',
    ],
    [{ eligible: 2, quorum: 2, open: [{ from: [], count: 1 }] }, 'no rule in force is for this unit'],
  ])('%j lacks: %s', (lack, text) => {
    expect(lackText(lack)).toBe(`Nobody can complete this now: ${text}`);
  });

  it('names who stood in for whom, on the card and in the thread', () => {
    const stood = request({ votes: [vote(ALICE), vote(BOB, CAROL.userId)] }, rule);
    expect(words(stood, { approvers, seats: [OWN], edition: '1' })).toContain(
      '<@U0BOB> for <@U0CAROL> approved',
    );
    const event = {
      ...({
        type: 'approved',
        by: BOB,
        votes: 2,
        dropped: [],
        inPlaceOf: CAROL.userId,
        atMs: START_MS,
      } as const),
    };
    expect(threadText(event, stood)).toMatch(/^<@U0BOB> for <@U0CAROL> approved/);
  });

  it('counts down while it can be stopped, and says who can', () => {
    const held = request(
      { state: 'approved', votes: [vote(ALICE), vote(CAROL)] },
      { ...policy(), delayMs: 900_000 },
    );
    const card = words(held, { approvers, edition: '1' });
    expect(card).toContain('approved, can still be stopped');
    expect(card).toContain(`<!date^${(START_MS + 900_000) / 1_000}^`);
    expect(card).toContain(
      `unless someone stops it: an approver with *Reject…*, <@${REQUESTER.userId}> with *Withdraw*`,
    );
    expect(card).toContain('Reject…');
    const checking = { ...held, state: 'sending' as const, claim: { owner: 'one', deadlineAtMs: START_MS } };
    expect(words(checking, { approvers, edition: '1' })).toContain('"Withdraw"');
    const sent = { ...checking, sent: { atMs: START_MS, signedTimestampMs: START_MS, recvWindowMs: 5_000 } };
    expect(words(sent, { approvers, edition: '1' })).not.toContain('"Withdraw"');
    const first = { ...({ type: 'approved', by: CAROL, votes: 2, dropped: [], atMs: START_MS } as const) };
    expect(threadText(first, held)).toContain('That is enough. Loandesk carries it out');
  });
});
