/** The units as Binance holds them: figures, LTV over time, and what can be done to them. */

import { PUBLISHED_THRESHOLDS } from '../../src/domain/unit/risk-unit.ts';
import type { Exchange } from '../binance/exchange.ts';
import type { UnitView } from '../binance/ledger.ts';
import type { ServedLtv } from '../binance/price-paths.ts';
import {
  type Content,
  clockText,
  decimal,
  html,
  labelled,
  type Markup,
  menu,
  postButton,
  postForm,
  toHtml,
} from './html.ts';

/** Just over the level of a margin call, 0.85. */
const MARGIN_CALLED_LTV = '0.86';
const PATHS_OFFERED = [
  ['crash to 86% in 20 s', { kind: 'crash' }],
  ['crash to 91%', { kind: 'crash', ltv: '0.91' }],
  ['to and fro at 85%', { kind: 'saw-tooth' }],
  ['drift to 86% in 8 h', { kind: 'drift' }],
  ['91% for a minute', { kind: 'spike' }],
  ['outage of Binance for 5 min', { kind: 'outage' }],
  ['not listed for 5 min', { kind: 'vanish' }],
  ['LTV null for 5 min', { kind: 'no-ltv' }],
] as const;

/** What a forced liquidation brings the LTV down to: the initial one. */
const LIQUIDATED_LTV = '0.80';
const BOOKINGS = [
  ['Borrow', { act: 'borrow' }],
  ['Repay', { act: 'repay' }],
  ['Repay that fails', { act: 'fail-repay' }],
  ['Borrow that fails', { act: 'fail-borrow' }],
] as const;
const BORROWABLE = ['USDT', 'USDC', 'BTC'];

const WIDTH = 340;
const HEIGHT = 90;
/** Readings further apart are not joined: nothing is known of the time between. */
const GAP_MS = 60_000;
const HIGHEST_DRAWN = 1;

/** The LTVs that were served, and the levels within sight of them. */
export function drawLtv(groupId: string, served: readonly ServedLtv[]): Content {
  const [first, last] = [served[0], served.at(-1)];
  if (first === undefined || last === undefined || last.atMs === first.atMs) return null;
  const values = served.map(({ ltv }) => Math.min(Number(ltv), HIGHEST_DRAWN));
  const [low, high] = [Math.min(...values) - 0.01, Math.max(...values) + 0.01];
  const x = (atMs: number) => (((atMs - first.atMs) / (last.atMs - first.atMs)) * WIDTH).toFixed(1);
  const y = (ltv: number) => (((high - ltv) / (high - low)) * HEIGHT).toFixed(1);
  const path = served.map(({ atMs }, index) => {
    const before = served[index - 1]?.atMs ?? Number.NEGATIVE_INFINITY;
    return `${atMs - before > GAP_MS ? 'M' : 'L'}${x(atMs)} ${y(values[index] ?? 0)}`;
  });
  const levels = Object.values(PUBLISHED_THRESHOLDS)
    .map(Number)
    .filter((level) => level > low && level < high)
    .map((level, index) => {
      const at = { x1: 0, x2: WIDTH, y1: y(level), y2: y(level) };
      return html`<line ${at}></line><text x="${2 + index * 30}" y="${Number(y(level)) - 2}">${(level * 100).toFixed(0)}%</text>`;
    });
  const words = `LTV of unit ${groupId} as served, ${clockText(first.atMs)} to ${clockText(last.atMs)}: ${first.ltv} to ${last.ltv}`;
  return html`<svg class="ltv" viewBox="0 -8 ${WIDTH} ${HEIGHT + 16}" role="img" aria-label="${words}">
    ${levels}<path d="${path.join('')}"></path></svg>`;
}

function drawLiability(
  { groupId }: UnitView,
  { assetName, principal, interest }: UnitView['liabilities'][number],
) {
  const spoken = `Repay all ${assetName} of unit ${groupId}`;
  return html`<li class="row"><span>${principal} ${assetName}, interest ${interest}</span>
    ${postButton('Repay all', '/exchange/repay', { groupId, assetName }, spoken)}</li>`;
}

/** What is booked in the history that `/loan` shows. */
function drawBooking({ groupId, liabilities }: UnitView, exchange: Exchange): Markup[] {
  const assets = [...new Set([...liabilities.map(({ assetName }) => assetName), ...BORROWABLE])];
  const asset = menu(
    'Asset',
    assets.map((assetName) => [assetName, { assetName }]),
  );
  const hourlyRate = exchange.rateOf(groupId, assets[0] ?? '');
  return [
    postForm('/exchange/book', { groupId }, `loan-${groupId}`, 'Book', [
      ...[menu('Loan', BOOKINGS), asset, labelled('Amount', decimal('amount', '1000'))],
    ]),
    postForm('/exchange/setRate', { groupId }, `rate-${groupId}`, 'Set rate', [
      ...[asset, labelled('Hourly rate', decimal('hourlyRate', hourlyRate))],
    ]),
  ];
}

function drawUnit(unit: UnitView, exchange: Exchange): Markup {
  const { groupId, ltv, creditEmail, totalNetEquity, totalLiability, liquidation } = unit;
  const owed = unit.liabilities.filter(({ principal, interest }) => Number(principal) + Number(interest) > 0);
  const wallets = unit.members.flatMap(({ email, wallets: own }) =>
    own.map(
      ({ accountType, netEquity }) =>
        [`${email} ${accountType}: ${netEquity}`, { email, accountType }] as const,
    ),
  );
  const mark = liquidation === null ? (owed.length === 0 ? ' · repaid' : '') : ' · FROZEN';
  const path = '/exchange/setLiquidation';
  const freeze =
    liquidation === null
      ? postButton(
          'Freeze into liquidation',
          path,
          { groupId, code: -27024 },
          `Freeze into liquidation: unit ${groupId}`,
          'danger',
        )
      : postButton('Thaw', path, { groupId, code: null }, `Thaw unit ${groupId}`);
  const borrow = { groupId, assetName: 'USDT', amount: '1000' };
  const acts = [
    postButton('Borrow 1,000 USDT', '/exchange/borrow', borrow, `Borrow 1,000 USDT in unit ${groupId}`),
    owed.length > 0 &&
      postButton(
        'Margin call: prices fall',
        '/exchange/fallTo',
        { groupId, ltv: MARGIN_CALLED_LTV },
        `Margin call: prices fall in unit ${groupId}`,
      ),
    freeze,
    Number(ltv) > Number(LIQUIDATED_LTV) &&
      postButton(
        'Liquidate by force to 80%',
        '/exchange/liquidate',
        { groupId, ltv: LIQUIDATED_LTV },
        `Liquidate by force to 80%: unit ${groupId}`,
        'danger',
      ),
  ];
  const kind = exchange.prices.kindOf(groupId);
  const course =
    kind === null
      ? postForm(
          '/exchange/startPath',
          { groupId },
          `path-${groupId}`,
          'Start',
          menu('Prices', PATHS_OFFERED),
        )
      : html`<p class="row"><span>Prices: ${kind}</span>
          ${postButton('Stop', '/exchange/stopPath', { groupId }, `Stop the prices of unit ${groupId}`)}</p>`;
  const fields = [menu('Wallet', wallets), labelled('Net equity', decimal('netEquity', ''))];
  return html`<details id="unit-${groupId}" class="container">
    <summary>Unit ${groupId}<span class="quiet"> LTV ${ltv}${mark}</span></summary>
    ${owed.length > 0 && drawLtv(groupId, exchange.prices.served(groupId))}
    <p class="quiet">${creditEmail} · equity ${totalNetEquity} · owes ${totalLiability}</p>
    <ul class="plain">${owed.map((each) => drawLiability(unit, each))}</ul>
    ${postForm('/exchange/editEquity', { groupId }, `equity-${groupId}`, 'Set equity', fields)}
    ${owed.length > 0 && course}
    ${drawBooking(unit, exchange)}
    <div class="row">${acts}</div>
  </details>`;
}

export function unitsHtml(exchange: Exchange): string {
  const taken = new Set([...exchange.units(), ...exchange.closedUnits()].map(({ groupId }) => groupId));
  let free = 20;
  while (taken.has(String(free))) free += 1;
  const id = html`<input name="groupId" required inputmode="numeric" pattern="[1-9][0-9]{0,18}" size="8" value="${free}">`;
  const fields = [labelled('New unit', id), labelled('owes USDT', decimal('owes', '0'))];
  return toHtml(html`<div>
    <p class="quiet">What Binance holds. A repaid unit can be closed: ask for it with <code>/close-unit</code>.</p>
    ${exchange.units().map((unit) => drawUnit(unit, exchange))}${postForm('/world/add-unit', {}, 'add-unit', 'Add unit', fields)}
    ${postForm('/exchange/changeRebate', {}, 'rebate', 'Grant', labelled('Rebate of interest, USDT', decimal('delta', '1000')))}
  </div>`);
}

const UNIT = '30';
const OWES = '1000000';
const REPAID = { groupId: UNIT, assetName: 'USDT', amount: '150000' };

export function watchHtml(exchange: Exchange): string {
  const unit = exchange.units().find(({ groupId }) => groupId === UNIT);
  const isThere = unit !== undefined;
  const steps = [
    html`<strong>Calm.</strong> Unit ${UNIT} owes 1,000,000 USDT at LTV 66.7%. Nothing is said.
      ${!isThere && postButton(`Add unit ${UNIT}`, '/world/add-unit', { groupId: UNIT, owes: OWES })}`,
    html`<strong>Prices fall.</strong> In 20 seconds LTV goes to 86%. The levels at 80% and 83% must hold for minutes
      before they count; the margin call at 85% counts at once.
      ${isThere && postButton('Prices fall to 86%', '/exchange/startPath', { groupId: UNIT, kind: 'crash' })}`,
    html`<strong>The alert.</strong> Open #loan-alerts: within seconds one card says how bad it is, what to do and how
      sure that is, and mentions the group. It is edited in place; reminders come in its thread.`,
    html`<strong>Who acts?</strong> As Ada, click “I have it”. Everybody sees that the case has an owner, and reminders
      stop going to all. To see what happens without one, skip 5 minutes under Break it: direct messages come.`,
    html`<strong>The cure.</strong> The card names three amounts. Repay from outside the unit: each reading shows what is
      left to do. ${isThere && postButton('Repay 150,000 USDT from outside', '/exchange/repay', REPAID)}`,
    html`<strong>Recovered.</strong> Worse is said at once, better only after five minutes of fresh readings below the
      level. ${postButton('Skip 6 minutes, a reading in each', '/world/skip-watched', { minutes: 6 })}
      The case ends with its timeline in the thread.`,
    html`<strong>The evidence.</strong> <code>/loandesk case</code> with the id on the card shows each step from the sealed
      trail. <code>/loandesk drill ${UNIT}</code> rehearses all this with marked messages.`,
  ];
  return toHtml(html`<div>
    <p class="quiet">Five minutes, from calm to a cured margin call. Each button here does something to Binance or the clock;
      what the bot makes of it is in Slack.</p>
    ${isThere && html`<p>Unit ${UNIT}: LTV ${unit.ltv}</p>${drawLtv(UNIT, exchange.prices.served(UNIT))}`}
    <ol class="steps">${steps.map((step) => html`<li>${step}</li>`)}</ol>
  </div>`);
}
