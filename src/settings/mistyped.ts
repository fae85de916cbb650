/** Variables that look like a setting of ours and are not read: a mistyped `CLOSE_MODE` would close for real. */

/** Shorter names (HOST, PORT) are too similar to variables of other programs. */
const SHORTEST_NAME = 6;
/** From this length on, two typing errors are still recognised. */
const LONG_NAME = 9;

/** One sentence for each such variable, by name and without its value. `known`: all names that are read. */
export function mistypedSettings(given: Iterable<string>, known: ReadonlySet<string>): string[] {
  const ours = [...known].filter((name) => name.length >= SHORTEST_NAME && name === name.toUpperCase());
  return [...given].flatMap((name) => {
    if (known.has(name) || name.length < SHORTEST_NAME - 1) return [];
    const meant = closest(name.toUpperCase(), ours);
    if (meant !== null) return [`${name} is set, but Loandesk doesn't read it: did you mean ${meant}?`];
    const stem = name.replace(/_FILE$/, '');
    if (stem === name || !known.has(stem)) return [];
    return [`${name} is set, but Loandesk doesn't read it: only secrets can be given as files, set ${stem}`];
  });
}

function closest(name: string, ours: readonly string[]): string | null {
  const within = (candidate: string) => (candidate.length >= LONG_NAME ? 2 : 1);
  const near = ours
    .map((candidate) => ({ candidate, distance: distanceBetween(name, candidate) }))
    .filter(({ candidate, distance }) => distance <= within(candidate))
    .sort((a, b) => a.distance - b.distance);
  return near[0]?.candidate ?? null;
}

/** Letters missing, added, wrong, or swapped with their neighbour (optimal string alignment). */
function distanceBetween(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= b.length; column += 1) {
      const isSame = a[row - 1] === b[column - 1];
      let least = Math.min(
        (last[column] ?? 0) + 1,
        (current[column - 1] ?? 0) + 1,
        (last[column - 1] ?? 0) + (isSame ? 0 : 1),
      );
      const isSwapped = row > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      if (isSwapped) least = Math.min(least, (beforeLast[column - 2] ?? 0) + 1);
      current.push(least);
    }
    beforeLast = last;
    last = current;
  }
  return last[b.length] ?? 0;
}
