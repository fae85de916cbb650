/** Episodes for tests that are not about the rule. */
import { longId } from '../../src/domain/amount.ts';
import type { Episode } from '../../src/domain/watch/episode.ts';
import { START_MS } from './close-requests.ts';

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
    page: { wanted: 'none', why: null, told: 'none' },
    drill: null,
    audit: { sequence: 1, seal: 'seal' },
    ...changes,
  };
}
