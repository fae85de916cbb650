import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { longId } from '../../../src/domain/amount.ts';
import type { Refusal, RefusalCode } from '../../../src/domain/refusal.ts';
import { findBlockKitFaults } from '../../../src/slack/views/block-kit-faults.ts';
import { refusalMessage } from '../../../src/slack/views/notice-message.ts';
import { REFUSAL_CODES, refusalText } from '../../../src/slack/views/refusal-text.ts';
import { START_MS } from '../../support/close-requests.ts';
import { factChange, wildText } from '../support/arbitraries.ts';

const unit = longId('7');

/** One refusal of each code; a new code does not compile without its example. */
function examples(text: string): { readonly [Code in RefusalCode]: Extract<Refusal, { code: Code }> } {
  const liabilities = [{ asset: 'USDT', principal: '15.30718771', interest: '0.00000001' }];
  return {
    'bad-unit-id': { code: 'bad-unit-id', input: text },
    'unit-id-missing': { code: 'unit-id-missing' },
    'unknown-unit': { code: 'unknown-unit', input: text },
    'ambiguous-unit': { code: 'ambiguous-unit', input: text, matches: [text, text] },
    'bad-filter': { code: 'bad-filter', input: text, expected: text },
    'reason-missing': { code: 'reason-missing' },
    'reason-too-long': { code: 'reason-too-long', limit: 3_000 },
    'note-missing': { code: 'note-missing' },
    'typed-id-differs': { code: 'typed-id-differs', typed: text, groupId: unit },
    'bad-request-id': { code: 'bad-request-id', input: text },
    'unknown-command': { code: 'unknown-command', input: text },
    'channel-not-allowed': { code: 'channel-not-allowed', channels: ['C0DESK', text] },
    'not-a-full-member': { code: 'not-a-full-member', kind: 'guest' },
    'role-missing': { code: 'role-missing', role: 'approver' },
    'identity-unavailable': { code: 'identity-unavailable' },
    'self-approval': { code: 'self-approval' },
    'not-the-requester': { code: 'not-the-requester' },
    'quorum-unreachable': { code: 'quorum-unreachable', eligible: 1, quorum: 2 },
    'request-not-found': { code: 'request-not-found', requestId: text },
    'already-open': { code: 'already-open', requestId: text, state: 'pending' },
    'already-decided': { code: 'already-decided', state: 'rejected' },
    'already-executing': { code: 'already-executing' },
    'already-voted': { code: 'already-voted' },
    expired: { code: 'expired' },
    'old-version': { code: 'old-version' },
    'facts-changed': {
      code: 'facts-changed',
      changes: [{ fact: 'liability', which: 'USDT', before: null, after: 'principal 1, interest 0' }],
    },
    'card-not-posted': { code: 'card-not-posted' },
    'not-the-card': { code: 'not-the-card' },
    'wrong-state': { code: 'wrong-state', state: 'approved' },
    'not-claim-owner': { code: 'not-claim-owner' },
    'claim-expired': { code: 'claim-expired' },
    'nothing-changed': { code: 'nothing-changed' },
    'second-person-needed': { code: 'second-person-needed' },
    'verdict-differs': { code: 'verdict-differs' },
    owes: { code: 'owes', groupId: unit, liabilities, totalLiability: '15.30718772' },
    'unit-not-active': { code: 'unit-not-active', groupId: unit },
    'already-closed': { code: 'already-closed', groupId: unit, closedAtMs: START_MS },
    'no-credit-key': { code: 'no-credit-key', groupId: unit },
    'facts-unreadable': { code: 'facts-unreadable', why: text },
    'exchange-busy': { code: 'exchange-busy', retryAtMs: START_MS },
    'exchange-unavailable': { code: 'exchange-unavailable', why: text, retryAtMs: null },
    'exchange-refused': { code: 'exchange-refused', exchangeCode: -27_018, meaning: text, advice: text },
    'store-unavailable': { code: 'store-unavailable' },
    'too-much-at-once': { code: 'too-much-at-once' },
    'changed-meanwhile': { code: 'changed-meanwhile' },
  };
}

/** What a refusal may end with: whether anything changed. */
const ENDINGS =
  /(?:Nothing was changed\.|Your vote was not counted\.|look at `\/loandesk requests` before you repeat it\.)$/;

describe('refusal texts', () => {
  it.each(Object.values(examples('72; DROP')))(
    '$code says what was wrong and ends with what changed',
    (refusal) => {
      expect(refusalText(refusal)).toMatch(/^\S.{20,}/);
      expect(refusalText(refusal)).toMatch(ENDINGS);
    },
  );

  it('has an example of every code here', () => {
    expect(Object.keys(examples('')).sort()).toEqual([...REFUSAL_CODES].sort());
  });

  it('states what is owed to the last digit', () => {
    expect(refusalText(examples('').owes)).toBe(
      [
        'Unit 7 still owes, and the exchange closes repaid units only. Total liability 15.30718772.',
        '• *USDT*: principal 15.30718771, interest 0.00000001',
        'Repay that to the last digit, interest included, then ask again. `/ltv 7` shows the unit. Nothing was changed.',
      ].join('\n'),
    );
  });

  it('neither pings nor breaks on what was typed', () => {
    expect(refusalText({ code: 'unknown-unit', input: '<!here> & <@U1>' })).toContain(
      '“&lt;!here&gt; &amp; &lt;@U1&gt;”',
    );
  });

  it('fits Slack whatever was typed', () => {
    fc.assert(
      fc.property(wildText(3_000), fc.array(factChange, { maxLength: 50 }), (text, changes) => {
        const all = examples(text);
        for (const refusal of [...Object.values(all), { ...all['facts-changed'], changes }]) {
          expect(findBlockKitFaults('message', refusalMessage(refusal))).toEqual([]);
          expect(refusalText(refusal)).toMatch(ENDINGS);
        }
      }),
      { numRuns: 50 },
    );
  });
});
