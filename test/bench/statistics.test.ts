import { expect, it } from 'vitest';
import { isFlat } from '../../bench/support/statistics.ts';

it.each([
  ['the same', [100, 100, 100], true],
  ['less', [100, 90, 80], true],
  ['within a twentieth', [100, 104, 105], true],
  ['a step at the end', [100, 100, 106], false],
  ['slow growth', [100, 103, 106], false],
  ['growth after a fall', [100, 90, 99], false],
  ['one size', [100], false],
  ['an unknown size', [100, Number.NaN, 100], false],
])('memory is flat: %s', (_, sizes, flat) => {
  expect(isFlat(sizes)).toBe(flat);
});
