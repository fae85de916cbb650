/** Units whose prices move while everything breaks, and whether Slack has exactly the messages that the trail says. */
import { setTimeout as pause } from 'node:timers/promises';
import type { Exchange } from '../../sandbox/binance/exchange.ts';
import { SEED_IDS } from '../../sandbox/slack/seed.ts';
import type { StoredMessage } from '../../sandbox/slack/store.ts';
import type { AuditEntry } from '../../src/domain/audit-chain.ts';
import type { Random } from './random.ts';

export const WATCH_SETTINGS = {
  WATCH: 'on',
  WATCH_CHANNEL: SEED_IDS.loanAlerts,
  WATCH_GROUP: SEED_IDS.approvers,
  WATCH_EVERY: '15s',
};
const UNITS = ['9001', '9002'] as const;
const LTVS = ['0.6', '0.84', '0.86', '0.91', '0.95'] as const;
const MOVE_EVERY_MS = 12_000;

export function addWatchedUnits(exchange: Exchange, creditEmail: string): void {
  const liabilities = [{ assetName: 'USDT', principal: '1000000', interest: '0' }];
  for (const groupId of UNITS) exchange.addUnit({ groupId, creditEmail, liabilities });
}

/** Until it is stopped; then all are calm. */
export async function movePrices(exchange: Exchange, random: Random, stopped: AbortSignal): Promise<void> {
  while (!stopped.aborted) {
    exchange.fallTo(random.pick(UNITS), random.pick(LTVS));
    await pause(MOVE_EVERY_MS, undefined, { signal: stopped }).catch(() => {});
  }
  for (const groupId of UNITS) exchange.fallTo(groupId, '0.6');
}

/** Each has a line in the thread. */
const TOLD = ['worsened', 'repeated', 'recovered', 'reopened', 'escalated'];

/**
 * The messages of the watch's channel carry the key of the outbox item they came from. `lost`: Redis may have lost its
 * last second, so Slack may know more than the trail.
 */
export function judgeWatch(
  messages: readonly StoredMessage[],
  trail: ReadonlyMap<string, readonly AuditEntry[]>,
  lost: boolean,
): string[] {
  const violations: string[] = [];
  const posted = new Map<string, { cards: number; replies: number }>();
  const seen = new Set<string>();
  for (const { metadata, threadTs } of messages) {
    const key = keyOf(metadata);
    if (key === null) continue;
    if (seen.has(key)) violations.push(`watch: ${key} stands in Slack twice`);
    seen.add(key);
    const subject = key.split('/')[0] ?? '';
    const count = posted.get(subject) ?? { cards: 0, replies: 0 };
    if (threadTs === undefined) count.cards += 1;
    else count.replies += 1;
    posted.set(subject, count);
  }
  for (const [episode, entries] of trail) {
    const count = posted.get(episode) ?? { cards: 0, replies: 0 };
    if (count.cards + count.replies === 0) violations.push(`watch: nothing was said of ${episode}`);
    if (count.cards > 1 && !lost) violations.push(`watch: ${episode} has ${count.cards} cards`);
    const types = entries.map(({ body }) => body.event.type);
    const cardAt = types.indexOf('card-posted');
    // Before its card is there, the card is what says that a unit is still at its level.
    const lines = types.filter(
      (type, at) => TOLD.includes(type) && (type !== 'repeated' || at > cardAt),
    ).length;
    if (count.replies < lines)
      violations.push(`watch: ${episode} has ${count.replies} lines in its thread, and its trail ${lines}`);
  }
  return violations;
}

export function keyOf(metadata: unknown): string | null {
  const found = /"key":"([^"]+)"/.exec(JSON.stringify(metadata ?? null));
  return found?.[1] ?? null;
}
