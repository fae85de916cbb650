/**
 * What happened to an episode, one sentence per event: in its thread, its timeline, direct messages and notifications.
 * mrkdwn, escaped.
 */
import type { KnownBlock } from '@slack/types';
import type { Episode, EpisodeEvent } from '../../domain/watch/episode.ts';
import type { WatchLevel } from '../../domain/watch/levels.ts';
import { levelName, levelWithBegin, ltvPhrase } from './alert-figures.ts';
import { context } from './blocks.ts';
import { dateToken, durationText, mention } from './format.ts';
import { quoted } from './request-facts.ts';

const DRILL_LINE = 'DRILL — made-up figures, nothing is wrong with the unit';

/** The block below the title of a drill; nothing for a real alert. */
export function drillMark({ drill }: Pick<Episode, 'drill'>): readonly KnownBlock[] {
  return drill === null ? [] : [context(`:test_tube: *${DRILL_LINE}*`)];
}

/** Before plain or mrkdwn text; empty for a real alert. */
export function drillPrefix({ drill }: Pick<Episode, 'drill'>): string {
  return drill === null ? '' : `[${DRILL_LINE}] `;
}

type Told = Pick<Episode, 'groupId' | 'drill'>;

export function alertText(event: EpisodeEvent, { groupId }: Told, levels: readonly WatchLevel[]): string {
  const unit = `Unit ${groupId}`;
  const who = event.by === null ? 'Loandesk' : mention(event.by);
  switch (event.type) {
    case 'opened': {
      const so = `${unit} is at *${levelWithBegin(event.level, levels)}*: ${ltvPhrase(event.figures.ltv, levels)}.`;
      if (event.drill) return `${who} started a drill. ${so}`;
      return event.alreadySo ? `${so} It was already so when the watch began.` : so;
    }
    case 'worsened':
      return `*Worse*: unit ${groupId} went from ${levelName(event.from)} to *${levelWithBegin(event.to, levels)}*. ${ltvPhrase(event.figures.ltv, levels)}.`;
    case 'eased':
      return `Better: unit ${groupId} went from ${levelName(event.from)} to ${levelWithBegin(event.to, levels)}. ${ltvPhrase(event.figures.ltv, levels)}.`;
    case 'repeated':
      return `*Still so*: unit ${groupId} is at *${levelWithBegin(event.level, levels)}*. ${ltvPhrase(event.figures.ltv, levels)}.`;
    case 'reopened':
      return `${unit} is at ${levelWithBegin(event.level, levels)} again. ${ltvPhrase(event.figures.ltv, levels)}.`;
    case 'recovered':
      return `*Recovered* after ${durationText(event.openForMs)}: unit ${groupId} is below every level. ${ltvPhrase(event.figures.ltv, levels)}.`;
    case 'ended':
      return event.why === 'closed'
        ? `${unit} was closed, so this alert is over.`
        : `${unit} has been missing from Binance's answer for 30 days, so this alert is over. That says nothing about what it owes.`;
    case 'drill-ended':
      return `The drill is over. ${event.ownedAfterMs === null ? 'Nobody took the case.' : `The case was taken after ${durationText(event.ownedAfterMs)}.`}`;
    case 'vanished':
      return `${unit} is no longer in Binance's answer. That doesn't mean that it was repaid: the alert stays open.`;
    case 'seen-again':
      return `${unit} is in Binance's answer again. ${ltvPhrase(event.figures.ltv, levels)}.`;
    case 'card-posted':
      return 'The card was posted.';
    case 'card-refused':
      return "Slack doesn't take the card. Loandesk tries again every few minutes.";
    case 'card-opened':
      return `${who} viewed it.`;
    case 'taken':
      return `${who} has it, until ${dateToken(event.untilMs)}.`;
    case 'handed-over':
      return `${who} handed it over to ${mention(event.to)}, until ${dateToken(event.untilMs)}.`;
    case 'owner-lapsed':
      return lapsedText(mention(event.owner), event.why);
    case 'noted':
      return `${who} noted: ${quoted(event.text, 900)}`;
    case 'muted':
      return `${who} muted it until ${dateToken(event.untilMs)}. Anything worse is still told.`;
    case 'mute-ended':
      return event.why === 'time' ? 'The mute is over.' : 'It got worse, so the mute is over.';
    case 'escalated':
      return `Nobody has had it for ${durationText(event.unownedForMs)}, so Loandesk sent each person of the watch group a direct message.`;
    case 'paged':
      return `The pager was called: ${PAGED[event.why]}.`;
    case 'page-acknowledged':
      return 'The pager was told that somebody has it.';
    case 'page-resolved':
      return 'The pager was told that it is over.';
  }
}

const PAGED = {
  level: 'the level is critical',
  'no-owner': 'nobody has it',
  'slack-silent': 'Slack took no message about it for a minute',
} as const;

function lapsedText(owner: string, why: 'time' | 'worse' | 'left'): string {
  switch (why) {
    case 'time':
      return `The time of ${owner} as owner is over. If you still have it, press *I have it* again.`;
    case 'worse':
      return `It got worse, so ${owner} no longer has it. It must be taken again.`;
    case 'left':
      return `${owner} no longer has access, so nobody has it.`;
  }
}
