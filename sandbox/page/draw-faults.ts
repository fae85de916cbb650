/** What can be broken on purpose: the exchange's answers, its clock, Redis, the bot. */
import type { Exchange } from '../binance/exchange.ts';
import type { Fault } from '../binance/faults.ts';
import type { BotState } from './bot-fleet.ts';
import { clockText, labelled, mergeMenu, postButton, postForm } from './draw-panel.ts';
import { html, type Markup, toHtml } from './html.ts';

export interface Machinery {
  readonly exchange: Exchange;
  readonly bots: readonly BotState[];
  readonly redisIsDown: boolean;
}

/** First the one that shows most: the close took effect, and nobody is told. */
const EFFECTS: readonly (readonly [string, object])[] = [
  ['connection reset after the effect', { effect: { kind: 'reset', when: 'after' } }],
  [
    '503 after the effect',
    { effect: { kind: 'error', when: 'after', status: 503, msg: 'Service Unavailable' } },
  ],
  [
    '500 before the effect',
    { effect: { kind: 'error', when: 'before', status: 500, msg: 'Internal Server Error' } },
  ],
  ['429, too many requests', { effect: { kind: 'rate-limited', retryAfterS: 5 } }],
  ['slow: 5 s before the effect', { effect: { kind: 'latency', ms: 5_000, when: 'before' } }],
  ['slow: 5 s after the effect', { effect: { kind: 'latency', ms: 5_000, when: 'after' } }],
];
const SCOPES: readonly (readonly [string, object])[] = [
  ['the close (DELETE)', { method: 'DELETE' }],
  ['reads (GET)', { method: 'GET' }],
  ['every call', {}],
];
const COUNTS: readonly (readonly [string, object])[] = [
  ['once', { count: 1 }],
  ['three times', { count: 3 }],
  ['until switched off', {}],
];

function effectText({ effect }: Fault): string {
  const when = 'when' in effect ? ` ${effect.when} the effect` : '';
  if (effect.kind === 'latency') return `slow: ${effect.ms} ms${when}`;
  return effect.kind === 'error' ? `${effect.status}${when}` : `${effect.kind}${when}`;
}

function drawFault(fault: Fault): Markup {
  const where = fault.endpoint ?? fault.method ?? 'every call';
  const left = fault.remaining === null ? 'until switched off' : `${fault.remaining} to go`;
  const text = `${effectText(fault)}, ${where}, ${left}`;
  const off = postButton('Off', '/exchange/clearFaults', { id: fault.id }, { spoken: `Switch off: ${text}` });
  return html`<li id="fault-${fault.id}" class="row"><span>${text}</span>${off}</li>`;
}

function drawFaults(exchange: Exchange): Markup {
  const faults = exchange.faults();
  const menus = [mergeMenu('What', EFFECTS), mergeMenu('Which call', SCOPES), mergeMenu('How often', COUNTS)];
  return html`<section>
    <h3>The exchange answers badly</h3>
    ${postForm('/exchange/inject', {}, 'inject', 'Switch on', menus)}
    ${
      faults.length === 0
        ? html`<p class="quiet">No fault is switched on.</p>`
        : html`<ul class="plain">${faults.map(drawFault)}</ul>`
    }
  </section>`;
}

function drawClock(exchange: Exchange): Markup {
  const { skewMs } = exchange.settings();
  const field = html`<input name="skewMs" data-number="" type="number" step="100" required value="0">`;
  return html`<section>
    <h3>The exchange's clock</h3>
    <p class="quiet">It shows ${clockText(exchange.serverTimeMs())} UTC, ${skewMs} ms off.</p>
    ${postForm('/exchange/configure', {}, 'skew', 'Set clock', labelled('Skew in ms', field))}
  </section>`;
}

function drawBot({ name, state, pid, restarts }: BotState): Markup {
  const text = {
    running: `running, process ${pid}`,
    starting: 'starting',
    gone: 'gone; it comes back by itself',
  }[state];
  const again = restarts === 0 ? '' : `, killed ${restarts} ${restarts === 1 ? 'time' : 'times'}`;
  const kill =
    state === 'running' &&
    postButton('Kill now', '/world/kill', { name }, { spoken: `Kill now: ${name}`, className: 'danger' });
  return html`<li id="${name}" class="row"><span class="bot-state ${state}">${name}: ${text}${again}</span>${kill}</li>`;
}

function drawBots(bots: readonly BotState[]): Markup {
  const replicas =
    bots.length > 1
      ? postButton('Stop the second replica', '/world/replicas', { count: 1 })
      : postButton('Start a second replica', '/world/replicas', { count: 2 });
  return html`<section><h3>The bot</h3><ul class="plain">${bots.map(drawBot)}</ul>${replicas}</section>`;
}

function drawRedis(isDown: boolean): Markup {
  const text = isDown
    ? html`<span class="bad">The bot cannot reach it.</span>`
    : html`<span>It is there.</span>`;
  const label = isDown ? 'Bring Redis back' : 'Take Redis away';
  return html`<section><h3>Redis</h3>
    <p class="row">${text}${postButton(label, '/world/redis', { down: !isDown })}</p></section>`;
}

export function faultsHtml({ exchange, bots, redisIsDown }: Machinery): string {
  const sections = [drawFaults(exchange), drawBots(bots), drawRedis(redisIsDown), drawClock(exchange)];
  return toHtml(html`<div>${sections}</div>`);
}
