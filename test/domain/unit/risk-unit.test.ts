import { describe, expect, it } from 'vitest';
import { amount, longId, ZERO } from '../../../src/domain/amount.ts';
import {
  borrowHeadroom,
  decisiveLtv,
  equityFallTo,
  findInconsistencies,
  levelOf,
  outstanding,
  PUBLISHED_THRESHOLDS,
  recomputeLtv,
  worstFirst,
} from '../../../src/domain/unit/risk-unit.ts';
import { exampleUnit } from '../../support/close-requests.ts';

const owingAt = (ltv: string) =>
  exampleUnit({
    ltv: amount(ltv),
    totalNetEquity: amount('1'),
    totalMaintenanceMargin: ZERO,
    totalLiability: amount(ltv),
  });

describe('loan-to-value', () => {
  it('exchange case 11: agrees with the documented example, and flags a difference above 0.001', () => {
    expect(recomputeLtv(exampleUnit())?.toFixed(5)).toBe('0.59213');
    expect(findInconsistencies(exampleUnit())).toEqual([]);
    expect(findInconsistencies(exampleUnit({ ltv: amount('0.594') }))).toMatchObject([{ kind: 'ltv' }]);
  });

  it.each([
    ['E − M = 0', '0.50106177'],
    ['E − M < 0', '0.1'],
  ])('exchange case 11: %s with a debt is the worst level, not a division by zero', (_, equity) => {
    const unit = exampleUnit({ totalNetEquity: amount(equity) });
    expect(recomputeLtv(unit)).toBeNull();
    expect(levelOf(unit, PUBLISHED_THRESHOLDS)).toBe('undefined-ltv');
    expect(findInconsistencies(unit)[0]).toMatchObject({ kind: 'ltv', recomputed: null });
  });

  it('exchange case 11: nothing owed is LTV zero and no distance to anything', () => {
    const unit = exampleUnit({ totalLiability: ZERO, ltv: ZERO, liabilities: [] });
    expect(recomputeLtv(unit)?.eq(ZERO)).toBe(true);
    expect(levelOf(unit, PUBLISHED_THRESHOLDS)).toBe('normal');
    expect(equityFallTo(unit, PUBLISHED_THRESHOLDS.marginCall)).toBeNull();
  });

  it.each([
    ['0.7999', 'normal'],
    ['0.80', 'initial'],
    ['0.8299', 'initial'],
    ['0.83', 'transfer-out'],
    ['0.8499', 'transfer-out'],
    ['0.85', 'margin-call'],
    ['0.8999', 'margin-call'],
    ['0.90', 'liquidation'],
    ['1.5', 'liquidation'],
  ])('exchange case 12: LTV %s is level %s', (ltv, level) => {
    expect(levelOf(owingAt(ltv), PUBLISHED_THRESHOLDS)).toBe(level);
  });

  it('exchange case 12: the thresholds of before 2026-04-02 by configuration', () => {
    const old = { ...PUBLISHED_THRESHOLDS, initial: amount('0.75'), transferOut: amount('0.76') };
    expect(levelOf(owingAt('0.755'), old)).toBe('initial');
    expect(levelOf(owingAt('0.755'), PUBLISHED_THRESHOLDS)).toBe('normal');
  });

  it('exchange case 12: borrow headroom is within 5e-8 of the documented limit at T = 0.75', () => {
    const difference = borrowHeadroom(exampleUnit(), amount('0.75')).minus('16.32397222').abs();
    expect(difference.lte('0.00000005')).toBe(true);
    expect(borrowHeadroom(exampleUnit(), amount('0.80')).toFixed(8)).toBe('26.86769221');
  });

  it('tells how far equity may fall to margin call and liquidation', () => {
    expect(equityFallTo(exampleUnit(), PUBLISHED_THRESHOLDS.marginCall)?.toFixed(4)).toBe('0.2976');
    expect(equityFallTo(exampleUnit(), PUBLISHED_THRESHOLDS.liquidation)?.toFixed(4)).toBe('0.3356');
    expect(equityFallTo(owingAt('0.87'), PUBLISHED_THRESHOLDS.marginCall)?.lt(ZERO)).toBe(true);
  });

  it('lets the worse of the stated and the recomputed LTV decide', () => {
    expect(levelOf(exampleUnit({ ltv: amount('0.91') }), PUBLISHED_THRESHOLDS)).toBe('liquidation');
    const understated = { ...owingAt('0.91'), ltv: amount('0.1') };
    expect(levelOf(understated, PUBLISHED_THRESHOLDS)).toBe('liquidation');
  });
});

describe('fault T6: one LTV decides, the worse of the stated and the recomputed one', () => {
  // By its sums the LTV is 0.88.
  const stated = (ltv: string) => ({ ...owingAt('0.88'), ltv: amount(ltv) });

  it.each([
    ['0.91', '0.91', 'liquidation'],
    ['0.88', '0.88', 'margin-call'],
    ['0.5', '0.88', 'margin-call'],
  ])('fault T6: stated %s, recomputed 0.88: %s, level %s', (ltv, decisive, level) => {
    expect(decisiveLtv(stated(ltv))?.toFixed(2)).toBe(decisive);
    expect(levelOf(stated(ltv), PUBLISHED_THRESHOLDS)).toBe(level);
  });

  it('fault T6, relative: sorted by it within a level', () => {
    const units = [
      { ...stated('0.86'), groupId: longId('1') },
      { ...stated('0.89'), groupId: longId('2') },
      { ...owingAt('0.885'), groupId: longId('3') },
    ];
    expect(worstFirst(units, PUBLISHED_THRESHOLDS).map(({ groupId }) => groupId)).toEqual(['2', '3', '1']);
  });

  it('fault T6, relative: how far equity may fall agrees with the level', () => {
    expect(equityFallTo(stated('0.91'), PUBLISHED_THRESHOLDS.liquidation)?.lt(ZERO)).toBe(true);
    expect(equityFallTo(stated('0.90'), PUBLISHED_THRESHOLDS.liquidation)?.eq(ZERO)).toBe(true);
    expect(equityFallTo(stated('0.89'), PUBLISHED_THRESHOLDS.liquidation)?.gt(ZERO)).toBe(true);
    expect(equityFallTo(stated('0.5'), PUBLISHED_THRESHOLDS.liquidation)?.toFixed(4)).toBe('0.0222');
  });
});

describe('checks', () => {
  const owing = (totalLiability: string, ...liabilities: [asset: string, principal: string][]) =>
    exampleUnit({
      totalLiability: amount(totalLiability),
      liabilities: liabilities.map(([asset, principal]) => ({
        asset,
        principal: amount(principal),
        interest: ZERO,
      })),
    });
  const ofLiability = (unit: ReturnType<typeof exampleUnit>) =>
    findInconsistencies(unit).filter(({ kind }) => kind === 'liability');

  it.each([
    ['fault T11: 0.5 BTC of 50000', owing('50000', ['BTC', '0.5'])],
    ['fault T11: 49990 USDC of 50000', owing('50000', ['USDC', '49990'])],
    ['fault T11, relative: USDT and BTC', owing('50000', ['USDT', '100'], ['BTC', '0.5'])],
    ['fault T11, relative: nothing of nothing', owing('0', ['BTC', '0'])],
  ])('%s is consistent', (_, unit) => {
    expect(ofLiability(unit)).toEqual([]);
  });

  it.each([
    ['fault T11, relative: 100 USDT of 50000', owing('50000', ['USDT', '100']), '100'],
    ['fault T11, relative: something of nothing', owing('0', ['BTC', '0.5']), null],
    ['fault T11, relative: nothing of something', owing('1', ['BTC', '0']), '0'],
  ])('%s is not', (_, unit, recomputed) => {
    const [found] = ofLiability(unit);
    expect(found).toMatchObject({ kind: 'liability' });
    expect(found?.recomputed?.toFixed() ?? null).toBe(recomputed);
  });

  it('finds totals that disagree with their parts', () => {
    const kinds = (unit: ReturnType<typeof exampleUnit>) =>
      findInconsistencies(unit).map((each) => each.kind);
    expect(kinds(exampleUnit({ accounts: [] }))).toEqual(['net-equity', 'maintenance-margin']);
    expect(
      kinds(exampleUnit({ liabilities: [{ asset: 'USDT', principal: amount('15'), interest: ZERO }] })),
    ).toEqual(['liability']);
  });

  it('counts dust of interest as owed', () => {
    const liabilities = [
      { asset: 'USDT', principal: ZERO, interest: amount('0.00000001') },
      { asset: 'USDC', principal: ZERO, interest: ZERO },
    ];
    expect(outstanding({ liabilities }).map((each) => each.asset)).toEqual(['USDT']);
  });

  it('puts the worst unit first, and equal ones by id as numbers', () => {
    const unit = (id: string, ltv: string) => ({ ...owingAt(ltv), groupId: longId(id) });
    const units = [unit('10', '0.5'), unit('9', '0.5'), unit('3', '0.91'), unit('4', '0.2')];
    const sorted = worstFirst(units, PUBLISHED_THRESHOLDS);
    expect(sorted.map((each) => each.groupId)).toEqual(['3', '9', '10', '4']);
  });
});
