import { describe, expect, it } from 'vitest';
import { parseRequestId, referenceFrom, requestIdFrom } from '../../src/domain/request-id.ts';

describe('request ids', () => {
  it('takes one character from each of the first ten random bytes', () => {
    expect(requestIdFrom(Uint8Array.from([0, 1, 9, 10, 17, 18, 31, 32, 255, 63, 99]))).toBe('019AHJZ0ZZ');
    expect(requestIdFrom(new Uint8Array(10))).toBe('0000000000');
  });

  it('refuses too few random bytes', () => {
    expect(() => requestIdFrom(new Uint8Array(9))).toThrow(new RangeError('an id needs 10 random bytes'));
  });

  it.each([
    ['0123456789', '0123456789'],
    ['  k7m2p9q4rt ', 'K7M2P9Q4RT'],
    ['olil0olil1', '0111001111'],
  ])('reads %j as %s', (typed, id) => {
    expect(parseRequestId(typed)).toBe(id);
  });

  it.each(['', '012345678', '01234567890', '01234 6789', 'U123456789', '0123456789\n0', 'K7M2P9Q4R!'])(
    'refuses %j',
    (typed) => {
      expect(parseRequestId(typed)).toBeNull();
    },
  );
});

it('makes a reference of six characters from the first 30 bits of a UUID', () => {
  expect(referenceFrom('00000001-0000-4000-8000-000000000000')).toBe('100000');
  expect(referenceFrom('ffffffff-0000-4000-8000-000000000000')).toBe('ZZZZZZ');
  expect(referenceFrom('12345678-9abc-4def-8000-000000000000')).toBe('RKN839');
});
