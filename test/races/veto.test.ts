/** A veto races the end of the time in which a close can be stopped, on a real store, several requests side by side. */
import { expect, it } from 'vitest';
import type { CloseRequest } from '../../src/domain/close/close-request.ts';
import type { Result } from '../../src/domain/refusal.ts';
import { ALICE, BOB, CAROL, policy, REQUESTER } from '../support/close-requests.ts';
import { approve, loaded, Replicas, rounds, type Step, turns } from './replicas.ts';

const RACES = rounds(200);
const DELAY_MS = 40;

/** After which steps on the way from the last approval to the DELETE the veto is given, and so many turns later. */
const STEPS = [
  'saved approved',
  'saving claimed',
  'saved claimed',
  'signing',
  'saving sent',
  'saved sent',
] as const satisfies readonly Step[];
const TURNS_LATER = [0, 1, 3, 6, 10];

it(`a veto races the end of the time to stop a close, ${RACES} times: one of them wins, and a veto that won sent nothing`, async () => {
  const replicas = await Replicas.start();
  const waiting = new Map<string, () => void>();
  const onStep = (groupId: string, step: Step) => {
    waiting.get(`${groupId} ${step}`)?.();
    waiting.delete(`${groupId} ${step}`);
  };
  const options = { policy: policy({ delayMs: DELAY_MS }), onStep };
  const [one, other] = [await replicas.add(options), await replicas.add(options)];
  const ends = new Map<string, number>();

  async function race(unit: string, round: number): Promise<void> {
    const request = await replicas.open(one, unit);
    await approve(one, ALICE, request);
    const step = STEPS[round % STEPS.length] ?? 'signing';
    const later = TURNS_LATER[round % TURNS_LATER.length] ?? 0;
    const inTurn = Math.floor(round / STEPS.length);
    const vetoer = inTurn % 4 < 2 ? one : other;
    const vetoed = Promise.withResolvers<Result<CloseRequest>>();
    waiting.set(`${unit} ${step}`, () => {
      turns(later)
        .then(() =>
          (round + inTurn) % 2 === 0
            ? vetoer.work.desk.reject(CAROL, request.id, request.version, 'wait')
            : vetoer.work.desk.withdraw(REQUESTER, request.id),
        )
        .then(vetoed.resolve, vetoed.reject);
    });
    expect(await approve(other, BOB, request)).toMatchObject({ ok: true, value: { state: 'approved' } });
    const { votes } = await loaded(one.redis, request.id);
    const endsAtMs = Math.max(...votes.map(({ atMs }) => atMs)) + DELAY_MS;
    await send(request, endsAtMs, inTurn);
    const veto = await vetoed.promise;
    // Another attempt, by hand or in a round, sends nothing that was stopped.
    await one.work.desk.startSending(ALICE, request.id, request.version);
    await other.work.attendRequests();
    await replicas.settled();

    const { state, sent } = await loaded(other.redis, request.id);
    ends.set(state, (ends.get(state) ?? 0) + 1);
    const when = `${state}, ${later} turns after ${step}`;
    expect(replicas.deletesOf(request), when).toBe(state === 'closed' ? 1 : 0);
    expect(veto.ok, `the veto won exactly when nothing was closed (${when})`).toBe(state !== 'closed');
    if (!veto.ok) expect(['already-executing', 'already-decided']).toContain(veto.refusal.code);
    if (sent !== null) expect(sent.atMs).toBeGreaterThanOrEqual(endsAtMs);
    if (state !== 'closed') replicas.exchange.closeOutside(unit);
  }

  /** In the rounds of a replica, or by hand as soon as the time is over. */
  async function send({ id, version }: CloseRequest, endsAtMs: number, inTurn: number): Promise<void> {
    const sender = inTurn % 8 < 4 ? one : other;
    while ((await replicas.redisNowMs(sender)) < endsAtMs);
    if (inTurn % 2 === 0) await sender.work.desk.startSending(ALICE, id, version);
    else await sender.work.attendRequests();
    await replicas.settled();
  }

  await replicas.sideBySide(RACES, race);
  expect([...ends.keys()].toSorted()).toEqual(['closed', 'rejected', 'withdrawn']);
  expect(replicas.failures).toEqual([]);
  expect(replicas.exchange.requests({ status: 429 })).toHaveLength(0);
}, 180_000);
