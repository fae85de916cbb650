/** `/closed-units`: the history across all credit accounts, newest first. */

import { utcDay } from '../domain/calendar-day.ts';
import { knownTimeZone, type Person, type PersonId } from '../domain/person.ts';
import { done, type Result, refuse } from '../domain/refusal.ts';
import { type ClosedFilter, keeps, parseClosedFilter } from '../domain/unit/closed-filter.ts';
import type { ClosedUnit } from '../domain/unit/risk-unit.ts';
import type { Access } from './access.ts';
import { csvText, csvTime } from './csv.ts';
import { exchangeRefusal } from './current-facts.ts';
import type { ClosedUnitsView, Desk } from './desk.ts';
import type { CloseRequestStore, Flaw, LoanReader, Log, Read } from './ports.ts';

const CLOSED_UNITS_PER_PAGE = 10;

export interface ListClosedUnitsParts {
  readonly access: Access;
  readonly reader: LoanReader;
  readonly store: CloseRequestStore;
  readonly now: () => number;
  readonly log: Log;
}

interface Found {
  readonly viewer: Person;
  readonly filter: ClosedFilter;
  readonly timeZone: string;
  readonly units: readonly ClosedUnit[];
  readonly asOfMs: number;
  readonly flaws: readonly string[];
}

export function createListClosedUnits(
  parts: ListClosedUnitsParts,
): Pick<Desk, 'listClosedUnits' | 'exportClosedUnits'> {
  const { access, reader, store, now } = parts;

  async function find(by: PersonId, text: string): Promise<Result<Found>> {
    const viewer = await access.requireRole(by, 'viewer');
    if (!viewer.ok) return viewer;
    const timeZone = knownTimeZone(viewer.value.timeZone);
    const filter = parseClosedFilter(text, now(), timeZone);
    if (!filter.ok) return filter;
    const read = await readUnits(filter.value);
    if (!read.ok) return refuse(exchangeRefusal(read.failure));
    const fitting = read.value.filter((unit) => keeps(filter.value, unit));
    const units = fitting.filter(({ enabled }) => !enabled);
    const flaws = [...read.flaws, ...fitting.filter(({ enabled }) => enabled).map(stillEnabled)];
    return done({
      viewer: viewer.value,
      filter: filter.value,
      timeZone,
      units,
      asOfMs: read.asOfMs,
      flaws: flaws.map(({ text }) => text),
    });
  }

  /** A single unit is always read fresh: people look it up right after its close. */
  async function readUnits({ groupId }: ClosedFilter): Promise<Read<readonly ClosedUnit[]>> {
    if (groupId === null) return reader.closedUnits({ priority: 'interactive' });
    const read = await reader.findClosedUnit(groupId, { priority: 'interactive' });
    return read.ok ? { ...read, value: read.value === null ? [] : [read.value] } : read;
  }

  /** The list is still useful without the people who approved each close. */
  async function throughOf(units: readonly ClosedUnit[]): Promise<ClosedUnitsView['rows']> {
    try {
      const through = await store.closedThrough(units.map((unit) => unit.groupId));
      return units.map((unit) => ({ unit, through: through.get(unit.groupId) ?? null }));
    } catch (error) {
      parts.log.warn({ err: error }, 'approvals unreadable, closed units shown without them');
      return units.map((unit) => ({ unit, through: 'unreadable' }));
    }
  }

  return {
    async listClosedUnits(by, text, page) {
      const found = await find(by, text);
      if (!found.ok) return found;
      const { units, filter, timeZone, asOfMs, flaws } = found.value;
      const pages = Math.max(1, Math.ceil(units.length / CLOSED_UNITS_PER_PAGE));
      const shown = Math.min(Math.max(1, Math.trunc(page)), pages);
      const start = (shown - 1) * CLOSED_UNITS_PER_PAGE;
      const rows = await throughOf(units.slice(start, start + CLOSED_UNITS_PER_PAGE));
      return done({
        rows,
        page: shown,
        pages,
        total: units.length,
        filter: filter.text,
        timeZone,
        asOfMs,
        flaws,
      });
    },
    async exportClosedUnits(by, text) {
      const found = await find(by, text);
      if (!found.ok) return found;
      const rows = found.value.units.map((unit) => [
        unit.groupId,
        unit.creditEmail,
        unit.parentEmail,
        csvTime(unit.createdAtMs),
        csvTime(unit.closedAtMs),
      ]);
      const csv = csvText(['groupId', 'creditEmail', 'parentEmail', 'createdAt', 'closedAt'], rows);
      const fileName = `closed-units-${utcDay(found.value.asOfMs)}.csv`;
      return done({ fileName, csv, flaws: found.value.flaws });
    },
  };
}

/** A row that contradicts itself is not shown as closed. */
function stillEnabled({ groupId }: ClosedUnit): Flaw {
  return { groupId, text: `unit ${groupId} is in the closed list, but still marked as enabled` };
}
