import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { createGuard, type Delivered, type NamedListener } from '../../src/slack/guard.ts';
import { handled, refused } from '../../src/slack/listener.ts';
import { WorkQueue } from '../../src/slack/work-queue.ts';
import type { SeenOnce } from '../../src/usecases/ports.ts';
import { StoreUnavailable, UnreadableRecord } from '../../src/usecases/ports.ts';
import { MemorySeenOnce } from '../fakes/memory-seen-once.ts';
import { ALICE } from '../support/close-requests.ts';
import { keepingLog, type LogLine } from '../support/logs.ts';
import { notingTurn } from './support/turn.ts';

function scene(options: { seenOnce?: SeenOnce; atOnce?: number; slackHolds?: boolean } = {}) {
  const told: string[] = [];
  const acks: unknown[] = [];
  const redrawn: string[] = [];
  const log: LogLine[] = [];
  let nowMs = 1_000;
  /** While it is held, Slack takes no message. */
  const telling = Promise.withResolvers<void>();
  if (options.slackHolds !== true) telling.resolve();
  const turn = notingTurn(told);
  const lane = () => new WorkQueue({ atOnce: options.atOnce ?? 2, waitingAtMost: 0 });
  const guard = createGuard({
    seenOnce: options.seenOnce ?? new MemorySeenOnce(() => nowMs),
    lanes: { decision: lane(), read: lane() },
    overflowQueue: new WorkQueue({ atOnce: 1, waitingAtMost: 0 }),
    log: keepingLog((line) => log.push(line)),
    now: () => nowMs,
    newReference: () => 'ref-1',
    redrawCard: async (requestId) => void redrawn.push(requestId),
  });
  const delivered = (deliveryKey = 'key', kind: 'command' | 'button' = 'button'): Delivered => ({
    turn: { ...turn, tell: (message) => telling.promise.then(() => turn.tell(message)) },
    deliveryKey: () => deliveryKey,
    ack: async (faults) => void acks.push(faults),
    answerInAck: async ({ text }) => kind === 'command' && acks.push(text) > 0,
  });
  return {
    ...{ told, acks, redrawn, log, guard, delivered },
    letSlackTake: () => telling.resolve(),
    pass: (ms: number) => {
      nowMs += ms;
    },
  };
}

const QUICK: NamedListener = { name: 'quick', work: async () => handled('R1') };

describe('the guard', () => {
  it('acks before slow work ends', async () => {
    const { guard, delivered, acks, log, pass } = scene();
    const slow = Promise.withResolvers<void>();
    const running = guard(
      {
        name: 'slow',
        work: async () => {
          await slow.promise;
          return handled();
        },
      },
      delivered(),
    );
    await Promise.resolve();
    expect(acks).toEqual([null]);
    pass(10_000);
    slow.resolve();
    await running;
    expect(log).toEqual([
      {
        level: 'info',
        message: 'interaction handled',
        fields: {
          listener: 'slow',
          actor: `${ALICE.teamId}/${ALICE.userId}`,
          outcome: 'done',
          requestId: null,
          durationMs: 10_000,
          reference: 'ref-1',
        },
      },
    ]);
  });

  it.each([
    ['in its own words', 'Still reading the list…', 'Still reading the list…'],
    ['in general words', undefined, 'Still working on this. The answer follows here…'],
  ])('tells a person whose answer is late, %s, and nobody else', async (_, lateNotice, expected) => {
    vi.useFakeTimers();
    onTestFinished(() => void vi.useRealTimers());
    const { guard, delivered, told } = scene();
    const { promise, resolve } = Promise.withResolvers<void>();
    const slow: NamedListener = {
      name: 'slow',
      ...(lateNotice === undefined ? {} : { lateNotice }),
      work: () => promise.then(() => handled()),
    };
    const running = guard(slow, delivered('one'));
    await guard(QUICK, delivered('two'));
    await vi.advanceTimersByTimeAsync(2_499);
    expect(told).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(told).toEqual([expected]);
    resolve();
    await running;
    await vi.advanceTimersByTimeAsync(60_000);
    expect(told).toEqual([expected]);
  });

  it('answers every refusal and has the card redrawn', async () => {
    const { guard, delivered, told, redrawn, log } = scene();
    const late: NamedListener = { name: 'late', work: async () => refused({ code: 'expired' }, 'R1') };
    await guard(late, delivered());
    expect(told[0]).toContain('This request has expired.');
    expect(redrawn).toEqual(['R1']);
    expect(log[0]?.fields).toMatchObject({ outcome: 'expired', requestId: 'R1' });
  });

  it.each([
    'role-missing',
    'not-a-full-member',
    'self-approval',
    'not-the-requester',
    'not-the-card',
  ] as const)('fault N3: %s causes no edit of the card', async (code) => {
    const { guard, delivered, told, redrawn } = scene();
    const refusal =
      code === 'role-missing'
        ? { code, role: 'approver' as const }
        : code === 'not-a-full-member'
          ? { code, kind: 'guest' as const }
          : { code };
    await guard({ name: 'rightless', work: async () => refused(refusal, 'R1') }, delivered());
    expect(told).toHaveLength(1);
    expect(redrawn).toEqual([]);
  });

  it('fault N5: what goes wrong while a form opens is said in the form, once it is open', async () => {
    const down: SeenOnce = {
      has: async () => false,
      forget: async () => {},
      first: async () => {
        throw new StoreUnavailable(new Error('OOM'));
      },
    };
    const { guard, delivered, told } = scene({ seenOnce: down });
    const opens = Promise.withResolvers<boolean>();
    const running = guard(
      { name: 'form', prepare: () => opens.promise, work: async () => handled() },
      delivered(),
    );
    await new Promise((resolve) => setImmediate(resolve));
    expect(told).toEqual([]);
    opens.resolve(true);
    await running;
    expect(told).toEqual([expect.stringContaining("can't reach its own records")]);
  });

  it('answers an unexpected error with a reference that is in the log, and with nothing else of it', async () => {
    const { guard, delivered, told, log } = scene();
    const broken: NamedListener = {
      name: 'broken',
      work: async () => {
        throw new Error('at https://hooks.slack.test/commands/T1/2/secret with xoxb-123-abc');
      },
    };
    await guard(broken, delivered());
    expect(told).toHaveLength(1);
    expect(told[0]).toContain('*ref-1*');
    expect(told[0]).not.toMatch(/hooks|secret|xoxb/);
    expect(log[0]?.fields).toMatchObject({ reference: 'ref-1', message: 'at [url] with [token]' });
    expect(JSON.stringify(log)).not.toMatch(/secret|xoxb-123/);
  });

  it.each([
    ['a command or a click is silent', false, []],
    ['a form says so', true, [expect.stringContaining('delivered this a second time')]],
  ])('has one effect for two deliveries; of the second, %s', async (_, hasModal, expected) => {
    const { guard, delivered, told } = scene();
    let effects = 0;
    const counting: NamedListener = {
      name: 'counting',
      work: async () => {
        effects += 1;
        return handled();
      },
    };
    const arrives = (deliveryKey: string) => {
      const { turn, ...rest } = delivered(deliveryKey);
      return guard(counting, { ...rest, turn: { ...turn, hasModal } });
    };
    await Promise.all([arrives('same'), arrives('same')]);
    await arrives('other');
    expect(effects).toBe(2);
    expect(told).toEqual(expected);
  });

  it('does nothing when it cannot tell whether it was seen before', async () => {
    const down: SeenOnce = {
      has: async () => false,
      forget: async () => {},
      first: async () => {
        throw new StoreUnavailable(new Error('ECONNREFUSED'));
      },
    };
    const { guard, delivered, told, acks } = scene({ seenOnce: down });
    let effects = 0;
    await guard(
      {
        name: 'never',
        work: async () => {
          effects += 1;
          return handled();
        },
      },
      delivered(),
    );
    expect(effects).toBe(0);
    expect(acks).toHaveLength(1);
    expect(told).toEqual([expect.stringContaining("can't reach its own records")]);
  });

  describe('at the door, with the queue full', () => {
    const BUSY = expect.stringContaining('too busy right now');

    async function full() {
      const held = Promise.withResolvers<void>();
      const slow: NamedListener = {
        name: 'slow',
        work: async () => {
          await held.promise;
          return handled();
        },
      };
      const on = scene({ atOnce: 1, slackHolds: true });
      const first = on.guard(slow, on.delivered('one'));
      await Promise.resolve();
      on.acks.length = 0;
      const release = async () => {
        on.letSlackTake();
        held.resolve();
        await first;
      };
      return { ...on, slow, release };
    }

    it('a command has its answer in the ack, and nothing follows, however many there are', async () => {
      const { guard, delivered, acks, told, log, slow, release } = await full();
      for (let count = 0; count < 300; count += 1) await guard(slow, delivered(`c${count}`, 'command'));
      expect(acks).toEqual(Array.from({ length: 300 }, () => BUSY));
      expect(log.map(({ fields }) => fields)).toMatchObject(
        Array.from({ length: 300 }, () => ({ outcome: 'too-much-at-once' })),
      );
      await release();
      expect(told).toEqual([]);
    });

    it('a click is told after its ack; beyond the bound it is not acked, so that Slack says it failed', async () => {
      const { guard, delivered, acks, told, log, slow, release } = await full();
      const answered = guard(slow, delivered('two'));
      await guard(slow, delivered('three'));
      expect(acks).toEqual([null]);
      expect(log.map(({ fields }) => fields)).toMatchObject([{ outcome: 'not-acked' }]);
      await release();
      await answered;
      expect(told).toEqual([BUSY]);
    });
  });

  it("fault R2: says that a record that doesn't match its seal is not trusted, and names the request", async () => {
    const { guard, delivered, told, log } = scene();
    await guard(
      {
        ...QUICK,
        work: async () => {
          throw new UnreadableRecord('R000000001', "it doesn't match its seal");
        },
      },
      delivered(),
    );
    expect(told).toEqual([
      expect.stringMatching(/R000000001.*can't be trusted \(it doesn't match its seal\)/),
    ]);
    expect(log.map(({ level, fields }) => ({ level, ...fields }))).toMatchObject([
      { level: 'error', requestId: 'R000000001', why: "it doesn't match its seal" },
      { outcome: 'record-not-proved', requestId: 'R000000001' },
    ]);
  });

  it('keeps a form open with its errors, and does nothing else', async () => {
    const { guard, delivered, acks, log } = scene();
    await guard({ ...QUICK, check: () => ({ 'input:reason': 'A reason is needed.' }) }, delivered());
    expect(acks).toEqual([{ 'input:reason': 'A reason is needed.' }]);
    expect(log[0]?.fields).toMatchObject({ outcome: 'form-faults' });
  });

  it('stops when the modal did not open, and survives a modal that throws', async () => {
    const { guard, delivered, log, told } = scene();
    await guard({ ...QUICK, prepare: async () => false }, delivered('one'));
    await guard(
      {
        ...QUICK,
        prepare: async () => {
          throw new Error('no');
        },
      },
      delivered('two'),
    );
    expect(log.map(({ fields }) => fields)).toMatchObject([
      { outcome: 'modal-not-opened' },
      { name: 'Error' },
      { outcome: 'error' },
    ]);
    expect(told).toEqual([
      expect.stringContaining("Slack didn't open the form"),
      expect.stringContaining('Something unexpected'),
    ]);
  });
});
