/** After the trouble: people go on until nothing is open and everything was told. */
import { setTimeout as pause } from 'node:timers/promises';
import type { Exchange } from '../../sandbox/binance/exchange.ts';
import { SEED_IDS } from '../../sandbox/slack/seed.ts';
import type { CloseRequest } from '../../src/domain/close/close-request.ts';
import type { People } from './people.ts';
import type { Records } from './records.ts';
import { votersOf } from './rules.ts';

const { rina, ada, ben, chen } = SEED_IDS;
const ROUND_MS = 2_000;
/** Below what 60 reads a minute allow: every vote here reads the unit, and so does every send. */
const VOTES_A_ROUND = 4;

export interface FinishParts {
  readonly people: People;
  readonly records: Records;
  readonly exchange: Exchange;
  /** How long all of it may take. */
  readonly withinMs: number;
  /** From then on two people settle by hand what the bots could not prove; before, the bots have their chance. */
  readonly settleByHandAfterMs: number;
}

export interface Finished {
  readonly durationMs: number;
  readonly settledByHand: number;
  /** Empty when everything came to an end. */
  readonly stillOpen: readonly CloseRequest[];
  readonly undelivered: number;
}

export async function finish(parts: FinishParts): Promise<Finished> {
  const { records, withinMs } = parts;
  const startedAt = performance.now();
  const settled = new Set<string>();
  for (;;) {
    const open = await records.listOpen();
    const undelivered = await records.undelivered();
    const durationMs = performance.now() - startedAt;
    const over = open?.length === 0 && undelivered === 0;
    if (over || durationMs > withinMs) {
      return {
        durationMs,
        settledByHand: settled.size,
        stillOpen: open ?? [],
        undelivered: undelivered ?? -1,
      };
    }
    const byHand = durationMs > parts.settleByHandAfterMs;
    const waiting = (open ?? []).filter(({ state }) => state === 'pending' || state === 'approved');
    const unknown = byHand ? (open ?? []).filter(({ state }) => state === 'unknown') : [];
    for (const { id } of unknown) settled.add(id);
    await Promise.all([
      ...waiting.slice(0, VOTES_A_ROUND).map((request) => goOn(request, parts)),
      ...unknown.slice(0, VOTES_A_ROUND).map((request) => settle(request, parts)),
      // A stop may be left from the trouble.
      parts.people.resume(chen),
      pause(ROUND_MS),
    ]);
  }
}

/** Every other request is decided by votes, the others are taken back. */
async function goOn(request: CloseRequest, { people }: FinishParts): Promise<void> {
  const wanted = Number(request.groupId) % 2 === 0;
  if (request.state === 'approved') {
    if (request.abandonedClaims > 0) await people.startSending(ada, request);
    return;
  }
  if (!wanted) {
    await people.withdraw(rina, request);
    return;
  }
  const missing = votersOf(request).filter((who) => !request.votes.some((vote) => vote.voter.userId === who));
  // Enough people may have approved, and nobody of a group that is needed.
  const needed = Math.max(1, request.policy.quorum - request.votes.length);
  await Promise.all(missing.slice(0, needed).map((who) => people.approve(who, request)));
  // A request whose facts forbid the close has no button to approve it: it is taken back.
  if (Number(request.facts.totalLiability) > 0) await people.withdraw(rina, request);
}

/** What people see in the exchange's console is the truth. */
async function settle(request: CloseRequest, { people, exchange }: FinishParts): Promise<void> {
  const isClosed = exchange.closedUnits().some(({ groupId }) => groupId === request.groupId);
  for (const who of [ada, ben]) await people.settle(who, request, isClosed ? 'closed' : 'not-closed');
}
