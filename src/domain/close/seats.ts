/** Whether people fill the places that a rule has for them: a maximum matching, in which each person takes one place. */

/** So many people of these: user ids (U…, W…) and user-group ids (S…). */
export interface Need {
  readonly from: readonly string[];
  readonly count: number;
}

/** How many people they need in all. */
export function placesIn(needs: readonly Pick<Need, 'count'>[]): number {
  return needs.reduce((total, { count }) => total + count, 0);
}

/** A need with the accounts that may fill it now. */
export interface Seat extends Need {
  readonly accounts: ReadonlySet<string>;
}

/** The accounts of one person. */
export type PersonAccounts = readonly string[];

/**
 * For each seat how many of these people take a place in it, so that as many places as possible are taken. Who is in two
 * groups counts once, where it helps.
 */
export function fillSeats(
  seats: readonly Pick<Seat, 'count' | 'accounts'>[],
  people: readonly PersonAccounts[],
): readonly number[] {
  const takenBy: number[][] = seats.map(() => []);
  const fits = (seat: number, person: number) =>
    people[person]?.some((userId) => seats[seat]?.accounts.has(userId)) === true;

  /** Gives this person a place; somebody who has one may have to move. */
  function place(person: number, tried: Set<number>): boolean {
    for (let seat = 0; seat < seats.length; seat += 1) {
      if (tried.has(seat) || !fits(seat, person)) continue;
      tried.add(seat);
      const taken = takenBy[seat] ?? [];
      if (taken.length < (seats[seat]?.count ?? 0)) {
        taken.push(person);
        return true;
      }
      const mover = taken.findIndex((other) => place(other, tried));
      if (mover !== -1) {
        taken[mover] = person;
        return true;
      }
    }
    return false;
  }

  for (let person = 0; person < people.length; person += 1) place(person, new Set());
  return takenBy.map((taken) => taken.length);
}

export function areFilled(
  seats: readonly Pick<Seat, 'count' | 'accounts'>[],
  people: readonly PersonAccounts[],
): boolean {
  const filled = fillSeats(seats, people);
  return seats.every(({ count }, at) => (filled[at] ?? 0) >= count);
}

/** What is still needed after these people; empty: nothing. */
export function openNeeds(seats: readonly Seat[], people: readonly PersonAccounts[]): readonly Need[] {
  const filled = fillSeats(seats, people);
  return seats.flatMap(({ from, count }, at) => {
    const open = count - (filled[at] ?? 0);
    return open > 0 ? [{ from, count: open }] : [];
  });
}
