/** The stored forms of an episode and of what the watch remembers. */
import { z } from 'zod';
import type { NewestEntry } from '../domain/audit-chain.ts';
import { WATCH_ID } from '../domain/subject.ts';
import type { Episode } from '../domain/watch/episode.ts';
import type { LevelKey, LevelKind } from '../domain/watch/levels.ts';
import type { BlindCause, WatchState } from '../domain/watch/watch.ts';
import { audit, cardLocation, count, longId, ms, person, recordCodec, text } from './record-codec.ts';

const LEVELS = {
  initial: 'initial',
  'transfer-out': 'transfer-out',
  'margin-call': 'margin-call',
  liquidation: 'liquidation',
  'undefined-ltv': 'undefined-ltv',
} as const satisfies { [Kind in Exclude<LevelKind, 'own'>]: Kind };

const level = z.custom<LevelKey>(
  (value) => typeof value === 'string' && (Object.hasOwn(LEVELS, value) || /^own:\d+(\.\d+)?$/.test(value)),
);
const pageState = z.enum(['none', 'triggered', 'acknowledged', 'resolved']);

const figures = z.strictObject({
  ltv: text.nullable(),
  netEquity: text,
  collateral: text,
  liability: text,
  asOfMs: ms,
});

const episode: z.ZodType<Episode> = z.strictObject({
  schema: z.literal(1),
  id: text.min(1),
  groupId: longId,
  state: z.enum(['open', 'recovered']),
  level,
  levelSinceMs: ms,
  worstLevel: level,
  openedAtMs: ms,
  reopenedAtMs: ms.nullable(),
  reopenings: count,
  recoveredAtMs: ms.nullable(),
  alreadySo: z.boolean(),
  figures,
  worstLtv: text.nullable(),
  vanishedAtMs: ms.nullable(),
  card: cardLocation.nullable(),
  cardAgainAtMs: ms.optional(),
  summaryId: text.nullable(),
  owner: z.strictObject({ by: person, sinceMs: ms, untilMs: ms }).nullable(),
  unownedSinceMs: ms.nullable(),
  seenBy: z.array(z.strictObject({ by: person, atMs: ms })),
  notes: z.array(z.strictObject({ by: person, text, atMs: ms })),
  mute: z.strictObject({ by: person, level, untilMs: ms }).nullable(),
  escalatedAtMs: ms.nullable(),
  page: z.strictObject({
    number: count,
    wanted: pageState,
    why: z.enum(['level', 'no-owner', 'slack-silent']).nullable(),
    told: pageState,
  }),
  drill: z.strictObject({ by: person, ownedAfterMs: ms.nullable() }).nullable(),
  audit,
});

const CAUSES = {
  unavailable: 'unavailable',
  maintenance: 'maintenance',
  refused: 'refused',
  busy: 'busy',
  empty: 'empty',
  incomplete: 'incomplete',
  stale: 'stale',
} as const satisfies { [Cause in BlindCause]: Cause };

const perLevel = z.record(level, ms);
const perAsset = z.record(text, text);

const unitMemory = z.strictObject({
  episodeId: text.nullable(),
  since: perLevel,
  belowSinceMs: ms.nullable(),
  toldAtMs: perLevel,
  lastSeenAtMs: ms,
  missingSinceMs: ms.nullable(),
  missingToldAtMs: ms.nullable(),
  worstLtv: text.nullable(),
  known: z.strictObject({
    principals: perAsset.nullable(),
    borrowedToldAtMs: z.record(text, ms),
    members: z.array(text).nullable(),
    hourlyRates: perAsset.nullable(),
    lastForcedAtMs: ms.nullable(),
  }),
});

export interface WatchRecord extends WatchState {
  /** The save that wrote it. */
  readonly save: string;
  /** The newest entry of each episode that it names; absent: an earlier build wrote it. */
  readonly newest?: Readonly<Record<string, NewestEntry>> | undefined;
}

const watch: z.ZodType<WatchRecord> = z.strictObject({
  schema: z.literal(1),
  save: text.min(1),
  newest: z.record(text, audit).optional(),
  revision: count.min(1),
  beganAtMs: ms,
  lastReading: z.strictObject({ asOfMs: ms, readAtMs: ms }).nullable(),
  blind: z
    .strictObject({
      sinceMs: ms,
      cause: z.enum(CAUSES),
      why: text,
      noneSinceMs: ms.nullable(),
      told: z.strictObject({ isNone: z.boolean(), mention: z.boolean() }).nullable(),
    })
    .nullable(),
  blindMention: z.strictObject({ atMs: ms, isNone: z.boolean() }).nullable(),
  blindFloor: z
    .strictObject({
      sinceMs: ms,
      times: count,
      unsaid: z.strictObject({ isNone: z.boolean(), mention: z.boolean() }).nullable(),
    })
    .nullish(),
  units: z.record(longId, unitMemory),
  crossings: z.array(z.strictObject({ episodeId: text, atMs: ms })),
  summary: z
    .strictObject({ id: text, atMs: ms, episodeIds: z.array(text), message: cardLocation.nullable() })
    .nullable(),
  drillId: text.nullable(),
  digest: z.strictObject({ forMs: ms, skipped: z.boolean() }).nullable(),
  audit,
});

export const episodeCodec = recordCodec(1, episode, ({ id }) => id);
export const watchCodec = recordCodec(1, watch, () => WATCH_ID);
