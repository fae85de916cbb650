import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { amount, exactText, longId, parseAmount, parseLongId, sum } from '../../src/domain/amount.ts';

describe('amounts', () => {
  it.each([
    ['0E-8', '0'],
    ['0', '0'],
    ['16671.5507973', '16671.5507973'],
    ['12671.05079731', '12671.05079731'],
    ['-0.10', '-0.1'],
    ['100', '100'],
    ['1e3', '1000'],
    ['-0', '0'],
    ['0.000', '0'],
    ['-0.00', '0'],
    ['1.100', '1.1'],
    ['100.00', '100'],
    ['5.', '5'],
    ['.5', '0.5'],
    ['1e-30', '0.000000000000000000000000000001'],
  ])('reads %s as exactly %s', (text, exact) => {
    expect(exactText(amount(text))).toBe(exact);
  });

  it.each(['NaN', '', '1,5', '0x10', 'Infinity', ' 1', '1 ', '١', '--1', '1e9999'])('refuses %j', (text) => {
    expect(parseAmount(text)).toBeNull();
  });

  it('reads up to 200 characters, and nothing longer', () => {
    expect(parseAmount('1'.repeat(200))).not.toBeNull();
    expect(parseAmount('1'.repeat(201))).toBeNull();
  });

  it('throws for a constant that is no decimal, and quotes it', () => {
    expect(() => amount('1,5')).toThrow(new RangeError('not a decimal: "1,5"'));
  });

  it('divides half-even at 40 places', () => {
    expect(exactText(amount('1').div('3'))).toBe(`0.${'3'.repeat(40)}`);
    expect(exactText(amount(`0.${'0'.repeat(39)}5`).div('10'))).toBe('0');
    expect(exactText(amount(`0.${'0'.repeat(38)}15`).div('10'))).toBe(`0.${'0'.repeat(39)}2`);
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

  it('throws for a constant that is no LONG id, and quotes it', () => {
    expect(longId('72')).toBe('72');
    expect(() => longId('072')).toThrow(new RangeError('not a LONG id: "072"'));
  });
});
