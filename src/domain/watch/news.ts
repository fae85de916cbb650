/** Changes worth a message though no level is crossed. Each is said once; what is read first is no news. */
import { amount, exactText, type LongId, ZERO } from '../amount.ts';
import type { RiskUnit } from '../unit/risk-unit.ts';
import type { KnownFacts, SlowFacts, WatchEvent } from './watch.ts';

export const NOTHING_KNOWN: KnownFacts = {
  principals: null,
  members: null,
  hourlyRates: null,
  lastForcedAtMs: null,
};

/** A variable rate moves a little each hour; a step, such as the end of a fixed term, is a tenth of it or more. */
const RATE_STEP = amount('0.1');

export interface NewsOfUnit {
  readonly groupId: LongId;
  readonly known: KnownFacts;
  /** Null: not in this reading, or the reading is not complete. */
  readonly unit: RiskUnit | null;
  /** Its decisive LTV. */
  readonly ltv: string | null;
  readonly slow: SlowFacts;
  readonly nowMs: number;
}

export function newsOf({ groupId, known, unit, ltv, slow, nowMs }: NewsOfUnit): {
  readonly known: KnownFacts;
  readonly events: readonly WatchEvent[];
} {
  const events: WatchEvent[] = [];
  const of = { groupId, atMs: nowMs };
  let { principals, members, hourlyRates, lastForcedAtMs } = known;

  if (unit !== null) {
    const read = principalsOf(unit);
    for (const [asset, after] of Object.entries(principals === null ? {} : read)) {
      const before = principals?.[asset] ?? '0';
      if (amount(after).gt(amount(before)))
        events.push({ type: 'borrowed-more', asset, before, after, ltv, ...of });
    }
    principals = read;
  }

  const readMembers = slow.members?.get(groupId);
  if (readMembers !== undefined) {
    const added = readMembers.filter((member) => members?.includes(member) === false);
    const removed = (members ?? []).filter((member) => !readMembers.includes(member));
    if (added.length + removed.length > 0) events.push({ type: 'members-changed', added, removed, ...of });
    members = readMembers;
  }

  const readRates = slow.hourlyRates?.get(groupId);
  if (readRates !== undefined) {
    const kept: Record<string, string> = {};
    for (const [asset, after] of Object.entries(readRates)) {
      const before = hourlyRates?.[asset] ?? after;
      const isStep = amount(after).minus(amount(before)).abs().gt(amount(before).abs().times(RATE_STEP));
      if (isStep) events.push({ type: 'rate-step', asset, before, after, ...of });
      kept[asset] = isStep ? after : before;
    }
    hourlyRates = kept;
  }

  const rows = slow.forced?.get(groupId);
  if (rows !== undefined) {
    for (const row of rows) {
      if (lastForcedAtMs !== null && row.atMs > lastForcedAtMs)
        events.push({ type: 'forced-liquidation', rowAtMs: row.atMs, text: row.text, ...of });
    }
    lastForcedAtMs = Math.max(lastForcedAtMs ?? 0, ...rows.map((row) => row.atMs));
  }

  return { known: { principals, members, hourlyRates, lastForcedAtMs }, events };
}

function principalsOf({ liabilities }: RiskUnit): Record<string, string> {
  const owed = liabilities.filter(({ principal }) => principal.gt(ZERO));
  return Object.fromEntries(owed.map(({ asset, principal }) => [asset, exactText(principal)]));
}
