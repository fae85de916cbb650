import { describe, expect, it } from 'vitest';
import { amount, ZERO } from '../../../src/domain/amount.ts';
import { PUBLISHED_THRESHOLDS } from '../../../src/domain/unit/risk-unit.ts';
import {
  cureText,
  cushionText,
  ltvBar,
  ltvText,
  percentText,
  shareText,
} from '../../../src/slack/views/unit-text.ts';

describe('an LTV in words', () => {
  it.each([
    ['0.592', '59.2%'],
    ['0.59213345', '59.2%'],
    ['0', '0.0%'],
    ['0.92', '92.0%'],
    ['0.842', '84.20%'],
    ['0.79', '79.0%'],
    ['0.7901', '79.01%'],
    ['0.91', '91.0%'],
    ['1.5', '150.0%'],
  ])('%s is %s', (ltv, text) => {
    expect(ltvText(amount(ltv), PUBLISHED_THRESHOLDS)).toBe(text);
  });

  it.each([
    ['0.84999999', '84.99%'],
    ['0.85', '85.00%'],
    ['0.8999', '89.99%'],
    ['0.7999999', '79.99%'],
  ])('%s never reads as a level that is not reached: %s', (ltv, text) => {
    expect(ltvText(amount(ltv), PUBLISHED_THRESHOLDS)).toBe(text);
  });

  it('without collateral there is none', () => {
    expect(ltvText(null, PUBLISHED_THRESHOLDS)).toBe('no LTV');
  });

  it.each([
    ['0.85', '85%'],
    ['0.855', '85.5%'],
  ])('a level of %s is %s', (level, text) => {
    expect(percentText(amount(level))).toBe(text);
  });

  it.each([
    ['0', '`\u00a0\u00a0\u00a0\u00a0\u00a0\u00a0\u00a0\u00a0\u00a0\u00a0`'],
    ['0.592', '`█████▉\u00a0\u00a0\u00a0\u00a0`'],
    ['0.92', '`█████████▏`'],
    ['1', '`██████████`'],
    ['7', '`██████████`'],
  ])('as a bar: %s', (ltv, bar) => {
    expect(ltvBar(amount(ltv))).toBe(bar);
  });

  it('as a bar without an LTV: full', () => {
    expect(ltvBar(null)).toBe('`██████████`');
  });
});

describe('a cushion in words', () => {
  it.each([
    ['32752.94', '0.0091', '*32,752 (0.9%)* to margin call'],
    ['1000', '0.5', '*1,000 (50.0%)* to margin call'],
    ['999.999', '0.0009', '*999.99 (0.09%)* to margin call'],
    ['0.009', '0.00001', '*0 (0.00%)* to margin call'],
    ['5', null, '*5* to margin call'],
    ['0', '0', 'margin call reached'],
    ['0', null, 'margin call reached'],
  ])('%s, %s: never more than there is', (left, share, text) => {
    const ofEquity = share === null ? null : amount(share);
    expect(cushionText({ amount: amount(left), ofEquity }, 'margin call')).toBe(text);
  });

  it('a share is rounded down', () => {
    expect(shareText(amount('0.335699'))).toBe('33.5%');
  });
});

describe('a cure in words', () => {
  const MARGIN_CALL = PUBLISHED_THRESHOLDS.marginCall;

  it.each([
    [
      '98823.52',
      '84000',
      'repay *84,001* with money from outside the unit, or add *98,824* of collateral, to get under 85%',
    ],
    [
      '999.991',
      '0',
      'repay *0.01* with money from outside the unit, or add *1,000* of collateral, to get under 85%',
    ],
    [
      '5.001',
      '4',
      'repay *4.01* with money from outside the unit, or add *5.01* of collateral, to get under 85%',
    ],
    ['1000', null, 'add *1,001* of collateral to get under 85%'],
  ])('add %s, repay %s: always more, for at 85% a unit is still in the margin call', (add, outside, text) => {
    const repayFromOutside = outside === null ? null : amount(outside);
    expect(cureText({ add: amount(add), repayFromOutside, repayFromInside: ZERO }, MARGIN_CALL)).toBe(text);
  });
});
