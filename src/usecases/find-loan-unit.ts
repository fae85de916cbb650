/** The unit that `/loan` names: an active one by id or a part of its credit account, a closed one by id. */
import type { LongId } from '../domain/amount.ts';
import type { UnitNamed } from '../domain/loan/loan-query.ts';
import { done, type Result, refuse } from '../domain/refusal.ts';
import type { Liability, RiskUnit, Thresholds } from '../domain/unit/risk-unit.ts';
import { matches } from '../domain/unit/unit-query.ts';
import { exchangeRefusal } from './current-facts.ts';
import { concerns, type Flaw, type LoanReader, type Read } from './ports.ts';

export interface LoanUnit {
  readonly groupId: LongId;
  /** Null: the unit is closed, or this couldn't be read. */
  readonly owed: readonly Liability[] | null;
  readonly closedAtMs: number | null;
  readonly creditEmail: string | null;
  /** Exchange time; null: not read. */
  readonly asOfMs: number | null;
  /** Why what is owed couldn't be read; null: it was, or the unit is closed. */
  readonly missing: string | null;
}

const ASK = { priority: 'interactive' } as const;

export async function findLoanUnit(
  { reader, thresholds }: { readonly reader: LoanReader; readonly thresholds: Thresholds },
  query: UnitNamed,
  typed: string,
): Promise<Result<LoanUnit>> {
  const read = await reader.riskUnits(ASK);
  if (query.kind === 'id') return byId(reader, query.groupId, typed, read);
  if (!read.ok) return refuse(exchangeRefusal(read.failure));
  const found = read.value.filter((unit) => matches(unit, query, thresholds));
  const [unit, ...others] = found;
  if (others.length > 0)
    return refuse({ code: 'several-units', input: typed, groupIds: found.map(({ groupId }) => groupId) });
  return unit === undefined ? refuse(notFound(typed, read.flaws)) : done(active(unit, read.asOfMs));
}

/** Its records can be read also while what it owes can't. */
async function byId(
  reader: LoanReader,
  groupId: LongId,
  typed: string,
  read: Read<readonly RiskUnit[]>,
): Promise<Result<LoanUnit>> {
  const unit = read.ok ? read.value.find((each) => each.groupId === groupId) : undefined;
  if (read.ok && unit !== undefined) return done(active(unit, read.asOfMs));
  const closed = await reader.findClosedUnit(groupId, ASK);
  if (closed.ok && closed.value !== null) {
    const { closedAtMs, creditEmail } = closed.value;
    return done({ groupId, owed: null, closedAtMs, creditEmail, asOfMs: closed.asOfMs, missing: null });
  }
  const unread = whyUnread(read, groupId) ?? (closed.ok ? null : closed.failure.meaning);
  if (unread === null) return refuse({ code: 'unknown-unit', input: typed });
  return done({ groupId, owed: null, closedAtMs: null, creditEmail: null, asOfMs: null, missing: unread });
}

/** Null: all units were read, and it isn't one of them. */
function whyUnread(read: Read<readonly RiskUnit[]>, groupId: LongId): string | null {
  if (!read.ok) return read.failure.meaning;
  return read.flaws.find((flaw) => concerns(flaw, groupId))?.text ?? null;
}

function active({ groupId, liabilities, creditEmail }: RiskUnit, asOfMs: number): LoanUnit {
  return { groupId, owed: liabilities, closedAtMs: null, creditEmail, asOfMs, missing: null };
}

function notFound(input: string, flaws: readonly Flaw[]) {
  if (flaws.length === 0) return { code: 'unknown-unit', input } as const;
  return { code: 'unit-unreadable', input, rows: flaws.map(({ text }) => text) } as const;
}
