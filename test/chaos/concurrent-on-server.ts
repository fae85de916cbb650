/** A test beside others of its file; without a real redis-server it says so and passes over it. */
import { inject, it, type TestContext } from 'vitest';
import { CAN_START_SERVERS } from '../redis/redis-parts.ts';

export function concurrentOnServer(
  name: string,
  timeoutMs: number,
  body: (context: TestContext) => Promise<void>,
): void {
  it.concurrent(
    name,
    async (context) => {
      if (inject('redisKind') === 'embedded' || !CAN_START_SERVERS) {
        console.log(`not tested without a redis-server: ${name}`);
        context.skip('no redis-server on this machine');
      }
      await body(context);
    },
    timeoutMs,
  );
}
