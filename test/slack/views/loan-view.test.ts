/** What `/loan` shows: what is bad first, and what a phone shows of a row. */
import type { DataTableBlock, TableBlock } from '@slack/types';
import { describe, expect, it } from 'vitest';
import { amount, longId } from '../../../src/domain/amount.ts';
import type { Message } from '../../../src/slack/views/blocks.ts';
import { loanMessage, sharedLoanMessage } from '../../../src/slack/views/loan-view.ts';
import { readingMessage } from '../../../src/slack/views/reading-view.ts';
import { sharedStatementMessage, statementMessage } from '../../../src/slack/views/statement-view.ts';
import { ALICE, START_MS } from '../../support/close-requests.ts';
import {
  LIQUIDATION,
  loanRecord,
  loanView,
  REPAY,
  statementAsset,
  statementView,
} from '../../support/loans.ts';
import { faultsOf } from '../support/message-faults.ts';
import { shownButtons, shownText } from '../support/shown.ts';

function rowsOf({ blocks }: Message): string[][] {
  const table = blocks.find(
    (block): block is DataTableBlock | TableBlock => block.type === 'data_table' || block.type === 'table',
  );
  return (table?.rows ?? []).map((row) =>
    row.map((cell) => ('text' in cell && typeof cell.text === 'string' ? cell.text : '')),
  );
}

/** Where each text first comes. */
const placesOf = (message: Message, texts: readonly string[]) => {
  const shown = shownText(message);
  return texts.map((text) => {
    expect(shown).toContain(text);
    return shown.indexOf(text);
  });
};

describe('/loan 12', () => {
  it('says first what the unit owes, or when it was closed', () => {
    expect(loanMessage(loanView(), '12').text).toMatch(/^Unit 12 owes 1,234,568 USDT\n/);
    expect(loanMessage(loanView({ owed: [] }), '12').text).toMatch(/^Unit 12 owes nothing\n/);
    const closed = loanView({ owed: null, closedAtMs: START_MS });
    expect(loanMessage(closed, '12').text).toMatch(/^Unit 12: closed 2026-11-20 20:00\n/);
    const unread = loanView({ owed: null, missing: ['What it owes: Binance did not answer'] });
    expect(loanMessage(unread, '12').text).toMatch(
      /^Loan of unit 12\nNot read: What it owes: Binance did not answer\n/,
    );
  });

  it('puts a forced liquidation above everything else, with both LTVs and what it moved', () => {
    const message = loanMessage(loanView({ liquidations: [LIQUIDATION], missing: ['Rebate'] }), '12');
    const places = placesOf(message, [
      'FORCED LIQUIDATION',
      "Couldn't be read",
      'Rate of USDT',
      'Interest USDT',
    ]);
    expect(places).toEqual(places.toSorted((a, b) => a - b));
    expect(JSON.stringify(message.blocks)).toContain(':red_circle: *FORCED LIQUIDATION*');
    const shown = shownText(message);
    expect(shown).toContain('LTV *91.23%* before, *61.00% after*');
    expect(shown).toMatch(
      /\*2\.5 BTC, 100,000 USDT\* from Spot of 1000000000000123 to Cross margin of 1000000000000456\n/,
    );
    expect(shown).toContain('transfers are matched by their time');
  });

  it('says that a liquidation is not over, and that nothing is recorded as moved', () => {
    const { liquidation } = LIQUIDATION;
    const running = { liquidation: { ...liquidation, endLtv: null, endedAtMs: null }, transfers: [] };
    const shown = shownText(loanMessage(loanView({ liquidations: [running] }), '12'));
    expect(shown).toMatch(/not ended\nLTV \*91\.23%\* before, \*not stated after\*/);
    expect(shown).toContain('No transfer is recorded for its time.');
  });

  it('says a step of the rate as a line of its own, with as many decimals as tell the rates apart', () => {
    const [usdt] = loanView().interest;
    if (usdt === undefined) throw new Error('no interest');
    const steps = [
      { atMs: START_MS, annualBefore: amount('0.073001'), annualAfter: amount('0.073') },
      ...Array.from({ length: 5 }, () => ({
        atMs: START_MS - 72 * 3_600_000,
        annualBefore: amount('0.05'),
        annualAfter: amount('0.073'),
      })),
    ];
    const shown = shownText(loanMessage(loanView({ interest: [{ ...usdt, steps }] }), '12'));
    expect(shown).toContain('Rate of USDT *fell from 7.3001% to 7.3000% per year* on');
    expect(shown).toContain('Rate of USDT *rose from 5.00% to 7.30% per year* on');
    expect(shown).toContain('… and 3 earlier steps of USDT in these days');
    expect(shown.match(/Binance states no fixed terms/g)).toHaveLength(1);
  });

  it('shows time, what and amount first; a failed or undocumented one is marked and counts as nothing', () => {
    const forced = loanRecord({ type: 'FORCE_REPAY', asset: 'BTC', amount: amount('0.00000012') });
    const other = [
      loanRecord({ type: 'NORMAL_REPAY', status: 'PENDING' }),
      loanRecord({ type: 'SETTLE_X' }),
      loanRecord({ type: 'SETTLE_X', status: 'FAILED' }),
    ];
    const records = [...loanView().records, forced, ...other];
    const message = loanMessage(loanView({ records, total: records.length }), '12');
    expect(rowsOf(message)).toEqual([
      ['Time', 'What', 'Amount', 'Principal', 'Interest', 'Transaction'],
      ['11-20 19:00', 'Repay', '1,500 USDT', '1,400', '100.5', '9223372036854775807'],
      ['11-20 18:00', 'Repay failed', '250,000 USDT', '–', '–', '100000000000000001'],
      ['11-18 20:00', 'Borrow', '250,000 USDT', '–', '–', '100000000000000001'],
      ['11-18 20:00', 'Forced', '0.00000012 BTC', '–', '–', '100000000000000001'],
      ['11-18 20:00', 'Repay PENDING (not documented)', '250,000 USDT', '–', '–', '100000000000000001'],
      ['11-18 20:00', 'SETTLE_X (not documented)', '250,000 USDT', '–', '–', '100000000000000001'],
      ['11-18 20:00', 'SETTLE_X failed', '250,000 USDT', '–', '–', '100000000000000001'],
    ]);
    expect(shownText(message)).toContain('4 on this page count as nothing (failed, or not documented)');
    expect(message.plainer?.text).toContain('Repay PENDING (not documented), counts as nothing · *');
    expect(message.plainer?.text).toContain('SETTLE_X (not documented), counts as nothing · *');
    const one = loanMessage(loanView({ records: [loanRecord({ type: 'SETTLE_X' })] }), '12');
    expect(shownText(one)).toContain('1 on this page counts as nothing (failed, or not documented)');
    expect(message.plainer?.text).toContain('Repay failed, counts as nothing · *250,000 USDT*');
    expect(message.plainer?.blocks.some(({ type }) => type === 'data_table')).toBe(false);
    expect(shownText(message.plainer ?? message)).toContain('9223372036854775807');
  });

  it('says the year where a page spans two', () => {
    const records = [REPAY, loanRecord({ atMs: Date.UTC(2025, 11, 30) })];
    expect(rowsOf(loanMessage(loanView({ records }), '12')).map(([time]) => time)).toEqual([
      'Time',
      '2026-11-20 19:00',
      '2025-12-30 08:00',
    ]);
  });

  it('says what was charged yesterday, this month and per year, and what the rebate paid', () => {
    const rebate = {
      asset: 'USDT',
      balance: amount('120.5'),
      totalGranted: amount('500'),
      totalConsumed: amount('379.5'),
      usedHere: amount('12.25'),
    };
    const shown = shownText(loanMessage(loanView({ rebate }), '12'));
    expect(shown).toMatch(
      /yesterday 168\.49\n.*this month 3,370, 6\.91% per year\n.*last rate 7\.30% per year\n/,
    );
    expect(shown).toContain(
      '*Rebate of the firm*: 120.5 USDT left, 379.5 used, 12.25 of that for this unit in these days',
    );
    expect(shown).toContain('USDT: borrowed 250,000, repaid 1,400 principal and 100.5 interest');
  });

  it('turns pages with the question as typed, and asks for the month before in UTC', () => {
    const first = loanMessage(loanView({ pages: 2, total: 30 }), '12 last 90d');
    expect(shownButtons(first)).toEqual(['Older', 'CSV file', 'Statement of last month', 'Share…']);
    expect(JSON.stringify(first)).toContain(
      JSON.stringify(JSON.stringify({ query: '12 last 90d', page: 2 })),
    );
    expect(JSON.stringify(first)).toContain(
      JSON.stringify(JSON.stringify({ query: '12 statement 2026-10', page: 1 })),
    );
    expect(shownText(first)).toContain('page 1 of 2');
    const january = loanMessage(loanView({ asOfMs: Date.UTC(2027, 0, 1) }), '12');
    expect(JSON.stringify(january)).toContain('12 statement 2026-12');
  });

  it('does not call nothing what could not be read', () => {
    const none = { records: [], total: 0, sums: [] };
    expect(loanMessage(loanView(none), '12').text).toContain('*No borrow or repay*, 2026-10-22');
    expect(loanMessage(loanView({ ...none, missing: ['borrows'] }), '12').text).toContain(
      '*No borrow or repay was read*',
    );
    expect(loanMessage(loanView({ ...none, flaws: ['row 3: amount is null'] }), '12').text).toContain(
      '*No borrow or repay was read*',
    );
  });

  it('says what is left out, and that it is in the file only where there is a button for it', () => {
    const assets = ['AAA', 'BBB', 'CCC', 'DDD', 'EEE', 'FFF'];
    const [usdt] = loanView().interest;
    if (usdt === undefined) throw new Error('no interest');
    const view = loanView({
      owed: assets.map((asset) => ({ asset, principal: amount('2000'), interest: amount('1') })),
      interest: assets.slice(0, 5).map((asset) => ({ ...usdt, asset, steps: [] })),
      liquidations: [LIQUIDATION, LIQUIDATION, LIQUIDATION],
    });
    const mine = loanMessage(view, '12');
    for (const text of [shownText(mine), mine.text]) {
      expect(text).toContain('Interest DDD');
      expect(text).not.toContain('EEE');
      expect(text).toContain('… and 2 more assets in the CSV file');
      expect(text).toContain('… and 1 earlier forced liquidation in the CSV file');
    }
    const shared = sharedLoanMessage(view, ALICE);
    for (const text of [shownText(shared), shared.text, shownText(shared.plainer ?? shared)]) {
      expect(text).toContain('… and 2 more assets');
      expect(text).toContain('… and 1 earlier forced liquidation');
      expect(text).not.toContain('CSV');
    }
    const four = loanView({ owed: view.owed?.slice(0, 4) ?? null, interest: view.interest.slice(0, 4) });
    expect(shownText(loanMessage(four, '12'))).not.toContain('… and');
  });

  it('shared names no file also where more transfers and records are than it shows', () => {
    const [transfer] = LIQUIDATION.transfers;
    if (transfer === undefined) throw new Error('no transfer');
    const shared = sharedLoanMessage(
      loanView({
        records: Array.from({ length: 40 }, () => REPAY),
        liquidations: [{ ...LIQUIDATION, transfers: Array.from({ length: 7 }, () => transfer) }],
      }),
      ALICE,
    );
    const plainer = shownText(shared.plainer ?? shared);
    expect(plainer).toContain('• … and 2 more transfers');
    expect(plainer).toMatch(/… and \d+ more on this page/);
    expect(plainer + shared.text).not.toContain('CSV');
  });

  it('keeps ids beyond 2^53 whole', () => {
    const id = longId('9007199254740993');
    const view = loanView({ groupId: id, records: [{ ...REPAY, transactionId: id }], total: 1 });
    const drawn = JSON.stringify(loanMessage(view, id));
    expect(drawn).toContain('Unit 9007199254740993 owes');
    expect(rowsOf(loanMessage(view, id)).at(-1)?.at(-1)).toBe('9007199254740993');
    expect(drawn).not.toContain('9007199254740992');
  });

  it('shared has no button, no whole address and no whole account number', () => {
    const view = loanView({
      liquidations: [LIQUIDATION],
      missing: ['rows of credit12@test.com'],
      flaws: ['row of credit12@test.com'],
    });
    const shared = sharedLoanMessage(view, ALICE);
    const drawn = JSON.stringify(shared);
    expect(shownButtons(shared)).toEqual([]);
    expect(drawn).not.toContain('credit12@');
    expect(drawn).toContain('c***2@test.com');
    expect(drawn).not.toContain('1000000000000123');
    expect(shownText(shared)).toContain('from Spot of …0123 to Cross margin of …0456');
    expect(shownText(shared)).toContain('shared by');
  });
});

describe('/loan 12 statement 2026-10', () => {
  it('says that the principal adds up, then every digit from opening to closing', () => {
    const message = statementMessage(statementView(), '12 statement 2026-10');
    expect(shownText(message)).toMatch(
      /Statement of unit 12, 2026-10\n─+\n\n:white_check_mark: \*The principal adds up\.\* So does the interest paid\.\n/,
    );
    expect(rowsOf(message)).toEqual([
      ['2026-10', 'Amount'],
      ['USDT opening', '1,000,000'],
      ['+ borrowed', '250,000.12345678'],
      ['− repaid', '1,400'],
      ['= USDT closing', '1,248,600.12345678'],
      ['USDT interest', '5,054.7945'],
    ]);
    expect(shownButtons(message)).toEqual(['CSV file', 'Share…']);
    const shown = shownText(message);
    expect(shown.match(/UTC/g)?.length).toBe(2);
    expect(shown).toContain('Interest by day: 5,054.7945 USDT');
    expect(shown).toMatch(/2026-10-01 · 163\.06 USDT\n\s*2026-10-02 · 6\.79 USDT \(1 charge\)/);
  });

  it('names differences first, and shows both closings', () => {
    const view = statementView({
      differences: ['USDT: 0.5 more at Binance than the records give'],
      assets: [
        statementAsset({ statedClosing: amount('1248600.62345678'), forcedRepaid: amount('3') }),
        statementAsset({ asset: 'BTC' }),
      ],
    });
    const message = statementMessage(view, '');
    expect(message.text).toMatch(
      /^Statement of unit 12, 2026-10\n:red_circle: \*It doesn't add up\.\*\n• USDT: 0\.5 more/,
    );
    expect(rowsOf(message).slice(4, 7)).toEqual([
      ['− forced repaid', '3'],
      ['= USDT computed', '1,248,600.12345678'],
      ['USDT at Binance', '1,248,600.62345678'],
    ]);
    expect(shownText(message)).not.toContain('adds up');
    expect(statementMessage({ ...view, flaws: ['row 3'] }, '').text).toContain(
      ":red_circle: *It doesn't add up, and part of it couldn't be read.*",
    );
  });

  it.each([
    [{ missing: ['Interest: Binance did not answer'] }],
    [{ flaws: ['row 3 (interest): amount is null'] }],
  ])('does not say that it adds up where something was not read: %j', (changes) => {
    const { text } = statementMessage(statementView(changes), '');
    expect(text).not.toContain('adds up');
    expect(text).toContain(":warning: *Not verified: part of it couldn't be read.*");
    const empty = shownText(statementMessage(statementView({ ...changes, assets: [], isEmpty: true }), ''));
    expect(empty).toContain('Not verified');
    expect(empty).not.toMatch(/nothing/i);
  });

  it('says of which interest paid it could not tell, and why', () => {
    const view = statementView({
      interestUnchecked: [
        { asset: 'BTC', why: ['owed-after', 'rebate-not-read'] },
        { asset: 'USDT', why: ['owed-before', 'owed-after'] },
      ],
      interestRounding: [{ asset: 'BTC', off: amount('0.00000012') }],
      missingForInterest: ['Interest rebate: Binance did not answer'],
    });
    const message = statementMessage(view, '');
    const verdict = [
      ':white_check_mark: *The principal adds up.* Not all of the interest paid could be checked:',
      '• BTC, USDT: something was still owed on 2026-11-01, the last day that was read, and Binance states unpaid interest only as of now',
      "• BTC: what the rebate paid couldn't be read",
      '• USDT: something was owed already on 2026-09-03, the first day that was read, and Binance states unpaid interest only as of now',
      'The interest paid is off by 0.00000012 BTC, which rounding may explain.',
    ].join('\n');
    expect(message.text).toContain(verdict);
    expect(shownText(message)).toContain(verdict);
    for (const text of [message.text, shownText(message)])
      expect(text).toContain('Interest rebate: Binance did not answer');
  });

  it('of a running month says so; of an empty one, that Binance shows nothing, without a tick', () => {
    const running = shownText(statementMessage(statementView({ isRunning: true }), ''));
    expect(running).toContain('2026-10 so far');
    expect(running).toContain('the month is not over: closing is what is owed now, without interest');
    const unread = shownText(
      statementMessage(
        statementView({
          isRunning: true,
          interestUnchecked: [{ asset: 'USDT', why: ['owed-not-read'] }],
          missing: ['What is owed now: Binance did not answer'],
        }),
        '',
      ),
    );
    expect(unread).toContain('closing is taken from the interest rows, without interest');
    expect(unread).not.toContain('what is owed now,');
    const empty = shownText(statementMessage(statementView({ assets: [], isEmpty: true }), ''));
    expect(empty).toContain('*Binance shows nothing for this month.*');
    expect(empty).not.toMatch(/white_check_mark|adds up/);
    const failedOnly = shownText(statementMessage(statementView({ assets: [] }), ''));
    expect(failedOnly).toContain('*Binance shows nothing that counts for this month.*');
    expect(failedOnly).not.toMatch(/white_check_mark|adds up/);
  });

  it('shared has no button and no whole address', () => {
    const view = statementView({ flaws: ['credit12@test.com'], differences: ['credit12@test.com'] });
    const shared = sharedStatementMessage(view, ALICE);
    expect(shownButtons(shared)).toEqual([]);
    expect(JSON.stringify(shared)).not.toContain('credit12@');
    expect(shownText(shared)).toContain('shared by');
  });

  it('names the file for what it leaves out only where there is a button for it', () => {
    const days = Array.from({ length: 60 }, (_, at) => ({
      ...{ day: `day ${at}`, interest: amount('1'.repeat(50)), rows: 24 },
    }));
    const assets = Array.from({ length: 14 }, (_, at) =>
      statementAsset({ asset: `ASSET${at}`, opening: amount('1'.repeat(50)), interestByDay: days }),
    );
    const mine = statementMessage(statementView({ assets }), '12 statement 2026-10');
    expect(shownText(mine)).toContain('… and 2 more assets in the CSV file');
    expect(shownText(mine)).toMatch(/… and \d+ more days in the CSV file/);
    const shared = sharedStatementMessage(statementView({ assets }), ALICE);
    for (const text of [shownText(shared), shownText(shared.plainer ?? shared)]) {
      expect(text).toMatch(/… and 2 more assets\n/);
      expect(text).toMatch(/… and \d+ more days\n/);
      expect(text).not.toContain('CSV');
    }
  });
});

describe('a reading that takes long', () => {
  it('says how far it is, and carries its name and its question', () => {
    const message = readingMessage({ readingId: 'R1', query: '12 last 90d' }, { done: 5, of: 26 });
    expect(shownText(message)).toContain('/loan 12 last 90d');
    expect(message.text).toMatch(/: 5 of 26 calls\.$/);
    expect(shownButtons(message)).toEqual(['How far?', 'Stop reading']);
    expect(
      faultsOf(readingMessage({ readingId: 'R1', query: '`<!here>'.repeat(100) }, { done: 1, of: 1 })),
    ).toEqual([]);
  });
});
