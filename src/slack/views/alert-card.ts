/**
 * The card of an alert in the watch's channel: drawn from the record alone. In the order in which a person on a phone
 * reads at night: which unit and how bad, what would cure it, who has it, the buttons; then the trend and the small
 * print. Below the margin call, and once it is over, the same shape without buttons.
 */
import type { KnownBlock } from '@slack/types';
import type { Episode } from '../../domain/watch/episode.ts';
import { isCaseLevel, isCriticalLevel } from '../../domain/watch/levels.ts';
import type { WatchRules } from '../../domain/watch/watch.ts';
import { writeCaseValue } from '../button-value.ts';
import { ACTIONS } from '../ids.ts';
import {
  cureParts,
  cushionPart,
  levelMark,
  levelName,
  levelWithBegin,
  ltvPhrase,
  readLtv,
} from './alert-figures.ts';
import { drillMark, drillPrefix } from './alert-text.ts';
import {
  type ButtonSpec,
  buttons,
  type ChartBlock,
  context,
  fitLines,
  header,
  inForms,
  type Message,
  quote,
  section,
} from './blocks.ts';
import { dateToken, durationText, mention, secondsToken } from './format.ts';
import { type Trend, trendChart, trendWords } from './trend-view.ts';

export type CardRules = Pick<WatchRules, 'levels' | 'escalateAfterMs' | 'pageAfterMs' | 'hasPager'>;

export interface AlertCardOptions {
  readonly rules: CardRules;
  /** Null: nothing is known. */
  readonly trend: Trend | null;
  /** Differs from drawing to drawing: Slack asks for new block_ids on each update. At most 50 characters. */
  readonly edition: string;
}

export function alertCard(episode: Episode, { rules, trend, edition }: AlertCardOptions): Message {
  const title = alertTitle(episode, rules);
  const lead = leadLines(episode, rules);
  const words = trend === null ? [] : trendWords(trend, rules.levels);
  const controls = buttons(caseButtons(episode), `case:${episode.audit.sequence}:${edition}`);
  const small = smallPrint(episode, rules);
  const around = (charts: readonly ChartBlock[]): Message['blocks'] => [
    header(title),
    ...drillMark(episode),
    section(lead.join('\n'), 2_400),
    ...controls,
    ...charts,
    ...(words.length === 0 ? [] : [context(words.join(' '))]),
    ...lastNote(episode),
    ...small.map((line) => context(line)),
  ];
  const text = fitLines([`${drillPrefix(episode)}${title}.`, ...lead, ...words, ...small], 3_500);
  const bare = [section(text), ...controls];
  const charts = trend === null ? [] : trendChart(trend, rules.levels, 'UTC');
  return inForms(text, around(charts), ...(charts.length === 0 ? [] : [around([])]), bare);
}

/** "🟠 Unit 12: margin call, 85.30%". Plain text; also what a notification shows. */
export function alertTitle(episode: Episode, { levels }: Pick<CardRules, 'levels'>): string {
  const { groupId, level, figures, drill, state } = episode;
  const mark = drill === null ? '' : 'DRILL · ';
  const ltv = readLtv(figures.ltv, levels);
  if (state !== 'open') {
    if (drill !== null) return `${mark}✅ Unit ${groupId}: the drill is over`;
    return isCalm(episode, levels)
      ? `✅ Unit ${groupId}: recovered, ${ltv}`
      : `☑️ Unit ${groupId}: alert over, last ${ltv}`;
  }
  if (episode.vanishedAtMs !== null)
    return `❔ Unit ${groupId}: not in Binance's answer, last ${levelName(level)}, ${ltv}`;
  const value = figures.ltv === null ? '' : `, ${ltv}`;
  return `${mark}${levelMark(level)} Unit ${groupId}: ${levelName(level)}${value}`;
}

/** Below every level when it was read last: a unit that was closed or is gone never recovered. */
function isCalm({ figures, vanishedAtMs }: Episode, levels: CardRules['levels']): boolean {
  if (figures.ltv === null || vanishedAtMs !== null) return false;
  const [calmest] = levels.flatMap(({ at }) => (at === null ? [] : [at]));
  return calmest === undefined || calmest.gt(figures.ltv);
}

function leadLines(episode: Episode, rules: CardRules): readonly string[] {
  if (episode.state !== 'open') return endLines(episode, rules);
  const { figures, level, groupId } = episode;
  const { levels } = rules;
  const cures = cureParts(figures, level, levels);
  const cushion = cushionPart(figures, level, levels);
  const isUnder = cures.length === 0 && figures.ltv !== null;
  return [
    ...(episode.vanishedAtMs === null
      ? []
      : [
          `*Missing from Binance's answer since ${dateToken(episode.vanishedAtMs)}.* That doesn't mean that unit ${groupId} was repaid. Look at Binance.`,
        ]),
    ...cures,
    ...(isUnder ? [`Now under ${levelWithBegin(level, levels)}: it must stay there for 5 minutes.`] : []),
    ...(cushion === null ? [] : [cushion]),
    ...ownerLines(episode, rules),
  ];
}

/** Who has it, and what happens next and when. */
function ownerLines(episode: Episode, rules: CardRules): readonly string[] {
  const { level, owner, unownedSinceMs, mute } = episode;
  const muted =
    mute === null ? [] : [`:no_bell: Muted by ${mention(mute.by)} until ${dateToken(mute.untilMs)}.`];
  if (!isCaseLevel(level))
    return [
      `A case that somebody must take begins at ${levelWithBegin('margin-call', rules.levels)}.`,
      ...muted,
    ];
  if (owner !== null)
    return [
      `:bust_in_silhouette: *${mention(owner.by)} has it*, asked again ${dateToken(owner.untilMs)}.`,
      ...muted,
    ];
  return [
    `:bust_in_silhouette: *Nobody has it.* ${nextStep(episode, unownedSinceMs, rules)}`.trimEnd(),
    ...muted,
  ];
}

function nextStep({ escalatedAtMs, page, drill }: Episode, sinceMs: number | null, rules: CardRules): string {
  if (sinceMs === null) return '';
  const isEscalated = escalatedAtMs !== null && escalatedAtMs >= sinceMs;
  const direct = isEscalated
    ? `Each person of the watch group was sent a direct message ${dateToken(escalatedAtMs)}.`
    : `Each person of the watch group gets a direct message ${dateToken(sinceMs + rules.escalateAfterMs)}.`;
  if (drill !== null || !rules.hasPager) return direct;
  if (page.told === 'triggered') return `${direct} The pager was called.`;
  return page.wanted === 'triggered'
    ? `${direct} The pager is being called.`
    : `${direct} The pager is called ${dateToken(sinceMs + rules.pageAfterMs)}.`;
}

/** What happened, how long it took, the worst of it. */
function endLines(episode: Episode, { levels }: CardRules): readonly string[] {
  const { openedAtMs, recoveredAtMs, worstLevel, worstLtv, owner, drill } = episode;
  const endedMs = recoveredAtMs ?? openedAtMs;
  const took = `${dateToken(openedAtMs)} to ${dateToken(endedMs)}, *${durationText(endedMs - openedAtMs)}*`;
  const worst = `Worst: ${levelWithBegin(worstLevel, levels)}, ${ltvPhrase(worstLtv, levels)}.`;
  const had = owner === null ? 'Nobody had it at the end.' : `${mention(owner.by)} had it.`;
  if (drill !== null) {
    const { ownedAfterMs } = drill;
    return [
      `${took}.`,
      ownedAfterMs === null ? 'Nobody took the case.' : `Taken after *${durationText(ownedAfterMs)}*.`,
    ];
  }
  return [
    `${isCalm(episode, levels) ? 'Below every level again' : 'Over'}. ${took}.`,
    worst,
    ...(isCaseLevel(worstLevel) ? [had] : []),
  ];
}

function lastNote({ notes, state }: Episode): readonly KnownBlock[] {
  const last = notes.at(-1);
  if (last === undefined || state !== 'open') return [];
  const more = notes.length > 1 ? ` · ${notes.length - 1} more in the thread` : '';
  return [context(`Note by ${mention(last.by)} ${dateToken(last.atMs)}${more}`), quote(last.text, 300)];
}

const SEEN_SHOWN = 6;

function smallPrint(episode: Episode, { levels }: CardRules): readonly string[] {
  const { id, figures, openedAtMs, seenBy, alreadySo, worstLevel, worstLtv, state, levelSinceMs } = episode;
  const seen = seenBy.slice(0, SEEN_SHOWN).map(({ by }) => mention(by));
  const more = seenBy.length > SEEN_SHOWN ? ` and ${seenBy.length - SEEN_SHOWN} more` : '';
  // Once the level changed, the card shows another than the one the watch began with.
  const wasSo = alreadySo && levelSinceMs === openedAtMs;
  const opened = `${wasSo ? 'Already so when the watch began' : 'Opened'} ${dateToken(openedAtMs)}`;
  const wasWorse = state === 'open' && worstLevel !== episode.level;
  return [
    ...(isCaseLevel(worstLevel)
      ? [
          `Viewed by ${seen.length === 0 ? 'nobody yet' : `${seen.join(', ')}${more}`}; the watch group was told in this channel`,
        ]
      : []),
    [
      `Reading of ${secondsToken(figures.asOfMs)}`,
      opened,
      ...(state === 'open' && levelSinceMs !== openedAtMs
        ? [`at this level since ${dateToken(levelSinceMs)}`]
        : []),
      ...(wasWorse ? [`worst ${levelName(worstLevel)}, ${ltvPhrase(worstLtv, levels)}`] : []),
      `\`/loandesk case ${id}\``,
    ].join(' · '),
  ];
}

/** The case id and the level that the person sees, and nothing else. */
export function caseButtons(episode: Episode): readonly ButtonSpec[] {
  const { id: caseId, level, state, groupId, owner, drill } = episode;
  if (state !== 'open' || !isCaseLevel(level)) return [];
  const value = writeCaseValue({ caseId, level });
  const unit = `${drill === null ? '' : 'drill for '}unit ${groupId}`;
  const take: ButtonSpec = {
    id: ACTIONS.takeCase,
    label: 'I have it',
    value,
    spoken: `I have it: ${levelName(level)} of ${unit}`,
    ...(owner === null ? { style: 'primary' as const } : {}),
  };
  const mute: ButtonSpec = {
    id: ACTIONS.muteCase,
    label: 'Mute…',
    value,
    spoken: `Mute reminders of ${unit} for a time; opens a form`,
  };
  const endDrill: ButtonSpec = {
    id: ACTIONS.endDrill,
    label: 'End drill',
    value,
    spoken: `End drill of ${unit}`,
  };
  return [
    take,
    { id: ACTIONS.noteCase, label: 'Note…', value, spoken: `Note on ${unit}; opens a form` },
    ...(isCriticalLevel(level) ? [] : [mute]),
    { id: ACTIONS.handOverCase, label: 'Hand over…', value, spoken: `Hand over ${unit}; opens a form` },
    ...(drill === null ? [] : [endDrill]),
  ];
}
