import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { amount, exactText, parseAmount, parseLongId, sum } from '../../src/domain/amount.ts';

describe('amounts', () => {
  it.each([
    ['0E-8', '0'],
    ['0', '0'],
    ['16671.5507973', '16671.5507973'],
    ['12671.05079731', '12671.05079731'],
    ['-0.10', '-0.1'],
    ['100', '100'],
    ['1e3', '1000'],
  ])('reads %s as exactly %s', (text, exact) => {
    expect(exactText(amount(text))).toBe(exact);
  });

  it.each(['NaN', '', '1,5', '0x10', 'Infinity', ' 1', '1 ', '١', '--1', '1e9999'])('refuses %j', (text) => {
    expect(parseAmount(text)).toBeNull();
  });

  it('adds 40-digit amounts without losing a digit', () => {
    const digits = fc.bigInt({ min: 0n, max: 10n ** 40n });
    fc.assert(
      fc.property(fc.array(digits, { maxLength: 20 }), (values) => {
        const total = values.reduce((a, b) => a + b, 0n);
        expect(exactText(sum(values.map((value) => amount(`${value}`))))).toBe(`${total}`);
      }),
    );
  });
});

describe('LONG ids', () => {
  it.each(['1', '72', '9007199254740993', '9223372036854775807'])('accepts %s unchanged', (text) => {
    expect(parseLongId(text)).toBe(text);
  });

  it.each([
    '',
    '0',
    '072',
    '-1',
    '+1',
    '1.5',
    '1e3',
    '9223372036854775808',
    '1; DROP',
    '72 OR 1=1',
    '٧٢',
    '99999999999999999999',
  ])('refuses %j', (text) => {
    expect(parseLongId(text)).toBeNull();
  });
});
