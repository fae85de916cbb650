/** What is said about an alert beside its card: in its thread, and to one person directly. */
import type { Episode, EpisodeEvent } from '../../domain/watch/episode.ts';
import { isCaseLevel, type WatchLevel } from '../../domain/watch/levels.ts';
import { writeCaseValue } from '../button-value.ts';
import { ACTIONS } from '../ids.ts';
import { caseButtons } from './alert-card.ts';
import { cureParts, levelWithBegin, ltvPhrase } from './alert-figures.ts';
import { alertText, drillPrefix } from './alert-text.ts';
import { type ButtonSpec, buttons, context, type Message, section } from './blocks.ts';
import { cardLink, cardMention, channelMention, dateToken, durationText, mention } from './format.ts';
import { shorten } from './limits.ts';
import { noticeMessage } from './notice-message.ts';

/** In the thread; in the channel as well, or in a summary's thread, it must name its unit. */
export function alertReply(event: EpisodeEvent, episode: Episode, levels: readonly WatchLevel[]): Message {
  const said = alertText(event, episode, levels);
  // A note may name another unit than the one it is about.
  const unit = event.type !== 'noted' && /\bunit \d/i.test(said) ? '' : `Unit ${episode.groupId}: `;
  return noticeMessage(`${drillPrefix(episode)}${unit}${said}`);
}

/** To a person of the watch group, or to the one it concerns: what is the matter, what would cure it, what to press. */
export function alertDirect(
  event: EpisodeEvent,
  episode: Episode,
  levels: readonly WatchLevel[],
  workspaceUrl: string | null,
): Message {
  const lead = `${drillPrefix(episode)}${directText(event, episode, levels)}`;
  const { figures, level, state, id, card } = episode;
  const cures = state === 'open' ? cureParts(figures, level, levels) : [];
  const small = `\`/loandesk case ${id}\``;
  const lines = [lead, ...cures];
  return {
    text: `${lines.join('\n')}\n${small}${cardMention(workspaceUrl, card)}`,
    blocks: [
      section(lines.join('\n')),
      ...buttons(directButtons(episode, workspaceUrl)),
      context(`Figures ${dateToken(figures.asOfMs)} · ${small}`),
    ],
  };
}

/** In the words of the person who reads it. */
function directText(event: EpisodeEvent, episode: Episode, levels: readonly WatchLevel[]): string {
  const { groupId, level, figures } = episode;
  const standing = `*Unit ${groupId} is at ${levelWithBegin(level, levels)}*, ${ltvPhrase(figures.ltv, levels)}`;
  switch (event.type) {
    case 'escalated':
      return `${standing}, and nobody has had it for ${durationText(event.unownedForMs)}. Take it with *I have it*.`;
    case 'handed-over':
      return `${event.by === null ? 'Somebody' : mention(event.by)} handed you the case of unit ${groupId}, until ${dateToken(event.untilMs)}. ${standing}.`;
    case 'repeated':
      return `You have this case, and it goes on. ${standing}.`;
    case 'owner-lapsed':
      return event.why === 'worse'
        ? `It got worse, so you no longer have the case of unit ${groupId}. ${standing}. Take it again with *I have it*.`
        : `You no longer have the case of unit ${groupId}. ${standing}.`;
    default:
      return alertText(event, episode, levels);
  }
}

function directButtons(episode: Episode, workspaceUrl: string | null): readonly ButtonSpec[] {
  const { id: caseId, level, groupId, card } = episode;
  const value = writeCaseValue({ caseId, level });
  const url = cardLink(workspaceUrl, card);
  const open: ButtonSpec =
    url === null
      ? { id: ACTIONS.openCase, label: 'Open', value, spoken: `Open the case of unit ${groupId}` }
      : { id: ACTIONS.openAlertCard, label: 'Open card', value, spoken: `Open card of unit ${groupId}`, url };
  const take = isCaseLevel(level) ? caseButtons(episode).filter(({ id }) => id === ACTIONS.takeCase) : [];
  return [...take, open];
}

export interface Hints {
  /** How long after its event it is delivered; null: in time. */
  readonly lateMs: number | null;
  readonly createdAtMs: number;
  /** An earlier attempt may have posted it, and Loandesk may not look. */
  readonly mayRepeat: boolean;
}

/** What the reader must know about the message itself. */
export function withHints(message: Message, { lateMs, createdAtMs, mayRepeat }: Hints): Message {
  const hints = [
    ...(lateMs === null
      ? []
      : [`:hourglass: From ${dateToken(createdAtMs)}, delivered ${Math.round(lateMs / 60_000)} min late`]),
    ...(mayRepeat ? ['This may be a repeat: Loandesk could not look whether it was posted before'] : []),
  ];
  return hints.length === 0 ? message : withLine(message, hints.join(' · '), 'at the end');
}

/** `names`: mentions that notify. After the title, so that a phone shows the title first. */
export function withMention(message: Message, names: string): Message {
  return names === '' ? message : withLine(message, names, 'after the title');
}

function withLine(message: Message, line: string, where: 'after the title' | 'at the end'): Message {
  const at = where === 'at the end' ? message.blocks.length : message.blocks[0]?.type === 'header' ? 1 : 0;
  const { plainer } = message;
  return {
    text: `${message.text}\n${line}`,
    blocks: message.blocks.toSpliced(at, 0, context(line)),
    ...(plainer === undefined ? {} : { plainer: withLine(plainer, line, where) }),
  };
}

/** To a person of the watch group while the channel takes no messages. */
export function insteadOfChannel(message: Message, channelId: string, episode: Episode | null): Message {
  const channel = channelMention(channelId, 'the watch channel');
  const why = `:warning: Loandesk can't post in ${channel} (it is archived, gone, or Loandesk isn't in it), so you get this directly. Tell your administrator.`;
  const said = shorten(message.text, 2_400);
  return {
    text: `${said}\n${why}`,
    blocks: [section(said), ...buttons(episode === null ? [] : directButtons(episode, null)), context(why)],
  };
}
