/** The daily message: when it is due, and what it says. */
import { exactText, type LongId } from '../amount.ts';
import { compareLtv, decisiveLtv, type RiskUnit } from '../unit/risk-unit.ts';
import type { Episode } from './episode.ts';
import { isCaseLevel, isReached } from './levels.ts';
import type { Digest, DigestUnit, WatchRules, WatchState } from './watch.ts';

const MINUTE_MS = 60_000;
const LATE_AFTER_MS = 5 * MINUTE_MS;
/** For a digest that is for the afternoon: as long as one for the morning has until noon. */
const WORTH_SENDING_FOR_MS = 4 * 60 * MINUTE_MS;

export interface DigestTimes {
  /** The newest occurrence of DIGEST_AT that is not in the future, and the one before it. */
  readonly forMs: number;
  readonly beforeMs: number;
  /** Noon of the newest occurrence's day, in the zone of DIGEST_AT. */
  readonly noonMs: number;
}

export type DigestDue =
  | { readonly kind: 'send'; readonly late: boolean; readonly skippedMs: number | null }
  /** To be remembered, so that the next one says it. */
  | { readonly kind: 'skip' };

/** Null: nothing is due. What was due before the watch began is not. */
export function dueDigest(
  { digest: last, beganAtMs }: Pick<WatchState, 'digest' | 'beganAtMs'>,
  { forMs, beforeMs, noonMs }: DigestTimes,
  nowMs: number,
): DigestDue | null {
  const handledMs = last?.forMs ?? beganAtMs;
  if (nowMs < forMs || forMs <= handledMs) return null;
  const untilMs = noonMs > forMs ? noonMs : forMs + WORTH_SENDING_FOR_MS;
  if (nowMs >= untilMs) return { kind: 'skip' };
  const missedMs = beforeMs > handledMs ? beforeMs : null;
  const skippedMs = missedMs ?? (last?.skipped ? last.forMs : null);
  return { kind: 'send', late: nowMs - forMs >= LATE_AFTER_MS, skippedMs };
}

export interface DigestInput
  extends Pick<Digest, 'forMs' | 'timeZone' | 'late' | 'skippedMs' | 'openRequests'> {
  /** The last complete reading; null: blind. */
  readonly reading: { readonly units: readonly RiskUnit[]; readonly asOfMs: number } | null;
  readonly episodes: Iterable<Episode>;
  readonly rules: WatchRules;
  /** LTV a day earlier, from the history; absent: not known. */
  readonly ltvBefore: ReadonlyMap<LongId, string | null>;
  /** Yesterday's interest per asset; absent: not known. */
  readonly interest: ReadonlyMap<LongId, Readonly<Record<string, string>>>;
}

export function digestOf({ reading, episodes, rules, ltvBefore, interest, ...given }: DigestInput): Digest {
  const openCases = [...episodes]
    .filter(({ state, level, drill }) => state === 'open' && isCaseLevel(level) && drill === null)
    .map(({ id, groupId, level, owner }) => ({ id, groupId, level, owned: owner !== null }));
  const units = (reading?.units ?? [])
    .map((unit) => ({ groupId: unit.groupId, ltv: decisiveLtv(unit) }))
    .sort((a, b) => compareLtv(a.ltv, b.ltv) || (BigInt(a.groupId) < BigInt(b.groupId) ? -1 : 1))
    .map(
      ({ groupId, ltv }): DigestUnit => ({
        groupId,
        ltv: ltv && exactText(ltv),
        level: rules.levels.findLast((level) => isReached(level, ltv))?.key ?? 'normal',
        ltvBefore: ltvBefore.get(groupId) ?? null,
        interest: interest.get(groupId) ?? null,
      }),
    );
  return { ...given, units: reading && units, openCases, asOfMs: reading?.asOfMs ?? null };
}
