import { describe, expect, it } from 'vitest';
import { amount, ZERO } from '../../../src/domain/amount.ts';
import { PUBLISHED_THRESHOLDS } from '../../../src/domain/unit/risk-unit.ts';
import { describeQuery, matches, parseUnitId, parseUnitQuery } from '../../../src/domain/unit/unit-query.ts';
import { exampleUnit } from '../../support/close-requests.ts';

describe('what people type to name units', () => {
  it.each([
    ['', { kind: 'all' }],
    ['1', { kind: 'id', groupId: '1' }],
    ['9007199254740993', { kind: 'id', groupId: '9007199254740993' }],
    ['tst2024', { kind: 'name', part: 'tst2024' }],
    ['tst20241120@test.com', { kind: 'name', part: 'tst20241120@test.com' }],
    ['margin-call', { kind: 'level', level: 'margin-call' }],
    ['Margin Call', { kind: 'level', level: 'margin-call' }],
    ['  Transfer \t Out ', { kind: 'level', level: 'transfer-out' }],
    ['normal', { kind: 'level', level: 'normal' }],
    ['initial', { kind: 'level', level: 'initial' }],
    ['liquidation', { kind: 'level', level: 'liquidation' }],
    [' 72 ', { kind: 'id', groupId: '72' }],
    ['undefined-ltv', { kind: 'name', part: 'undefined-ltv' }],
    ['ab', { kind: 'name', part: 'ab' }],
    ['Ünal+x_y.z-1@test.com', { kind: 'name', part: 'Ünal+x_y.z-1@test.com' }],
    ['a'.repeat(254), { kind: 'name', part: 'a'.repeat(254) }],
  ])('%j', (text, query) => {
    expect(parseUnitQuery(text)).toEqual({ ok: true, value: query });
  });

  it.each([
    ['> 70%', 'LTV > 70%'],
    ['<= 1.999', 'LTV <= 199.9%'],
    ['<= 2', 'LTV <= 2%'],
    ['<= 1.5 %', 'LTV <= 1.5%'],
    ['>   123456.123456789012345678%', 'LTV > 123456.123456789012345678%'],
    ['', null],
    ['72', null],
    ['fund-a', 'credit account contains "fund-a"'],
    ['margin call', 'level margin call or worse'],
    ['>70', 'LTV > 70%'],
    ['>= 0.7', 'LTV >= 70%'],
    ['< 62.5%', 'LTV < 62.5%'],
    ['> 80', 'LTV > 80%'],
    ['>=80%', 'LTV >= 80%'],
    ['≥ 80', 'LTV >= 80%'],
    ['80%', 'LTV >= 80%'],
    ['80 %', 'LTV >= 80%'],
    ['0.8%', 'LTV >= 0.8%'],
    ['above 80', 'LTV > 80%'],
    ['Over 80%', 'LTV > 80%'],
    ['below 0.5', 'LTV < 50%'],
    ['under 50 %', 'LTV < 50%'],
  ])('%j is understood as "%s"', (text, words) => {
    const query = parseUnitQuery(text);
    expect(query.ok && describeQuery(query.value)).toBe(words);
  });

  it.each([
    'a',
    'at 80',
    'above 80 90',
    '0.8',
    'a'.repeat(255),
    '/ab',
    'ab/',
    '=> 70',
    'x> 70%',
    '> 70%x',
    '> 1234567',
    '> 0.1234567890123456789',
    '> 1.',
    '> .5',
    '> 70 %%',
    '072',
    '-1',
    '1.5',
    '9223372036854775808',
    '1; DROP',
    '1 2',
    "1' OR '1'='1",
    '<@U123>',
  ])('%j is refused: as a question with the filters, as an id with what an id is', (text) => {
    expect(parseUnitQuery(text)).toMatchObject({
      ok: false,
      refusal: { code: 'bad-filter', input: text, expected: expect.stringContaining('`> 80`, `above 80%`') },
    });
    expect(parseUnitId(text)).toMatchObject({ ok: false, refusal: { code: 'bad-unit-id', input: text } });
  });

  it('an id is read without the blanks around it', () => {
    expect(parseUnitId(' 72 ')).toEqual({ ok: true, value: '72' });
  });

  it.each([
    ['', '1', true],
    ['1', '1', true],
    ['2', '1', false],
    ['TST2024', '1', true],
    ['tst2025', '1', false],
    ['> 80%', '0.8', false],
    ['> 80%', '0.81', true],
    ['>= 80%', '0.8', true],
    ['>= 80%', '0.79', false],
    ['< 80%', '0.8', false],
    ['< 80%', '0.79', true],
    ['<= 80%', '0.8', true],
    ['<= 80%', '0.81', false],
    ['initial', '0.8', true],
    ['initial', '0.79', false],
    ['initial', '0.83', true],
    ['initial', '0.9', true],
    ['margin-call', '0.84', false],
    ['margin-call', '0.9', true],
    ['normal', '0.9', true],
    ['liquidation', '0.9', true],
    ['liquidation', '0.89', false],
  ])('%j keeps a unit at %s: %s', (text, ltv, kept) => {
    const unit = exampleUnit({
      ltv: amount(ltv),
      totalNetEquity: amount('1'),
      totalMaintenanceMargin: ZERO,
      totalLiability: amount(ltv),
    });
    const query = parseUnitQuery(text);
    expect(query.ok && matches(unit, query.value, PUBLISHED_THRESHOLDS)).toBe(kept);
  });

  it('a unit without an LTV is beyond every bound and every level', () => {
    const unit = exampleUnit({ totalNetEquity: ZERO });
    const shown = (text: string) => {
      const query = parseUnitQuery(text);
      return query.ok && matches(unit, query.value, PUBLISHED_THRESHOLDS);
    };
    const all = ['> 80%', '>= 80%', '< 80%', '<= 80%', 'normal', 'margin-call', 'liquidation'];
    expect(all.filter(shown)).toEqual(['> 80%', '>= 80%', 'normal', 'margin-call', 'liquidation']);
  });

  it('an id that is missing is its own refusal', () => {
    expect(parseUnitId('  ')).toMatchObject({ ok: false, refusal: { code: 'unit-id-missing' } });
  });

  it('filters compare exactly, and an undefined LTV is beyond every bound', () => {
    const filter = (text: string, unit = exampleUnit()) => {
      const query = parseUnitQuery(text);
      return query.ok && matches(unit, query.value, PUBLISHED_THRESHOLDS);
    };
    expect(filter('> 59%')).toBe(true);
    expect(filter('> 60%')).toBe(false);
    expect(filter('TST2024')).toBe(true);
    const undefinedLtv = exampleUnit({ totalNetEquity: ZERO });
    expect(filter('> 1000%', undefinedLtv)).toBe(true);
    expect(filter('< 1000%', undefinedLtv)).toBe(false);
    expect(filter('liquidation', undefinedLtv)).toBe(true);
    expect(filter('normal', exampleUnit({ ltv: amount('0.5') }))).toBe(true);
  });

  it.each([
    ['> 90%', '0.91', true],
    ['liquidation', '0.91', true],
    ['< 90%', '0.91', false],
    ['> 87%', '0.5', true],
    ['initial', '0.5', true],
  ])('fault T6: %s with an LTV of 0.88 by its sums and stated as %s: %s', (text, ltv, shown) => {
    const unit = exampleUnit({
      ltv: amount(ltv),
      totalNetEquity: amount('1'),
      totalMaintenanceMargin: ZERO,
      totalLiability: amount('0.88'),
    });
    const query = parseUnitQuery(text);
    expect(query.ok && matches(unit, query.value, PUBLISHED_THRESHOLDS)).toBe(shown);
  });
});
