/** Which messages follow a change of the watch; their words are drawn at delivery. */
import type { Episode, EpisodeChange, EpisodeEvent } from './episode.ts';
import { isCaseLevel } from './levels.ts';
import type { EpisodeNotice, WatchEvent, WatchEventType, WatchNotice } from './watch.ts';

/**
 * The card comes first, once; a change without an event redraws it. What calls for somebody mentions WATCH_GROUP in the
 * thread and shows in the channel, once for all that happened at one time; progress is a quiet line. A drill sends direct
 * messages to nobody but WATCH_GROUP.
 */
export function episodeNotices({ next, events }: Pick<EpisodeChange, 'next' | 'events'>): EpisodeNotice[] {
  const all = events.length === 0 ? [card()] : events.flatMap((event) => noticesOf(next, event));
  const isLoud = (notice: EpisodeNotice) => notice.kind !== 'alert-direct' && notice.mention;
  const loudest = all.find(isLoud);
  const cards = all.filter(({ kind }) => kind === 'alert-card');
  const others = all.flatMap((notice): EpisodeNotice[] => {
    if (notice.kind === 'alert-direct') return isAllowed(next, notice.to) ? [notice] : [];
    return notice.kind === 'alert-thread' ? [{ ...notice, mention: notice === loudest }] : [];
  });
  return cards.length === 0 ? others : [card(cards.some(isLoud)), ...others];
}

/** It went on so often that a line for each would hide the others. */
function isRestless({ reopenings }: Episode): boolean {
  return reopenings > 3;
}

function isAllowed({ drill }: Episode, to: 'group' | readonly string[]): boolean {
  return drill === null || to === 'group';
}

function card(mention = false) {
  return { kind: 'alert-card', mention } as const;
}

/** The card says it where there is none to reply to: it waits still, or was lost. */
function still(next: Episode, event: EpisodeEvent, mention: boolean): EpisodeNotice[] {
  return next.card === null ? [card(mention)] : [card(), { kind: 'alert-thread', event, mention }];
}

/** Exhaustive: a new event doesn't compile without its notices. */
function noticesOf(next: Episode, event: EpisodeEvent): EpisodeNotice[] {
  const thread = (mention = false): EpisodeNotice => ({ kind: 'alert-thread', event, mention });
  const direct = (to: 'group' | readonly string[]): EpisodeNotice => ({ kind: 'alert-direct', event, to });
  switch (event.type) {
    case 'opened':
      return [card(event.mention)];
    case 'worsened':
      return [card(), thread(event.mention)];
    case 'recovered':
      return event.mention || !isRestless(next) ? [card(), thread(event.mention)] : [card()];
    case 'reopened':
      return isRestless(next) ? [card()] : [card(), thread()];
    case 'repeated':
      return [
        // Somebody has it: the others need not be woken again.
        ...still(next, event, event.mention && next.owner === null),
        ...(event.mention && next.owner !== null ? [direct([next.owner.by.userId])] : []),
      ];
    case 'eased':
    case 'ended':
    case 'drill-ended':
    case 'vanished':
    case 'seen-again':
    case 'taken':
    case 'noted':
    case 'muted':
    case 'mute-ended':
    case 'paged':
      return [card(), thread()];
    case 'handed-over':
      return [card(), thread(), direct([event.to.userId])];
    case 'owner-lapsed':
      // The worsening mentions everybody, so only the owner must hear that it is theirs no longer.
      if (event.why === 'worse') return [card(), direct([event.owner.userId])];
      return [card(), thread(isCaseLevel(next.level))];
    case 'escalated':
      return [card(), thread(), ...(event.mention ? [direct('group')] : [])];
    case 'card-opened':
    case 'page-acknowledged':
    case 'page-resolved':
      return [card()];
    case 'card-posted':
    case 'card-refused':
      return [];
  }
}

/** Those with a mention need somebody to look. */
const MENTIONS: Readonly<Record<Exclude<WatchEventType, 'blind' | 'summary' | 'reminder'>, boolean>> = {
  began: false,
  'seeing-again': false,
  'unit-vanished': true,
  'unit-appeared': false,
  'borrowed-more': false,
  'rate-step': false,
  'members-changed': false,
  'forced-liquidation': true,
  digest: false,
};

export function watchNotices(event: WatchEvent): WatchNotice[] {
  // The cards say that the watch began and that it was so already.
  if (event.type === 'began' && event.alerts > 0) return [];
  if (event.type === 'reminder') return remindersOf(event);
  const mention = 'mention' in event ? event.mention : MENTIONS[event.type];
  return [{ kind: 'watch-message', event, mention }];
}

/** One message to everybody, and one to each owner that names theirs. */
function remindersOf(event: Extract<WatchEvent, { type: 'reminder' }>): WatchNotice[] {
  if (event.why === 'escalated') return [{ kind: 'watch-direct', event, to: 'group' }];
  const owners = [...new Set(event.episodes.flatMap(({ owner }) => owner ?? []))];
  const isUnowned = event.episodes.some(({ owner }) => owner === null);
  return [
    { kind: 'watch-message', event, mention: isUnowned },
    ...owners.map((userId): WatchNotice => {
      const episodes = event.episodes.filter(({ owner }) => owner === userId);
      return { kind: 'watch-direct', event: { ...event, episodes }, to: [userId] };
    }),
  ];
}
