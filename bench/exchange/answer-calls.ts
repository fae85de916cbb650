/** What every client of the exchange does for its benchmark: so many calls at so much concurrency, and their cost. */
import { z } from 'zod';
import { answerParent } from '../support/parent.ts';

/** What each client is told; `variant` says which. */
export const clientArgument = z.object({
  url: z.string(),
  apiKey: z.string(),
  secret: z.string(),
  redisUrl: z.string(),
});
export type ClientArgument = z.infer<typeof clientArgument>;

/** Makes one signed call; throws unless it brought the one row. */
export type OneCall = () => Promise<void>;

export function expectRow(answer: unknown): void {
  if (!Array.isArray(answer) || answer.length === 0) throw new Error('the answer has no row');
}

const runSchema = z.object({ calls: z.number(), concurrency: z.number() });

async function run(call: OneCall, argument: unknown) {
  const { calls, concurrency } = runSchema.parse(argument);
  let left = calls;
  const worker = async () => {
    while (left-- > 0) await call();
  };
  const cpu = process.cpuUsage();
  const startedAtMs = performance.now();
  await Promise.all(Array.from({ length: concurrency }, worker));
  const tookMs = performance.now() - startedAtMs;
  const { user, system } = process.cpuUsage(cpu);
  return { callsPerSecond: (calls / tookMs) * 1_000, cpuUsPerCall: (user + system) / calls };
}

/** Makes the first call, then says that it is ready. */
export async function answerCalls(call: OneCall): Promise<void> {
  await call();
  answerParent({
    run: (argument) => run(call, argument),
    rssMb: () => process.memoryUsage.rss() / 2 ** 20,
  });
}
