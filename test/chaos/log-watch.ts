/** What the bots' logs say went wrong, counted by text. */

const ERROR_LEVEL = 50;

export class LogWatch {
  readonly #errors = new Map<string, number>();
  readonly ownEnds: string[] = [];

  see(line: string): void {
    const text = errorIn(line);
    if (text !== null) this.#errors.set(text, (this.#errors.get(text) ?? 0) + 1);
  }

  endedByItself(how: string): void {
    this.ownEnds.push(how);
  }

  /** Messages of level error, the most frequent first. */
  errors(): readonly (readonly [string, number])[] {
    return [...this.#errors].sort(([, a], [, b]) => b - a);
  }
}

function errorIn(line: string): string | null {
  let entry: unknown;
  try {
    entry = JSON.parse(line);
  } catch {
    // Not ours: Node itself says something before it dies.
    return `not a log line: ${line.slice(0, 200)}`;
  }
  if (typeof entry !== 'object' || entry === null || !('level' in entry) || !('msg' in entry)) return null;
  if (typeof entry.level !== 'number' || entry.level < ERROR_LEVEL) return null;
  const cause = 'err' in entry ? messageOf(entry.err) : '';
  return `${String(entry.msg)}${cause === '' ? '' : ` (${cause})`}`;
}

function messageOf(error: unknown): string {
  if (typeof error !== 'object' || error === null || !('message' in error)) return '';
  return String(error.message).slice(0, 160);
}
