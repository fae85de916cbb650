import { describe, expect, it } from 'vitest';
import { parseExactJson } from '../../src/binance/exact-json.ts';
import { activatedRow, maxBorrowableAnswer } from '../../src/binance/institutional-loan.ts';
import { exactText } from '../../src/domain/amount.ts';

describe('rows of the other reads', () => {
  it('members keep their flags; an unknown type of account passes', () => {
    const row = activatedRow.parse(
      parseExactJson(
        '{"groupId":1,"createTime":5,"members":[{"email":"a@b.com","type":"ROBOT","enableMargin":"TRUE","enableSpot":false}]}',
      ),
    );
    expect(row).toEqual({
      groupId: '1',
      createdAtMs: 5,
      members: [{ email: 'a@b.com', type: 'ROBOT', enableMargin: true, enableSpot: false }],
    });
  });

  it.each([
    ['"12.5"', '12.5'],
    ['12.5', '12.5'],
    ['null', null],
    ['""', null],
  ])('maxBorrowableAmount %s', (text, amount) => {
    const { maxBorrowableAmount } = maxBorrowableAnswer.parse(
      parseExactJson(`{"maxBorrowableAmount":${text}}`),
    );
    expect(maxBorrowableAmount === null ? null : exactText(maxBorrowableAmount)).toBe(amount);
  });
});
