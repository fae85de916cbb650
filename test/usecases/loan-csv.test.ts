/** What a file says of itself, since accounting gets it without the message. */
import { describe, expect, it } from 'vitest';
import { amount, longId } from '../../src/domain/amount.ts';
import { loanCsv, statementCsv } from '../../src/usecases/loan-csv.ts';
import type { LoanReading } from '../../src/usecases/loan-readings.ts';
import { START_MS } from '../support/close-requests.ts';
import { loanRecord, statementView } from '../support/loans.ts';

const AS_OF = '2026-11-20T12:00:00.000Z';

/** By the names of the columns; empty cells left out. */
function rowsOf(csv: string): Record<string, string>[] {
  const [headings = '', ...rows] = csv.trimEnd().split('\r\n');
  const names = headings.split(',');
  return rows.map((row) => {
    // None of these texts has a quote mark in it.
    const cells = [...row.matchAll(/(?:^|,)(?:"([^"]*)"|([^",]*))/g)].map(
      ([, quoted, bare]) => quoted ?? bare,
    );
    return Object.fromEntries(names.flatMap((name, at) => (cells[at] ? [[name, cells[at]]] : [])));
  });
}

describe('the file of /loan 12', () => {
  const reading = (changes: Partial<LoanReading> = {}): LoanReading => ({
    unit: {
      ...{ groupId: longId('12'), closedAtMs: null, creditEmail: null, asOfMs: START_MS, missing: null },
      owed: [
        { asset: 'USDT', principal: amount('1230000.00000001'), interest: amount('4567.89') },
        { asset: 'BTC', principal: amount('0'), interest: amount('0') },
      ],
    },
    read: { fromMs: START_MS - 1, beforeMs: START_MS },
    records: [loanRecord()],
    ...{ interest: [], liquidations: [], transfers: [], rebate: null, offsets: [], missing: [], flaws: [] },
    asOfMs: START_MS,
    ...changes,
  });
  const span = { fromMs: 0, beforeMs: START_MS };

  it('says first what of it was not read', () => {
    const partly = reading({
      missing: [{ part: 'interest', text: 'Interest: no answer, ask again' }],
      flaws: ['row 3: amount is null'],
    });
    expect(rowsOf(loanCsv(partly, span))).toEqual([
      { kind: 'missing', text: 'Interest: no answer, ask again' },
      { kind: 'flaw', text: 'row 3: amount is null' },
      expect.objectContaining({ kind: 'owed' }),
      expect.objectContaining({ kind: 'record' }),
    ]);
  });

  it('has what is owed of each asset', () => {
    expect(rowsOf(loanCsv(reading(), span))[0]).toEqual({
      ...{ kind: 'owed', at: AS_OF, asset: 'USDT', principal: '1230000.00000001', interest: '4567.89' },
    });
    const closed = reading({ unit: { ...reading().unit, owed: null, asOfMs: null } });
    expect(rowsOf(loanCsv(closed, span)).map(({ kind }) => kind)).toEqual(['record']);
  });
});

describe('the file of a statement', () => {
  const firstOf = (changes: Parameters<typeof statementView>[0]) =>
    rowsOf(statementCsv(statementView(changes)));

  it.each([
    ['The principal adds up.', {}],
    ['Binance shows nothing for this month.', { assets: [], isEmpty: true }],
    ["It doesn't add up.", { differences: ['USDT: 1 more'] }],
    ["Not verified: part of it couldn't be read.", { flaws: ['row 3'] }],
    ["Not verified: part of it couldn't be read.", { assets: [], isEmpty: true, missing: ['Records'] }],
    [
      "It doesn't add up, and part of it couldn't be read.",
      { differences: ['1 more'], missing: ['Records'] },
    ],
  ])('says first, and as of when: %s', (text, changes) => {
    expect(firstOf(changes)[0]).toEqual({ kind: 'verdict', text, asOf: AS_OF });
  });

  it('names what was not read and which interest paid was not checked, before the figures', () => {
    const rows = firstOf({
      differences: ['USDT: 1 more'],
      interestUnchecked: [{ asset: 'USDT', why: ['owed-before', 'rebate-not-read'] }],
      ...{ missing: ['Records: cut'], missingForInterest: ['Interest rebate: no answer'], flaws: ['row 3'] },
    });
    expect(rows.slice(1, 8)).toEqual([
      { kind: 'difference', text: 'USDT: 1 more' },
      { kind: 'missing', text: 'Records: cut' },
      { kind: 'missing', text: 'Interest rebate: no answer' },
      { kind: 'flaw', text: 'row 3' },
      {
        kind: 'unchecked',
        asset: 'USDT',
        text: expect.stringMatching(/^Interest paid: something was owed already on 2026-09-03/),
      },
      {
        kind: 'unchecked',
        asset: 'USDT',
        text: expect.stringMatching(/^Interest paid: what the rebate paid/),
      },
      expect.objectContaining({ kind: 'asset', asset: 'USDT' }),
    ]);
  });
});
