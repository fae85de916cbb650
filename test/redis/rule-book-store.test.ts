import { inject } from 'vitest';
import { ruleBookStoreContract } from '../contracts/rule-book.ts';
import { redisParts } from './redis-parts.ts';

ruleBookStoreContract('Redis', () => redisParts(inject('redisUrl')));
