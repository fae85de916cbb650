/** What Slack was told, against what was true at that moment: no "closed" too early, few repeats, no stale card. */

import type { ClosedUnit } from '../../sandbox/binance/model.ts';
import { SEED_IDS } from '../../sandbox/slack/seed.ts';
import type { StoredMessage } from '../../sandbox/slack/store.ts';
import type { Workspace } from '../../sandbox/slack/workspace.ts';
import type { CloseRequest } from '../../src/domain/close/close-request.ts';
import { isTerminal } from '../../src/domain/close/close-state.ts';
import { ACTIONS } from '../../src/slack/ids.ts';
import { standingText } from '../../src/slack/views/request-text.ts';
import { offers } from './people.ts';
import { keyOf } from './watched.ts';

export interface Told {
  /** Messages by the bot that everybody or one person keeps; edits of a card count. */
  readonly messages: number;
  readonly sayClosed: number;
  /** Messages that stand more than once, counted without the first. */
  readonly repeats: number;
  readonly mostRepeats: number;
  readonly violations: readonly string[];
}

/** The exchange's list by its name, our own command, a denial, and a late click's answer: none names a closed unit. */
const FIXED_PHRASES = new RegExp(
  [
    "Binance's closed list",
    'in the closed list',
    '/closed-units',
    '"(?:not-)?closed"',
    'Nothing was closed',
    'already decided: closed',
  ].join('|'),
  'g',
);
/** What the outbox tells in person; answers to clicks may well be the same twice. */
const TOLD_IN_PERSON = /to close unit|no longer counts/;
/** At half and at 80 % of the lifetime, in the same words. */
const REMINDERS = 2;

export function judgeTold(
  workspace: Workspace,
  requests: ReadonlyMap<string, CloseRequest>,
  closedUnits: ReadonlyMap<string, ClosedUnit>,
): Told {
  const violations: string[] = [];
  const confirmedAtMs = confirmations(requests);
  const unitOfCard = unitsOfCards(workspace);
  let messages = 0;
  let sayClosed = 0;
  for (const event of workspace.store.events) {
    if (event.type !== 'message' && event.type !== 'message_changed') continue;
    const { message } = event;
    if (message.userId !== SEED_IDS.botUser || message.viewerId !== undefined) continue;
    messages += 1;
    if (!/\bclosed\b/i.test(readable(message))) continue;
    sayClosed += 1;
    const unit = unitOf(message, unitOfCard);
    const closed = closedUnits.get(unit);
    if (closed === undefined || event.atMs < closed.closeTimeMs) {
      violations.push(
        `unit ${unit} was called closed before the exchange closed it: ${message.text.slice(0, 200)}`,
      );
    } else if (event.atMs < (confirmedAtMs.get(unit) ?? Number.POSITIVE_INFINITY)) {
      violations.push(
        `unit ${unit} was called closed before the record said so: ${message.text.slice(0, 200)}`,
      );
    }
  }
  violations.push(...staleCards(workspace, requests));
  return { messages, sayClosed, ...repeats(workspace), violations };
}

function readable({ text, blocks }: StoredMessage): string {
  return JSON.stringify([text, blocks]).replaceAll(FIXED_PHRASES, '');
}

/** A reply is about the unit of its card; a card and a direct message name theirs. */
function unitOf({ text, blocks, threadTs }: StoredMessage, unitOfCard: ReadonlyMap<string, string>): string {
  const ofCard = threadTs === undefined ? undefined : unitOfCard.get(threadTs);
  return ofCard ?? /unit \*?(\d+)/i.exec(`${text} ${JSON.stringify(blocks)}`)?.[1] ?? '';
}

/** Every card that was ever posted, also one that another took the place of: replies are under both. */
function unitsOfCards(workspace: Workspace): Map<string, string> {
  const units = new Map<string, string>();
  for (const event of workspace.store.events) {
    if (event.type !== 'message' || event.message.userId !== SEED_IDS.botUser) continue;
    const { channelId, threadTs, ts } = event.message;
    if (channelId === SEED_IDS.loanDesk && threadTs === undefined)
      units.set(ts, unitOf(event.message, new Map()));
  }
  return units;
}

/** When each unit's record was confirmed as closed, by the store's clock. */
function confirmations(requests: ReadonlyMap<string, CloseRequest>): Map<string, number> {
  const confirmed = new Map<string, number>();
  for (const { groupId, state, ending } of requests.values()) {
    if (state === 'closed' && ending !== null) confirmed.set(groupId, ending.atMs);
  }
  return confirmed;
}

/** Replies and direct messages name their moment: the same text twice is a repeat. So is a second card. */
function repeats(workspace: Workspace): { repeats: number; mostRepeats: number } {
  const seen = new Map<string, number>();
  for (const event of workspace.store.events) {
    if (event.type !== 'message') continue;
    const { message } = event;
    if (message.userId !== SEED_IDS.botUser || message.viewerId !== undefined) continue;
    const inPerson = message.channelId !== SEED_IDS.loanDesk;
    if (inPerson && !TOLD_IN_PERSON.test(message.text)) continue;
    const isCard = message.channelId === SEED_IDS.loanDesk && message.threadTs === undefined;
    const what = isCard ? requestIn(message) : message.text;
    const key = `${message.channelId} ${message.threadTs ?? ''} ${what}`;
    seen.set(key, (seen.get(key) ?? 0) + 1);
  }
  const extra = [...seen].map(
    ([key, times]) => times - (/Reminder:/.test(key) ? Math.min(times, REMINDERS) : 1),
  );
  return { repeats: extra.reduce((sum, each) => sum + each, 0), mostRepeats: Math.max(0, ...extra) };
}

/** A message about the rules names itself by its key: the same file may come back. */
function requestIn({ text, blocks, metadata }: StoredMessage): string {
  return /Request `(\w+)`/.exec(JSON.stringify(blocks))?.[1] ?? keyOf(metadata) ?? text;
}

/** A card of an ended request that does not show its end; one that Slack did not let be redrawn is excused. */
function staleCards(workspace: Workspace, requests: ReadonlyMap<string, CloseRequest>): string[] {
  return [...requests.values()].flatMap((request) => {
    const { id, card, state } = request;
    if (card === null || !isTerminal(state)) return [];
    const message = workspace.store.message(card.channelId, card.messageTs);
    if (message === undefined) return [`request ${id}: its card is gone`];
    const buttons = [ACTIONS.approve, ACTIONS.reject, ACTIONS.withdraw, ACTIONS.startSending];
    if (wasNotRedrawn(workspace, card.messageTs)) return [];
    if (buttons.some((action) => offers(message, action)))
      return [`request ${id} (${state}): its card still offers a decision`];
    return showsEnd(message, request) ? [] : [`request ${id} (${state}): its card does not show its end`];
  });
}

/** The card says where the stored record stands, people apart: the channel reads their names. */
function showsEnd({ text, blocks }: StoredMessage, request: CloseRequest): boolean {
  const shown = JSON.stringify([text, blocks]);
  const [end = ''] = standingText(request).split('\n');
  return end
    .split(/<[^>]*>/)
    .map((part) => JSON.stringify(part).slice(1, -1))
    .every((part) => shown.includes(part));
}

function wasNotRedrawn(workspace: Workspace, ts: string): boolean {
  return workspace.store.calls.some(
    ({ method, args, error }) => method === 'chat.update' && args.ts === ts && error === 'message_not_found',
  );
}
