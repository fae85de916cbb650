/** The hourly look at the audit trail, and what is reported of every look. */
import { expect, it } from 'vitest';
import { createAuditRound } from '../../src/usecases/audit-rounds.ts';
import { DeskHarness, NO_EVENTS } from '../support/desk-harness.ts';
import { memoryLog } from '../support/logs.ts';

const HOUR_MS = 3_600_000;

function watched() {
  const harness = new DeskHarness();
  const told: boolean[] = [];
  const log = memoryLog();
  let fails = false;
  const { checkAudit } = harness.replica({
    events: { ...NO_EVENTS, auditVerified: (isWhole) => told.push(isWhole) },
    audit: {
      entries(requestId) {
        if (fails) throw new Error('not read');
        return harness.store.audit.entries(requestId);
      },
    },
  });
  const now = () => harness.nowMs;
  const round = createAuditRound({ checkAudit, now, log });
  return { harness, told, log, round, fail: (does: boolean) => (fails = does) };
}

it('the trail is read at once and then hourly, and each reading is reported', async () => {
  const { harness, told, log, round } = watched();
  await harness.open();
  for (const passedMs of [0, 60_000, HOUR_MS - 60_001, 1]) {
    harness.nowMs += passedMs;
    await round();
  }
  expect(told).toEqual([true, true]);
  expect(log.lines).toEqual([]);
});

it('a reading that fails tells nothing and is made again in the next round', async () => {
  const { harness, told, round, fail } = watched();
  await harness.open();
  fail(true);
  await expect(round()).rejects.toThrow('not read');
  expect(told).toEqual([]);
  fail(false);
  await round();
  expect(told).toEqual([true]);
});
