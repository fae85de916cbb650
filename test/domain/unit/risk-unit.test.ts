import { describe, expect, it } from 'vitest';
import { amount, longId, ZERO } from '../../../src/domain/amount.ts';
import {
  compareLtv,
  decisiveLtv,
  findInconsistencies,
  levelOf,
  outstanding,
  owed,
  PUBLISHED_THRESHOLDS,
  recomputeLtv,
  standingOf,
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

  it('exchange case 11: nothing owed is LTV zero', () => {
    const unit = exampleUnit({ totalLiability: ZERO, ltv: ZERO, liabilities: [] });
    expect(recomputeLtv(unit)?.eq(ZERO)).toBe(true);
    expect(levelOf(unit, PUBLISHED_THRESHOLDS)).toBe('normal');
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

  it('a negative debt is LTV zero', () => {
    expect(recomputeLtv(exampleUnit({ totalLiability: amount('-1') }))?.toFixed()).toBe('0');
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

  it.each([
    ['0.88', '1.00000000'],
    ['0.5', '1.00000000'],
    ['0.96', '0.91666667'],
  ])('fault T6, relative: stated %s, it measures the loan against %s', (ltv, collateral) => {
    expect(standingOf(stated(ltv)).collateral.toFixed(8)).toBe(collateral);
  });

  it('fault T6, relative: worse is first, and none is the worst', () => {
    const [high, low] = [amount('0.9'), amount('0.2')];
    expect(compareLtv(high, low)).toBeLessThan(0);
    expect(compareLtv(low, high)).toBeGreaterThan(0);
    expect(compareLtv(low, low)).toBe(0);
    expect(compareLtv(null, high)).toBeLessThan(0);
    expect(compareLtv(high, null)).toBeGreaterThan(0);
    expect(compareLtv(null, null)).toBe(0);
  });

  it('fault T6, relative: sorted by it within a level', () => {
    const units = [
      { ...stated('0.86'), groupId: longId('1') },
      { ...stated('0.89'), groupId: longId('2') },
      { ...owingAt('0.885'), groupId: longId('3') },
    ];
    expect(worstFirst(units, PUBLISHED_THRESHOLDS).map(({ groupId }) => groupId)).toEqual(['2', '3', '1']);
  });
});

describe('checks', () => {
  /** E = 1, M = 0, L = 0.88, in one wallet and one asset. */
  const CONSISTENT = {
    ...owingAt('0.88'),
    liabilities: [{ asset: 'USDT', principal: amount('0.88'), interest: ZERO }],
    accounts: [
      {
        email: 'c@test.com',
        type: 'COLLATERAL',
        wallets: [{ accountType: 'SPOT', netEquity: amount('1'), maintenanceMargin: ZERO }],
      },
    ],
  };

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

  it.each([
    ['ltv', 'above', { ltv: amount('0.8810000001') }],
    ['ltv', 'below', { ltv: amount('0.8789999999') }],
    ['net-equity', 'above', { totalNetEquity: amount('1.00000010001') }],
    ['net-equity', 'below', { totalNetEquity: amount('0.99999989999') }],
    ['maintenance-margin', 'above', { totalMaintenanceMargin: amount('0.00000010001') }],
    ['maintenance-margin', 'below', { totalMaintenanceMargin: amount('-0.00000010001') }],
    ['liability', 'above', { totalLiability: amount('0.88000010001') }],
    ['liability', 'below', { totalLiability: amount('0.87999989999') }],
  ])('finds a total (%s) that is more than rounding %s its parts', (kind, _, changes) => {
    expect(findInconsistencies({ ...CONSISTENT, ...changes }).map((each) => each.kind)).toEqual([kind]);
  });

  it.each([
    [{ ltv: amount('0.881') }],
    [{ ltv: amount('0.879') }],
    [{ totalNetEquity: amount('1.0000001') }],
    [{ totalNetEquity: amount('0.9999999') }],
    [{ totalMaintenanceMargin: amount('0.0000001') }],
    [{ totalMaintenanceMargin: amount('-0.0000001') }],
    [{ totalLiability: amount('0.8800001') }],
    [{ totalLiability: amount('0.8799999') }],
  ])('takes a difference of its last place for rounding: %j', (changes) => {
    expect(findInconsistencies({ ...CONSISTENT, ...changes })).toEqual([]);
  });

  it('shows both figures of a total that disagrees', () => {
    const found = findInconsistencies({
      ...CONSISTENT,
      totalNetEquity: amount('2'),
      totalMaintenanceMargin: amount('0.5'),
      totalLiability: amount('3'),
      ltv: amount('2'),
    }).map(({ kind, stated, recomputed }) => [kind, stated.toFixed(), recomputed?.toFixed()]);
    expect(found).toEqual([
      ['net-equity', '2', '1'],
      ['maintenance-margin', '0.5', '0'],
      ['liability', '3', '0.88'],
    ]);
  });

  it('adds interest to what is owed', () => {
    expect(owed({ asset: 'USDT', principal: amount('1.5'), interest: amount('0.25') }).toFixed()).toBe(
      '1.75',
    );
    const liabilities = [
      { asset: 'USDT', principal: amount('0.5'), interest: amount('0.18') },
      { asset: 'USDT', principal: amount('0.2'), interest: ZERO },
    ];
    expect(findInconsistencies({ ...CONSISTENT, liabilities })).toEqual([]);
  });

  it('counts dust of interest as owed', () => {
    const liabilities = [
      { asset: 'USDT', principal: ZERO, interest: amount('0.00000001') },
      { asset: 'USDC', principal: ZERO, interest: ZERO },
    ];
    expect(outstanding({ liabilities }).map((each) => each.asset)).toEqual(['USDT']);
    const principal = { asset: 'BTC', principal: amount('0.00000001'), interest: ZERO };
    expect(outstanding({ liabilities: [principal] })).toEqual([principal]);
  });

  it('puts the worst unit first, and equal ones by id as numbers', () => {
    const unit = (id: string, ltv: string) => ({ ...owingAt(ltv), groupId: longId(id) });
    const units = [unit('10', '0.5'), unit('9', '0.5'), unit('3', '0.91'), unit('4', '0.2')];
    const sorted = worstFirst(units, PUBLISHED_THRESHOLDS);
    expect(sorted.map((each) => each.groupId)).toEqual(['3', '9', '10', '4']);
  });

  it.each([
    [['2', '9', '10']],
    [['2', '10', '9']],
    [['9', '2', '10']],
    [['9', '10', '2']],
    [['10', '2', '9']],
    [['10', '9', '2']],
  ])('puts equal ones by id, listed as %j', (ids) => {
    const units = ids.map((id) => ({ ...owingAt('0.5'), groupId: longId(id) }));
    const sorted = worstFirst(units, PUBLISHED_THRESHOLDS);
    expect(sorted.map((each) => each.groupId)).toEqual(['2', '9', '10']);
  });

  it('puts each level before the calmer ones, and a unit without an LTV before all', () => {
    const without = exampleUnit({ groupId: longId('1'), totalNetEquity: ZERO });
    const calmer = ['0.99', '0.89', '0.84', '0.81', '0.1'].map((ltv, index) => ({
      ...owingAt(ltv),
      groupId: longId(`${index + 2}`),
    }));
    const sorted = worstFirst([...calmer, without].reverse(), PUBLISHED_THRESHOLDS);
    expect(sorted.map((each) => each.groupId)).toEqual(['1', '2', '3', '4', '5', '6']);
    expect(worstFirst([...calmer, without], PUBLISHED_THRESHOLDS)).toEqual(sorted);
  });
});
