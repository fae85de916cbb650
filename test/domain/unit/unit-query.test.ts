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
  ])('%j', (text, query) => {
    expect(parseUnitQuery(text)).toEqual({ ok: true, value: query });
  });

  it.each([
    ['> 70%', 'LTV > 70 %'],
    ['>70', 'LTV > 70 %'],
    ['>= 0.7', 'LTV >= 70 %'],
    ['< 62.5%', 'LTV < 62.5 %'],
  ])('%j is understood as "%s"', (text, words) => {
    const query = parseUnitQuery(text);
    expect(query.ok && describeQuery(query.value)).toBe(words);
  });

  it.each(['072', '-1', '1.5', '9223372036854775808', '1; DROP', '1 2', "1' OR '1'='1", '<@U123>'])(
    '%j is refused as an id',
    (text) => {
      expect(parseUnitQuery(text)).toMatchObject({
        ok: false,
        refusal: { code: 'bad-unit-id', input: text },
      });
      expect(parseUnitId(text)).toMatchObject({ ok: false, refusal: { code: 'bad-unit-id', input: text } });
    },
  );

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
    ['normal', '0.5', false],
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
