import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Exchange, startExchange } from '../../../sandbox/binance/exchange.ts';
import { CLOSED, call, closeUnit, DETAILS, refusal } from './exchange-calls.ts';

let exchange: Exchange;

beforeEach(async () => {
  exchange = await startExchange({ wireLogSize: 20 });
});

afterEach(() => exchange.close());

describe('units', () => {
  it('recomputes LTV, sums and limits when equity is edited', () => {
    const change = { email: 'collateral001@test.com', accountType: 'SPOT', netEquity: '0' };
    expect(exchange.editEquity('1', change)).toMatchObject({
      ltv: '0.734',
      totalNetEquity: '21.35196946',
      maxAllowedBorrowLimit: '6.86769221',
    });
  });

  it('repays interest first, and never more than is owed', () => {
    expect(exchange.repay('12', 'USDT', '100')).toBe('100');
    expect(exchange.unit('12').liabilities[0]).toEqual({
      assetName: 'USDT',
      principal: '2000000',
      interest: '60',
    });
    expect(exchange.repay('12', 'USDT', '9999999')).toBe('2000060');
    expect(exchange.unit('12').totalLiability).toBe('930000');
  });

  it('has worst values for a unit without room, and no negative limits', () => {
    exchange.addUnit({
      groupId: '20',
      members: [],
      liabilities: [{ assetName: 'USDT', principal: '1', interest: '0' }],
    });
    expect(exchange.unit('20')).toMatchObject({
      ltv: '999.000',
      maxTransferOutAmount: '0',
      maxAllowedBorrowLimit: '0',
    });
  });

  it('adds a unit with a key of its own, and changes its members', async () => {
    exchange.addUnit({ groupId: '9223372036854775807' });
    const entry = exchange.accounts().find((account) => account.name === 'loan-9223372036854775807');
    expect(entry).toMatchObject({ role: 'credit' });
    exchange.addCollateral('9223372036854775807', 'new@test.com');
    exchange.removeMember('9223372036854775807', 'collateral9223372036854775807@test.com');
    expect(exchange.unit('9223372036854775807').members.map(({ email }) => email)).toEqual([
      'credit9223372036854775807@test.com',
      'new@test.com',
    ]);
    expect((await closeUnit(exchange, '9223372036854775807', 'loan-9223372036854775807')).status).toBe(200);
  });

  it('loses a unit from outside with a record, or without one', async () => {
    exchange.closeOutside('1');
    exchange.removeUnit('7');
    expect(JSON.parse((await call(exchange, CLOSED, '', { as: 'loan-1' })).text).total).toBe(1);
    expect(JSON.parse((await call(exchange, CLOSED, '', { as: 'loan-7' })).text).total).toBe(0);
    expect(refusal(await closeUnit(exchange, '7', 'loan-7')).code).toBe(-27001);
    expect(() => exchange.closeOutside('7')).toThrow('no active unit 7');
  });

  it('returns copies, so that callers cannot change the ledger', () => {
    for (const unit of exchange.units()) unit.liabilities.length = 0;
    expect(exchange.unit('1').liabilities).toHaveLength(1);
  });
});

describe('the wire log', () => {
  it('awaits the next matching request, received or answered', async () => {
    const received = exchange.nextRequest({ method: 'DELETE', groupId: '7' });
    const answered = exchange.nextRequest({ method: 'DELETE', groupId: '7' }, { stage: 'answered' });
    await call(exchange, DETAILS, '');
    await closeUnit(exchange, '7', 'loan-7');
    expect((await received).seq).toBe(1);
    expect(await answered).toMatchObject({
      status: 200,
      effect: true,
      account: 'loan-7',
      weight: 1000,
      done: true,
    });
    const stopped = exchange.nextRequest({}, { signal: AbortSignal.abort(new Error('enough')) });
    await expect(stopped).rejects.toThrow('enough');
  });

  it('prints neither key nor signature, and keeps the raw bytes aside', async () => {
    await call(exchange, DETAILS, 'groupId=1', { as: 'loan-1' });
    const record = exchange.requests().at(-1);
    const { apiKey, secret } = exchange.credentials('loan-1');
    const signature = /signature=(\w+)/.exec(record?.rawQueryWithSignature ?? '')?.[1] ?? '';
    expect(signature).toHaveLength(64);
    expect(record?.query).toMatch(/^groupId=1&timestamp=\d+&signature=\[redacted\]$/);
    for (const printed of [inspect(record, { depth: 9 }), JSON.stringify(record)]) {
      for (const hidden of [signature, apiKey, secret]) expect(printed).not.toContain(hidden);
    }
  });

  it('is a ring: old requests go, counts of DELETEs stay', async () => {
    for (let i = 0; i < 25; i += 1) await closeUnit(exchange, '7', 'loan-7');
    expect(exchange.requests()).toHaveLength(20);
    expect(exchange.requests()[0]?.seq).toBe(5);
    expect(exchange.requests().at(-1)?.seq).toBe(24);
    expect(exchange.deletes().get('7')).toBe(25);
  });
});
