import { describe, expect, it } from 'vitest';
import type { AuditVerdict } from '../../src/domain/audit-chain.ts';
import { createPostAuditHead } from '../../src/usecases/audit-rounds.ts';
import type { Delivery, SeenOnce } from '../../src/usecases/ports.ts';
import { MemorySeenOnce } from '../fakes/memory-seen-once.ts';
import { START_MS } from '../support/close-requests.ts';
import { DeskHarness } from '../support/desk-harness.ts';
import { QUIET } from '../support/logs.ts';

const DAY_MS = 86_400_000;

/** Replicas over one trail and one memory of what was seen. */
function scene(answers: Delivery[] = []) {
  let nowMs = START_MS;
  const posted: { verdict: AuditVerdict; atMs: number }[] = [];
  const office = new DeskHarness();
  const seenOnce: SeenOnce = new MemorySeenOnce(() => nowMs);
  const replica = (checkAudit = office.work.checkAudit) =>
    createPostAuditHead({
      checkAudit,
      seenOnce,
      now: () => nowMs,
      log: QUIET,
      board: {
        postHead: async (verdict, atMs) => {
          const answer = answers.shift() ?? { ok: true, card: null };
          if (answer.ok) posted.push({ verdict, atMs });
          return answer;
        },
      },
    });
  return {
    ...{ office, posted, replica },
    pass: (ms: number) => {
      nowMs += ms;
    },
  };
}

describe('the head of the audit trail', () => {
  it('is posted once a UTC day over all replicas', async () => {
    const { office, posted, replica, pass } = scene();
    const replicas = [replica(), replica(), replica()];
    const { audit } = await office.open();
    expect((await Promise.all(replicas.map((round) => round()))).sort()).toEqual([
      'not-due',
      'not-due',
      'posted',
    ]);
    expect(posted).toEqual([
      {
        verdict: {
          entries: 2,
          requests: 1,
          episodes: 0,
          head: expect.stringMatching(/^[0-9a-f]{64}$/),
          fault: null,
          kept: null,
        },
        atMs: START_MS,
      },
    ]);
    expect(audit.sequence).toBe(2);
    pass(DAY_MS / 2 - 1);
    for (const round of replicas) expect(await round()).toBe('not-due');
    pass(1);
    for (const round of replicas) await round();
    expect(posted.map(({ atMs }) => new Date(atMs).toISOString().slice(0, 10))).toEqual([
      '2026-11-20',
      '2026-11-21',
    ]);
  });

  it('is tried again, by any replica, when Slack did not take it', async () => {
    const down: Delivery = { ok: false, retry: true, why: 'HTTP 503', retryAfterMs: null };
    const { posted, replica } = scene([down, down]);
    const [one, two] = [replica(), replica()];
    expect(await one()).toBe('failed');
    expect(await two()).toBe('failed');
    expect(await two()).toBe('posted');
    expect(await one()).toBe('not-due');
    expect(posted).toHaveLength(1);
  });

  it('is tried again when the trail could not be read', async () => {
    const { office, replica } = scene();
    let calls = 0;
    const round = replica({
      ...office.work.checkAudit,
      verify: async () => {
        calls += 1;
        if (calls === 1) throw new Error('Redis is away');
        return office.work.checkAudit.verify();
      },
    });
    await expect(round()).rejects.toThrow('Redis is away');
    expect(await round()).toBe('posted');
  });
});
