/** All scripts on the embedded Redis of the sandbox (js-redis-server): the same contract. */
import { createRedisMock } from 'js-redis-server';
import { afterAll, beforeAll } from 'vitest';
import { closeRequestStoreContract } from '../contracts/close-request-store.ts';
import { sharedPartsContract } from '../contracts/shared-parts.ts';
import { redisParts } from './redis-parts.ts';

let embedded: Awaited<ReturnType<typeof createRedisMock>>;
beforeAll(async () => {
  embedded = await createRedisMock();
});
afterAll(() => embedded.close());

closeRequestStoreContract('embedded Redis', () => redisParts(embedded.url));
sharedPartsContract('embedded Redis', () => redisParts(embedded.url));
