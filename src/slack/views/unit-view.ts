/** `/ltv 1`: how bad it is, what would cure it, what is owed and what backs it, and whether it could be closed. */
import type { KnownBlock } from '@slack/types';
import { type Amount, ZERO } from '../../domain/amount.ts';
import { cureTo, cushionTo } from '../../domain/unit/cure.ts';
import {
  type Inconsistency,
  levelOf,
  outstanding,
  owed,
  type Standing,
  standingOf,
  type Thresholds,
} from '../../domain/unit/risk-unit.ts';
import type { UnitView } from '../../usecases/desk.ts';
import { writePageValue, writeUnitValue } from '../button-value.ts';
import { ACTIONS } from '../ids.ts';
import {
  type ButtonSpec,
  buttons,
  context,
  fields,
  fitItems,
  fitLines,
  header,
  inForms,
  type Message,
  section,
} from './blocks.ts';
import { collateral } from './collateral.ts';
import { amountText, dateToken, durationText, mention, moneyText, secondsToken } from './format.ts';
import { escapeMrkdwn, shorten } from './limits.ts';
import { refusalReason } from './refusal-text.ts';
import { stateText } from './request-text.ts';
import { cureForms, cushionText, levelEmoji, levelText, ltvBar, ltvText, percentText } from './unit-text.ts';
import { flawBlocks, freshness } from './units-view.ts';

/** Private to the asker: addresses in full. */
export function unitMessage(view: UnitView, query: string): Message {
  const { unit } = view;
  const standing = standingOf(unit);
  const title = titleOf(view, standing);
  const cures = cureLines(view, standing);
  const figures = keyFigures(view, standing);
  const wrong = oddities(view);
  const backing = collateral(unit, view.details.members);
  const around = (middle: readonly KnownBlock[]): KnownBlock[] => [
    header(title),
    section(barText(view, standing)),
    ...(wrong.length === 0 ? [] : [section(fitItems(wrong, 1_000))]),
    ...(cures.length === 0 ? [] : [section(cures.join('\n'))]),
    fields(figures),
    ...middle,
    ...flawBlocks(view.flaws),
    context(`${placeText(view)}\nArithmetic: ${hints(unit.groupId)}`),
    section(closeText(view)),
    ...buttons(controls(view, query)),
  ];
  const text = fitLines(
    [
      title,
      ...wrong,
      ...cures,
      ...figures.map(([label, value]) => `${label}: ${value.replaceAll('\n', ', ')}`),
      'Totals as valued by Binance.',
      closeText(view),
    ],
    3_500,
  );
  return inForms(text, around([backing.folded]), around(backing.lines));
}

function titleOf({ unit, thresholds }: UnitView, standing: Standing): string {
  const level = levelOf(unit, thresholds, standing);
  const ltv = standing.ltv === null ? '' : ` · LTV ${ltvText(standing.ltv, thresholds)}`;
  return `Unit ${unit.groupId}${ltv} · ${levelText(level)}`;
}

function barText({ unit, thresholds }: UnitView, standing: Standing): string {
  const { initial, transferOut, marginCall, liquidation } = thresholds;
  const levels = `${percentText(initial)} initial · ${percentText(transferOut)} transfer-out · ${percentText(marginCall)} margin call · ${percentText(liquidation)} liquidation`;
  return `${levelEmoji(levelOf(unit, thresholds, standing))} ${ltvBar(standing.ltv)} ${levels}`;
}

const FROM_WORST: readonly (readonly [keyof Thresholds, string])[] = [
  ['liquidation', 'liquidation'],
  ['marginCall', 'margin call'],
  ['transferOut', 'transfer-out'],
  ['initial', 'initial'],
];

/** For each level that the unit is in, from the worst: each of the ways alone is enough. */
function cureLines({ unit, thresholds }: UnitView, standing: Standing): string[] {
  const lines = FROM_WORST.flatMap(([level, name]) => {
    const cure = cureTo(unit, thresholds[level], standing);
    if (cure === null) return [];
    return [`• under ${percentText(thresholds[level])} (${name}): ${cureForms(cure).join(', or ')}`];
  });
  if (lines.length === 0) return [];
  const only = standing.collateral.gt(ZERO)
    ? ''
    : '\nNet equity does not exceed the maintenance margin, so repaying alone cannot cure it.';
  return [
    `*To get under a level, one of these is enough* (as valued by Binance)`,
    ...lines,
    ...(only === '' ? [] : [only.trim()]),
  ];
}

function keyFigures(view: UnitView, standing: Standing): (readonly [string, string])[] {
  const { unit, thresholds } = view;
  const left = (level: keyof Thresholds, name: string): string => {
    const cushion = cushionTo(unit, thresholds[level], standing);
    return cushion === null ? '' : cushionText(cushion, name);
  };
  const cushions = [left('marginCall', 'margin call'), left('liquidation', 'liquidation')].join('\n').trim();
  const stated = (value: Amount | null): string => (value === null ? 'not stated' : moneyText(value));
  return [
    ['Cushion', cushions === '' ? 'nothing is owed' : cushions],
    ['Owed', owedText(view)],
    [
      'Net equity',
      `${moneyText(unit.totalNetEquity)}\nmaintenance margin ${moneyText(unit.totalMaintenanceMargin)}`,
    ],
    ['Can still borrow', borrowText(view)],
    ['Can transfer out', stated(unit.maxTransferOutAmount)],
    ['Frozen in the parent account', stated(unit.parentAccountFrozenAmount)],
  ];
}

/** Each asset once, interest included; the total beside it where the assets alone do not give it. */
function owedText({ unit }: UnitView): string {
  const open = outstanding(unit);
  if (open.length === 0)
    return unit.totalLiability.eq(ZERO) ? 'nothing' : `${moneyText(unit.totalLiability)} in all`;
  const [first, ...others] = open;
  const isWhole = first !== undefined && others.length === 0 && owed(first).eq(unit.totalLiability);
  const lines = open.map((each) => {
    const interest = each.interest.eq(ZERO) ? '' : ` (interest ${moneyText(each.interest)})`;
    return `${moneyText(owed(each))} ${escapeMrkdwn(shorten(each.asset, 20))}${interest}`;
  });
  const all = isWhole ? [] : [`${moneyText(unit.totalLiability)} in all`];
  return fitLines([...all, ...lines], 500, (left) => `… and ${left} more assets`);
}

/** Binance's own figure for each asset that is owed; where nothing is owed, its limit for the unit. */
function borrowText({ unit, details }: UnitView): string {
  if (details.borrowable.length === 0)
    return unit.maxAllowedBorrowLimit === null
      ? 'not stated'
      : `${moneyText(unit.maxAllowedBorrowLimit)} in all`;
  const lines = details.borrowable.map(({ asset, amount }) => {
    const name = escapeMrkdwn(shorten(asset, 20));
    return amount === null ? `${name}: couldn't be read just now` : `${moneyText(amount)} ${name}`;
  });
  return lines.length === 1 ? (lines[0] ?? '') : `${lines.join('\n')}\neach alone, not together`;
}

function placeText({ unit, asOfMs, watch, nowMs }: UnitView): string {
  const place = `Credit account ${escapeMrkdwn(shorten(unit.creditEmail, 254))} · parent ${escapeMrkdwn(shorten(unit.parentEmail, 254))} · as of ${secondsToken(asOfMs)} · totals as valued by Binance, which states LTV ${amountText(unit.ltv)}`;
  return [place, ...freshness(watch, nowMs)].join(' · ');
}

function hints(groupId: string): string {
  return `\`/ltv ${groupId} to 75%\`, \`/ltv ${groupId} if -15%\`, \`/ltv ${groupId} if borrow 500000\``;
}

const SUMS: Readonly<Record<Inconsistency['kind'], string>> = {
  ltv: 'LTV',
  'net-equity': 'Net equity',
  'maintenance-margin': 'Maintenance margin',
  liability: 'Liability',
};

/** What makes these figures doubtful; the first line says so. */
function oddities(view: UnitView): string[] {
  const lines = view.inconsistencies.map(({ kind, stated, recomputed }) => {
    const own = recomputed === null ? 'no figure to compare it with' : shorten(amountText(recomputed), 80);
    return `• ${SUMS[kind]}: Binance states ${amountText(stated)}, its parts give ${own}.`;
  });
  const ageMs = view.nowMs - view.unit.updatedAtMs;
  if (ageMs > 60_000)
    lines.push(`• The figures are ${durationText(ageMs)} old (updated ${dateToken(view.unit.updatedAtMs)}).`);
  return lines.length === 0 ? [] : [':warning: *Needs attention*', ...lines];
}

function closeText(view: UnitView): string {
  if (view.openRequest !== null) {
    const { id, state, requester } = view.openRequest;
    return `*Close*: request \`${escapeMrkdwn(id)}\` by ${mention(requester)} is open (${stateText(state)}).`;
  }
  if (view.whyNotClose === null)
    return "*Close*: nothing is owed. You can request this unit's close; other people must approve it.";
  // The message names each asset owed already.
  if (view.whyNotClose.code === 'owes') return '*Close*: not possible while the unit owes anything.';
  return `*Close*: not possible now. ${refusalReason(view.whyNotClose)}`;
}

function controls(view: UnitView, query: string): ButtonSpec[] {
  const { groupId } = view.unit;
  const specs: ButtonSpec[] = [
    {
      id: ACTIONS.refreshUnits,
      label: 'Refresh',
      value: writePageValue({ query, page: 1 }),
      spoken: `Refresh unit ${groupId}`,
    },
  ];
  if (view.whyNotClose === null && view.openRequest === null) {
    specs.push({
      id: ACTIONS.askToClose,
      label: 'Ask to close…',
      value: writeUnitValue({ unit: groupId }),
      spoken: `Ask to close unit ${groupId}; opens a form`,
    });
  }
  return specs;
}
