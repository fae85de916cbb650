/** `/loandesk case <id>`: the evidence of one case, in private: how it stands, its timeline, whether that is verified. */
import type { Episode } from '../../domain/watch/episode.ts';
import type { LevelKey } from '../../domain/watch/levels.ts';
import type { CaseView } from '../../usecases/desk.ts';
import { writeCaseValue } from '../button-value.ts';
import { ACTIONS } from '../ids.ts';
import { alertTitle, caseButtons } from './alert-card.ts';
import { cureParts, levelName, levelWithBegin, ltvPhrase } from './alert-figures.ts';
import { alertText, drillMark, drillPrefix } from './alert-text.ts';
import {
  type ButtonSpec,
  buttons,
  context,
  fields,
  fitLines,
  header,
  type Message,
  sections,
} from './blocks.ts';
import { cardMention, dateAndUtc, dateToken, mention, moneyText, utcText } from './format.ts';
import { escapeMrkdwn, shorten } from './limits.ts';
import { noticeMessage } from './notice-message.ts';

/** After a step of one person; `seen`: the level that their button showed. */
export function caseStepMessage(said: string, episode: Episode, seen: LevelKey): Message {
  const { level, groupId, state, owner, id } = episode;
  const isOpen = state === 'open';
  const has =
    !isOpen || owner === null ? '' : ` ${mention(owner.by)} has it until ${dateToken(owner.untilMs)}.`;
  const now =
    isOpen && level !== seen ? ` *It is at ${levelName(level)} now*, not at ${levelName(seen)}.` : '';
  return noticeMessage(`${drillPrefix(episode)}${said} Unit *${groupId}*, case \`${id}\`.${has}${now}`);
}

/** Of a long timeline the newest; the audit export has all. */
const EVENTS_SHOWN = 60;

export function caseMessage(view: CaseView, workspaceUrl: string | null): Message {
  const { episode, levels, timeline } = view;
  const { id, card } = episode;
  const title = alertTitle(episode, { levels });
  const shown = timeline.slice(-EVENTS_SHOWN);
  const left = timeline.length - shown.length;
  const lines = [
    ...(left > 0 ? [`• … ${left} earlier: \`/loandesk audit export ${id}\``] : []),
    ...shown.map((event) => `• ${utcText(event.atMs, 'seconds')}: ${alertText(event, episode, levels)}`),
  ];
  const pairs = facts(view);
  const trail = trailText(view);
  const cures = episode.state === 'open' ? cureParts(episode.figures, episode.level, levels) : [];
  const more = (count: number): string => `• … and ${count} more: \`/loandesk audit export ${id}\``;
  return {
    text: fitLines(
      [
        `${drillPrefix(episode)}${title}. Case ${id}.`,
        ...pairs.map(([label, value]) => `${label}: ${value}`),
        trail,
        ...lines,
      ],
      3_500,
      more,
    ),
    blocks: [
      header(title),
      ...drillMark(episode),
      fields(pairs),
      ...sections(cures, 1_500, more),
      ...buttons(controls(view)),
      ...sections(['*Timeline*', ...lines], 6_000, more),
      context(`${trail} · Case \`${id}\`${cardMention(workspaceUrl, card)}`),
    ],
  };
}

function facts({ episode, levels }: CaseView): (readonly [string, string])[] {
  const { owner, mute, seenBy, figures, worstLevel, worstLtv, state, recoveredAtMs, vanishedAtMs } = episode;
  const seen = seenBy.map(({ by, atMs }) => `${mention(by)} ${dateToken(atMs)}`);
  return [
    ['Opened', dateAndUtc(episode.openedAtMs)],
    ...(state === 'open' ? [] : [['Ended', dateAndUtc(recoveredAtMs ?? episode.openedAtMs)] as const]),
    ['Worst', `${levelWithBegin(worstLevel, levels)}, ${ltvPhrase(worstLtv, levels)}`],
    [
      'Last figures',
      `${ltvPhrase(figures.ltv, levels)}, owed ${moneyText(figures.liability)}, net equity ${moneyText(figures.netEquity)} as valued by Binance ${dateAndUtc(figures.asOfMs)}`,
    ],
    ['Owner', owner === null ? 'nobody' : `${mention(owner.by)}, asked again ${dateToken(owner.untilMs)}`],
    ...(mute === null ? [] : [['Muted', `by ${mention(mute.by)} until ${dateToken(mute.untilMs)}`] as const]),
    ...(vanishedAtMs === null
      ? []
      : [["Missing from Binance's answer", `since ${dateAndUtc(vanishedAtMs)}`] as const]),
    ['Viewed by', seen.length === 0 ? 'nobody' : fitLines(seen, 400, (count) => `and ${count} more`)],
  ];
}

function trailText({ trail }: CaseView): string {
  switch (trail.kind) {
    case 'verified':
      return `:white_check_mark: Audit trail verified: ${trail.entries} entries, no gaps`;
    case 'broken':
      return `:red_circle: *Audit trail broken*: ${shorten(escapeMrkdwn(trail.why), 400)}. Tell your administrator`;
    case 'unread':
      return `:warning: *Audit trail not verified*: it couldn't be read (${shorten(escapeMrkdwn(trail.why), 400)})`;
  }
}

/** The buttons of the card, then Refresh. */
function controls({ episode }: CaseView): readonly ButtonSpec[] {
  const { id: caseId, level, groupId } = episode;
  const refresh: ButtonSpec = {
    id: ACTIONS.refreshCase,
    label: 'Refresh',
    value: writeCaseValue({ caseId, level }),
    spoken: `Refresh the case of unit ${groupId}`,
  };
  return [...caseButtons(episode), refresh];
}
