import { inject } from 'vitest';
import { closeRequestStoreContract } from '../contracts/close-request-store.ts';
import { redisParts } from './redis-parts.ts';

closeRequestStoreContract('Redis', () => redisParts(inject('redisUrl')));
