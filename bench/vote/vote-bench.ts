/** From the submitted form to the stored vote: time, and round trips to Redis. */
import { z } from 'zod';
import { startRedisServer } from '../../test/support/redis-server.ts';
import { startChild } from '../support/child.ts';
import { atMost, type BenchOptions, type Section } from '../support/report.ts';
import { spread } from '../support/statistics.ts';

const timesSchema = z.object({ p50: z.number(), p99: z.number() });
const votesAnswer = z.object({ vote: timesSchema, floor: timesSchema });

export async function voteBench({ quick }: BenchOptions): Promise<Section> {
  const [rounds, count] = quick ? [2, 100] : [5, 200];
  const redis = await startRedisServer('--appendonly', 'yes', '--appendfsync', 'everysec');
  const desk = await startChild(import.meta.url, './vote-process.ts', {
    measured: true,
    argument: { redisUrl: redis.url },
  });
  try {
    const commands = await desk.ask(z.array(z.string()), 'commandsOfOneVote');
    const found: z.infer<typeof votesAnswer>[] = [];
    for (let round = 0; round <= rounds; round += 1) {
      const run = await desk.ask(votesAnswer, 'votes', { count, roundTrips: commands.length });
      // The first round warms up.
      if (round > 0) found.push(run);
    }
    const row = (name: string, of: 'vote' | 'floor') => [
      name,
      spread(
        found.map((run) => run[of].p50),
        2,
      ),
      spread(
        found.map((run) => run[of].p99),
        2,
      ),
    ];
    return {
      title: 'One vote with its store',
      method: `The desk in a process of its own, Redis with its append-only file (fsync every second), people and an exchange that answer at once: what is measured is the rule, the record, the seal and Redis. ${rounds} rounds of ${count} votes, each on a request of its own, and after each vote as many PINGs as it made round trips.`,
      tables: [
        {
          columns: ['', 'p50 ms', 'p99 ms'],
          rows: [row(`a vote (${commands.join(', ')})`, 'vote'), row(`${commands.length} PINGs`, 'floor')],
        },
      ],
      goals: [atMost('round trips to Redis at most 5', 5, commands.length, 0)],
      notes: [
        'One of the round trips asks who is away, beside the look-ups in Slack; one asks for the time by which the vote is dated, one holds the record against the sealed trail before it counts. A click or a form sent by a person makes one more round trip first: the token by which a repeated delivery is recognised. Answers, cards and thread lines follow from the outbox, after the vote is stored.',
      ],
    };
  } finally {
    await desk.stop();
    await redis.stop();
  }
}
