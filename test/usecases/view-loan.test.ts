import { describe, expect, it } from 'vitest';
import { amount, exactText, longId } from '../../src/domain/amount.ts';
import { startOfDayMs } from '../../src/domain/calendar-day.ts';
import type { InterestRecord, LoanRecord } from '../../src/domain/loan/loan-records.ts';
import type { RiskUnit } from '../../src/domain/unit/risk-unit.ts';
import type { ExchangeFailure } from '../../src/usecases/ports.ts';
import { uncheckedText } from '../../src/usecases/statement-verdict.ts';
import { repaidUnit, UNAVAILABLE } from '../fakes/loan-exchange.ts';
import type { RecordsPart } from '../fakes/loan-records.ts';
import { person, START_MS } from '../support/close-requests.ts';
import { DeskHarness, UNIT, VIEWER } from '../support/desk-harness.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const BUSY: ExchangeFailure = {
  ...UNAVAILABLE,
  ...{
    kind: 'busy',
    exchangeCode: -1003,
    meaning: 'A Binance rate limit is used up (HTTP 429).',
    retryAtMs: START_MS + 60_000,
  },
};
const NO_RIGHT: ExchangeFailure = {
  ...UNAVAILABLE,
  kind: 'refused',
  exchangeCode: -2015,
  meaning: 'The key may not.',
};

function record(atMs: number, changes: Partial<LoanRecord> = {}): LoanRecord {
  return {
    ...{ transactionId: longId('9007199254740993'), asset: 'USDT', amount: amount('300'), type: 'BORROW' },
    ...{ principal: null, interest: null, status: 'CONFIRM', atMs },
    ...changes,
  };
}

function interestRow(atMs: number, changes: Partial<InterestRecord> = {}): InterestRecord {
  return {
    ...{ groupId: UNIT, asset: 'USDT', principal: amount('1000000'), hourlyRate: amount('0.00000833') },
    ...{ interest: amount('8.33'), atMs },
    ...changes,
  };
}

function harness(): DeskHarness {
  return new DeskHarness();
}

async function loan(on: DeskHarness, query = UNIT as string, page = 1) {
  const read = await on.work.loans.viewLoan(VIEWER, query, page, 'r-1');
  if (!read.ok) throw new Error(`refused: ${JSON.stringify(read.refusal)}`);
  return read.value;
}

async function refusal(on: DeskHarness, query: string) {
  const read = await on.work.loans.viewLoan(VIEWER, query, 1, 'r-1');
  return read.ok ? null : read.refusal;
}

describe('what is shown', () => {
  it('what is owed, records newest first with failed ones, sums of the confirmed ones', async () => {
    const on = harness();
    const liabilities = [{ asset: 'USDT', principal: amount('100'), interest: amount('0.00000001') }];
    on.exchange.units.set(UNIT, repaidUnit(UNIT, { liabilities }));
    on.records.records = [
      record(START_MS - 3 * HOUR_MS),
      record(START_MS - 2 * HOUR_MS, { status: 'FAILED', amount: amount('999') }),
      record(START_MS - HOUR_MS, {
        ...{ type: 'FORCE_REPAY', amount: amount('20'), principal: amount('18'), interest: amount('2') },
      }),
    ];
    const view = await loan(on);
    expect(view).toMatchObject({
      groupId: UNIT,
      owed: liabilities,
      closedAtMs: null,
      total: 3,
      missing: [],
      flaws: [],
    });
    expect(view.records.map(({ type, status }) => [type, status])).toEqual([
      ['FORCE_REPAY', 'CONFIRM'],
      ['BORROW', 'FAILED'],
      ['BORROW', 'CONFIRM'],
    ]);
    const [usdt] = view.sums;
    expect(usdt && [usdt.borrowed, usdt.repaidPrincipal, usdt.repaidInterest].map(exactText)).toEqual([
      '300',
      '18',
      '2',
    ]);
    expect(view.records[0]?.transactionId).toBe('9007199254740993');
  });

  it('no row at all: nothing is made up', async () => {
    const view = await loan(harness());
    expect(view).toMatchObject({
      records: [],
      total: 0,
      pages: 1,
      interest: [],
      sums: [],
      liquidations: [],
      rebate: null,
    });
  });

  it('interest of yesterday and of the month also when the span is another one', async () => {
    const on = harness();
    on.records.interestRows = [interestRow(START_MS - DAY_MS), interestRow(START_MS - HOUR_MS)];
    const view = await loan(on, `${UNIT} 2025-01-01 2025-01-31`);
    expect(view.interest[0]).toMatchObject({ asset: 'USDT', annualRate: null, steps: [] });
    expect(exactText(view.interest[0]?.total ?? amount('1'))).toBe('0');
    expect(view.interest[0]?.yesterday && exactText(view.interest[0].yesterday)).toBe('8.33');
    expect(on.records.asked.filter(({ part }) => part === 'interest')).toHaveLength(2);
    await loan(on, `${UNIT} last 30d`);
    expect(
      on.records.asked.filter(({ part }) => part === 'interest'),
      'one span covers all',
    ).toHaveLength(3);
  });

  it('forced liquidations with the transfers of their time; those of another time are not theirs', async () => {
    const on = harness();
    const startedAtMs = START_MS - 10 * HOUR_MS;
    on.records.liquidations = [
      {
        ...{
          groupId: UNIT,
          startLtv: amount('0.91'),
          endLtv: amount('0.8'),
          startedAtMs,
          endedAtMs: startedAtMs + HOUR_MS,
        },
        ...{
          totalNetEquity: amount('1'),
          totalMaintenanceMargin: amount('0'),
          totalLiability: amount('1'),
          liabilities: [],
        },
      },
    ];
    const transfer = (atMs: number, liquidationId = '56') => ({
      ...{
        liquidationId: longId(liquidationId),
        atMs,
        fromUid: longId('1'),
        fromAccountType: 'SPOT',
        toUid: longId('2'),
      },
      ...{
        toAccountType: 'PORTFOLIO_MARGIN',
        status: 'CONFIRM',
        assets: [{ asset: 'BTC', amount: amount('0.5') }],
      },
    });
    on.records.transfers = [
      transfer(startedAtMs + 60_000),
      transfer(startedAtMs + 20 * HOUR_MS, '57'),
      transfer(startedAtMs - HOUR_MS, '55'),
    ];
    const view = await loan(on);
    expect(view.liquidations.map(({ transfers }) => transfers.map(({ atMs }) => atMs))).toEqual([
      [startedAtMs + 60_000],
    ]);
    on.records.liquidations = [];
    on.nowMs += DAY_MS;
    on.records.asked.length = 0;
    await loan(on);
    expect(
      on.records.asked.map(({ part }) => part),
      'no liquidation, no transfers',
    ).not.toContain('transfers');
  });

  it('a transfer is of the liquidation in whose time it is; those of one id stay together', async () => {
    const on = harness();
    const t = START_MS - 10 * HOUR_MS;
    const liquidation = (startedAtMs: number, endedAtMs: number | null) => ({
      ...{ groupId: UNIT, startLtv: amount('0.91'), endLtv: null, startedAtMs, endedAtMs },
      ...{ totalNetEquity: amount('1'), totalMaintenanceMargin: amount('0'), totalLiability: amount('1') },
      liabilities: [],
    });
    const minute = 60_000;
    // The second begins a minute after the first ends.
    on.records.liquidations = [
      liquidation(t, t + 10 * minute),
      liquidation(t + 11 * minute, t + 20 * minute),
      liquidation(t + 5 * HOUR_MS, null),
    ];
    const transfer = (id: string, atMs: number) => ({
      ...{ liquidationId: longId(id), atMs, fromUid: longId('1'), fromAccountType: 'SPOT' },
      ...{ toUid: longId('2'), toAccountType: 'SPOT', status: 'CONFIRM', assets: [] },
    });
    on.records.transfers = [
      transfer('1', t + 8 * minute),
      transfer('1', t + 9 * minute),
      transfer('1', t + 12 * minute),
      transfer('2', t + 13 * minute),
      transfer('3', t + 4 * HOUR_MS + 55 * minute),
      transfer('4', t + 3 * HOUR_MS),
    ];
    const view = await loan(on);
    expect(
      view.liquidations.map(({ transfers }) => transfers.map(({ liquidationId }) => liquidationId)),
    ).toEqual([['3'], ['2'], ['1', '1', '1']]);
  });

  it('a step of the rate at the very start of the days', async () => {
    const on = harness();
    const dayMs = Date.UTC(2026, 9, 10);
    on.records.interestRows = [
      interestRow(dayMs - HOUR_MS),
      interestRow(dayMs, { hourlyRate: amount('0.00001') }),
      interestRow(dayMs + HOUR_MS, { hourlyRate: amount('0.00001') }),
    ];
    const { timeZone } = await loan(on);
    const offsetMs = startOfDayMs({ year: 2026, month: 10, day: 10 }, timeZone) - dayMs;
    on.records.interestRows = on.records.interestRows.map((row) => ({ ...row, atMs: row.atMs + offsetMs }));
    on.nowMs += HOUR_MS;
    const view = await loan(on, `${UNIT} 2026-10-10`);
    expect(view.interest[0]?.steps.map(({ atMs }) => atMs - offsetMs)).toEqual([dayMs]);
    expect(view.interest[0] && exactText(view.interest[0].total)).toBe('16.66');
  });

  it('the rebate left, and what it paid for this unit alone', async () => {
    const on = harness();
    const tenth = amount('10');
    on.records.balance = { asset: 'USDT', balance: tenth, totalGranted: tenth, totalConsumed: tenth };
    const offset = (groupId: string | null, delta: string, type = 'INTEREST_OFFSET') => ({
      ...{ type, groupId: groupId === null ? null : longId(groupId), asset: 'USDT', delta: amount(delta) },
      ...{ liabilityAsset: 'USDT', deductedInterest: amount('1'), atMs: START_MS - HOUR_MS },
    });
    on.records.rebates = [
      offset(UNIT, '-1.5'),
      offset('8', '-4'),
      offset(null, '100', 'ADD'),
      offset(UNIT, '1'),
    ];
    const view = await loan(on);
    expect(view.rebate?.usedHere && exactText(view.rebate.usedHere)).toBe('2.5');
    on.records.failures.set('rebates', BUSY);
    on.nowMs += HOUR_MS;
    const without = await loan(on);
    expect(without.rebate).toMatchObject({ usedHere: null });
    expect(without.missing).toEqual([
      expect.stringMatching(/^Interest rebate records: A Binance rate limit/),
    ]);
  });

  it('a closed unit by its id, with the account it was of', async () => {
    const on = harness();
    on.exchange.closeOutside(UNIT, START_MS - DAY_MS);
    on.records.records = [record(START_MS - 2 * DAY_MS)];
    expect(await loan(on)).toMatchObject({
      ...{
        owed: null,
        closedAtMs: START_MS - DAY_MS,
        creditEmail: 'credit7@test.com',
        total: 1,
        missing: [],
      },
    });
  });
});

describe('what cannot be read', () => {
  it('a part is named, and the others are shown', async () => {
    const on = harness();
    on.records.records = [record(START_MS - HOUR_MS)];
    on.records.failures.set('interest', BUSY).set('liquidations', NO_RIGHT).set('rebate', UNAVAILABLE);
    const view = await loan(on);
    expect(view.total).toBe(1);
    expect(view.missing).toEqual([
      'Interest: A Binance rate limit is used up (HTTP 429). Ask again in a minute.',
      'Forced liquidations: The key may not. Ask again in a minute.',
      'Interest rebate: the exchange did not answer Ask again in a minute.',
    ]);
  });

  it.each([
    ['-1003', BUSY, 'exchange-busy'],
    ['a key without permission', NO_RIGHT, 'exchange-refused'],
    ['no answer', UNAVAILABLE, 'exchange-unavailable'],
  ])('%s for the records is a refusal', async (_, failure, code) => {
    const on = harness();
    on.records.failures.set('records', failure);
    expect(await refusal(on, UNIT)).toMatchObject({ code });
  });

  it('what is owed now: the records of an id are shown without it', async () => {
    const on = harness();
    on.exchange.readFailure = UNAVAILABLE;
    on.records.records = [record(START_MS - HOUR_MS)];
    expect(await loan(on)).toMatchObject({
      ...{ owed: null, closedAtMs: null, creditEmail: null, total: 1 },
      missing: ['What is owed now: the exchange did not answer'],
    });
    expect(await refusal(on, 'credit7')).toMatchObject({ code: 'exchange-unavailable' });
  });

  it('rows that cannot be read are named, at most twenty, and a reading that was cut says so', async () => {
    const on = harness();
    on.records.records = [record(START_MS - HOUR_MS)];
    on.records.flaws.set(
      'records',
      Array.from({ length: 25 }, (_, at) => ({
        groupId: null,
        text: `borrows: row ${at + 1}, amount: is missing`,
      })),
    );
    on.records.cut.add('records');
    const { flaws, missing } = await loan(on);
    expect(flaws).toHaveLength(21);
    expect(flaws.at(-1)).toBe("and 5 more rows that couldn't be read");
    expect(missing).toEqual(['Borrows and repays: only the newest 1 rows were read.']);
  });
});

describe('bad input', () => {
  it.each([
    ['', 'unit-id-missing'],
    ['99', 'unknown-unit'],
    ['nobody@test.com', 'unknown-unit'],
    ['> 80%', 'bad-filter'],
    ['7 junk', 'bad-filter'],
    ['7 2026-02-31', 'bad-filter'],
    ['7 2099-01-01', 'bad-span'],
    ['7 2025-02-02 2025-02-01', 'bad-span'],
    ['7 last 400d', 'bad-span'],
    ['7 statement 2026-13', 'bad-filter'],
  ])('"%s" is %s, and nothing is read', async (query, code) => {
    const on = harness();
    expect(await refusal(on, query)).toMatchObject({ code });
    expect(on.records.asked).toEqual([]);
  });

  it('a name that fits several units names them; an unreadable row may be the unit', async () => {
    const on = harness();
    on.exchange.units.set(longId('8'), repaidUnit(longId('8')));
    expect(await refusal(on, 'credit')).toMatchObject({ code: 'several-units', groupIds: ['7', '8'] });
    expect(await loan(on, 'CREDIT8')).toMatchObject({ groupId: '8' });
    on.exchange.flaws = ['row 3, ltv: is missing'];
    expect(await refusal(on, 'nobody')).toMatchObject({ code: 'unit-unreadable' });
  });

  it('only viewers, for every verb', async () => {
    const on = harness();
    const { loans } = on.work;
    const stranger = person('U0STRANGER');
    for (const asked of [
      loans.viewLoan(stranger, '7', 1, 'r-1'),
      loans.exportLoan(stranger, '7', 'r-1'),
      loans.viewStatement(stranger, '7 statement', 'r-1'),
      loans.exportStatement(stranger, '7 statement', 'r-1'),
      loans.loanProgress(stranger, 'r-1'),
      loans.stopLoan(stranger, 'r-1'),
    ])
      expect(await asked).toMatchObject({ ok: false });
    expect(on.records.asked).toEqual([]);
  });
});

describe('pages and files', () => {
  it('10,000 rows in pages of ten, read once for pages and CSV; a first page reads again after half a minute', async () => {
    const on = harness();
    on.records.records = Array.from({ length: 10_000 }, (_, at) => record(START_MS - (at + 1) * 60_000));
    expect(await loan(on)).toMatchObject({ page: 1, pages: 1_000, total: 10_000 });
    const asked = on.records.asked.length;
    on.nowMs += 4 * 60_000;
    const last = await loan(on, UNIT, 5_000);
    expect(last).toMatchObject({ page: 1_000 });
    expect(last.records.at(-1)?.atMs).toBe(START_MS - 10_000 * 60_000);
    expect(last.asOfMs, 'as of tells its age').toBe(START_MS);
    const file = await on.work.loans.exportLoan(VIEWER, UNIT, 'r-2');
    expect(file.ok && file.value.csv.split('\r\n')).toHaveLength(10_002);
    expect(on.records.asked).toHaveLength(asked);
    await loan(on);
    expect(on.records.asked.length, 'a repay may have landed').toBeGreaterThan(asked);
  });

  it('a file has every digit, the LONG id, and only interest of the span', async () => {
    const on = harness();
    on.records.records = [record(START_MS - HOUR_MS, { amount: amount('0.00000001') })];
    on.records.interestRows = [interestRow(START_MS - HOUR_MS), interestRow(START_MS - 40 * DAY_MS)];
    const file = await on.work.loans.exportLoan(VIEWER, UNIT, 'r-1');
    if (!file.ok) throw new Error(file.refusal.code);
    const [, first, second, end] = file.value.csv.split('\r\n');
    expect(first).toMatch(/^record,2\d{3}-.*Z,USDT,0\.00000001,,,,BORROW,CONFIRM,9007199254740993,/);
    expect(second).toMatch(/^interest,.*,USDT,,1000000,8\.33,0\.00000833,/);
    expect(end).toBe('');
    expect(file.value.fileName).toMatch(/^loan-7-\d{4}-\d\d-\d\d-to-\d{4}-\d\d-\d\d\.csv$/);
  });
});

describe('a statement', () => {
  it('of the month that runs, with differences named, and as a file', async () => {
    const on = harness();
    const liabilities = [{ asset: 'USDT', principal: amount('100'), interest: amount('0') }];
    on.exchange.units.set(UNIT, repaidUnit(UNIT, { liabilities }));
    const view = await on.work.loans.viewStatement(VIEWER, '7 statement this month', 'r-1');
    if (!view.ok) throw new Error(view.refusal.code);
    expect(view.value).toMatchObject({ groupId: UNIT, isRunning: true, missing: [] });
    expect(view.value.differences).toEqual([expect.stringContaining('Binance shows a principal of 100 now')]);
    const file = await on.work.loans.exportStatement(VIEWER, '7 statement this month', 'r-2');
    expect(file.ok && file.value.csv).toMatch(/\r\nasset,USDT,,0,0,0,0,0,100,0,,,\r\n/);
    expect(file.ok && file.value.csv).toMatch(/\r\ndifference,.*Binance shows/);
  });

  it('of a closed unit; without interest rows it is refused, because nothing would be compared', async () => {
    const on = harness();
    on.exchange.closeOutside(UNIT, START_MS - 90 * DAY_MS);
    const view = await on.work.loans.viewStatement(VIEWER, '7 statement', 'r-1');
    expect(view).toMatchObject({ ok: true, value: { isRunning: false, assets: [], differences: [] } });
    on.records.failures.set('interest', BUSY);
    on.records.callsPerPart = 3;
    let calls = 0;
    on.records.beforeCall = async (part) => {
      if (part === 'records') calls += 1;
      if (part === 'records') await new Promise(setImmediate);
    };
    on.nowMs += HOUR_MS;
    expect(await on.work.loans.viewStatement(VIEWER, '7 statement', 'r-1')).toMatchObject({
      ...{ ok: false, refusal: { code: 'exchange-busy' } },
    });
    expect(calls, 'the other parts are given up').toBe(1);
  });
});

describe('what a statement could not check', () => {
  async function statement(on: DeskHarness, query = '7 statement this month') {
    const read = await on.work.loans.viewStatement(VIEWER, query, 'r-1');
    if (!read.ok) throw new Error(read.refusal.code);
    return read.value;
  }

  it('the rebate limits only the interest; what is owed now only a month that runs', async () => {
    const on = harness();
    on.records.interestRows = [interestRow(START_MS - HOUR_MS)];
    on.records.failures.set('rebate', BUSY);
    const view = await statement(on);
    expect(view.missing).toEqual([]);
    expect(view.missingForInterest).toEqual([
      'Interest rebate: A Binance rate limit is used up (HTTP 429). Ask again in a minute.',
    ]);
    expect(view.interestUnchecked).toEqual([
      { asset: 'USDT', why: expect.arrayContaining(['rebate-not-read']) },
    ]);
    const file = await on.work.loans.exportStatement(VIEWER, '7 statement this month', 'r-2');
    expect(file.ok && file.value.flaws).toEqual(view.missingForInterest);
    on.exchange.readFailure = UNAVAILABLE;
    on.nowMs += HOUR_MS;
    expect((await statement(on)).missing).toEqual(['What is owed now: the exchange did not answer']);
    expect((await statement(on, '7 statement')).missing).toEqual([]);
  });

  it('rebate records of which a row was not read count as not read', async () => {
    const on = harness();
    on.records.balance = {
      ...{ asset: 'USDT', balance: amount('1'), totalGranted: amount('1'), totalConsumed: amount('0') },
    };
    on.records.cut.add('rebates');
    on.records.interestRows = [interestRow(START_MS - HOUR_MS)];
    const { interestUnchecked, missingForInterest } = await statement(on);
    expect(interestUnchecked[0]?.why).toContain('rebate-not-read');
    expect(missingForInterest).toEqual(['Interest rebate records: only the newest 0 rows were read.']);
    on.records.cut.clear();
    on.records.flaws.set('rebates', [{ groupId: null, text: 'rebate: row 1, delta: is missing' }]);
    on.nowMs += HOUR_MS;
    const flawed = await statement(on);
    expect(flawed.interestUnchecked[0]?.why).toContain('rebate-not-read');
    expect(flawed, 'the principal is verified').toMatchObject({ missing: [], flaws: [] });
    expect(flawed.missingForInterest).toEqual(['Interest rebate records: rebate: row 1, delta: is missing']);
    on.records.flaws.set('rebates', [
      { groupId: longId('8'), text: 'rebate: row 1 (unit 8), delta: is missing' },
    ]);
    on.nowMs += HOUR_MS;
    const ofAnother = await statement(on);
    expect(ofAnother).toMatchObject({ missing: [], missingForInterest: [], flaws: [] });
    expect(ofAnother.interestUnchecked.flatMap(({ why }) => why)).not.toContain('rebate-not-read');
  });

  describe('of interest that began before the month', () => {
    /** Owed since that many days before the month of `START_MS`, and now. */
    function owing(days: number, changes: Partial<RiskUnit> = {}): DeskHarness {
      const on = harness();
      const monthMs = Date.UTC(2026, 10, 1);
      const fromMs = monthMs - days * DAY_MS - HOUR_MS / 2;
      on.records.records = [record(fromMs, { amount: amount('1000000') })];
      for (let atMs = fromMs + HOUR_MS / 2; atMs <= START_MS; atMs += HOUR_MS)
        on.records.interestRows.push(interestRow(atMs));
      const interest = amount('8.33').times(on.records.interestRows.length);
      const liabilities = [{ asset: 'USDT', principal: amount('1000000'), interest }];
      on.exchange.units.set(UNIT, repaidUnit(UNIT, { liabilities, ...changes }));
      return on;
    }
    const spansOf = (on: DeskHarness, of: RecordsPart) =>
      on.records.asked.flatMap(({ part, span }) => (part === of && span !== null ? [span] : []));

    it('is read back in spans that neither overlap nor leave a gap, no further than needed', async () => {
      const on = owing(60);
      const view = await statement(on);
      expect(view).toMatchObject({ differences: [], interestUnchecked: [], missingForInterest: [] });
      const spans = spansOf(on, 'records');
      expect(spans).toEqual(spansOf(on, 'interest'));
      expect(spans).toHaveLength(4);
      for (const [at, span] of spans.slice(1).entries()) expect(span.beforeMs).toBe(spans[at]?.fromMs);
      expect(spansOf(on, 'rebates'), 'the firm has none').toEqual([]);
      const past = await statement(on, '7 statement 2026-10');
      expect(past).toMatchObject({ isRunning: false, differences: [], interestUnchecked: [] });
      on.records.asked.length = 0;
      await on.work.loans.exportStatement(VIEWER, '7 statement 2026-10', 'r-2');
      expect(on.records.asked, 'the file is of the same reading').toEqual([]);
    });

    it('names a lost payment of interest, with asset and amount', async () => {
      const on = owing(60);
      const interest = on.records.interestRows.length;
      const liabilities = [
        {
          asset: 'USDT',
          principal: amount('1000000'),
          interest: amount('8.33').times(interest).minus('500'),
        },
      ];
      on.exchange.units.set(UNIT, repaidUnit(UNIT, { liabilities }));
      for (const query of ['7 statement this month', '7 statement 2026-10'])
        expect((await statement(on, query)).differences).toEqual([
          expect.stringMatching(
            /^USDT: interest charged since 2026-09-01 23:30 UTC .* a difference of -500$/,
          ),
        ]);
    });

    it('a loan that is older than a year: says from when, and stops there', async () => {
      const on = owing(500);
      const view = await statement(on);
      expect(view.interestUnchecked).toEqual([{ asset: 'USDT', why: ['owed-before'] }]);
      expect(view.read.fromMs).toBeGreaterThan(Date.UTC(2026, 10, 1) - 366 * DAY_MS);
      expect(uncheckedText('owed-before', view)).toMatch(
        /^something was owed already on 2025-11-01, the first day/,
      );
    });

    it.each(['records', 'interest'] as const)(
      '%s that fail leave the interest unchecked, and the principal checked',
      async (part) => {
        const on = owing(60);
        on.records.beforeCall = async (called) => {
          if (called === part && spansOf(on, part).length === 3) on.records.failures.set(part, BUSY);
        };
        const view = await statement(on);
        expect(view).toMatchObject({ missing: [], differences: [] });
        expect(view.missingForInterest).toEqual([
          'Rows before or after the month: A Binance rate limit is used up (HTTP 429). Ask again in a minute.',
        ]);
        expect(view.interestUnchecked).toEqual([{ asset: 'USDT', why: ['owed-before'] }]);
      },
    );

    it('rows that cannot be read there leave the interest unchecked, and are named', async () => {
      const on = owing(60);
      on.records.beforeCall = async () => {
        if (spansOf(on, 'interest').length === 2)
          on.records.flaws.set('interest', [{ groupId: null, text: 'interest: row 3, rate: is missing' }]);
      };
      const view = await statement(on);
      expect(view).toMatchObject({ missing: [], flaws: [] });
      expect(view.missingForInterest).toEqual([
        'Rows before or after the month: interest: row 3, rate: is missing',
      ]);
    });

    it('can be given up', async () => {
      const on = owing(60);
      on.records.beforeCall = async (part) => {
        if (part === 'records' && spansOf(on, part).length === 3) await on.work.loans.stopLoan(VIEWER, 'r-1');
      };
      const read = await on.work.loans.viewStatement(VIEWER, '7 statement this month', 'r-1');
      expect(read).toMatchObject({ ok: false, refusal: { code: 'reading-stopped' } });
      expect(spansOf(on, 'records').length).toBeLessThanOrEqual(4);
    });
  });

  it('a month of which Binance shows nothing is not one that adds up', async () => {
    const on = harness();
    expect(await statement(on, '7 statement')).toMatchObject({ isEmpty: true, assets: [], differences: [] });
    on.records.records = [record(START_MS - 60_000, { status: 'FAILED' })];
    on.nowMs += HOUR_MS;
    expect(await statement(on)).toMatchObject({ isEmpty: false, assets: [] });
  });
});

describe('a long reading', () => {
  it('says how far it is on any replica, and is given up from there', async () => {
    const on = harness();
    const other = on.replica();
    on.records.callsPerPart = 3;
    let seen: unknown = null;
    on.records.beforeCall = async (part) => {
      if (part !== 'records' || seen !== null) return;
      seen = await other.loans.loanProgress(VIEWER, 'r-1');
      await other.loans.stopLoan(VIEWER, 'r-1');
      // The next report brings the answer.
      for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
    };
    expect(await refusal(on, UNIT)).toEqual({ code: 'reading-stopped' });
    expect(seen).toMatchObject({ ok: true, value: { of: expect.any(Number) } });
    await new Promise(setImmediate);
    expect(await other.loans.loanProgress(VIEWER, 'r-1')).toEqual({ ok: true, value: null });
    expect(await other.loans.stopLoan(VIEWER, 'r-1'), 'it is over').toEqual({ ok: true, value: false });
    expect(await other.loans.loanProgress(VIEWER, 'no id: * {}')).toEqual({ ok: true, value: null });
  });

  it('goes on without Redis', async () => {
    const on = harness();
    on.readingProgress.isDown = true;
    on.records.records = [record(START_MS - HOUR_MS)];
    expect(await loan(on)).toMatchObject({ total: 1 });
  });

  it('the same asked meanwhile is read once, and is given up when everybody gave it up', async () => {
    const on = harness();
    on.records.records = [record(START_MS - HOUR_MS)];
    on.records.callsPerPart = 3;
    const held: (() => void)[] = [];
    on.records.beforeCall = (part) =>
      part === 'records' ? new Promise<void>((resolve) => held.push(resolve)) : Promise.resolve();
    const ask = (id: string) => on.work.loans.viewLoan(VIEWER, UNIT, 1, id);
    const asked = ['r-1', 'r-2', 'r-3', 'r-4', 'r-5'].map(ask);
    await new Promise(setImmediate);
    expect(on.records.asked.filter(({ part }) => part === 'records')).toHaveLength(1);
    const { loans } = on.work;
    expect(await loans.loanProgress(VIEWER, 'r-2')).toMatchObject({ value: { of: expect.any(Number) } });
    expect(await loans.stopLoan(VIEWER, 'r-2')).toEqual({ ok: true, value: true });
    const goOn = async () => {
      held.shift()?.();
      await new Promise(setImmediate);
    };
    await goOn();
    expect(await asked[1], 'one of them gave it up').toMatchObject({ refusal: { code: 'reading-stopped' } });
    expect(await loans.loanProgress(VIEWER, 'r-2'), 'over for this one').toEqual({ ok: true, value: null });
    expect(await loans.loanProgress(VIEWER, 'r-1')).toMatchObject({ value: { of: expect.any(Number) } });
    await goOn();
    await goOn();
    for (const each of [asked[0], asked[2], asked[3], asked[4]])
      expect(await each).toMatchObject({ ok: true, value: { total: 1 } });
    expect(await loans.loanProgress(VIEWER, 'r-1')).toEqual({ ok: true, value: null });
    on.nowMs += HOUR_MS;
    const both = ['r-6', 'r-7'].map(ask);
    await new Promise(setImmediate);
    for (const id of ['r-6', 'r-7']) await loans.stopLoan(VIEWER, id);
    await goOn();
    for (const each of both) expect(await each).toMatchObject({ refusal: { code: 'reading-stopped' } });
    const again = ask('r-8');
    await new Promise(setImmediate);
    expect(
      on.records.asked.filter(({ part }) => part === 'records'),
      'a new reading',
    ).toHaveLength(3);
    while (held.length > 0) await goOn();
    expect(await again).toMatchObject({ ok: true });
  });

  it('a fifth one at once is refused', async () => {
    const on = harness();
    let release = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    on.records.beforeCall = () => held;
    const four = [1, 2, 3, 4].map((at) => on.work.loans.viewLoan(VIEWER, `7 last ${at}d`, 1, `r-${at}`));
    await new Promise(setImmediate);
    expect(await refusal(on, '7 last 9d')).toEqual({ code: 'too-much-at-once' });
    release();
    expect((await Promise.all(four)).every(({ ok }) => ok)).toBe(true);
    expect(await refusal(on, '7 last 9d')).toBeNull();
  });
});
