/** The exchange's side: its units, the weights of this minute, the last calls. */
import type { UnitView } from '../binance/control.ts';
import type { Exchange } from '../binance/exchange.ts';
import type { WireRecord } from '../binance/wire-log.ts';
import { clockText, labelled, mergeMenu, postButton, postForm, table } from './draw-panel.ts';
import { type Content, html, type Markup, toHtml } from './html.ts';

const CALLS_SHOWN = 30;
const MINUTE_MS = 60_000;

function drawLiabilities(unit: UnitView): Markup {
  const open = unit.liabilities.filter(({ principal, interest }) => Number(principal) + Number(interest) > 0);
  if (open.length === 0) return html`<p class="quiet">Owes nothing.</p>`;
  const rows = open.map(({ assetName, principal, interest }) => {
    const spoken = `Repay all ${assetName} of unit ${unit.groupId}`;
    const repay = postButton(
      'Repay all',
      '/exchange/repay',
      { groupId: unit.groupId, assetName },
      { spoken },
    );
    return html`<li class="row"><span>${principal} ${assetName}, interest ${interest}</span>${repay}</li>`;
  });
  return html`<ul class="plain">${rows}</ul>`;
}

function drawFreeze({ groupId, liquidation }: UnitView): Markup {
  const path = '/exchange/setLiquidation';
  return liquidation === null
    ? postButton(
        'Freeze into liquidation',
        path,
        { groupId, code: -27024 },
        { spoken: `Freeze into liquidation: unit ${groupId}`, className: 'danger' },
      )
    : postButton('Thaw', path, { groupId, code: null }, { spoken: `Thaw unit ${groupId}` });
}

function drawEquityForm({ groupId, members }: UnitView): Markup {
  const wallets = members.flatMap(({ email, wallets: own }) =>
    own.map(
      ({ accountType, netEquity }) =>
        [`${email} ${accountType}: ${netEquity}`, { email, accountType }] as const,
    ),
  );
  const field = html`<input name="netEquity" required inputmode="decimal" pattern="-?[0-9]+(\\.[0-9]+)?"
    autocomplete="off" size="10">`;
  const fields = [mergeMenu('Wallet', wallets), labelled('Net equity', field)];
  return postForm('/exchange/editEquity', { groupId }, `equity-${groupId}`, 'Set equity', fields);
}

function drawUnit(unit: UnitView): Markup {
  const { groupId, ltv, creditEmail, totalNetEquity, totalLiability, liquidation } = unit;
  const mark = liquidation === null ? (Number(totalLiability) === 0 ? ' · repaid' : '') : ' · FROZEN';
  return html`<details id="unit-${groupId}" class="unit">
    <summary><strong>Unit ${groupId}</strong><span class="unit-figures"> LTV ${ltv}${mark}</span></summary>
    <p class="quiet">${creditEmail} · equity ${totalNetEquity} · owes ${totalLiability}</p>
    ${drawLiabilities(unit)}${drawEquityForm(unit)}<p>${drawFreeze(unit)}</p>
  </details>`;
}

function drawAddUnit(exchange: Exchange): Markup {
  const taken = new Set([...exchange.units(), ...exchange.closedUnits()].map(({ groupId }) => groupId));
  let free = 20;
  while (taken.has(String(free))) free += 1;
  const unit = html`<input name="groupId" required inputmode="numeric" pattern="[1-9][0-9]{0,18}" size="8" value="${free}">`;
  const owes = html`<input name="owes" required inputmode="decimal" pattern="[0-9]+(\\.[0-9]+)?" size="8" value="0">`;
  const fields = [labelled('New unit', unit), labelled('owes USDT', owes)];
  return postForm('/world/add-unit', {}, 'add-unit', 'Add unit', fields);
}

export function unitsHtml(exchange: Exchange): string {
  return toHtml(html`<div>
    <p class="quiet">What the exchange holds. A repaid unit can be closed: ask for it with <code>/close-unit</code>.</p>
    ${exchange.units().map(drawUnit)}${drawAddUnit(exchange)}
  </div>`);
}

function drawWeights(exchange: Exchange): Markup {
  const minuteMs = Math.floor(exchange.serverTimeMs() / MINUTE_MS) * MINUTE_MS;
  const used = exchange.weights().filter(({ minuteStartMs }) => minuteStartMs === minuteMs);
  if (used.length === 0) return html`<p class="quiet">Nothing was asked in this minute.</p>`;
  const rows = used.map(({ pool, scope, subject, used: spent, limit }) => {
    const label = `Weight used of ${pool}`;
    const meter = html`<meter min="0" max="${limit}" value="${spent}" aria-label="${label}"></meter>`;
    const figure = html`<span class="row">${meter}${spent} of ${limit}</span>`;
    return [pool, `${scope.toUpperCase()} ${subject}`, figure];
  });
  return table('Weight used this minute', ['Pool', 'For', 'Used of limit'], rows);
}

function statusOf(call: WireRecord): string {
  if (!call.done) return 'under way';
  const status = call.status === null ? 'no answer' : String(call.status);
  return call.code === null ? status : `${status} (${call.code})`;
}

function drawCall(call: WireRecord): readonly Content[] {
  const isBad = call.status === null ? call.done : call.status >= 400;
  const status = statusOf(call) + (call.fault === null ? '' : `, ${call.fault}`);
  const by = [call.account ?? '', call.groupId === null ? '' : `unit ${call.groupId}`];
  return [
    clockText(call.receivedAtMs),
    html`<span class="${call.method === 'DELETE' && 'delete'}">${call.method} ${call.path.split('/').at(-1)}</span>`,
    by.filter(Boolean).join(', '),
    html`<span class="${isBad && 'bad'}">${status}</span>`,
    call.answeredAtMs === null ? '' : `${call.answeredAtMs - call.receivedAtMs} ms`,
  ];
}

export function callsHtml(exchange: Exchange): string {
  const calls = exchange.lastRequests(CALLS_SHOWN);
  const headings = ['Time', 'Call', 'By', 'Status', 'Took'];
  const last =
    calls.length === 0
      ? html`<p class="quiet">None yet.</p>`
      : table('Last calls', headings, calls.map(drawCall));
  return toHtml(html`<div>
    <h3>Weight used this minute</h3>${drawWeights(exchange)}
    <h3>Last calls, newest first (UTC)</h3>${last}
  </div>`);
}
