/** `/loandesk watch`: whether the watch reads, what is open and who has it, what is muted, and what ended lately. */
import type { KnownBlock } from '@slack/types';
import type { Episode } from '../../domain/watch/episode.ts';
import type { WatchLevel } from '../../domain/watch/levels.ts';
import type { WatchGlimpse, WatchView } from '../../usecases/desk.ts';
import { writeCaseValue } from '../button-value.ts';
import { ACTIONS } from '../ids.ts';
import { alertTitle, caseButtons } from './alert-card.ts';
import { levelName, levelWithBegin, ltvPhrase } from './alert-figures.ts';
import {
  type ButtonSpec,
  buttons,
  context,
  fitLines,
  header,
  type Message,
  section,
  sections,
} from './blocks.ts';
import { cardMention, channelMention, dateToken, durationText, mention, plural } from './format.ts';
import { escapeMrkdwn } from './limits.ts';
import { causeText } from './watch-message.ts';

/** Each with its buttons: a message holds fifty blocks. */
const OPEN_WITH_BUTTONS = 12;

/** "Watch: last full reading 7 s ago". mrkdwn. */
export function watchLine({ lastReading, blind }: WatchGlimpse, nowMs: number): string {
  if (blind !== null)
    return `:warning: *Watch: blind since ${dateToken(blind.sinceMs)}*, ${causeText(blind.cause)}`;
  return lastReading === null
    ? 'Watch: no full reading yet'
    : `Watch: last full reading ${durationText(nowMs - lastReading.readAtMs)} ago`;
}

export function watchViewMessage(view: WatchView, workspaceUrl: string | null): Message {
  const { open, recent, levels, nowMs } = view;
  const unreadable = view.unreadable.map(
    (id) =>
      `• *Case \`${id}\` can't be read*, so its unit isn't watched. Check it with \`/loandesk audit verify ${id}\`.`,
  );
  const unknown = unreadable.length === 0 ? '' : `, ${unreadable.length} can't be read`;
  const title = `${open.length === 0 ? 'No' : open.length} open alert${open.length > 1 ? 's' : ''}${unknown}`;
  const line = watchLine(view, nowMs);
  const first = open.slice(0, OPEN_WITH_BUTTONS);
  const others = open.slice(OPEN_WITH_BUTTONS).map((episode) => openLine(episode, levels, workspaceUrl));
  const ended = recent.map((episode) => endedLine(episode, levels, workspaceUrl));
  const rules = rulesText(view);
  const more = (left: number): string => `… and ${left} more`;
  return {
    text: fitLines(
      [
        `${title}. ${line}.`,
        ...unreadable,
        ...open.map((episode) => openLine(episode, levels, workspaceUrl)),
        ...(ended.length === 0 ? [] : ['Ended lately:', ...ended]),
        rules,
      ],
      3_500,
      more,
    ),
    blocks: [
      header(title),
      section(line),
      ...sections(unreadable, 2_000, more),
      ...first.flatMap((episode) => openBlocks(episode, levels, workspaceUrl)),
      ...sections(others, 2_500, more),
      ...(ended.length === 0 ? [] : sections(['*Ended lately*', ...ended], 2_000, more)),
      context(rules),
    ],
  };
}

/** One open alert with what can be done at once; also on App Home. */
export function openBlocks(
  episode: Episode,
  levels: readonly WatchLevel[],
  workspaceUrl: string | null,
): readonly KnownBlock[] {
  return [
    section(openLine(episode, levels, workspaceUrl)),
    ...buttons([
      ...caseButtons(episode).filter(({ id }) => id === ACTIONS.takeCase && episode.owner === null),
      openButton(episode),
    ]),
  ];
}

function openButton({ id: caseId, level, groupId }: Episode): ButtonSpec {
  return {
    id: ACTIONS.openCase,
    label: 'Open',
    value: writeCaseValue({ caseId, level }),
    spoken: `Open the case of unit ${groupId}`,
  };
}

function openLine(episode: Episode, levels: readonly WatchLevel[], workspaceUrl: string | null): string {
  const { id, openedAtMs, owner, unownedSinceMs, mute, card } = episode;
  const has =
    owner === null ? (unownedSinceMs === null ? '' : ' · *nobody has it*') : ` · ${mention(owner.by)} has it`;
  const muted = mute === null ? '' : ` · muted until ${dateToken(mute.untilMs)} by ${mention(mute.by)}`;
  return `*${alertTitle(episode, { levels })}*${has}${muted} · since ${dateToken(openedAtMs)} · \`${id}\`${cardMention(workspaceUrl, card)}`;
}

function endedLine(episode: Episode, levels: readonly WatchLevel[], workspaceUrl: string | null): string {
  const { id, groupId, worstLevel, worstLtv, openedAtMs, recoveredAtMs, drill, card } = episode;
  const ended = recoveredAtMs ?? openedAtMs;
  const what = drill === null ? '' : 'drill, ';
  return `• Unit ${groupId}: ${what}worst ${levelName(worstLevel)}, ${ltvPhrase(worstLtv, levels)}, ended ${dateToken(ended)} after ${durationText(ended - openedAtMs)} · \`${id}\`${cardMention(workspaceUrl, card)}`;
}

/** Who is told, where, and what else speaks when Slack or the bot does not. */
function rulesText({ everyMs, levels, channelId, group, ...view }: WatchView): string {
  const begins = levels.flatMap(({ key, at }) => (at === null ? [] : [levelWithBegin(key, levels)]));
  const place = channelMention(channelId, 'the watch channel');
  const proofs = [
    ...(view.pagers.length === 0
      ? ['no pager is set']
      : [`pager: ${view.pagers.map(escapeMrkdwn).join(' and ')}`]),
    view.hasHeartbeat ? 'heartbeat on' : 'no heartbeat',
    view.hasTripwire ? 'trip-wire on' : 'no trip-wire',
    view.nextDigestAtMs === null ? 'no digest' : `next digest ${dateToken(view.nextDigestAtMs)}`,
  ];
  const names = plural(group.length, 'name');
  return `Reads all units every ${durationText(everyMs)} · tells ${place}, watch group of ${names} · levels: ${begins.join(', ')} · ${proofs.join(' · ')}`;
}
