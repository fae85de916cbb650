/** The exchange's side: its units, the weights of this minute, the last calls. */
import type { ReactElement, ReactNode } from 'react';
import type { UnitView } from '../binance/control.ts';
import type { Exchange } from '../binance/exchange.ts';
import type { WireRecord } from '../binance/wire-log.ts';
import { clockText, labelled, mergeMenu, postButton, postForm, submitButton, table } from './draw-panel.ts';
import { h, toHtml } from './html.ts';

const CALLS_SHOWN = 30;
const MINUTE_MS = 60_000;

function owes(unit: UnitView): boolean {
  return Number(unit.totalLiability) !== 0;
}

function drawLiabilities(unit: UnitView): ReactNode {
  const open = unit.liabilities.filter(({ principal, interest }) => Number(principal) + Number(interest) > 0);
  if (open.length === 0) return h('p', { className: 'quiet' }, 'Owes nothing.');
  return h(
    'ul',
    { className: 'plain' },
    open.map(({ assetName, principal, interest }) =>
      h(
        'li',
        { key: assetName, className: 'row' },
        h('span', null, `${principal} ${assetName}, interest ${interest}`),
        postButton(
          'Repay all',
          '/exchange/repay',
          { groupId: unit.groupId, assetName },
          { spoken: `Repay all ${assetName} of unit ${unit.groupId}` },
        ),
      ),
    ),
  );
}

function drawFreeze({ groupId, liquidation }: UnitView): ReactElement {
  return liquidation === null
    ? postButton(
        'Freeze into liquidation',
        '/exchange/setLiquidation',
        { groupId, code: -27024 },
        { spoken: `Freeze into liquidation: unit ${groupId}`, className: 'danger' },
      )
    : postButton(
        'Thaw',
        '/exchange/setLiquidation',
        { groupId, code: null },
        { spoken: `Thaw unit ${groupId}` },
      );
}

function drawEquityForm(unit: UnitView): ReactElement {
  const wallets = unit.members.flatMap(({ email, wallets: own }) =>
    own.map(
      ({ accountType, netEquity }) =>
        [`${email} ${accountType}: ${netEquity}`, { email, accountType }] as const,
    ),
  );
  return postForm(
    '/exchange/editEquity',
    { groupId: unit.groupId },
    `equity-${unit.groupId}`,
    mergeMenu('Wallet', wallets),
    labelled(
      'Net equity',
      h('input', {
        name: 'netEquity',
        required: true,
        inputMode: 'decimal',
        pattern: '-?[0-9]+(\\.[0-9]+)?',
        autoComplete: 'off',
        size: 10,
      }),
    ),
    submitButton('Set equity'),
  );
}

function drawUnit(unit: UnitView): ReactElement {
  const mark = unit.liquidation === null ? (owes(unit) ? '' : ' · repaid') : ' · FROZEN';
  return h(
    'details',
    { key: unit.groupId, 'data-key': unit.groupId, className: 'unit' },
    h(
      'summary',
      null,
      h('strong', null, `Unit ${unit.groupId}`),
      h('span', { className: 'unit-figures' }, ` LTV ${unit.ltv}${mark}`),
    ),
    h(
      'p',
      { className: 'quiet' },
      `${unit.creditEmail} · equity ${unit.totalNetEquity} · owes ${unit.totalLiability}`,
    ),
    drawLiabilities(unit),
    drawEquityForm(unit),
    h('p', null, drawFreeze(unit)),
  );
}

function drawAddUnit(exchange: Exchange): ReactElement {
  const taken = new Set([...exchange.units(), ...exchange.closedUnits()].map(({ groupId }) => groupId));
  let free = 20;
  while (taken.has(String(free))) free += 1;
  return postForm(
    '/world/add-unit',
    {},
    'add-unit',
    labelled(
      'New unit',
      h('input', {
        name: 'groupId',
        required: true,
        inputMode: 'numeric',
        pattern: '[1-9][0-9]{0,18}',
        size: 8,
        defaultValue: free,
      }),
    ),
    labelled(
      'owes USDT',
      h('input', {
        name: 'owes',
        required: true,
        inputMode: 'decimal',
        pattern: '[0-9]+(\\.[0-9]+)?',
        size: 8,
        defaultValue: '0',
      }),
    ),
    submitButton('Add unit'),
  );
}

export function unitsHtml(exchange: Exchange): string {
  return toHtml(
    h(
      'div',
      null,
      h(
        'p',
        { className: 'quiet' },
        'What the exchange holds. A repaid unit can be closed: ask for it with ',
        h('code', null, '/close-unit'),
        '.',
      ),
      exchange.units().map(drawUnit),
      drawAddUnit(exchange),
    ),
  );
}

function drawWeights(exchange: Exchange): ReactElement {
  const minuteMs = Math.floor(exchange.serverTimeMs() / MINUTE_MS) * MINUTE_MS;
  const used = exchange.weights().filter(({ minuteStartMs }) => minuteStartMs === minuteMs);
  if (used.length === 0) return h('p', { className: 'quiet' }, 'Nothing was asked in this minute.');
  return table(
    'Weight used this minute',
    ['Pool', 'For', 'Used of limit'],
    used.map((each) => [
      each.pool,
      `${each.scope.toUpperCase()} ${each.subject}`,
      h(
        'span',
        { className: 'row' },
        h('meter', {
          min: 0,
          max: each.limit,
          value: each.used,
          'aria-label': `Weight used of ${each.pool}`,
        }),
        `${each.used} of ${each.limit}`,
      ),
    ]),
  );
}

function statusOf(call: WireRecord): string {
  if (!call.done) return 'under way';
  const status = call.status === null ? 'no answer' : String(call.status);
  return call.code === null ? status : `${status} (${call.code})`;
}

function drawCall(call: WireRecord): readonly ReactNode[] {
  const tookMs = call.answeredAtMs === null ? '' : `${call.answeredAtMs - call.receivedAtMs} ms`;
  const bad = call.status === null ? call.done : call.status >= 400;
  const status = statusOf(call) + (call.fault === null ? '' : `, ${call.fault}`);
  return [
    clockText(call.receivedAtMs),
    h(
      'span',
      { className: call.method === 'DELETE' ? 'delete' : undefined },
      `${call.method} ${call.path.split('/').at(-1)}`,
    ),
    [call.account ?? '', call.groupId === null ? '' : `unit ${call.groupId}`].filter(Boolean).join(', '),
    h('span', { className: bad ? 'bad' : undefined }, status),
    tookMs,
  ];
}

export function callsHtml(exchange: Exchange): string {
  const calls = exchange.lastRequests(CALLS_SHOWN);
  return toHtml(
    h(
      'div',
      null,
      h('h3', null, 'Weight used this minute'),
      drawWeights(exchange),
      h('h3', null, 'Last calls, newest first (UTC)'),
      calls.length === 0
        ? h('p', { className: 'quiet' }, 'None yet.')
        : table('Last calls', ['Time', 'Call', 'By', 'Status', 'Took'], calls.map(drawCall)),
    ),
  );
}
