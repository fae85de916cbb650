/** Changes worth a message though no level is crossed. Each is said once; what is read first is no news. */
import { amount, exactText, type LongId, ZERO } from '../amount.ts';
import { decisiveLtv, type RiskUnit } from '../unit/risk-unit.ts';
import type { KnownFacts, SlowFacts, WatchEvent } from './watch.ts';

export const NOTHING_KNOWN: KnownFacts = {
  principals: null,
  borrowedToldAtMs: {},
  members: null,
  hourlyRates: null,
  lastForcedAtMs: null,
};

/** A variable rate moves a little each hour; a step, such as the end of a fixed term, is a tenth of it or more. */
const RATE_STEP = amount('0.1');

/** Many small borrowings are one message in this time. */
const BORROWED_FLOOR_MS = 15 * 60_000;

export interface News {
  readonly known: KnownFacts;
  readonly events: readonly WatchEvent[];
}

/** What was borrowed since people heard of it last; `unit`: of a complete reading. */
export function borrowingNews(unit: RiskUnit, known: KnownFacts, nowMs: number): News {
  const ltv = decisiveLtv(unit);
  const events: WatchEvent[] = [];
  const principals: Record<string, string> = {};
  const borrowedToldAtMs: Record<string, number> = {};
  for (const [asset, after] of Object.entries(principalsOf(unit))) {
    const before = known.principals === null ? after : (known.principals[asset] ?? '0');
    const toldAtMs = known.borrowedToldAtMs[asset];
    const isRecent = toldAtMs !== undefined && Math.abs(nowMs - toldAtMs) < BORROWED_FLOOR_MS;
    const isMore = amount(after).gt(amount(before));
    principals[asset] = isMore && isRecent ? before : after;
    if (isRecent) borrowedToldAtMs[asset] = toldAtMs;
    if (!isMore || isRecent) continue;
    borrowedToldAtMs[asset] = nowMs;
    const { groupId } = unit;
    events.push({
      type: 'borrowed-more',
      groupId,
      asset,
      before,
      after,
      ltv: ltv && exactText(ltv),
      atMs: nowMs,
    });
  }
  return { known: { ...known, principals, borrowedToldAtMs }, events };
}

/** What is new of one unit in what is read less often. */
export function slowNews(groupId: LongId, known: KnownFacts, slow: SlowFacts, nowMs: number): News {
  const events: WatchEvent[] = [];
  const of = { groupId, atMs: nowMs };
  let { members, hourlyRates, lastForcedAtMs } = known;

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

  return { known: { ...known, members, hourlyRates, lastForcedAtMs }, events };
}

function principalsOf({ liabilities }: RiskUnit): Record<string, string> {
  const owed = liabilities.filter(({ principal }) => principal.gt(ZERO));
  return Object.fromEntries(owed.map(({ asset, principal }) => [asset, exactText(principal)]));
}
