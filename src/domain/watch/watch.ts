/**
 * What the watch remembers between readings: one record for all units, stored and compared whole. Episodes have records
 * of their own, which change in the same step. Times are UTC milliseconds by the store's clock unless stated.
 */
import type { LongId } from '../amount.ts';
import type { CardLocation } from '../card-location.ts';
import type { RiskUnit } from '../unit/risk-unit.ts';
import type { Episode, EpisodeChange, EpisodeEvent } from './episode.ts';
import type { LevelKey, WatchLevel } from './levels.ts';

export interface WatchRules {
  /** Calmest first, from `watchLevels`. */
  readonly levels: readonly WatchLevel[];
  readonly everyMs: number;
  readonly escalateAfterMs: number;
  readonly pageAfterMs: number;
  /** False: no pager is configured, so none is promised. */
  readonly hasPager: boolean;
}

/** One round's read. Only `complete` can make anything better. */
export type Observation =
  | { readonly kind: 'complete'; readonly units: readonly RiskUnit[]; readonly asOfMs: number }
  /** Rows are missing, unreadable, twice or contradictory; those in `units` can be read and count towards worse only. */
  | {
      readonly kind: 'incomplete';
      readonly units: readonly RiskUnit[];
      readonly asOfMs: number;
      readonly why: string;
    }
  | { readonly kind: 'failed'; readonly cause: BlindCause; readonly why: string };

/** `stale`: older than the last one. `empty`: no unit visible though some were: never "nothing owed". */
export type BlindCause =
  | 'unavailable'
  | 'maintenance'
  | 'refused'
  | 'busy'
  | 'empty'
  | 'incomplete'
  | 'stale';

export interface WatchState {
  readonly schema: 1;
  /** Counts what was saved. Without it, two changes of one episode would not differ here, and both would be stored. */
  readonly revision: number;
  readonly beganAtMs: number;
  /** The last complete reading: exchange time and store time; null: none yet. */
  readonly lastReading: { readonly asOfMs: number; readonly readAtMs: number } | null;
  readonly blind: {
    readonly sinceMs: number;
    readonly cause: BlindCause;
    readonly why: string;
    /** Not one unit could be read since then; null: some could. */
    readonly noneSinceMs: number | null;
    /** What people were told of it last; `isNone`: that not one unit can be read. Null: nothing. */
    readonly told: { readonly isNone: boolean; readonly mention: boolean } | null;
  } | null;
  /** When people were told last with a mention that the watch is blind; null: never. */
  readonly blindMention: { readonly atMs: number; readonly isNone: boolean } | null;
  /** Since people were told last that it reads again, for a quarter of an hour; absent or null: not so lately. */
  readonly blindFloor?:
    | {
        readonly sinceMs: number;
        /** How often a blindness ended since. */
        readonly times: number;
        /** What people were told of one whose end is still unsaid; null: none. */
        readonly unsaid: { readonly isNone: boolean; readonly mention: boolean } | null;
      }
    | null
    | undefined;
  readonly units: Readonly<Record<string, UnitMemory>>;
  /** Openings and worsenings of the last minute that no summary names, one per episode. */
  readonly crossings: readonly { readonly episodeId: string; readonly atMs: number }[];
  readonly summary: {
    readonly id: string;
    readonly atMs: number;
    /** Those it names. */
    readonly episodeIds: readonly string[];
    readonly message: CardLocation | null;
  } | null;
  /** The drill that runs, or ran last. */
  readonly drillId: string | null;
  /** The occurrence of DIGEST_AT that was handled last, and whether it was skipped; null: none yet. */
  readonly digest: { readonly forMs: number; readonly skipped: boolean } | null;
  readonly audit: { readonly sequence: number; readonly seal: string };
}

export interface UnitMemory {
  /** The newest episode, open or recovered; null: none yet. */
  readonly episodeId: string | null;
  /** Per level: at or above it since; a level is left when the LTV is below it by more than the dead band. */
  readonly since: Readonly<Partial<Record<LevelKey, number>>>;
  /** Every reading since then was complete and below the episode's level by more than the dead band. */
  readonly belowSinceMs: number | null;
  /** When people were last told, with a mention, of this unit at this level; outlives the episode. */
  readonly toldAtMs: Readonly<Partial<Record<LevelKey, number>>>;
  readonly lastSeenAtMs: number;
  readonly missingSinceMs: number | null;
  /** When people were told last that it is missing; at most once an hour. */
  readonly missingToldAtMs: number | null;
  /** The worst since the episode opened or went on, else the newest: a card is not redrawn for each. */
  readonly worstLtv: string | null;
  readonly known: KnownFacts;
}

/** Facts whose change is news; null or absent: not read yet, so the first value is no news. */
export interface KnownFacts {
  /** Principal per asset, decimal strings, that people know of; what is zero is left out. */
  readonly principals: Readonly<Record<string, string>> | null;
  /** When people were told last that more of an asset was borrowed. */
  readonly borrowedToldAtMs: Readonly<Record<string, number>>;
  /** Accounts, and which of their wallets count: `email|type|margin|spot`, sorted. */
  readonly members: readonly string[] | null;
  /** Hourly rate per asset, decimal strings: the first one read, then the one that people were told last. */
  readonly hourlyRates: Readonly<Record<string, string>> | null;
  /** Newest forced-liquidation row, exchange time; 0: none so far. */
  readonly lastForcedAtMs: number | null;
}

/** What is read less often than the units, beside a reading; null or absent: not read this time. */
export interface SlowFacts {
  readonly members?: ReadonlyMap<LongId, readonly string[]> | null;
  readonly hourlyRates?: ReadonlyMap<LongId, Readonly<Record<string, string>>> | null;
  /** Oldest first. */
  readonly forced?: ReadonlyMap<LongId, readonly { readonly atMs: number; readonly text: string }[]> | null;
}

/** All that one round decides on. */
export interface WatchRound {
  /** Null: the first one, or Redis lost what was remembered. */
  readonly state: WatchState | null;
  /** The newest of every unit, and the drill, by id. */
  readonly episodes: ReadonlyMap<string, Episode>;
  readonly observation: Observation;
  readonly rules: WatchRules;
  readonly nowMs: number;
  /** Supplies ids of episodes: another unused one at each call. */
  readonly newId: () => string;
  /** By episode id: since when its oldest message waits for Slack. */
  readonly undeliveredSinceMs: ReadonlyMap<string, number>;
  /** Units in the closed list, or closed through a close request. */
  readonly closedUnits: ReadonlySet<LongId>;
}

/** What the watch itself says in the channel. */
export type WatchEvent = {
  readonly atMs: number;
} /** First complete reading ever, or Redis lost what was remembered. `alerts`: opened by it, their cards say so. */ & (
  | { readonly type: 'began'; readonly units: number; readonly atLevel: number; readonly alerts: number }
  | {
      readonly type: 'blind';
      readonly sinceMs: number;
      readonly cause: BlindCause;
      readonly why: string;
      readonly openCases: number;
      readonly mention: boolean;
      readonly cameAndWent?: CameAndWent;
    }
  | { readonly type: 'seeing-again'; readonly sinceMs: number; readonly cameAndWent?: CameAndWent }
  | {
      readonly type: 'summary';
      readonly id: string;
      /** Worst first. */
      readonly episodes: readonly NamedEpisode[];
      /** False: more were added, and its message is drawn again. */
      readonly mention: boolean;
    }
  /** Three or more are reminded of, or escalated, in one round. Worst first. */
  | {
      readonly type: 'reminder';
      readonly why: 'repeated' | 'escalated';
      readonly episodes: readonly NamedEpisode[];
    }
  | { readonly type: 'unit-vanished' | 'unit-appeared'; readonly groupId: LongId }
  | {
      readonly type: 'borrowed-more';
      readonly groupId: LongId;
      readonly asset: string;
      readonly before: string;
      readonly after: string;
      readonly ltv: string | null;
    }
  | {
      readonly type: 'rate-step';
      readonly groupId: LongId;
      readonly asset: string;
      readonly before: string;
      readonly after: string;
    }
  | {
      readonly type: 'members-changed';
      readonly groupId: LongId;
      readonly added: readonly string[];
      readonly removed: readonly string[];
    }
  | {
      readonly type: 'forced-liquidation';
      readonly groupId: LongId;
      readonly rowAtMs: number;
      readonly text: string;
    }
  | ({ readonly type: 'digest' } & Digest)
);
export type WatchEventType = WatchEvent['type'];

/** How often complete readings ended and came back since then, unsaid until now. */
export interface CameAndWent {
  readonly times: number;
  readonly sinceMs: number;
}

export interface NamedEpisode {
  readonly id: string;
  readonly groupId: LongId;
  readonly level: LevelKey;
  readonly ltv: string | null;
  /** User id; null: nobody has it. */
  readonly owner: string | null;
}

export interface Digest {
  /** The occurrence it is for, UTC milliseconds, and the zone of DIGEST_AT. */
  readonly forMs: number;
  readonly timeZone: string;
  readonly late: boolean;
  /** The one before was skipped, because the bot was not running until after noon; null: it was not. */
  readonly skippedMs: number | null;
  /** Worst first. Null: blind, nothing is claimed. */
  readonly units: readonly DigestUnit[] | null;
  readonly openCases: readonly {
    readonly id: string;
    readonly groupId: LongId;
    readonly level: LevelKey;
    readonly owned: boolean;
  }[];
  readonly openRequests: readonly { readonly id: string; readonly groupId: LongId }[];
  readonly asOfMs: number | null;
}
export interface DigestUnit {
  readonly groupId: LongId;
  readonly ltv: string | null;
  readonly level: LevelKey | 'normal';
  /** A day earlier, from the history; null: not known. */
  readonly ltvBefore: string | null;
  /** Sum of yesterday's interest rows per asset; null: not known. */
  readonly interest: Readonly<Record<string, string>> | null;
}

/** Messages that follow a change; their words are drawn at delivery. */
export type EpisodeNotice =
  /** Post the card, or redraw it. `mention`: WATCH_GROUP is mentioned when it is posted. */
  | { readonly kind: 'alert-card'; readonly mention: boolean }
  /** In the card's thread; `mention`: of WATCH_GROUP, and shown in the channel, too. */
  | { readonly kind: 'alert-thread'; readonly event: EpisodeEvent; readonly mention: boolean }
  /** To each person of WATCH_GROUP, or to one person. */
  | { readonly kind: 'alert-direct'; readonly event: EpisodeEvent; readonly to: 'group' | readonly string[] };
export type WatchNotice =
  | { readonly kind: 'watch-message'; readonly event: WatchEvent; readonly mention: boolean }
  | { readonly kind: 'watch-direct'; readonly event: WatchEvent; readonly to: 'group' | readonly string[] };

/** What one decision changes; stored in one step, or not at all. */
export interface WatchChange {
  readonly next: WatchState;
  readonly episodes: readonly EpisodeChange[];
  readonly events: readonly WatchEvent[];
}
