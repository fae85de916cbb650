/** `/ltv 1`: one unit down to its wallets, what is odd about it, and whether it could be closed. */
import type { ContainerBlock, KnownBlock } from '@slack/types';
import { cushionTo } from '../../domain/unit/cure.ts';
import {
  borrowHeadroom,
  decisiveLtv,
  type Inconsistency,
  type Liability,
  levelOf,
  type MemberAccount,
  outstanding,
  owed,
} from '../../domain/unit/risk-unit.ts';
import type { UnitView } from '../../usecases/desk.ts';
import { writePageValue, writeUnitValue } from '../button-value.ts';
import { ACTIONS } from '../ids.ts';
import {
  type ButtonSpec,
  buttons,
  context,
  fields,
  fitLines,
  header,
  type Message,
  plain,
  section,
} from './blocks.ts';
import { amountText, dateToken, durationText, mention, secondsToken } from './format.ts';
import { escapeMrkdwn, LIMITS, shorten } from './limits.ts';
import { refusalReason } from './refusal-text.ts';
import { stateText } from './request-text.ts';
import { cushionText, levelText, ltvText, percentText } from './unit-text.ts';
import { flawBlocks } from './units-view.ts';

const ACCOUNTS_SHOWN = 15;
/** Characters for all accounts together, so that the whole message stays well below Slack's ceiling. */
const ACCOUNTS_BUDGET = 4_200;

/** Private to the asker: addresses in full. */
export function unitMessage(view: UnitView, query: string): Message {
  const { unit } = view;
  const title = `Risk unit ${unit.groupId}`;
  const top: KnownBlock[] = [
    header(title),
    context(`As of ${secondsToken(view.asOfMs)}, from Binance.`),
    section(headline(view)),
    fields(keyFigures(view)),
    section(liabilitiesText(unit.liabilities)),
    ...oddities(view),
  ];
  const end: KnownBlock[] = [
    ...flawBlocks(view.flaws),
    section(closeText(view)),
    ...buttons(controls(view, query)),
  ];
  const accounts = unit.accounts.slice(0, ACCOUNTS_SHOWN);
  const budget = Math.floor(ACCOUNTS_BUDGET / Math.max(1, accounts.length));
  const rest =
    unit.accounts.length > accounts.length
      ? [context(`… and ${unit.accounts.length - accounts.length} more accounts.`)]
      : [];
  const text = fitLines(
    [
      `${title}: ${headline(view)}`,
      ...keyFigures(view).map(([label, value]) => `${label}: ${value.replaceAll('\n', ' ')}`),
      ...liabilitiesText(unit.liabilities).split('\n'),
      closeText(view),
    ],
    3_500,
    (left) => `… and ${left} more lines`,
  );
  return {
    text,
    blocks: [...top, ...accounts.map((each) => accountContainer(each, budget)), ...rest, ...end],
    plainer: {
      text,
      blocks: [...top, ...accounts.map((each) => accountSection(each, budget)), ...rest, ...end],
    },
  };
}

function headline(view: UnitView): string {
  const { unit, thresholds } = view;
  return `LTV *${ltvText(decisiveLtv(unit), thresholds)}* (Binance states ${amountText(unit.ltv)}) · Level: *${levelText(levelOf(unit, thresholds))}* · Credit account ${escapeMrkdwn(shorten(unit.creditEmail, 254))} · Parent ${escapeMrkdwn(shorten(unit.parentEmail, 254))}`;
}

function keyFigures(view: UnitView): (readonly [string, string])[] {
  const { unit, thresholds } = view;
  const left = (at: keyof typeof thresholds): string => {
    const cushion = cushionTo(unit, thresholds[at]);
    return cushion === null ? 'n/a' : cushionText(cushion, percentText(thresholds[at]));
  };
  const known = (value: typeof unit.maxTransferOutAmount): string =>
    value === null ? 'not stated' : amountText(value);
  return [
    ['Total liability', amountText(unit.totalLiability)],
    ['Net equity', amountText(unit.totalNetEquity)],
    ['Maintenance margin', amountText(unit.totalMaintenanceMargin)],
    ['To margin call', left('marginCall')],
    ['To liquidation', left('liquidation')],
    [
      'Free to borrow',
      `${known(unit.maxAllowedBorrowLimit)} (computed: ${shorten(amountText(borrowHeadroom(unit, thresholds.initial).round(8, 0)), 80)})`,
    ],
    ['Free to transfer out', known(unit.maxTransferOutAmount)],
    ['Parent account frozen', known(unit.parentAccountFrozenAmount)],
  ];
}

function liabilitiesText(liabilities: readonly Liability[]): string {
  const open = outstanding({ liabilities });
  if (open.length === 0) return '*Liabilities*\nNothing is owed.';
  const lines = open.map(
    (each) =>
      `• *${escapeMrkdwn(shorten(each.asset, 40))}*: principal ${amountText(each.principal)}, interest ${amountText(each.interest)}, together ${amountText(owed(each))}`,
  );
  return `*Liabilities*\n${fitLines(lines, 1_500, (left) => `• … and ${left} more assets`)}`;
}

function walletLines(account: MemberAccount, budget: number): string {
  const lines = account.wallets.map(
    (wallet) =>
      `• ${escapeMrkdwn(shorten(wallet.accountType, 40))}: net equity ${amountText(wallet.netEquity)}, maintenance margin ${amountText(wallet.maintenanceMargin)}`,
  );
  if (lines.length === 0) return 'No wallets listed.';
  return fitLines(lines, Math.max(budget, 120), (left) => `• … and ${left} more wallets`);
}

function accountContainer(account: MemberAccount, budget: number): ContainerBlock {
  const title = `${shorten(account.email, 110)} (${shorten(account.type, 30)})`;
  return {
    type: 'container',
    title: plain(title, LIMITS.container.title),
    is_collapsible: true,
    default_collapsed: false,
    child_blocks: [section(walletLines(account, budget - title.length))],
  };
}

function accountSection(account: MemberAccount, budget: number): KnownBlock {
  const title = `*${escapeMrkdwn(shorten(account.email, 110))}* (${escapeMrkdwn(shorten(account.type, 30))})`;
  return section(`${title}\n${walletLines(account, budget - title.length)}`);
}

const SUMS: Readonly<Record<Inconsistency['kind'], string>> = {
  ltv: 'LTV',
  'net-equity': 'Net equity',
  'maintenance-margin': 'Maintenance margin',
  liability: 'Liability',
};

function oddities(view: UnitView): KnownBlock[] {
  const level = levelOf(view.unit, view.thresholds);
  const lines = view.inconsistencies.map(({ kind, stated, recomputed }) => {
    const own = recomputed === null ? 'no figure to compare it with' : shorten(amountText(recomputed), 80);
    return `• ${SUMS[kind]}: Binance states ${amountText(stated)}, its parts give ${own}.`;
  });
  if (level !== 'normal') lines.unshift(`• The unit is at level *${levelText(level)}*.`);
  const ageMs = view.nowMs - view.unit.updatedAtMs;
  if (ageMs > 60_000)
    lines.push(`• The figures are ${durationText(ageMs)} old (updated ${dateToken(view.unit.updatedAtMs)}).`);
  if (lines.length === 0) return [];
  return [section(`:warning: *Needs attention*\n${fitLines(lines, 900, (left) => `• … and ${left} more`)}`)];
}

function closeText(view: UnitView): string {
  if (view.openRequest !== null) {
    const { id, state, requester } = view.openRequest;
    return `*Close*: request \`${escapeMrkdwn(id)}\` by ${mention(requester)} is open (${stateText(state)}).`;
  }
  if (view.whyNotClose === null)
    return "*Close*: nothing is owed. You can request this unit's close; other people must approve it.";
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
      style: 'danger',
    });
  }
  return specs;
}
