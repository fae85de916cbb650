/** From the pages of closed lists to closed units: no unit twice, newest first, nothing hidden. */
import type { ClosedUnit } from '../domain/unit/risk-unit.ts';
import type { Flaw, Read } from '../usecases/ports.ts';
import type { Account } from './account.ts';
import { jsonOf, type Text } from './coalesced-read.ts';
import { readRows } from './rows.ts';
import { closedUnitRow, pageAnswer } from './schemas.ts';

export interface ClosedList {
  /** Each life of a unit once: an id may have been given again after a close. */
  readonly units: readonly ClosedUnit[];
  readonly flawed: readonly Flaw[];
  /** Rows that the exchange counts beyond those it showed. */
  readonly missing: number;
}

export function decodeClosed(text: Text): ClosedList {
  const units = new Map<string, ClosedUnit>();
  const flawed = new Map<string, Flaw>();
  let total = 0;
  for (const part of text.parts) {
    const page = pageAnswer.parse(jsonOf(part));
    total = Math.max(total, page.total);
    const read = readRows(page.rows, closedUnitRow, part.firstRow);
    for (const unit of read.rows) if (!units.has(lifeOf(unit))) units.set(lifeOf(unit), unit);
    // A row that shifted to another page is the same row under another number.
    for (const row of read.flawed) {
      const identity = row.groupId ?? row.text;
      if (!flawed.has(identity)) flawed.set(identity, row);
    }
  }
  const missing = Math.max(0, total - units.size - flawed.size);
  return { units: [...units.values()], flawed: [...flawed.values()], missing };
}

function lifeOf({ groupId, createdAtMs }: ClosedUnit): string {
  return `${groupId} ${createdAtMs}`;
}

/** All accounts' lists as one. An account that failed becomes a flaw, unless all failed. */
export function mergeClosed(
  accounts: readonly Account[],
  lists: readonly Read<ClosedList>[],
): Read<readonly ClosedUnit[]> {
  const units = new Map<string, ClosedUnit>();
  const flaws: Flaw[] = [];
  let asOfMs = Number.POSITIVE_INFINITY;
  let failure: Read<readonly ClosedUnit[]> | null = null;
  let read = 0;
  for (const [index, list] of lists.entries()) {
    const name = accounts[index]?.name ?? '';
    if (!list.ok) {
      failure ??= list;
      flaws.push({ groupId: null, text: `account ${name}: ${list.failure.meaning}` });
      continue;
    }
    read += 1;
    asOfMs = Math.min(asOfMs, list.asOfMs);
    const { flawed, missing } = list.value;
    for (const unit of list.value.units) units.set(lifeOf(unit), unit);
    flaws.push(...flawed.map(({ groupId, text }) => ({ groupId, text: `account ${name}: ${text}` })));
    if (missing > 0) {
      const text = `account ${name}: the exchange counts ${missing} more closed units than it shows`;
      flaws.push({ groupId: null, text });
    }
  }
  if (read === 0 && failure !== null) return failure;
  return { ok: true, value: [...units.values()].sort(newestFirst), asOfMs, flaws };
}

function newestFirst(a: ClosedUnit, b: ClosedUnit): number {
  return b.closedAtMs - a.closedAtMs || (BigInt(a.groupId) > BigInt(b.groupId) ? -1 : 1);
}
