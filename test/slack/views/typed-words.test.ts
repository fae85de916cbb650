/** What people type is shown as typed: it never looks like a line of the bot's. */
import { describe, expect, it } from 'vitest';
import { longId } from '../../../src/domain/amount.ts';
import type { CloseRequest, RequestEvent } from '../../../src/domain/close/close-request.ts';
import { decide } from '../../../src/domain/close/close-rule.ts';
import { closedUnitsMessage } from '../../../src/slack/views/closed-units-view.ts';
import { directMessage } from '../../../src/slack/views/direct-message.ts';
import { threadText } from '../../../src/slack/views/event-text.ts';
import { homeTab } from '../../../src/slack/views/home-view.ts';
import { refusalText } from '../../../src/slack/views/refusal-text.ts';
import { requestCard } from '../../../src/slack/views/request-card.ts';
import { requestListMessage, requestMessage } from '../../../src/slack/views/request-view.ts';
import { ALICE, BOB, ELIGIBLE, policy, REQUESTER, request, START_MS } from '../../support/close-requests.ts';

const MARKS =
  '*Correction: Closed.* _Approved_ ~no~ `code` :white_check_mark: ” *Closed.*\n*Closed.* on ltv_total 2*3';
const SHOWN =
  '∗Correction: Closed.∗ ＿Approved＿ ∼no∼ ˋcodeˋ ∶white_check_mark: " ∗Closed.∗ ∗Closed.∗ on ltv_total 2*3';

const by = { teamId: ALICE.teamId, userId: ALICE.userId };
const rejected = request({
  state: 'rejected',
  ending: { kind: 'rejected', by, reason: MARKS, atMs: START_MS },
});
const rejection: RequestEvent = { type: 'rejected', by, reason: MARKS, atMs: START_MS };
const settled = request({
  state: 'closed',
  ending: { kind: 'settled', verdict: 'closed', by: [ALICE, BOB], note: MARKS, atMs: START_MS },
});
const proposal: RequestEvent = {
  type: 'settlement-proposed',
  by,
  verdict: 'closed',
  note: MARKS,
  atMs: START_MS,
};

describe('fault T13: mrkdwn in what people type', () => {
  it.each([
    ["a rejection's reason on the card", requestCard(rejected, { approvers: null, edition: 'e' })],
    ["a rejection's reason in the thread", threadText(rejection, rejected)],
    ["a rejection's reason told to the requester", directMessage(rejection, rejected, REQUESTER, null)],
    ['the note of a settlement', requestMessage({ request: settled, approvers: null, nowMs: 0 }, null)],
    ['the note of a proposal', threadText(proposal, request({ state: 'unknown' }))],
    [
      "the request's reason where blocks are refused",
      requestCard(request({ reason: MARKS }), { approvers: null, edition: 'e' }).text,
    ],
  ])('%s is quoted', (_, view) => {
    const text = JSON.stringify(view).replaceAll('\\"', '"');
    expect(text).toContain(`“${SHOWN}”`);
    expect(text.replaceAll(/"type":"rich_text_quote".*?\}\]\}\]/gs, '')).not.toContain('*Correction');
  });
});

describe('fault T2, relative: a record that cannot be read is named where requests are listed', () => {
  it.each([
    ['the list', requestListMessage({ open: [], recent: [], unreadable: ['R1'] }, 1, null)],
    [
      'Home',
      homeTab(
        {
          roles: ['viewer'],
          waitingForMe: [],
          open: [],
          recent: [],
          unreadable: ['R1'],
          units: null,
          unitsRefusal: null,
          nowMs: START_MS,
        },
        null,
      ),
    ],
  ])('%s', (_, view) => {
    expect(JSON.stringify(view)).toContain("Request `R1` can't be read.");
  });

  it('and where closed units are', () => {
    const unit = {
      groupId: longId('7'),
      creditEmail: 'a@test.com',
      parentEmail: 'p@test.com',
      createdAtMs: START_MS,
      closedAtMs: START_MS,
      enabled: false,
    };
    const shown = (through: 'unreadable' | null) =>
      closedUnitsMessage(
        {
          ...{ rows: [{ unit, through }], page: 1, pages: 1, total: 1, filter: null },
          ...{ timeZone: 'UTC', asOfMs: START_MS, flaws: [] },
        },
        '',
        null,
      ).text;
    expect(shown(null)).toContain('not closed through Loandesk');
    expect(shown('unreadable')).not.toContain('not closed through');
    expect(shown('unreadable')).toContain("Loandesk's record of it can't be read");
  });
});

describe('fault T14: an outcome that two people stated', () => {
  const view = {
    roles: ['viewer' as const],
    waitingForMe: [],
    open: [],
    recent: [settled],
    unreadable: [],
    units: null,
    unitsRefusal: null,
    nowMs: START_MS,
  };
  it.each([
    ['the list', requestListMessage({ open: [], recent: [settled], unreadable: [] }, 1, null)],
    ['Home', homeTab(view, null)],
    ['the card', requestCard(settled, { approvers: null, edition: 'e' })],
    ['the request itself', requestMessage({ request: settled, approvers: null, nowMs: 0 }, null)],
    [
      'the message to the requester',
      directMessage({ ...proposal, type: 'settled' } as RequestEvent, settled, REQUESTER, null),
    ],
  ])('is named so in %s', (_, shown) => {
    expect(JSON.stringify(shown)).toMatch(/closed \(resolved manually\)/i);
  });

  it.each([
    ['fault T14, relative: withdraw', { type: 'withdraw', by: REQUESTER }],
    [
      'fault T14, relative: settle',
      { type: 'settle', pairs: [], by: ALICE, verdict: 'closed', note: 'n', eligible: ELIGIBLE },
    ],
  ] as const)('%s is refused with it named so', (_, command) => {
    const decision = decide(settled, command, { nowMs: START_MS, current: policy() });
    expect(decision.ok ? '' : refusalText(decision.refusal)).toContain('closed (resolved manually)');
  });

  it('relative: so is one that was not executed, and one that was read is not', () => {
    const list = (each: CloseRequest) =>
      JSON.stringify(requestListMessage({ open: [], recent: [each], unreadable: [] }, 1, null));
    const failed = request({
      state: 'failed',
      ending: { kind: 'settled', verdict: 'not-closed', by: [ALICE, BOB], note: 'n', atMs: START_MS },
    });
    expect(list(failed)).toContain('failed (resolved manually)');
    expect(list(request({ state: 'closed', ending: { kind: 'read-back', atMs: START_MS } }))).not.toContain(
      'manually',
    );
  });
});
