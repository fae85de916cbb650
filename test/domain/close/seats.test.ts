/** Filling the places of a rule, beside a search through every way to do it. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { areFilled, fillSeats, openNeeds, type Seat } from '../../../src/domain/close/seats.ts';

const ACCOUNTS = ['A', 'B', 'C', 'D', 'E', 'F'];

const seat = (count: number, ...accounts: string[]): Seat => ({
  from: accounts,
  count,
  accounts: new Set(accounts),
});

/** The most places that can be taken, by trying every place for every person. */
function mostByBruteForce(
  seats: readonly Pick<Seat, 'count' | 'accounts'>[],
  people: readonly (readonly string[])[],
): number {
  const [first, ...others] = people;
  if (first === undefined) return 0;
  const without = mostByBruteForce(seats, others);
  const ways = seats.map(({ count, accounts }, at) => {
    if (count === 0 || !first.some((userId) => accounts.has(userId))) return 0;
    const left = seats.map((each, index) => (index === at ? { ...each, count: count - 1 } : each));
    return 1 + mostByBruteForce(left, others);
  });
  return Math.max(without, ...ways);
}

const seats = fc.array(
  fc
    .tuple(fc.integer({ min: 1, max: 3 }), fc.subarray(ACCOUNTS))
    .map(([count, accounts]) => seat(count, ...accounts)),
  { maxLength: 4 },
);
/** People with one or two accounts; no account belongs to two. */
const people = fc.shuffledSubarray(ACCOUNTS).chain((accounts) =>
  fc.array(fc.boolean(), { minLength: accounts.length, maxLength: accounts.length }).map((joins) =>
    accounts.reduce<string[][]>((found, userId, at) => {
      const last = found.at(-1);
      if (joins[at] === true && last?.length === 1) last.push(userId);
      else found.push([userId]);
      return found;
    }, []),
  ),
);

describe('places', () => {
  it('takes as many as any assignment could, in any order of people', () => {
    fc.assert(
      fc.property(seats, people, (places, who) => {
        const filled = fillSeats(places, who);
        const total = filled.reduce((sum, count) => sum + count, 0);
        expect(total).toBe(mostByBruteForce(places, who));
        for (const [at, count] of filled.entries()) expect(count).toBeLessThanOrEqual(places[at]?.count ?? 0);
        const wanted = places.reduce((sum, { count }) => sum + count, 0);
        expect(areFilled(places, who)).toBe(total === wanted);
        expect(openNeeds(places, who).reduce((sum, { count }) => sum + count, 0)).toBe(wanted - total);
      }),
      { numRuns: 5_000 },
    );
  });

  it.each([
    ['somebody in both groups counts once', [seat(1, 'A'), seat(1, 'A')], [['A']], false],
    ['and where it helps', [seat(1, 'A', 'B'), seat(1, 'A')], [['A'], ['B']], true],
    ['two accounts of a person take one place', [seat(1, 'A'), seat(1, 'B')], [['A', 'B']], false],
    ['nobody takes the place of another group', [seat(2, 'A', 'B', 'C')], [['A'], ['F'], ['E']], false],
    ['a place that nobody can take stays open', [seat(1)], [['A'], ['B'], ['C']], false],
    ['a rule without places is filled', [], [], true],
  ])('%s', (_, places, who, expected) => {
    expect(areFilled(places, who)).toBe(expected);
  });
});
