/** From the pages of closed lists to closed units: no unit twice, newest first, nothing hidden. */
import type { ClosedUnit } from '../domain/unit/risk-unit.ts';
import type { Read } from '../usecases/ports.ts';
import type { Account } from './account.ts';
import { jsonOf, type Text } from './coalesced-read.ts';
import { type FlawedRow, readRows } from './rows.ts';
import { closedUnitRow, pageAnswer } from './schemas.ts';

export interface ClosedList {
  readonly units: readonly ClosedUnit[];
  readonly flawed: readonly FlawedRow[];
  /** Rows that the exchange counts beyond those it showed. */
  readonly missing: number;
}

export function decodeClosed(text: Text): ClosedList {
  const units = new Map<string, ClosedUnit>();
  const flawed = new Map<string, FlawedRow>();
  let total = 0;
  for (const part of text.parts) {
    const page = pageAnswer.parse(jsonOf(part));
    total = Math.max(total, page.total);
    const read = readRows(page.rows, closedUnitRow, part.firstRow);
    for (const unit of read.rows) if (!units.has(unit.groupId)) units.set(unit.groupId, unit);
    // A row that shifted to another page is the same row under another number.
    for (const row of read.flawed) {
      const identity = row.groupId ?? row.text;
      if (!flawed.has(identity)) flawed.set(identity, row);
    }
  }
  const missing = Math.max(0, total - units.size - flawed.size);
  return { units: [...units.values()], flawed: [...flawed.values()], missing };
}

/** All accounts' lists as one. An account that failed becomes a flaw, unless all failed. */
export function mergeClosed(
  accounts: readonly Account[],
  lists: readonly Read<ClosedList>[],
): Read<readonly ClosedUnit[]> {
  const units = new Map<string, ClosedUnit>();
  const flaws: string[] = [];
  let asOfMs = Number.POSITIVE_INFINITY;
  let failure: Read<readonly ClosedUnit[]> | null = null;
  let read = 0;
  for (const [index, list] of lists.entries()) {
    const name = accounts[index]?.name ?? '';
    if (!list.ok) {
      failure ??= list;
      flaws.push(`account ${name}: ${list.failure.meaning}`);
      continue;
    }
    read += 1;
    asOfMs = Math.min(asOfMs, list.asOfMs);
    for (const unit of list.value.units) units.set(unit.groupId, unit);
    flaws.push(...list.value.flawed.map(({ text }) => `account ${name}: ${text}`));
    if (list.value.missing > 0) {
      flaws.push(
        `account ${name}: the exchange counts ${list.value.missing} more closed units than it shows`,
      );
    }
  }
  if (read === 0 && failure !== null) return failure;
  return { ok: true, value: [...units.values()].sort(newestFirst), asOfMs, flaws };
}

function newestFirst(a: ClosedUnit, b: ClosedUnit): number {
  return b.closedAtMs - a.closedAtMs || (BigInt(a.groupId) > BigInt(b.groupId) ? -1 : 1);
}
