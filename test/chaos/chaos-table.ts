/** The report of a run as text for a terminal. */
import type { ChaosReport } from './run-chaos.ts';

export function chaosTable(report: ChaosReport): string {
  const { trouble, told, finished, events } = report;
  const rows: readonly (readonly [string, string | number])[] = [
    ['seed', report.seed],
    [
      'duration',
      `${Math.round(report.durationMs / 1_000)} s, ${Math.round(finished.durationMs / 1_000)} s of it to come to rest`,
    ],
    ['requests', report.requests],
    ['interactions sent by people', report.clicks],
    [
      'processes killed (SIGKILL)',
      `${trouble.kills}, ${trouble.killsAtPoint} of them in the middle of a change`,
    ],
    [
      'processes stopped (SIGSTOP)',
      `${trouble.pauses}, ${trouble.longPauses} of them for longer than a claim`,
    ],
    ['Redis killed and restarted', trouble.redisRestarts],
    ['connections to Redis cut or silent', trouble.redisCuts],
    ['answers of Redis to be lost', trouble.lostReplies],
    ['faults of the exchange', trouble.exchangeFaults],
    ['faults of Slack', trouble.slackFaults],
    ...[...trouble.emergencies].map(([emergency, times]) => [`emergency: ${emergency}`, times] as const),
    ['rules file swapped; groups emptied', `${trouble.rulesSwapped}; ${trouble.groupsEmptied}`],
    ['DELETEs on the wire', `${report.deletes}, ${report.executed} of them executed`],
    ...[...report.outcomes].map(([end, times]) => [`  ended ${end}`, times] as const),
    ['claims abandoned by a dead process', events.get('claim-abandoned') ?? 0],
    ['answers lost, looked up by others', events.get('lost-track') ?? 0],
    ['votes voided by changed or unread facts', events.get('facts-changed') ?? 0],
    ['attempts refused and noted', events.get('refused') ?? 0],
    ['settled by two people', finished.settledByHand],
    ['messages to Slack', `${told.messages}, ${told.sayClosed} of them say closed`],
    ['messages repeated', `${told.repeats}, the same one at most ${told.mostRepeats} times more`],
    ['alerts of the watch', report.alerts],
    ['audit entries, all chains hold', report.auditEntries],
  ];
  const width = Math.max(...rows.map(([name]) => name.length));
  const table = rows.map(([name, value]) => `${name.padEnd(width)}  ${value}`);
  const errors = report.errors.slice(0, 20).map(([text, times]) => `  ${times} x ${text}`);
  const end =
    report.violations.length === 0
      ? ['Everything held.']
      : [`${report.violations.length} VIOLATIONS:`, ...report.violations.map((each) => `  ${each}`)];
  return [...table, ...(errors.length === 0 ? [] : ['errors in the logs:', ...errors]), ...end].join('\n');
}
