/** Episodes for tests that are not about the rule. */
import { longId } from '../../src/domain/amount.ts';
import type { Episode, EpisodeEvent } from '../../src/domain/watch/episode.ts';
import type { TrendPoint } from '../../src/domain/watch/trend-points.ts';
import { ALICE, BOB, START_MS } from './close-requests.ts';

const MINUTE = 60_000;

/** Unit 7 at margin call since `START_MS`, with no owner yet. */
export function openCase(changes: Partial<Episode> = {}): Episode {
  return {
    schema: 1,
    id: 'C-7K2M9QX4',
    groupId: longId('7'),
    state: 'open',
    level: 'margin-call',
    levelSinceMs: START_MS,
    worstLevel: 'margin-call',
    openedAtMs: START_MS,
    reopenedAtMs: null,
    reopenings: 0,
    recoveredAtMs: null,
    alreadySo: false,
    figures: {
      ltv: '0.8612',
      netEquity: '1000000',
      collateral: '980000',
      liability: '843976',
      asOfMs: START_MS,
    },
    worstLtv: '0.8612',
    vanishedAtMs: null,
    card: null,
    summaryId: null,
    owner: null,
    unownedSinceMs: START_MS,
    seenBy: [],
    notes: [],
    mute: null,
    escalatedAtMs: null,
    page: { number: 0, wanted: 'none', why: null, told: 'none' },
    drill: null,
    audit: { sequence: 1, seal: 'seal' },
    ...changes,
  };
}

/** One point for each of these LTVs, from `START_MS` on. */
export function trendOf(ltvs: readonly (string | null)[], stepMs: number): TrendPoint[] {
  return ltvs.map((ltv, index) => ({
    fromMs: START_MS + index * stepMs,
    lowest: ltv,
    highest: ltv,
    last: ltv,
  }));
}

const { figures } = openCase();
/** One of each type. */
export const EPISODE_EVENTS: {
  readonly [Type in EpisodeEvent['type']]: EpisodeEvent & { readonly type: Type };
} = {
  opened: {
    type: 'opened',
    level: 'margin-call',
    figures,
    alreadySo: true,
    summaryId: null,
    drill: false,
    mention: true,
    by: null,
    atMs: START_MS,
  },
  worsened: {
    type: 'worsened',
    from: 'margin-call',
    to: 'liquidation',
    figures,
    mention: true,
    by: null,
    atMs: START_MS,
  },
  eased: { type: 'eased', from: 'liquidation', to: 'margin-call', figures, by: null, atMs: START_MS },
  repeated: { type: 'repeated', level: 'margin-call', figures, mention: true, by: null, atMs: START_MS },
  reopened: { type: 'reopened', level: 'own:0.75', figures, by: null, atMs: START_MS },
  recovered: { type: 'recovered', figures, openForMs: 21 * MINUTE, mention: true, by: null, atMs: START_MS },
  ended: { type: 'ended', why: 'gone', by: null, atMs: START_MS },
  'drill-ended': { type: 'drill-ended', ownedAfterMs: 90_000, by: ALICE, atMs: START_MS },
  vanished: { type: 'vanished', by: null, atMs: START_MS },
  'seen-again': { type: 'seen-again', figures, by: null, atMs: START_MS },
  'card-refused': { type: 'card-refused', by: null, atMs: START_MS },
  'card-posted': { type: 'card-posted', by: null, atMs: START_MS },
  'card-opened': { type: 'card-opened', by: ALICE, atMs: START_MS },
  taken: { type: 'taken', untilMs: START_MS + MINUTE, by: ALICE, atMs: START_MS },
  'handed-over': { type: 'handed-over', to: BOB, untilMs: START_MS + MINUTE, by: ALICE, atMs: START_MS },
  'owner-lapsed': { type: 'owner-lapsed', owner: ALICE, why: 'worse', by: null, atMs: START_MS },
  noted: { type: 'noted', text: 'call <@U9> *now*', by: ALICE, atMs: START_MS },
  muted: { type: 'muted', untilMs: START_MS + MINUTE, by: ALICE, atMs: START_MS },
  'mute-ended': { type: 'mute-ended', why: 'time', by: null, atMs: START_MS },
  escalated: { type: 'escalated', unownedForMs: 180_000, mention: true, by: null, atMs: START_MS },
  paged: { type: 'paged', why: 'slack-silent', by: null, atMs: START_MS },
  'page-acknowledged': { type: 'page-acknowledged', by: null, atMs: START_MS },
  'page-resolved': { type: 'page-resolved', by: null, atMs: START_MS },
};
