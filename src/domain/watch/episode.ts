/**
 * An episode: one unit from its first crossing of a level to its recovery. At margin call or worse it is a case, which
 * has an owner. Stored as JSON: amounts and LTVs are decimal strings, times UTC milliseconds by the store's clock.
 */
import type { LongId } from '../amount.ts';
import type { CardLocation } from '../card-location.ts';
import type { PersonId } from '../person.ts';
import { isCaseLevel, isCriticalLevel, type LevelKey } from './levels.ts';

export const LONGEST_MUTE_MS = 24 * 60 * 60_000;

export interface Episode {
  readonly schema: 1;
  /** `C-` and eight characters of the alphabet of request ids, so that it is never taken for a request's. */
  readonly id: string;
  readonly groupId: LongId;
  readonly state: 'open' | 'recovered';
  /** The level people were told last. */
  readonly level: LevelKey;
  readonly levelSinceMs: number;
  readonly worstLevel: LevelKey;
  readonly openedAtMs: number;
  /** When it went on after a recovery, last; null: it never did. */
  readonly reopenedAtMs: number | null;
  /** How often it was reached again quietly. */
  readonly reopenings: number;
  readonly recoveredAtMs: number | null;
  /** The unit was at this level when the watch read for the first time. */
  readonly alreadySo: boolean;
  /** As the card shows them: renewed with each event, and when a reading differs enough to redraw it. */
  readonly figures: Figures;
  readonly worstLtv: string | null;
  /** People were told that it is missing from complete readings since then: it says nothing about what is owed. */
  readonly vanishedAtMs: number | null;
  readonly card: CardLocation | null;
  /** When a lost card was sent again, or Slack refused it, last; absent: never. */
  readonly cardAgainAtMs?: number | undefined;
  /** Its card is in the thread of this summary; null: in the channel. */
  readonly summaryId: string | null;
  readonly owner: Owner | null;
  /** Since when a case has no owner; null: it has one, or it is no case. */
  readonly unownedSinceMs: number | null;
  /** Who opened the card or the evidence, first time only; at most 20. */
  readonly seenBy: readonly { readonly by: PersonId; readonly atMs: number }[];
  /** Newest last; at most 20. */
  readonly notes: readonly { readonly by: PersonId; readonly text: string; readonly atMs: number }[];
  /** `level`: when it was muted; anything worse ends it. */
  readonly mute: { readonly by: PersonId; readonly level: LevelKey; readonly untilMs: number } | null;
  /** When the people of WATCH_GROUP were told directly that the case has no owner. */
  readonly escalatedAtMs: number | null;
  readonly page: Page;
  /** Figures are made up, every message is marked, nothing leaves Slack; `ownedAfterMs`: until somebody took it. */
  readonly drill: { readonly by: PersonId; readonly ownedAfterMs: number | null } | null;
  /** The newest audit entry: its number and its seal. */
  readonly audit: { readonly sequence: number; readonly seal: string };
}

export interface Figures {
  /** The decisive LTV; null: not defined. */
  readonly ltv: string | null;
  readonly netEquity: string;
  /** N that belongs to the decisive LTV, see `standingOf`. */
  readonly collateral: string;
  readonly liability: string;
  /** Exchange time of the reading. */
  readonly asOfMs: number;
}

export interface Owner {
  readonly by: PersonId;
  readonly sinceMs: number;
  /** Asked again then. */
  readonly untilMs: number;
}

/** What the pager should know and what it was told: a background round brings the second to the first. */
export interface Page {
  /** Of the incident, `C-…/2`: one that was acknowledged never calls anybody again, so each call is another; 0: none. */
  readonly number: number;
  readonly wanted: PageState;
  readonly why: 'level' | 'no-owner' | 'slack-silent' | null;
  readonly told: PageState;
}
export type PageState = 'none' | 'triggered' | 'acknowledged' | 'resolved';

/**
 * What happened, for the sealed trail, the thread and the timeline. `mention`: its message mentions WATCH_GROUP; false:
 * it is said quietly, because a summary or an earlier message said it loudly.
 */
export type EpisodeEvent = { readonly atMs: number; readonly by: PersonId | null } & (
  | {
      readonly type: 'opened';
      readonly level: LevelKey;
      readonly figures: Figures;
      readonly alreadySo: boolean;
      readonly summaryId: string | null;
      readonly drill: boolean;
      readonly mention: boolean;
    }
  | {
      readonly type: 'worsened';
      readonly from: LevelKey;
      readonly to: LevelKey;
      readonly figures: Figures;
      readonly mention: boolean;
    }
  | { readonly type: 'eased'; readonly from: LevelKey; readonly to: LevelKey; readonly figures: Figures }
  /** Still at the level after its floor, or its card was lost: people are reminded. */
  | {
      readonly type: 'repeated';
      readonly level: LevelKey;
      readonly figures: Figures;
      readonly mention: boolean;
    }
  /** Reached again, quietly: within the floor of its last message, or not worse than what is muted. */
  | { readonly type: 'reopened'; readonly level: LevelKey; readonly figures: Figures }
  | {
      readonly type: 'recovered';
      readonly figures: Figures;
      readonly openForMs: number;
      readonly mention: boolean;
    }
  /** The unit was closed, or was missing for 30 days. */
  | { readonly type: 'ended'; readonly why: 'closed' | 'gone' }
  | { readonly type: 'drill-ended'; readonly ownedAfterMs: number | null }
  | { readonly type: 'vanished' }
  | { readonly type: 'seen-again'; readonly figures: Figures }
  | { readonly type: 'card-posted' }
  /** It is tried again from time to time, and people were told directly. */
  | { readonly type: 'card-refused' }
  | { readonly type: 'card-opened' }
  | { readonly type: 'taken'; readonly untilMs: number }
  | { readonly type: 'handed-over'; readonly to: PersonId; readonly untilMs: number }
  | { readonly type: 'owner-lapsed'; readonly owner: PersonId; readonly why: 'time' | 'worse' | 'left' }
  | { readonly type: 'noted'; readonly text: string }
  | { readonly type: 'muted'; readonly untilMs: number }
  | { readonly type: 'mute-ended'; readonly why: 'time' | 'worse' }
  | { readonly type: 'escalated'; readonly unownedForMs: number; readonly mention: boolean }
  | { readonly type: 'paged'; readonly why: 'level' | 'no-owner' | 'slack-silent' }
  | { readonly type: 'page-acknowledged' }
  | { readonly type: 'page-resolved' }
);
export type EpisodeEventType = EpisodeEvent['type'];

/** What a person, or a background step that was carried out, does to an episode. */
export type EpisodeCommand =
  | { readonly type: 'take'; readonly by: PersonId }
  | { readonly type: 'hand-over'; readonly by: PersonId; readonly to: PersonId }
  | { readonly type: 'note'; readonly by: PersonId; readonly text: string }
  | { readonly type: 'mute'; readonly by: PersonId; readonly forMs: number }
  | { readonly type: 'open-card'; readonly by: PersonId }
  /** The owner is no longer a full member with access. */
  | { readonly type: 'drop-owner' }
  /** Null: Slack refuses it. */
  | { readonly type: 'record-card'; readonly card: CardLocation | null }
  /** The pager took it. */
  | { readonly type: 'record-page'; readonly told: PageState }
  | { readonly type: 'end-drill'; readonly by: PersonId | null };

export function newEpisode({
  nowMs,
  ...given
}: Pick<Episode, 'id' | 'groupId' | 'level' | 'figures' | 'alreadySo' | 'drill'> & {
  readonly nowMs: number;
}): Episode {
  return {
    schema: 1,
    ...given,
    state: 'open',
    levelSinceMs: nowMs,
    worstLevel: given.level,
    openedAtMs: nowMs,
    reopenedAtMs: null,
    reopenings: 0,
    recoveredAtMs: null,
    worstLtv: given.figures.ltv,
    vanishedAtMs: null,
    card: null,
    summaryId: null,
    owner: null,
    unownedSinceMs: isCaseLevel(given.level) ? nowMs : null,
    seenBy: [],
    notes: [],
    mute: null,
    escalatedAtMs: null,
    page: { number: 0, wanted: 'none', why: null, told: 'none' },
    audit: { sequence: 0, seal: '' },
  };
}

/** What one decision makes of an episode. Each event becomes one sealed entry; the store sets `audit`. */
export interface EpisodeChange {
  readonly next: Episode;
  readonly events: readonly EpisodeEvent[];
}

export function stepWith(
  { next, events }: EpisodeChange,
  changes: Partial<Episode>,
  ...added: readonly EpisodeEvent[]
): EpisodeChange {
  return { next: { ...next, ...changes }, events: [...events, ...added] };
}

/** What each end of an episode sets. */
export function endedAt(nowMs: number): Pick<Episode, 'state' | 'recoveredAtMs' | 'mute' | 'unownedSinceMs'> {
  return { state: 'recovered', recoveredAtMs: nowMs, mute: null, unownedSinceMs: null };
}

/** How long somebody has a case before they are asked again. */
export function ownedUntilMs({ level }: Episode, nowMs: number): number {
  return nowMs + (isCriticalLevel(level) ? 30 : 120) * 60_000;
}
