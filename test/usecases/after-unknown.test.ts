/**
 * Exchange case 24: what people are told after a DELETE whose outcome nobody knows. The real exchange client asks the
 * stand-in over HTTP, the real desk judges, the real card tells. The process that sent dies before its first
 * read-back; another one, with a client of its own, goes on from the store. One clock for all, turned here. (With
 * real processes and a real Redis: `test/chaos/kill-points.test.ts`.)
 */
import { expect, it, onTestFinished } from 'vitest';
import { type Exchange, startExchange } from '../../sandbox/binance/exchange.ts';
import type { Settings } from '../../sandbox/binance/settings.ts';
import type { CloseRequest } from '../../src/domain/close/close-request.ts';
import { requestCard } from '../../src/slack/views/request-card.ts';
import type { LoanCloser, LoanReader } from '../../src/usecases/ports.ts';
import { createClient } from '../binance/support/client.ts';
import { ALICE, BOB, START_MS } from '../support/close-requests.ts';
import { DeskHarness, UNIT, withMethods } from '../support/desk-harness.ts';

const MINUTE_MS = 60_000;
const NO_ANSWER = 'Unknown error, please check your request or try again later.';

interface Client {
  readonly reader: LoanReader;
  readonly closer: LoanCloser;
}

/** A client whose process dies with the answer to its DELETE in hand: no read of it succeeds from then on. */
function dyingAfterSend({ reader, closer }: Client): Client {
  let dead = false;
  const unlessDead = <Rest extends unknown[], Answer>(read: (...rest: Rest) => Promise<Answer>) => {
    return async (...rest: Rest) => {
      if (dead) throw new Error('process died');
      return read(...rest);
    };
  };
  return {
    reader: withMethods(reader, {
      findClosedUnit: unlessDead(reader.findClosedUnit),
      riskUnitAsCreditAccount: unlessDead(reader.riskUnitAsCreditAccount),
    }),
    closer: {
      async prepareClose(...rest) {
        const prepared = await closer.prepareClose(...rest);
        if (!prepared.ok) return prepared;
        const send = async () => {
          const outcome = await prepared.value.send();
          dead = true;
          return outcome;
        };
        return { ...prepared, value: { ...prepared.value, send } };
      },
    },
  };
}

interface Aftermath {
  readonly exchange: Exchange;
  readonly harness: DeskHarness;
  /** As the dead process left it. */
  readonly left: CloseRequest;
  /** The new process looks whenever a look is due, for this long; then the record as it is. */
  lookFor(minutes: number): Promise<CloseRequest>;
}

/** A request whose DELETE was answered with 503, `before` or `after` it took effect, by a process that then died. */
async function afterUnknown(when: 'before' | 'after', settings: Partial<Settings> = {}): Promise<Aftermath> {
  const clock = { nowMs: START_MS };
  const now = () => clock.nowMs;
  const exchange = await startExchange({ now, settings });
  onTestFinished(() => exchange.close());
  const client = () => {
    const started = createClient(exchange, { now });
    onTestFinished(() => started.stop());
    return started;
  };
  const pause = async (milliseconds: number) => {
    clock.nowMs += milliseconds;
  };
  const harness = new DeskHarness({}, { ...dyingAfterSend(client()), now, pause });
  // The store of the harness has the harness's clock.
  Object.defineProperty(harness, 'nowMs', { get: now });

  const request = await harness.open();
  exchange.inject({
    endpoint: 'close',
    count: 1,
    effect: { kind: 'error', status: 503, msg: NO_ANSWER, when },
  });
  await harness.approve(ALICE, request);
  await harness.approve(BOB, request).catch(() => {});
  await Promise.allSettled([harness.settled()]);

  const { reader, closer } = client();
  const { attendRequests } = harness.replica({ reader, closer });
  return {
    exchange,
    harness,
    left: await harness.get(request.id),
    async lookFor(minutes) {
      const untilMs = clock.nowMs + minutes * MINUTE_MS;
      for (; clock.nowMs < untilMs; clock.nowMs += 1_000) {
        while ((await attendRequests()) > 0) await harness.settled();
      }
      return harness.get(request.id);
    },
  };
}

const cardOf = (request: CloseRequest) => requestCard(request, { approvers: null, edition: '1' }).text;

it('exchange case 24: unknown, then in the closed list: it says closed, after a restart, too', async () => {
  const { exchange, left, lookFor } = await afterUnknown('after', { closedListDelayMs: 2 * MINUTE_MS });
  expect(left).toMatchObject({ state: 'unknown', readBack: { lastSeen: null } });
  const waiting = await lookFor(1);
  expect(waiting).toMatchObject({ state: 'unknown', readBack: { lastSeen: { kind: 'neither' } } });
  expect(cardOf(waiting)).not.toMatch(/\*Closed/);
  const ended = await lookFor(3);
  expect(ended).toMatchObject({
    state: 'closed',
    ending: { kind: 'read-back' },
    evidence: {
      groupId: UNIT,
      closedAtMs: exchange.closedUnits().find(({ groupId }) => groupId === UNIT)?.closeTimeMs,
    },
  });
  expect(cardOf(ended)).toContain(
    "*Closed.* The unit is in Binance's closed list, close time <!date^1795176000^",
  );
  expect(exchange.deletes()).toEqual(new Map([[UNIT, 1]]));
});

it('exchange case 24: unknown, then still in ltv-details at the last look: not executed, you may ask again', async () => {
  const { exchange, harness, left, lookFor } = await afterUnknown('before');
  expect(left).toMatchObject({ state: 'unknown', readBack: { lastSeen: null } });
  const waiting = await lookFor(1);
  expect(waiting).toMatchObject({ state: 'unknown', readBack: { lastSeen: { kind: 'still-active' } } });
  const ended = await lookFor(5);
  expect(ended).toMatchObject({ state: 'failed', ending: { kind: 'not-executed' } });
  expect(cardOf(ended)).toContain('it was not executed. If the close is still wanted, ask for it again.');
  expect((await harness.open('asked again')).id).not.toBe(ended.id);
  expect(exchange.deletes()).toEqual(new Map([[UNIT, 1]]));
});

it('exchange case 24: unknown, then in neither list: not known, and people settle it by hand', async () => {
  const { exchange, harness, left, lookFor } = await afterUnknown('after', {
    closedListDelayMs: Number.POSITIVE_INFINITY,
  });
  expect(left).toMatchObject({ state: 'unknown', readBack: { lastSeen: null } });
  const still = await lookFor(30);
  expect(still).toMatchObject({
    state: 'unknown',
    ending: null,
    readBack: { lastSeen: { kind: 'neither' } },
  });
  expect(still.pagedAtMs).not.toBeNull();
  expect(cardOf(still)).toMatch(/\*Outcome not known\.\*.* two approvers who agree can resolve it/);
  expect(cardOf(still)).not.toMatch(/\*(Closed|Failed)/);
  expect(await harness.desk.settle(ALICE, still.id, 'closed', 'seen in the console')).toMatchObject({
    ok: true,
  });
  expect(await harness.desk.settle(BOB, still.id, 'closed', 'seen in the console')).toMatchObject({
    value: { state: 'closed', ending: { kind: 'settled' } },
  });
  expect(exchange.deletes()).toEqual(new Map([[UNIT, 1]]));
});
