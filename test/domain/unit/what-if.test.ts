import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { amount } from '../../../src/domain/amount.ts';
import { cureTo } from '../../../src/domain/unit/cure.ts';
import { ltvOf } from '../../../src/domain/unit/risk-unit.ts';
import { ltvAfter, parseWhatIf } from '../../../src/domain/unit/what-if.ts';
import { exampleUnit } from '../../support/close-requests.ts';

describe('what is asked of one unit', () => {
  it.each([
    ['12 to 75%', '12', { kind: 'target', target: '0.75' }],
    ['12 to 75', '12', { kind: 'target', target: '0.75' }],
    ['12 TO 0.755', '12', { kind: 'target', target: '0.755' }],
    ['credit012 to 80 %', 'credit012', { kind: 'target', target: '0.8' }],
    ['12 if -15%', '12', { kind: 'equity', change: '-0.15' }],
    ['12 if −15%', '12', { kind: 'equity', change: '-0.15' }],
    ['12 if –0.5 %', '12', { kind: 'equity', change: '-0.005' }],
    ['12 if +10%', '12', { kind: 'equity', change: '0.1' }],
    ['12 if borrow 500000', '12', { kind: 'borrow', borrowed: '500000' }],
    ['12  if  Borrow 1,500,000.25', '12', { kind: 'borrow', borrowed: '1500000.25' }],
  ])('%s', (text, unit, whatIf) => {
    const parsed = parseWhatIf(text);
    expect(JSON.parse(JSON.stringify(parsed))).toEqual({ ok: true, value: { unit, whatIf } });
  });

  it.each(['', '12', '> 80', 'margin-call', 'margin call', 'above 80', '80%', 'fund-to', 'to'])(
    '%s asks nothing of the kind',
    (text) => {
      expect(parseWhatIf(text)).toEqual({ ok: true, value: null });
    },
  );

  it.each([
    '12 to',
    '12 to 0',
    '12 to 100%',
    '12 to 150',
    '12 to nowhere',
    '12 if',
    '12 if 15%',
    '12 if -15',
    '12 if -101%',
    '12 if -0%',
    '12 if borrow',
    '12 if borrow 0',
    '12 if borrow -5',
    '12 if borrow 5,00',
    '12 if borrow all',
  ])('%s is answered with the three forms', (text) => {
    expect(parseWhatIf(text)).toMatchObject({
      ok: false,
      refusal: { code: 'bad-filter', expected: '`12 to 75%`, `12 if -15%` or `12 if borrow 500000`' },
    });
  });

  it('never throws, whatever is typed', () => {
    fc.assert(fc.property(fc.string(), fc.string(), (a, b) => void parseWhatIf(`${a} if ${b}`)));
  });
});

describe('the LTV after it', () => {
  const unit = exampleUnit({
    ltv: amount('0.842'),
    totalNetEquity: amount('3600000'),
    totalMaintenanceMargin: amount('120000'),
    totalLiability: amount('2930160'),
  });

  it('is asked for first, then with net equity 5, 10, 20 and 30% lower', () => {
    const after = ltvAfter(unit, { kind: 'equity', change: amount('-0.15') });
    expect(after.map(({ change, ltv }) => `${change?.toFixed()} ${ltv?.toFixed(3)}`)).toEqual([
      '-0.15 0.997',
      '-0.05 0.888',
      '-0.1 0.939',
      '-0.2 1.062',
      '-0.3 1.221',
    ]);
    expect(ltvAfter(unit, { kind: 'equity', change: amount('-0.10') })).toHaveLength(4);
  });

  it('counts what is borrowed both as owed and as equity', () => {
    const [after, shocked] = ltvAfter(unit, { kind: 'borrow', borrowed: amount('500000') });
    expect(after).toMatchObject({ change: null });
    expect(after?.ltv?.toFixed(4)).toBe('0.8618');
    // 3,430,160 / (4,100,000 × 0.95 − 120,000)
    expect(shocked?.ltv?.toFixed(4)).toBe('0.9087');
  });

  it('is undefined where nothing backs the loan any more', () => {
    expect(ltvAfter(unit, { kind: 'equity', change: amount('-1') })[0]?.ltv).toBeNull();
  });

  it('agrees with the cure: repaying it from inside gives the target', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 84 }), (percent) => {
        const target = amount(String(percent)).div('100');
        const repay = cureTo(unit, target)?.repayFromInside ?? amount('0');
        const liability = unit.totalLiability.minus(repay);
        const equity = unit.totalNetEquity.minus(repay).minus(unit.totalMaintenanceMargin);
        expect(ltvOf(liability, equity)?.minus(target).abs().lt('0.00000001')).toBe(true);
      }),
    );
  });
});
