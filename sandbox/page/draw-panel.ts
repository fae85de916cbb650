/** The side panel: what the exchange heard, what can be broken on purpose, what the bot has stored. */
import type { CloseRequest } from '../../src/domain/close/close-request.ts';
import type { PersonId } from '../../src/domain/person.ts';
import type { Exchange } from '../binance/exchange.ts';
import type { Fault } from '../binance/faults.ts';
import type { WireRecord } from '../binance/wire-log.ts';
import type { Directory } from '../slack/directory.ts';
import { REFUSABLE, type WorkspaceFaults } from '../slack/faults.ts';
import type { BotState, CloseMode } from './bot-fleet.ts';
import {
  type Content,
  clockText,
  html,
  labelled,
  type Markup,
  menu,
  postButton,
  postForm,
  table,
  toHtml,
} from './html.ts';
import type { RecordView } from './record-reader.ts';

const CALLS_SHOWN = 30;
const MINUTE_MS = 60_000;

function drawWeights(exchange: Exchange): Markup {
  const minuteMs = Math.floor(exchange.serverTimeMs() / MINUTE_MS) * MINUTE_MS;
  const counted = exchange.weights().filter(({ minuteStartMs }) => minuteStartMs === minuteMs);
  if (counted.length === 0) return html`<p class="quiet">Nothing was asked in this minute.</p>`;
  const rows = counted.map(({ pool, scope, subject, used, limit }) => [
    pool,
    `${scope.toUpperCase()} ${subject}`,
    html`<meter min="0" max="${limit}" value="${used}" aria-label="Weight used of ${pool}"></meter> ${used} of ${limit}`,
  ]);
  return table('Weight used this minute', ['Pool', 'For', 'Used of limit'], rows);
}

function drawCall(call: WireRecord): readonly Content[] {
  const isBad = call.status === null ? call.done : call.status >= 400;
  const status = call.done ? (call.status ?? 'no answer') : 'under way';
  const code = call.code === null ? '' : ` (${call.code})`;
  return [
    clockText(call.receivedAtMs),
    html`<span class="${call.method === 'DELETE' && 'strong'}">${call.method} ${call.path.split('/').at(-1)}</span>`,
    [call.account, call.groupId === null ? null : `unit ${call.groupId}`]
      .filter((part) => part !== null)
      .join(', '),
    html`<span class="${isBad && 'bad'}">${status}${code}${call.fault !== null && `, ${call.fault}`}</span>`,
    call.answeredAtMs === null ? '' : `${call.answeredAtMs - call.receivedAtMs} ms`,
  ];
}

export function callsHtml(exchange: Exchange): string {
  const rows = exchange.requests().slice(-CALLS_SHOWN).reverse().map(drawCall);
  return toHtml(html`<div>
    <h3>Weight used this minute</h3>${drawWeights(exchange)}
    <h3>Last calls, newest first (UTC)</h3>${table('Last calls', ['Time', 'Call', 'By', 'Status', 'Took'], rows)}
  </div>`);
}

type Choice = readonly [text: string, fields: object];

/** The most instructive one first: the close took effect, but its answer is lost. */
const EFFECTS: readonly Choice[] = [
  ['connection reset after the effect', { effect: { kind: 'reset', when: 'after' } }],
  ['503 after the effect', { effect: { kind: 'error', when: 'after', status: 503 } }],
  ['500 before the effect', { effect: { kind: 'error', when: 'before', status: 500 } }],
  ['429, too many requests', { effect: { kind: 'rate-limited', retryAfterS: 5 } }],
  ['slow: 5 s before the effect', { effect: { kind: 'latency', ms: 5_000, when: 'before' } }],
  ['slow: 5 s after the effect', { effect: { kind: 'latency', ms: 5_000, when: 'after' } }],
];
const CALLS: readonly Choice[] = [
  ['the close (DELETE)', { method: 'DELETE' }],
  ['reads (GET)', { method: 'GET' }],
  ['every call', {}],
];
const COUNTS: readonly Choice[] = [
  ['once', { count: 1 }],
  ['three times', { count: 3 }],
  ['until switched off', {}],
];

function drawFault({ id, effect, endpoint, method, remaining }: Fault): Markup {
  const what = { latency: 'slow', error: 'status' in effect ? String(effect.status) : '' }[
    effect.kind as string
  ];
  const when = 'when' in effect ? ` ${effect.when} the effect` : '';
  const left = remaining === null ? 'until switched off' : `${remaining} to go`;
  const text = `${what ?? effect.kind}${when}, ${endpoint ?? method ?? 'every call'}, ${left}`;
  const off = postButton('Off', '/exchange/clearFaults', { id }, `Switch off: ${text}`);
  return html`<li id="fault-${id}" class="row"><span>${text}</span>${off}</li>`;
}

function drawBot({ name, state, pid, restarts }: BotState): Markup {
  const text = {
    running: `running, process ${pid}`,
    starting: 'starting',
    gone: 'gone; it comes back by itself',
  }[state];
  const again = restarts === 0 ? '' : `, killed ${restarts} ${restarts === 1 ? 'time' : 'times'}`;
  const kill = postButton('Kill now', '/world/kill', { name }, `Kill now: ${name}`, 'danger');
  return html`<li id="${name}" class="row"><span class="state ${state}">${name}: ${text}${again}</span>
    ${state === 'running' && kill}</li>`;
}

export interface Machinery {
  readonly exchange: Exchange;
  readonly slackFaults: WorkspaceFaults;
  readonly bots: readonly BotState[];
  readonly mode: CloseMode;
  readonly byRules: boolean;
  readonly redisIsDown: boolean;
}

const SKIPS = [
  ['Skip 5 minutes', 5],
  ['Skip 1 hour', 60],
  ['Skip 4 hours', 240],
] as const;

function drawRefusal(faults: WorkspaceFaults, blockType: (typeof REFUSABLE)[number]): Markup {
  const isOn = faults.refusing(blockType).length > 0;
  const label = isOn ? `Take ${blockType} again` : `Refuse ${blockType}`;
  return postButton(label, '/slack/refuse', { blockType, on: !isOn });
}

export function faultsHtml(machinery: Machinery): string {
  const { exchange, slackFaults, bots, mode, byRules, redisIsDown: isDown } = machinery;
  const faults = exchange.faults().map(drawFault);
  const menus = [menu('What', EFFECTS), menu('Which call', CALLS), menu('How often', COUNTS)];
  const [replicas, count] = bots.length > 1 ? ['Stop the second replica', 1] : ['Start a second replica', 2];
  const skips = SKIPS.map(([label, minutes]) => postButton(label, '/world/skip', { minutes }));
  const switchMode =
    mode === 'live'
      ? postButton('Switch to dry run', '/world/mode', { mode: 'dry-run' })
      : postButton('Switch to live', '/world/mode', { mode: 'live' });
  const rules = postButton(byRules ? 'Leave the rules' : 'Close by rules', '/world/rules', { on: !byRules });
  const decides = byRules
    ? 'A close needs one of Treasury and one of Risk, and can be stopped for two minutes.'
    : 'A close needs two of the approvers.';
  const redis = isDown
    ? html`<span class="bad">The bot cannot reach it.</span>`
    : html`<span>It is there.</span>`;
  const skew = html`<input name="skewMs" type="number" step="100" required value="0">`;
  return toHtml(html`<div>
    <h3>Time</h3>
    <p class="quiet">It is ${clockText(Date.now())} UTC in the sandbox.</p>
    <div class="row">${skips}</div>
    <h3>Binance answers badly</h3>
    ${postForm('/exchange/inject', {}, 'inject', 'Switch on', menus)}
    ${faults.length === 0 ? html`<p class="quiet">No fault is switched on.</p>` : html`<ul class="plain">${faults}</ul>`}
    <h3>The bot</h3>
    <ul class="plain">${bots.map(drawBot)}</ul>
    <div class="row">${postButton(String(replicas), '/world/replicas', { count })}${switchMode}</div>
    <h3>Who decides</h3>
    <p class="row"><span>${decides}</span>${rules}</p>
    <h3>Slack</h3>
    <p class="quiet">A workspace may not know a block yet: the bot then says the same in simpler ones.</p>
    <div class="row">${REFUSABLE.map((type) => drawRefusal(slackFaults, type))}</div>
    <h3>Redis</h3>
    <p class="row">${redis}
      ${postButton(isDown ? 'Bring Redis back' : 'Take Redis away', '/world/redis', { down: !isDown })}</p>
    <h3>Binance's clock</h3>
    <p class="quiet">It shows ${clockText(exchange.serverTimeMs())} UTC, ${exchange.settings().skewMs} ms off.</p>
    ${postForm('/exchange/configure', {}, 'skew', 'Set clock', labelled('Skew in ms', skew))}
  </div>`);
}

function drawRequest(request: CloseRequest, nameOf: (person: PersonId) => string): Markup {
  const { sent, answer, evidence, readBack, votes, voidedVotes } = request;
  const told = votes.map(({ voter, atMs }) => `${nameOf(voter)} at ${clockText(atMs)}`);
  const voided = voidedVotes.map(({ voter, because }) => `${nameOf(voter)} (void: ${because})`);
  const seen =
    evidence === null
      ? readBack.lastSeen?.kind
      : `in the closed list, closed at ${clockText(evidence.closedAtMs)}`;
  const rows: readonly (readonly [string, Content])[] = [
    ['State', html`<strong class="state ${request.state}">${request.state}</strong>`],
    ['Version', `${request.version} (revision ${request.revision})`],
    ['Asked by', `${nameOf(request.requester)} at ${clockText(request.createdAtMs)}`],
    [`Votes, ${request.policy.quorum} needed`, [...told, ...voided].join('; ') || 'none'],
    ['Facts', html`<code>${request.factsDigest.slice(0, 16)}</code>`],
    ['DELETE marked', sent === null ? 'not sent' : `at ${clockText(sent.atMs)}`],
    ['Answer', answer === null ? 'none' : `${answer.kind}: ${answer.meaning}`],
    ['Read back', seen ?? 'nothing seen yet'],
  ];
  return html`<dl class="record">${rows.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>`;
}

/** What the bot has stored about a request, and whether its audit trail holds. */
export function recordHtml({ requests, chosen, trail, fault }: RecordView, directory: Directory): string {
  if (chosen === null)
    return toHtml(html`<p class="quiet">No close was asked for yet. Try /close-unit 7 repaid, as Rina.</p>`);
  const nameOf = ({ userId }: PersonId) => directory.people.get(userId)?.realName ?? userId;
  const options = requests.map(
    ({ id, groupId, state }) =>
      html`<option ${{ value: id, selected: id === chosen.id }}>unit ${groupId}: ${state}, ${id}</option>`,
  );
  const verdict =
    fault === null
      ? html`<p class="good">✓ Audit trail verified, no gaps: ${trail.length} entries.</p>`
      : html`<p class="bad" role="alert">✗ The audit chain is broken at ${fault}</p>`;
  const rows = trail.map(({ body: { sequence, event, stateAfter }, seal, holds }) => [
    sequence,
    clockText(event.atMs),
    event.by === null ? 'the bot' : nameOf(event.by),
    `${event.type} → ${stateAfter}`,
    html`<span class="${holds ? 'good' : 'bad'}">${holds ? '✓ fits' : '✗ does not fit'} <code>${seal.slice(0, 8)}</code></span>`,
  ]);
  return toHtml(html`<div>
    ${labelled('Close request', html`<select id="record-choice">${options}</select>`)}
    ${drawRequest(chosen, nameOf)}
    <h3>Audit trail (UTC)</h3>${verdict}
    ${table('Audit trail', ['#', 'Time', 'Who', 'What → state after', 'Seal'], rows)}
  </div>`);
}
