import { createRedisMock } from 'js-redis-server';
import { describe, expect, inject, it, onTestFinished } from 'vitest';
import { RedisConnection } from '../../src/redis/connection.ts';
import { checkRedis, judgeNode, type RedisFinding } from '../../src/redis/startup-check.ts';
import { QUIET } from '../support/logs.ts';
import { startRedisServer } from '../support/redis-server.ts';
import { bareClient, realRedis } from './redis-parts.ts';

const GOOD_INFO = {
  redis_version: '7.2.4',
  role: 'master',
  connected_slaves: '0',
  aof_enabled: '1',
  aof_last_write_status: 'ok',
  aof_last_bgrewrite_status: 'ok',
  rdb_last_bgsave_status: 'ok',
  maxmemory_policy: 'noeviction',
};
const GOOD_CONFIG = {
  appendfsync: 'everysec',
  'min-replicas-to-write': '0',
  'maxmemory-policy': 'noeviction',
};

function judge(info: Partial<typeof GOOD_INFO>, config: Partial<typeof GOOD_CONFIG> | null = {}) {
  return judgeNode({
    info: new Map(Object.entries({ ...GOOD_INFO, ...info })),
    config: config === null ? null : new Map(Object.entries({ ...GOOD_CONFIG, ...config })),
  }).filter(({ level }) => level !== 'ok');
}

describe('judging a Redis', () => {
  it('finds nothing to say against a good one', () => {
    expect(judge({})).toEqual([]);
    expect(judge({ redis_version: '6.2.0' })).toEqual([]);
    expect(judge({ redis_version: '8.0.1' })).toEqual([]);
  });

  it.each<[string, Parameters<typeof judge>, RedisFinding['level'], RegExp]>([
    ['an old version', [{ redis_version: '6.0.16' }], 'fault', /6\.2 or newer/],
    ['no version', [{ redis_version: '' }], 'fault', /unknown version/],
    ['a replica', [{ role: 'slave' }], 'fault', /replica/],
    ['no persistence', [{ aof_enabled: '0' }], 'fault', /neither an append-only file nor a replica/],
    ['replicas alone', [{ aof_enabled: '0', connected_slaves: '2' }], 'warning', /2 replicas: a failover/],
    ['a lazy append-only file', [{}, { appendfsync: 'no' }], 'warning', /appendfsync no/],
    ['a full disk', [{ aof_last_write_status: 'err' }], 'fault', /aof_last_write_status/],
    ['a failed snapshot', [{ rdb_last_bgsave_status: 'err' }], 'fault', /rdb_last_bgsave_status/],
    ['eviction', [{ maxmemory_policy: 'allkeys-lru' }], 'fault', /allkeys-lru/],
    ['no CONFIG', [{}, null], 'warning', /CONFIG/],
  ])('says what is wrong with %s', (_, report, level, text) => {
    expect(judge(...report)).toEqual([
      { level, text: expect.stringMatching(text), advice: expect.stringMatching(/\w/) },
    ]);
  });

  it('is content with replicas that must confirm', () => {
    expect(judge({ aof_enabled: '0', connected_slaves: '1' }, { 'min-replicas-to-write': '1' })).toEqual([]);
  });

  it('says that nothing is known where INFO is forbidden', () => {
    expect(judgeNode({ info: new Map(), config: null })).toMatchObject([{ level: 'warning' }]);
  });
});

describe('checking a Redis', () => {
  realRedis('passes a server with an append-only file, and names the faults of one without', async () => {
    for (const [options, faults] of [
      [['--appendonly', 'yes'], []],
      [
        ['--maxmemory-policy', 'allkeys-lru'],
        [/neither/, /allkeys-lru/],
      ],
    ] as const) {
      const server = await startRedisServer(...options);
      onTestFinished(() => server.stop());
      const findings = await checkRedis(connect(server.url));
      expect(findings.filter(({ level }) => level !== 'ok')).toEqual(
        faults.map((text) => ({
          level: 'fault',
          text: expect.stringMatching(text),
          advice: expect.any(String),
        })),
      );
    }
  });

  realRedis('warns where the ACL user may not ask', async () => {
    const server = await startRedisServer('--appendonly', 'yes');
    onTestFinished(() => server.stop());
    const admin = bareClient(server.url);
    await admin.call('ACL', 'SETUSER', 'desk', 'on', '>pass-word', '~*', '+@all', '-config', '-@admin');
    await admin.call(
      'ACL',
      'SETUSER',
      'blind',
      'on',
      '>pass-word',
      '~*',
      '+@all',
      '-config',
      '-info',
      '-@admin',
    );
    const as = (user: string) => checkRedis(connect(server.url.replace('//', `//${user}:pass-word@`)));
    expect((await as('desk')).filter(({ level }) => level !== 'ok')).toMatchObject([
      { level: 'warning', text: expect.stringContaining('CONFIG') },
    ]);
    expect(await as('blind')).toMatchObject([{ level: 'warning', text: expect.stringContaining('INFO') }]);
  });

  it('names what the embedded one lacks: it forgets everything', async () => {
    const embedded = await createRedisMock();
    onTestFinished(() => embedded.close());
    const findings = await checkRedis(connect(embedded.url));
    expect(findings.map(({ level }) => level)).toEqual(['ok', 'fault', 'ok']);
  });

  it('runs on the Redis of this suite', async () => {
    expect(await checkRedis(connect(inject('redisUrl')))).not.toEqual([]);
  });
});

function connect(url: string): RedisConnection {
  const connection = new RedisConnection({ url }, QUIET);
  onTestFinished(() => connection.close());
  return connection;
}
