/** Whether different people can take all places, by trying every way: for judges, who share no code with the bot. */
export function canFill(places: readonly ReadonlySet<string>[], people: readonly string[]): boolean {
  const [place, ...others] = places;
  if (place === undefined) return true;
  return people.some((who, at) => place.has(who) && canFill(others, people.toSpliced(at, 1)));
}
