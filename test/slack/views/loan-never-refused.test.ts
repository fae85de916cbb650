/** Whatever Binance records of a loan, Slack takes the message, and no name in it does anything. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { amount } from '../../../src/domain/amount.ts';
import type { WhyUnchecked } from '../../../src/domain/loan/outstanding.ts';
import { loanMessage, sharedLoanMessage } from '../../../src/slack/views/loan-view.ts';
import { sharedStatementMessage, statementMessage } from '../../../src/slack/views/statement-view.ts';
import { ALICE, START_MS } from '../../support/close-requests.ts';
import { loanRecord, loanView, statementView } from '../../support/loans.ts';
import { anyAmount, anyId, wildText } from '../support/arbitraries.ts';
import { faultsOf } from '../support/message-faults.ts';

describe('no message is ever refused', () => {
  const longestEmail = `${'long'.repeat(61)}@test.com`;
  const texts = fc.array(wildText(400), { maxLength: 30 });
  const asset = wildText(40);
  const record = fc.record({
    transactionId: anyId,
    asset,
    amount: anyAmount,
    principal: fc.option(anyAmount, { nil: null }),
    interest: fc.option(anyAmount, { nil: null }),
    status: fc.oneof(fc.constantFrom('CONFIRM', 'FAILED'), wildText(60)),
    type: fc.oneof(fc.constantFrom('BORROW', 'NORMAL_REPAY', 'REPAY', 'FORCE_REPAY'), wildText(60)),
    atMs: fc.constant(START_MS),
  });
  const step = fc.record({ atMs: fc.constant(START_MS), annualBefore: anyAmount, annualAfter: anyAmount });
  const maybe = fc.option(anyAmount, { nil: null });
  const interest = fc.record({
    asset,
    yesterday: maybe,
    month: maybe,
    monthAnnualRate: maybe,
    annualRate: maybe,
    steps: fc.array(step, { maxLength: 30 }),
    total: anyAmount,
  });
  const liability = fc.record({ asset, principal: anyAmount, interest: anyAmount });
  const transfer = fc.record({
    liquidationId: anyId,
    atMs: fc.constant(START_MS),
    fromUid: anyId,
    fromAccountType: wildText(60),
    toUid: anyId,
    toAccountType: wildText(60),
    status: wildText(60),
    assets: fc.array(fc.record({ asset, amount: anyAmount }), { maxLength: 8 }),
  });
  const liquidation = fc.record({
    liquidation: fc.record({
      groupId: anyId,
      startLtv: anyAmount,
      endLtv: maybe,
      startedAtMs: fc.constant(START_MS),
      endedAtMs: fc.option(fc.constant(START_MS), { nil: null }),
      totalNetEquity: anyAmount,
      totalMaintenanceMargin: anyAmount,
      totalLiability: anyAmount,
      liabilities: fc.array(liability, { maxLength: 8 }),
    }),
    transfers: fc.array(transfer, { maxLength: 8 }),
  });
  const rebate = fc.record({
    asset,
    balance: anyAmount,
    totalGranted: anyAmount,
    totalConsumed: anyAmount,
    usedHere: maybe,
  });

  it('/loan of any records, interest and liquidations, private and shared', () => {
    const view = fc.record({
      groupId: anyId,
      owed: fc.option(fc.array(liability, { maxLength: 12 }), { nil: null }),
      closedAtMs: fc.constantFrom(null, START_MS),
      creditEmail: fc.constantFrom(null, longestEmail),
      spanText: fc.constant('2026-10-22 to 2026-11-20'),
      interest: fc.array(interest, { maxLength: 8 }),
      records: fc.array(record, { maxLength: 50 }),
      sums: fc.array(
        fc.record({ asset, borrowed: anyAmount, repaidPrincipal: anyAmount, repaidInterest: anyAmount }),
        { maxLength: 8 },
      ),
      liquidations: fc.array(liquidation, { maxLength: 6 }),
      rebate: fc.option(rebate, { nil: null }),
      missing: texts,
      flaws: texts,
    });
    fc.assert(
      fc.property(view, wildText(300), (changes, query) => {
        const shown = loanView({ ...changes, total: changes.records.length, pages: 3, page: 2 });
        expect(faultsOf(loanMessage(shown, query))).toEqual([]);
        expect(faultsOf(sharedLoanMessage(shown, ALICE))).toEqual([]);
      }),
      { numRuns: 60, endOnFailure: true },
    );
  });

  it('a statement of any assets and days, private and shared', () => {
    const assets = fc.array(
      fc.record({
        asset,
        opening: anyAmount,
        borrowed: anyAmount,
        repaid: anyAmount,
        forcedRepaid: anyAmount,
        computedClosing: anyAmount,
        statedClosing: anyAmount,
        interest: anyAmount,
        interestByDay: fc.array(
          fc.record({
            day: fc.constant('2026-10-01'),
            interest: anyAmount,
            rows: fc.integer({ min: 1, max: 48 }),
          }),
          { maxLength: 31 },
        ),
      }),
      { maxLength: 20 },
    );
    const reasons = fc.subarray<WhyUnchecked>([
      'owed-before',
      'owed-after',
      'rebate-not-read',
      'owed-not-read',
      'not-booked',
    ]);
    const view = fc.record({
      groupId: anyId,
      assets,
      differences: fc.oneof(fc.constant([]), texts),
      interestUnchecked: fc.array(fc.record({ asset, why: reasons }), { maxLength: 20 }),
      interestRounding: fc.array(fc.record({ asset, off: anyAmount }), { maxLength: 20 }),
      missing: fc.oneof(fc.constant([]), texts),
      missingForInterest: texts,
      flaws: fc.oneof(fc.constant([]), texts),
    });
    fc.assert(
      fc.property(view, wildText(300), (changes, query) => {
        const shown = statementView({ ...changes, creditEmail: longestEmail });
        expect(faultsOf(statementMessage(shown, query))).toEqual([]);
        expect(faultsOf(sharedStatementMessage(shown, ALICE))).toEqual([]);
      }),
      { numRuns: 60, endOnFailure: true },
    );
  });

  it('lets no name of an asset or a type ping anybody or become a link', () => {
    const bad = '<!here> <@U1> *b*';
    const view = loanView({
      owed: [{ asset: bad, principal: amount('1'), interest: amount('1') }],
      interest: loanView().interest.map((each) => ({ ...each, asset: bad })),
      records: [loanRecord({ asset: bad, type: bad, status: bad })],
      total: 1,
    });
    const message = loanMessage(view, '12');
    for (const form of [message, message.plainer ?? message]) {
      const mrkdwn = [...JSON.stringify(form.blocks).matchAll(/"type":"mrkdwn","text":"([^"]*)"/g)];
      expect(mrkdwn.map(([, text = '']) => text).join('\n')).not.toMatch(/<[!@](?!date)|\*b\*/);
      expect(form.text).not.toMatch(/<[!@](?!date)|\*b\*/);
    }
  });
});
