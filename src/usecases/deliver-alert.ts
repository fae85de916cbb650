/**
 * The messages of cases and of the watch. They are delivered late rather than never, marked with their time; only what
 * would be false by then is dropped.
 */
import type { CardLocation } from '../domain/card-location.ts';
import type { Episode } from '../domain/watch/episode.ts';
import { severityOf } from '../domain/watch/levels.ts';
import type { EpisodeNotice, WatchNotice, WatchRules } from '../domain/watch/watch.ts';
import { mayBeThere, type TakenItem } from './outbox-ports.ts';
import { DrawnCards, drawn, type Outgoing } from './outgoing.ts';
import { UnreadableRecord } from './ports.ts';
import type { AlertBook, AlertNotifier } from './watch-ports.ts';

/** A card waits so long for the summary in whose thread it belongs; then it goes to the channel. */
const SUMMARY_AWAITED_MS = 60_000;
const LOOKED_FOR_EVERY_MS = 1_000;

export interface AlertParts {
  readonly notifier: AlertNotifier;
  readonly book: AlertBook;
  readonly levels: WatchRules['levels'];
}

export interface AlertMessages {
  ofEpisode(item: TakenItem, notice: EpisodeNotice, episode: Episode): Outgoing;
  ofWatch(item: TakenItem, notice: WatchNotice): Outgoing;
}

export function createAlertMessages({ notifier, book, levels }: AlertParts): AlertMessages {
  const cards = new DrawnCards();

  function post(
    item: TakenItem,
    notice: EpisodeNotice | WatchNotice,
    episode: Episode | null,
    under: CardLocation | null,
  ) {
    const { key, createdAtMs, nowMs } = item;
    return drawn(() =>
      notifier.deliver({ key, notice, episode, under, mayBeThere: mayBeThere(item), createdAtMs, nowMs }),
    );
  }

  /** Null: it is not posted, or no one can say. */
  async function summaryMessage(summaryId: string): Promise<CardLocation | null> {
    try {
      return await book.summaryMessage(summaryId);
    } catch (error) {
      if (error instanceof UnreadableRecord) return null;
      throw error;
    }
  }

  return {
    ofEpisode(item, notice, episode) {
      const state = JSON.stringify(episode);
      return {
        async send() {
          if (isFalseNow(notice, episode, levels)) return null;
          if (notice.kind !== 'alert-card') return post(item, notice, episode, null);
          const isMoreOfTheSame = item.origin === 'change' && !notice.mention;
          if (isMoreOfTheSame && cards.shows(episode.id, state)) return null;
          if (episode.card !== null || episode.summaryId === null) return post(item, notice, episode, null);
          const under = await summaryMessage(episode.summaryId);
          if (under === null && item.nowMs - item.createdAtMs < SUMMARY_AWAITED_MS)
            return { againAfterMs: LOOKED_FOR_EVERY_MS };
          return post(item, notice, episode, under);
        },
        async delivered(card) {
          if (card !== null) await book.recordAlertCard(episode.id, card);
          if (notice.kind === 'alert-card') cards.remember(episode.id, state);
        },
        async kept() {
          if (notice.kind === 'alert-card') await book.recordAlertCard(episode.id, null);
        },
        lost: async () => {},
      };
    },
    ofWatch: (item, notice) => ({
      async send() {
        const { event } = notice;
        if (event.type !== 'summary' || event.mention) return post(item, notice, null, null);
        const place = await summaryMessage(event.id);
        if (place !== null) return post(item, notice, null, place);
        return item.nowMs - item.createdAtMs < SUMMARY_AWAITED_MS
          ? { againAfterMs: LOOKED_FOR_EVERY_MS }
          : null;
      },
      async delivered(message) {
        if (message !== null && notice.event.type === 'summary')
          await book.recordSummary(notice.event.id, message);
      },
      kept: async () => {},
      lost: async () => {},
    }),
  };
}

/** What happened stays true; "still so" and "nobody has it" do not. A case that got worse is still at the calmer level. */
function isFalseNow(
  notice: EpisodeNotice,
  { state, level, owner }: Episode,
  levels: WatchRules['levels'],
): boolean {
  if (notice.kind === 'alert-card') return false;
  const { event } = notice;
  if (event.type === 'repeated')
    return state !== 'open' || severityOf(levels, level) < severityOf(levels, event.level);
  return event.type === 'escalated' && (state !== 'open' || owner !== null);
}
