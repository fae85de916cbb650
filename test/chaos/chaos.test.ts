/** A short run of `npm run chaos`; the figures of long ones are in docs/testing.md. */
import { expect } from 'vitest';
import { chaosTable } from './chaos-table.ts';
import { concurrentOnServer } from './concurrent-on-server.ts';
import { runChaos } from './run-chaos.ts';
import { EMERGENCIES } from './trouble.ts';

const SEED = 20_261_121;

concurrentOnServer('a short chaos run: everything holds, and nothing stays open', 600_000, async () => {
  // The trouble ends with the last story; the seconds are for a busy machine.
  const report = await runChaos({ seed: SEED, requests: 32, seconds: 150, short: true, rules: true });
  expect(report.violations, chaosTable(report)).toEqual([]);
  expect(report.requests).toBeGreaterThan(10);
  expect(report.trouble.kills).toBeGreaterThan(0);
  expect([...report.trouble.emergencies.keys()].toSorted()).toEqual(EMERGENCIES.toSorted());
  expect(report.trouble.rulesSwapped).toBeGreaterThan(0);
  expect(report.trouble.groupsEmptied).toBeGreaterThan(0);
  expect(report.executed).toBeGreaterThan(0);
  expect(report.alerts).toBeGreaterThan(0);
});
