/**
 * `npm run soak [-- --minutes 15] [--seed N]`: three replicas, mixed load and faults, then the judgement.
 * Needs redis-server on the PATH. Exit status 1 when anything did not hold.
 */
import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import { runSoak } from './soak/run-soak.ts';
import { renderSection } from './support/report.ts';
import { percentile } from './support/statistics.ts';

/** Late memory over early memory: more than this is growth. */
const FLAT_WITHIN = 1.15;

const { values } = parseArgs({
  options: { minutes: { type: 'string', default: '15' }, seed: { type: 'string' } },
});
const minutes = Number(values.minutes);
const seed = values.seed === undefined ? randomInt(1_000_000) : Number(values.seed);
const report = await runSoak({ minutes, seed, say: (line) => console.error(line) });

const { seen, trouble, memory, violations } = report;
const growth = Math.max(...memory.map(({ earlyMb, lateMb }) => lateMb / earlyMb));
console.log(
  renderSection({
    title: `Soak: ${minutes} minutes, seed ${seed}`,
    method:
      'Three replicas on one real Redis (append-only file), 40 people who look and four closes at a time, faults of the exchange, of Slack and of the way to Redis, and one rolling restart after a third of the time.',
    tables: [
      {
        title: 'Commands of those who look',
        columns: ['sent', 'acked', 'answered', 'ack p50 ms', 'ack p99 ms'],
        rows: [
          [
            ...[seen.sent, seen.acked, seen.answered].map(String),
            percentile(seen.ackMs, 50).toFixed(1),
            percentile(seen.ackMs, 99).toFixed(1),
          ],
        ],
      },
      {
        title: 'Closes',
        columns: ['requests', 'DELETEs that left', 'executed', 'how they ended'],
        rows: [
          [
            ...[report.requests, report.deletes, report.executed].map(String),
            [...report.outcomes].map(([outcome, count]) => `${count} ${outcome}`).join('; '),
          ],
        ],
      },
      {
        title: 'Faults put in',
        columns: ['exchange', 'Slack', 'Redis'],
        rows: [[trouble.exchange, trouble.slack, trouble.redis].map(String)],
      },
      {
        title: 'Memory after the rolling restart, MB resident',
        columns: ['replica', 'second quarter', 'last quarter'],
        rows: memory.map(({ earlyMb, lateMb }, at) => [
          String(at + 1),
          earlyMb.toFixed(0),
          lateMb.toFixed(0),
        ]),
      },
      {
        title: 'Errors in the logs',
        columns: ['text', 'times'],
        rows: report.errors.map(([text, count]) => [text, String(count)]),
      },
    ],
    goals: [
      {
        goal: 'no lost ack, no wrong state',
        measured: `${violations.length} violations`,
        met: violations.length === 0,
      },
      {
        goal: `memory flat (within ${FLAT_WITHIN} x)`,
        measured: growth.toFixed(2),
        met: growth <= FLAT_WITHIN,
      },
    ],
    notes: violations,
  }),
);
process.exitCode = violations.length === 0 && growth <= FLAT_WITHIN ? 0 : 1;
