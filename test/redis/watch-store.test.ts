import { inject } from 'vitest';
import { watchStoreContract } from '../contracts/watch-store.ts';
import { redisParts } from './redis-parts.ts';

watchStoreContract('Redis', () => redisParts(inject('redisUrl')));
