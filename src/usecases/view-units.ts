/** `/ltv`: all units, a filter, or one unit. */
import type { LongId } from '../domain/amount.ts';
import { refuseOwing } from '../domain/close/decision.ts';
import { factsOf } from '../domain/close/facts.ts';
import type { PersonId } from '../domain/person.ts';
import type { ClosePolicy } from '../domain/policy.ts';
import { done, type Refusal, type Result, refuse } from '../domain/refusal.ts';
import { findInconsistencies, type RiskUnit, type Thresholds, worstFirst } from '../domain/unit/risk-unit.ts';
import { describeQuery, matches, parseUnitQuery, type UnitQuery } from '../domain/unit/unit-query.ts';
import { parseWhatIf, type WhatIf } from '../domain/unit/what-if.ts';
import type { Access } from './access.ts';
import { csvTime } from './csv.ts';
import { exchangeRefusal, flawsOf } from './current-facts.ts';
import type { Desk, UnitsView, UnitView, WatchGlimpse } from './desk.ts';
import {
  type CloseRequestStore,
  concerns,
  type Flaw,
  type LoanReader,
  type Log,
  type Read,
  type UnitDetails,
} from './ports.ts';
import { readUnitDetails } from './read-unit-details.ts';
import { unitsCsv } from './units-csv.ts';

export interface ViewUnitsParts {
  readonly access: Access;
  readonly reader: LoanReader;
  readonly details: UnitDetails;
  readonly store: CloseRequestStore;
  readonly thresholds: Thresholds;
  readonly policy: ClosePolicy;
  readonly now: () => number;
  readonly log: Log;
  /** How fresh the watch is; null: it is off, or couldn't be read. */
  readonly glimpse: () => Promise<WatchGlimpse | null>;
}

export interface ViewUnits extends Pick<Desk, 'viewUnits' | 'exportUnits'> {
  /** All units, worst first, for a person who was already admitted. */
  allUnits(): Promise<Result<UnitsView>>;
}

type UnitsRead = Extract<Read<readonly RiskUnit[]>, { ok: true }>;

interface Found {
  /** What was typed, without the question about it. */
  readonly name: string;
  readonly whatIf: WhatIf | null;
  readonly query: UnitQuery;
  readonly read: UnitsRead;
  readonly watch: WatchGlimpse | null;
  readonly view: UnitsView;
}

export function createViewUnits(parts: ViewUnitsParts): ViewUnits {
  const { access, reader, store, thresholds, now } = parts;

  async function oneUnit(
    by: PersonId,
    unit: RiskUnit,
    read: { asOfMs: number; flaws: readonly Flaw[] },
    watch: WatchGlimpse | null,
  ): Promise<UnitView> {
    const [openRequest, details] = await Promise.all([
      openRequestFor(unit.groupId),
      readUnitDetails(parts.details, unit),
    ]);
    const contradictions = flawsOf({ value: unit, flaws: read.flaws }, unit.groupId);
    return {
      kind: 'one',
      unit,
      thresholds,
      asOfMs: read.asOfMs,
      nowMs: now(),
      flaws: texts(read.flaws),
      inconsistencies: findInconsistencies(unit),
      details,
      openRequest,
      whyNotClose: await whyNotClose(by, unit, openRequest, contradictions),
      watch,
    };
  }

  /** The figures are worth showing even when the store is down; the button to close is not. */
  async function openRequestFor(groupId: LongId) {
    try {
      return await store.openRequestFor(groupId);
    } catch (error) {
      parts.log.warn({ err: error }, 'open request unreadable, unit shown without it');
      return null;
    }
  }

  async function whyNotClose(
    by: PersonId,
    unit: RiskUnit,
    open: UnitView['openRequest'],
    contradictions: readonly Flaw[],
  ): Promise<Refusal | null> {
    const refusal = await access.refuseRole(by, 'requester');
    if (refusal !== null) return refusal;
    if (open !== null) return { code: 'already-open', requestId: open.id, state: open.state };
    if (contradictions.length > 0) {
      return { code: 'unit-unreadable', input: unit.groupId, rows: texts(contradictions) };
    }
    return refuseOwing(factsOf(unit, 0));
  }

  async function find(by: PersonId, text: string): Promise<Result<Found>> {
    const viewer = await access.requireRole(by, 'viewer');
    if (!viewer.ok) return viewer;
    const asked = parseWhatIf(text);
    if (!asked.ok) return asked;
    const name = asked.value?.unit ?? text.trim();
    const query = parseUnitQuery(name);
    if (!query.ok) return query;
    const [read, watch] = await readWithGlimpse();
    if (!read.ok) return refuse(exchangeRefusal(read.failure));
    const whatIf = asked.value?.whatIf ?? null;
    return done({ name, whatIf, query: query.value, read, watch, view: many(read, query.value, watch) });
  }

  const readWithGlimpse = () => Promise.all([reader.riskUnits({ priority: 'interactive' }), parts.glimpse()]);

  function many(read: UnitsRead, query: UnitQuery, watch: WatchGlimpse | null): UnitsView {
    const matching = read.value.filter((unit) => matches(unit, query, thresholds));
    const shown = worstFirst(matching, thresholds);
    return {
      kind: 'many',
      units: shown,
      hidden: read.value.length - shown.length,
      filter: describeQuery(query),
      thresholds,
      asOfMs: read.asOfMs,
      nowMs: now(),
      flaws: texts(read.flaws),
      watch,
    };
  }

  return {
    async allUnits() {
      const [read, watch] = await readWithGlimpse();
      return read.ok ? done(many(read, { kind: 'all' }, watch)) : refuse(exchangeRefusal(read.failure));
    },
    async viewUnits(by, text) {
      const found = await find(by, text);
      if (!found.ok) return found;
      const { name, whatIf, query, read, watch, view } = found.value;
      const named = query.kind === 'id' || query.kind === 'name';
      if (!named) return done(view);
      const [unit, ...others] = view.units;
      if (unit === undefined) return refuse(notShown(name, query, read.flaws));
      if (others.length > 0) return done(view);
      if (whatIf === null) return done(await oneUnit(by, unit, read, watch));
      const { asOfMs, flaws } = view;
      return done({ kind: 'what-if', unit, whatIf, thresholds, asOfMs, flaws });
    },
    async exportUnits(by, text) {
      const found = await find(by, text);
      if (!found.ok) return found;
      const { units, asOfMs, flaws } = found.value.view;
      const fileName = `units-${csvTime(asOfMs).slice(0, 16).replace(':', '')}Z.csv`;
      return done({ fileName, csv: unitsCsv(units, thresholds, asOfMs), flaws });
    },
  };
}

/** An unreadable row may be this unit, so "no such unit" must not be said. */
function notShown(input: string, query: UnitQuery, flaws: readonly Flaw[]): Refusal {
  const rows = query.kind === 'id' ? flaws.filter((flaw) => concerns(flaw, query.groupId)) : flaws;
  if (rows.length === 0) return { code: 'unknown-unit', input };
  return { code: 'unit-unreadable', input, rows: texts(rows) };
}

function texts(flaws: readonly Flaw[]): readonly string[] {
  return flaws.map(({ text }) => text);
}
