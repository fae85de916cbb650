import { describe, expect, it } from 'vitest';
import { readRows } from '../../src/binance/answers.ts';
import { parseExactJson } from '../../src/binance/exact-json.ts';
import { forcedLiquidationRow, interestRow, loanRecordRow, rebateRow } from '../../src/binance/loan-rows.ts';
import { exactText } from '../../src/domain/amount.ts';

describe("rows of a loan's history", () => {
  it('a loan record keeps its LONG id and exact amounts, as number or text', () => {
    const row = loanRecordRow.parse(
      parseExactJson(
        '{"tranId":9007199254740993,"assetName":"USDT","amount":16671.5507973,"interest":"0E-8","status":"CONFIRM","type":"REPAY","timestamp":1753410654608,"new":1}',
      ),
    );
    expect(row).toMatchObject({
      transactionId: '9007199254740993',
      asset: 'USDT',
      type: 'REPAY',
      principal: null,
    });
    expect(exactText(row.amount)).toBe('16671.5507973');
    expect(row.interest === null ? null : exactText(row.interest)).toBe('0');
  });

  it.each(['""', '" "', 'null'])('a row whose asset is %s cannot be read, and its field is named', (name) => {
    const row = (text: string) => parseExactJson(text.replace('NAME', name));
    const record =
      '{"tranId":1,"assetName":NAME,"amount":1,"status":"CONFIRM","type":"BORROW","timestamp":1}';
    const interest =
      '{"groupId":1,"assetName":NAME,"principal":1,"interestRate":1,"interest":1,"interestTimestamp":1}';
    for (const { rows, flawed } of [
      readRows<unknown>([row(record)], loanRecordRow),
      readRows<unknown>([row(interest)], interestRow),
    ]) {
      expect(rows).toEqual([]);
      expect(flawed).toMatchObject([{ text: expect.stringContaining('assetName: is ') }]);
    }
  });

  it('a time after the last that a date can have cannot be read: its file would fail', () => {
    const row = (time: string) =>
      parseExactJson(
        `{"groupId":1,"startLtv":1,"liquidationStartTime":${time},"totalNetEquity":1,"totalMaintenanceMargin":1,"totalLiability":1}`,
      );
    const { rows, flawed } = readRows(
      [row('8640000000000000'), row('8640000000000001')],
      forcedLiquidationRow,
    );
    expect(rows.map(({ startedAtMs }) => new Date(startedAtMs).toISOString())).toHaveLength(1);
    expect(flawed).toMatchObject([{ text: expect.stringContaining('liquidationStartTime: is ') }]);
  });

  it('a rebate row with an empty asset of the interest names none', () => {
    const text =
      '{"type":"ADD","rebateAsset":"USDT","delta":1,"liabilityAsset":"","deductedInterest":"","createTime":1}';
    expect(rebateRow.parse(parseExactJson(text))).toMatchObject({ liabilityAsset: null, groupId: null });
  });

  it('interest is read to the last digit of its rate', () => {
    const row = interestRow.parse(
      parseExactJson(
        '{"groupId":1,"assetName":"USDT","principal":100,"interestRate":0.00000012345678901234567,"interest":1e-8,"interestTimestamp":1}',
      ),
    );
    expect(exactText(row.hourlyRate)).toBe('0.00000012345678901234567');
    expect(exactText(row.interest)).toBe('0.00000001');
  });

  it.each([
    ['an object, as shown', '{"assetName":"USDT","principal":"1","interest":"0E-8"}', ['USDT']],
    [
      'a list, as documented',
      '[{"assetName":"USDT","principal":1,"interest":0},{"assetName":"USDC","principal":1,"interest":0}]',
      ['USDT', 'USDC'],
    ],
    ['an empty list', '[]', []],
  ])('liabilities of a liquidation as %s', (_name, liabilities, assets) => {
    const row = forcedLiquidationRow.parse(
      parseExactJson(
        `{"groupId":1,"startLtv":0.91,"endLtv":null,"liquidationStartTime":1,"liquidationEndTime":null,"totalNetEquity":1,"totalMaintenanceMargin":1,"totalLiability":1,"liquidationSnapshot":{"snapshots":[],"liabilities":${liabilities}}}`,
      ),
    );
    expect(row.liabilities.map(({ asset }) => asset)).toEqual(assets);
    expect(row).toMatchObject({ endedAtMs: null, endLtv: null });
  });
});
