/** What can be broken on purpose: the exchange's answers, its clock, Redis, the bot. */
import type { ReactElement } from 'react';
import type { Exchange } from '../binance/exchange.ts';
import type { Fault } from '../binance/faults.ts';
import type { BotState } from './bot-fleet.ts';
import { clockText, labelled, mergeMenu, postButton, postForm, submitButton } from './draw-panel.ts';
import { h, toHtml } from './html.ts';

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

function drawFault(fault: Fault): ReactElement {
  const where = fault.endpoint ?? fault.method ?? 'every call';
  const left = fault.remaining === null ? 'until switched off' : `${fault.remaining} to go`;
  const text = `${effectText(fault)}, ${where}, ${left}`;
  return h(
    'li',
    { key: fault.id, 'data-key': `fault-${fault.id}`, className: 'row' },
    h('span', null, text),
    postButton('Off', '/exchange/clearFaults', { id: fault.id }, { spoken: `Switch off: ${text}` }),
  );
}

function drawFaults(exchange: Exchange): ReactElement {
  const faults = exchange.faults();
  return h(
    'section',
    null,
    h('h3', null, 'The exchange answers badly'),
    postForm(
      '/exchange/inject',
      {},
      'inject',
      mergeMenu('What', EFFECTS),
      mergeMenu('Which call', SCOPES),
      mergeMenu('How often', COUNTS),
      submitButton('Switch on'),
    ),
    faults.length === 0
      ? h('p', { className: 'quiet' }, 'No fault is switched on.')
      : h('ul', { className: 'plain' }, faults.map(drawFault)),
  );
}

function drawClock(exchange: Exchange): ReactElement {
  const { skewMs } = exchange.settings();
  return h(
    'section',
    null,
    h('h3', null, "The exchange's clock"),
    h('p', { className: 'quiet' }, `It shows ${clockText(exchange.serverTimeMs())} UTC, ${skewMs} ms off.`),
    postForm(
      '/exchange/configure',
      {},
      'skew',
      labelled(
        'Skew in ms',
        h('input', {
          name: 'skewMs',
          'data-number': '',
          type: 'number',
          step: 100,
          required: true,
          defaultValue: 0,
        }),
      ),
      submitButton('Set clock'),
    ),
  );
}

function drawBot({ name, state, pid, restarts }: BotState): ReactElement {
  const text = {
    running: `running, process ${pid}`,
    starting: 'starting',
    gone: 'gone; it comes back by itself',
  }[state];
  const again = restarts === 0 ? '' : `, killed ${restarts} ${restarts === 1 ? 'time' : 'times'}`;
  return h(
    'li',
    { key: name, 'data-key': name, className: 'row' },
    h('span', { className: `bot-state ${state}` }, `${name}: ${text}${again}`),
    state === 'running'
      ? postButton('Kill now', '/world/kill', { name }, { spoken: `Kill now: ${name}`, className: 'danger' })
      : null,
  );
}

function drawBots(bots: readonly BotState[]): ReactElement {
  return h(
    'section',
    null,
    h('h3', null, 'The bot'),
    h('ul', { className: 'plain' }, bots.map(drawBot)),
    bots.length > 1
      ? postButton('Stop the second replica', '/world/replicas', { count: 1 })
      : postButton('Start a second replica', '/world/replicas', { count: 2 }),
  );
}

function drawRedis(isDown: boolean): ReactElement {
  return h(
    'section',
    null,
    h('h3', null, 'Redis'),
    h(
      'p',
      { className: 'row' },
      h(
        'span',
        { className: isDown ? 'bad' : undefined },
        isDown ? 'The bot cannot reach it.' : 'It is there.',
      ),
      postButton(isDown ? 'Bring Redis back' : 'Take Redis away', '/world/redis', { down: !isDown }),
    ),
  );
}

export function faultsHtml({ exchange, bots, redisIsDown }: Machinery): string {
  return toHtml(
    h('div', null, drawFaults(exchange), drawBots(bots), drawRedis(redisIsDown), drawClock(exchange)),
  );
}
