/** What people see, whole. */
import { describe, expect, it } from 'vitest';
import { longId, ZERO } from '../../../src/domain/amount.ts';
import { type CloseRequest, LONGEST_REASON } from '../../../src/domain/close/close-request.ts';
import { diffFacts } from '../../../src/domain/close/facts.ts';
import { PUBLISHED_THRESHOLDS } from '../../../src/domain/unit/risk-unit.ts';
import { threadText } from '../../../src/slack/views/event-text.ts';
import { LIMITS } from '../../../src/slack/views/limits.ts';
import { cardButtons, requestCard } from '../../../src/slack/views/request-card.ts';
import { askModal, ballotModal, LONGEST_ASK_REASON } from '../../../src/slack/views/request-forms.ts';
import { requestLine } from '../../../src/slack/views/request-view.ts';
import { unitsMessage } from '../../../src/slack/views/units-view.ts';
import { ALICE, BOB, exampleUnit, facts, policy, request, START_MS } from '../../support/close-requests.ts';

const section = (text: string) => ({
  type: 'section',
  text: { type: 'mrkdwn', text, verbatim: true },
  expand: true,
});
const context = (text: string) => ({
  type: 'context',
  elements: [{ type: 'mrkdwn', text, verbatim: true }],
});
const header = (text: string) => ({ type: 'header', text: { type: 'plain_text', text, emoji: false } });
const field = (label: string, value: string) => ({
  type: 'mrkdwn',
  text: `*${label}*\n${value}`,
  verbatim: true,
});
const quote = (text: string) => ({
  type: 'rich_text',
  elements: [{ type: 'rich_text_quote', elements: [{ type: 'text', text }] }],
});
const plain = (text: string) => ({ type: 'plain_text', text, emoji: false });

const AT = '<!date^1795176000^{date_short_pretty} {time}|2026-11-20 12:00 UTC>';
const vote = { voter: ALICE, atMs: START_MS, version: 1, factsDigest: '' };
const pending = request({ reason: 'Repaid on *Friday*\n<!here>', votes: [vote] });
const value = JSON.stringify({ requestId: 'R000000001', version: 1 });

describe('the form that asks', () => {
  it("takes the desk's longest reason as far as Slack lets a form, and says how to give a longer one", () => {
    const view = { facts: facts(), digest: 'ab', unit: exampleUnit(), policy: pending.policy };
    const input = askModal(view).blocks.at(-1);
    expect(input).toMatchObject({
      hint: plain(
        'Approvers read this text, and the audit trail keeps it. Up to 3000 characters here, up to 4000 after the unit in /close-unit.',
      ),
      element: { type: 'plain_text_input', max_length: 3_000 },
    });
    expect(LONGEST_ASK_REASON).toBe(Math.min(LONGEST_REASON, LIMITS.plainTextInput.value));
  });
});

describe('the card of a pending request', () => {
  it('says what it needs, who asks and why, what is at stake, who approved and who can, then the buttons', () => {
    const { blocks } = requestCard(
      { ...pending, facts: facts({ netEquity: '500000.4' }) },
      { approvers: new Set(['U0ALICE', 'U0BOB']), edition: 'e1' },
    );
    expect(blocks).toEqual([
      header('⏳ Close unit 7: needs 1 more approval'),
      section("*<@U0REQ>* asks to close unit 7 (c***7@test.com). *A close can't be undone.*"),
      quote('Repaid on *Friday*\n<!here>'),
      {
        type: 'section',
        fields: [
          field('Owed', 'Nothing'),
          field('Would be released', '500,000 in 3 accounts, as valued by Binance'),
        ],
      },
      section(
        `☑ ☐  *1 of 2 approvals*\n☑ <@U0ALICE> ${AT}\nCan approve: <@U0BOB> · expires <!date^1795190400^{date_short_pretty} {time} ({ago})|2026-11-20 16:00 UTC>`,
      ),
      {
        type: 'actions',
        block_id: 'card:2:e1',
        elements: [
          {
            type: 'button',
            action_id: 'request:approve',
            text: plain('Review and approve…'),
            value,
            accessibility_label: 'Review and approve the close of unit 7; opens a form',
            style: 'primary',
          },
          {
            type: 'button',
            action_id: 'request:reject',
            text: plain('Reject…'),
            value,
            accessibility_label: 'Reject the close of unit 7; opens a form',
          },
          {
            type: 'button',
            action_id: 'request:withdraw',
            text: plain('Withdraw'),
            value,
            accessibility_label: 'Withdraw the request to close unit 7; requester only',
            confirm: {
              title: plain('Withdraw the request?'),
              text: plain('Only the requester can do this. Nothing will be sent.'),
              confirm: plain('Withdraw'),
              deny: plain('Go back'),
            },
          },
        ],
      },
      context(
        'After the last approval Loandesk reads the unit and the approvers again, then sends *one* close order to Binance, which ends this risk unit.',
      ),
      context(
        `Collateral accounts: c***1@test.com, c***2@test.com · Facts read ${AT}, digest \`${pending.factsDigest.slice(0, 8)}\`, version 1`,
      ),
      context(`Request \`R000000001\` · asked ${AT}`),
    ]);
  });

  it('keeps a long reason short, so that the buttons stay on the first screen; the form has all of it', () => {
    const reason = `${'because '.repeat(60)}\nsecond\nthird\nfourth`;
    const { blocks } = requestCard(request({ reason }), { approvers: null, edition: 'e1' });
    expect(JSON.stringify(blocks[2])).toMatch(/because…"/);
    const lines = requestCard(request({ reason: 'one\ntwo\n\nthree\nfour' }), {
      approvers: null,
      edition: 'e1',
    });
    expect(lines.blocks[2]).toEqual(quote('one\ntwo\nthree …'));
    expect(JSON.stringify(ballotModal({ request: request({ reason }), facts: facts() }))).toContain('fourth');
  });

  it('says the essential in its text, for screen readers and notifications', () => {
    expect(requestCard(pending, { approvers: null, edition: 'e1' }).text).toBe(
      [
        '⏳ Close unit 7: needs 1 more approval',
        "*<@U0REQ>* asks to close unit 7 (c***7@test.com). *A close can't be undone.*",
        'Reason: “Repaid on ∗Friday∗ &lt;!here&gt;”',
        '☑ ☐  *1 of 2 approvals*',
        `☑ <@U0ALICE> ${AT}`,
        'Can approve: 3 named approvers, but not the requester · expires <!date^1795190400^{date_short_pretty} {time} ({ago})|2026-11-20 16:00 UTC>',
      ].join('\n'),
    );
  });
});

describe('the buttons of a card', () => {
  it.each([
    ['pending', {}, ['request:approve', 'request:reject', 'request:withdraw']],
    [
      'pending, and the unit owes',
      { facts: facts({ totalLiability: '1' }) },
      ['request:check-again', 'request:withdraw', 'request:reject'],
    ],
    ['approved', { state: 'approved' }, ['request:reject', 'request:withdraw']],
    [
      'approved, and the sending stopped',
      { state: 'approved', abandonedClaims: 1 },
      ['request:start-sending', 'request:reject', 'request:withdraw'],
    ],
    ['sending', { state: 'sending' }, []],
    ['unknown', { state: 'unknown' }, ['request:open', 'request:settle']],
    ['rejected', { state: 'rejected' }, []],
    ['withdrawn', { state: 'withdrawn' }, []],
    ['expired', { state: 'expired' }, []],
    ['failed', { state: 'failed' }, []],
    ['superseded', { state: 'superseded' }, []],
    ['rehearsed', { state: 'rehearsed' }, []],
    ['closed', { state: 'closed' }, []],
  ] as const)('%s', (_, changes, buttons) => {
    expect(cardButtons(request(changes)).map(({ id }) => id)).toEqual(buttons);
  });
});

describe('the title of a card', () => {
  const settledAs = (verdict: 'closed' | 'not-closed') =>
    ({ kind: 'settled', verdict, by: [ALICE, BOB], note: 'n', atMs: START_MS }) as const;
  const usdt = (principal: string, interest: string) =>
    facts({ totalLiability: '1', liabilities: [{ asset: 'USDT', principal, interest }] });
  const btc = { asset: 'BTC', principal: '2', interest: '0' };

  it.each<[string, Partial<CloseRequest>]>([
    ['⏳ Close unit 7: needs 2 approvals', {}],
    ['⏳ Close unit 7: needs 1 more approval', { votes: [vote] }],
    ['⛔ Close unit 7: blocked, owes 0.50000001 USDT', { facts: usdt('0.5', '0.00000001') }],
    [
      '⛔ Close unit 7: blocked, owes 1 USDT and 1 more asset',
      { facts: { ...usdt('1', '0'), liabilities: [...usdt('1', '0').liabilities, btc] } },
    ],
    ['⛔ Close unit 7: blocked, owes 1 as valued by Binance', { facts: facts({ totalLiability: '1' }) }],
    ['🔄 Close unit 7: approved', { state: 'approved' }],
    ['⚠️ Close unit 7: approved, not sent yet', { state: 'approved', obstacle: { why: 'busy', sinceMs: 1 } }],
    ['⚠️ Close unit 7: approved, sending stopped', { state: 'approved', abandonedClaims: 1 }],
    ['🔄 Close unit 7: last check before sending', { state: 'sending' }],
    ['❓ Unit 7: close order sent, OUTCOME UNKNOWN', { state: 'unknown' }],
    ['✅ Unit 7 closed', { state: 'closed', ending: { kind: 'read-back', atMs: START_MS } }],
    ['✅ Unit 7 closed (resolved manually)', { state: 'closed', ending: settledAs('closed') }],
    ['❌ Close of unit 7 failed (resolved manually)', { state: 'failed', ending: settledAs('not-closed') }],
    ['🚫 Close of unit 7 rejected', { state: 'rejected' }],
    ['↩️ Close of unit 7 withdrawn', { state: 'withdrawn' }],
    ['⌛ Close of unit 7 expired', { state: 'expired' }],
    ["ℹ️ Unit 7: already in Binance's closed list", { state: 'superseded' }],
    ['✅ Close of unit 7 rehearsed, nothing sent', { state: 'rehearsed' }],
  ])('%s', (title, changes) => {
    expect(requestCard(request(changes), { approvers: null, edition: 'e' }).blocks[0]).toEqual(header(title));
  });
});

describe('an end on the card', () => {
  const rejected = request({
    state: 'rejected',
    votes: [vote],
    ending: { kind: 'rejected', by: BOB, reason: 'Still moving', atMs: START_MS },
  });

  it('says who ended it and asks for nothing more', () => {
    const { text, blocks } = requestCard(rejected, { approvers: new Set(['U0BOB']), edition: 'e' });
    const shown = `${text} ${JSON.stringify(blocks)}`;
    expect(shown).toContain('*Rejected* by <@U0BOB>');
    expect(shown).toContain('*Approvals: 1*');
    expect(shown).not.toMatch(/needed|needs|Can approve|expires|of 2|Would be released|actions/);
  });

  it('is one line in lists: who ended it, who asked', () => {
    expect(requestLine(rejected, null)).toBe(
      `• *Unit 7*: rejected by <@U0BOB> ${AT} · asked by <@U0REQ> ${AT} · \`R000000001\``,
    );
  });
});

describe('what a close releases', () => {
  it.each([
    [{}, 'Would be released'],
    [{ state: 'unknown' }, 'Released if executed'],
    [{ state: 'closed' }, 'Released'],
  ] as const)('%o: %s', (changes, label) => {
    const about = request({ ...changes, facts: facts({ netEquity: '500000.4' }) });
    const { blocks } = requestCard(about, { approvers: null, edition: 'e' });
    expect(blocks).toContainEqual({
      type: 'section',
      fields: [
        field(label === 'Released' ? 'Owed when approved' : 'Owed', 'Nothing'),
        field(label, '500,000 in 3 accounts, as valued by Binance'),
      ],
    });
  });
});

describe('what cannot be undone', () => {
  const blocksBefore = (text: string, about: CloseRequest) => {
    const { blocks } = requestCard(about, { approvers: null, edition: 'e' });
    const buttonsAt = blocks.findIndex(({ type }) => type === 'actions');
    return JSON.stringify(blocks.slice(0, buttonsAt)).includes(text);
  };

  it('is said above the buttons, and not of a rehearsal', () => {
    expect(blocksBefore("can't be undone", request())).toBe(true);
    expect(blocksBefore("can't be undone", request({ policy: policy({ mode: 'dry-run' }) }))).toBe(false);
  });
});

describe('a blocked card', () => {
  it('says what is owed once, and when it is read again', () => {
    const owing = facts({
      totalLiability: '0.5',
      liabilities: [{ asset: 'USDT', principal: '0.5', interest: '0' }],
    });
    const { blocks } = requestCard(
      request({ facts: owing, version: 2, factChanges: diffFacts(facts(), owing) }),
      { approvers: null, edition: 'e' },
    );
    expect(blocks.slice(1, 4)).toEqual([
      section(
        '*Blocked*: the unit owes 0.5 USDT, and Binance closes repaid units only. Approvals are paused until it owes nothing.\n*<@U0REQ>* asked to close unit 7 (c***7@test.com)',
      ),
      quote('Loan repaid'),
      { type: 'section', fields: [field('Owed', '0.5 USDT')] },
    ]);
    expect(JSON.stringify(blocks)).not.toContain('liability');
    expect(JSON.stringify(blocks)).toContain('Loandesk checks the unit every five minutes until');
  });
});

describe('the end in the thread', () => {
  it('says who had approved, and when', () => {
    const ended = request({
      state: 'closed',
      votes: [vote, { ...vote, voter: BOB }],
      ending: { kind: 'read-back', atMs: START_MS },
      evidence: { groupId: longId('7'), creditEmail: 'c@test.com', createdAtMs: 1, closedAtMs: START_MS },
    });
    expect(
      threadText(
        {
          type: 'read-back',
          by: null,
          atMs: START_MS,
          seen: 'in-closed-list',
          why: null,
          evidence: ended.evidence,
        },
        ended,
      ),
    ).toBe(
      `*Closed.* The unit is in Binance's closed list, close time ${AT}. Confirmed ${AT}.\nApprovals that counted: <@U0ALICE> ${AT}, <@U0BOB> ${AT}.`,
    );
  });
});

describe('the ballot', () => {
  it('shows addresses in full, asks for the id, and keeps what was shown', () => {
    const modal = ballotModal({
      request: {
        ...pending,
        factsDigest: 'abcdef0123456789',
        factChanges: [{ fact: 'total liability', which: null, before: '1', after: '0' }],
      },
      facts: facts({ netEquity: '500000.00000001' }),
    });
    expect(modal.callback_id).toBe('modal:ballot');
    expect(JSON.parse(modal.private_metadata ?? '')).toEqual({
      requestId: 'R000000001',
      version: 1,
      digest: 'abcdef0123456789',
      groupId: '7',
    });
    const text = JSON.stringify(modal.blocks);
    expect(text).toContain('credit7@test.com');
    expect(text).toContain('collateral72@test.com');
    expect(text).toContain('Changed since the first approval');
    expect(text).toContain('• total liability as valued by Binance: 1 → 0');
    // With the credit account, whose equity counts in the sum.
    expect(text).toContain('500,000.00000001 in 3 accounts');
  });
});

describe('/ltv', () => {
  const repaid = exampleUnit({ groupId: longId('2'), ltv: ZERO, totalLiability: ZERO, liabilities: [] });
  const view = {
    kind: 'many' as const,
    units: [exampleUnit({ updatedAtMs: START_MS }), { ...repaid, updatedAtMs: START_MS }],
    hidden: 0,
    filter: null,
    thresholds: PUBLISHED_THRESHOLDS,
    asOfMs: START_MS,
    nowMs: START_MS,
    flaws: [],
  };
  const text = (shown: string) => ({ type: 'raw_text', text: shown });
  const number = (sortedBy: number, shown: string) => ({ type: 'raw_number', value: sortedBy, text: shown });

  it('is a sortable table, rounded for reading', () => {
    const { text: said, blocks } = unitsMessage(view, '');
    expect(blocks.slice(0, 3)).toEqual([
      header('2 units below 80%'),
      {
        type: 'data_table',
        caption: 'Units, worst first',
        page_size: 10,
        row_header_column_index: 0,
        rows: [
          ['Unit', 'LTV', 'To liquidation', 'Owed', 'Net equity', 'Level'].map(text),
          [
            number(1, '1'),
            { ...number(0, '59.2%'), value: expect.closeTo(0.59213, 5) },
            { ...number(0, '33.5%'), value: expect.closeTo(0.33557, 4) },
            number(15.30718771, '15.31'),
            number(26.35196946, '26.35'),
            text('Normal'),
          ],
          [
            number(2, '2'),
            number(0, '0.0%'),
            number(1_000_000, '–'),
            number(0, '0'),
            number(26.35196946, '26.35'),
            text('No debt'),
          ],
        ],
      },
      context(
        `Owed 15.31 · net equity 52.7 · as valued by Binance, rounded (every digit in the CSV) · as of ${AT}`,
      ),
    ]);
    expect(said.split('\n')[0]).toBe('2 units below 80%.');
  });

  it('never takes an empty list for no loans', () => {
    expect(unitsMessage({ ...view, units: [] }, '').text).toMatch(
      /^No units found\. That doesn't mean nothing is owed/,
    );
  });
});
