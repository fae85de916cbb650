import type { ClosedUnit } from './model.ts';
import type { Page } from './params.ts';
import type { ExchangeClock, Settings } from './settings.ts';

/** The closed units, and which of them are listed by now. */
export class ClosedList {
  readonly #clock: ExchangeClock;
  readonly #settings: Settings;
  readonly #rows = new Map<string, ClosedUnit>();

  constructor(clock: ExchangeClock, settings: Settings) {
    this.#clock = clock;
    this.#settings = settings;
  }

  clear(): void {
    this.#rows.clear();
  }

  list(rows: readonly ClosedUnit[]): void {
    for (const row of rows) this.#rows.set(row.groupId, row);
  }

  get(groupId: string): ClosedUnit | undefined {
    return this.#rows.get(groupId);
  }

  all(): ClosedUnit[] {
    return [...this.#rows.values()].map((row) => ({ ...row }));
  }

  /** One page of those of a credit account that are listed by now, and how many there are. */
  pageOf(creditEmail: string, { current, size }: Page): { total: number; rows: ClosedUnit[] } {
    const nowMs = this.#clock.realMs();
    const listed = this.#sorted(creditEmail).filter((row) => row.listedFromMs <= nowMs);
    return { total: listed.length, rows: listed.slice((current - 1) * size, current * size) };
  }

  /** Lists at once what would have appeared later: all, or one. */
  reveal(groupId?: string): void {
    const nowMs = this.#clock.realMs();
    for (const row of this.#rows.values()) {
      if (groupId === undefined || row.groupId === groupId)
        row.listedFromMs = Math.min(row.listedFromMs, nowMs);
    }
  }

  #sorted(creditEmail: string): ClosedUnit[] {
    const rows = [...this.#rows.values()].filter((row) => row.creditEmail === creditEmail);
    return this.#settings.closedOrder === 'groupId-ascending'
      ? rows.sort((a, b) => a.groupId.length - b.groupId.length || (a.groupId < b.groupId ? -1 : 1))
      : rows.sort((a, b) => b.closeTimeMs - a.closeTimeMs);
  }
}
