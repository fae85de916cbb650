/**
 * `npm run chaos`: three bots on one real Redis while everything goes wrong that can, then the judgement.
 *   --seed 7         makes the same choices again (the timing differs)
 *   --requests 100   begins so many requests; Slack's one post a second in a channel bounds what fits into the time
 *   --seconds 360    of trouble at most; what is open then is brought to its end, which may take minutes more
 *   --short          ends within about two minutes: no long stops, unknown outcomes are settled by hand
 *   --without a,b    leaves out emergencies: token-revoked, approver-removed, narrower-policy, dry-run
 *   --no-rules       without a rules file, which is swapped, and groups that are emptied
 *   --redis URL      a Redis that is there already; it is not restarted
 */
import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import { chaosTable } from './chaos-table.ts';
import { hasRedisServer } from './redis-process.ts';
import { runChaos } from './run-chaos.ts';
import { EMERGENCIES } from './trouble.ts';

const { values } = parseArgs({
  allowNegative: true,
  options: {
    seed: { type: 'string' },
    requests: { type: 'string', default: '100' },
    seconds: { type: 'string', default: '360' },
    short: { type: 'boolean', default: false },
    without: { type: 'string', default: '' },
    rules: { type: 'boolean', default: true },
    redis: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});

if (values.help) {
  console.log(
    'npm run chaos -- [--seed N] [--requests 100] [--seconds 360] [--short] [--without dry-run] [--no-rules] [--redis redis://…]',
  );
} else if (values.redis === undefined && !hasRedisServer()) {
  console.error(
    'The chaos run needs a real Redis: put redis-server on PATH, or give --redis redis://host:port.',
  );
  process.exitCode = 1;
} else {
  const seed = values.seed === undefined ? randomInt(1_000_000) : Number(values.seed);
  console.log(`seed ${seed}`);
  // Ended by hand or by a time limit, it takes its bots and its Redis with it (see their `exit` listeners).
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));
  const report = await runChaos({
    seed,
    requests: Number(values.requests),
    seconds: Number(values.seconds),
    short: values.short,
    rules: values.rules,
    emergencies: EMERGENCIES.filter((emergency) => !values.without.split(',').includes(emergency)),
    ...(values.redis === undefined ? {} : { redisUrl: values.redis }),
    say: (line) => console.log(line),
  });
  console.log(chaosTable(report));
  process.exitCode = report.violations.length === 0 ? 0 : 1;
}
