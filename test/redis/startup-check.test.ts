import { createRedisMock } from 'js-redis-server';
import { describe, expect, inject, it, onTestFinished } from 'vitest';
import { RedisConnection } from '../../src/redis/connection.ts';
import { checkRedis, judgeNode, type RedisFinding } from '../../src/redis/startup-check.ts';
import { advance, CARD, newUnit, openOne, person } from '../contracts/requests.ts';
import { openEpisode } from '../contracts/watch.ts';
import { QUIET } from '../support/logs.ts';
import { startRedisServer } from '../support/redis-server.ts';
import { bareClient, realRedis, redisParts } from './redis-parts.ts';

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
    [
      'fault W13: eviction of what ends by itself',
      [{ maxmemory_policy: 'volatile-lru' }],
      'warning',
      /never evicted/,
    ],
    [
      'fault W13, relative: the same at random',
      [{ maxmemory_policy: 'volatile-random' }],
      'warning',
      /volatile-r/,
    ],
    ['fault W13, relative: the same by use', [{ maxmemory_policy: 'volatile-lfu' }], 'warning', /counts and/],
    [
      'fault W13, relative: eviction of all',
      [{ maxmemory_policy: 'allkeys-random' }],
      'fault',
      /allkeys-random/,
    ],
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

  it('fault W13: of all that the desk keeps, only repeats, re-sent commands, turns and the history of LTVs have an end', async () => {
    const parts = await redisParts(inject('redisUrl'));
    const { store, connection, prefix, outbox, ledger, reads, seen } = parts;
    const open = await openOne(store);
    await openOne(store, { groupId: newUnit() }, await store.nowMs());
    const ended = await openOne(store, { groupId: newUnit() });
    await advance(store, open, CARD);
    await advance(store, ended, CARD, { type: 'withdraw', by: person('U_ANN') });
    const [item] = await outbox.take(60_000, 1);
    if (item !== undefined) await outbox.retry(item, 1_000);
    await ledger.reserve('ip', 1, 5, 100);
    await ledger.stop('ip', 60_000, { httpStatus: 429, exchangeCode: null });
    await reads.put('ltv-details', '{}', 2_000);
    await reads.tryLead('ltv-details', 'token', 2_000);
    await seen.first('a delivery', 60_000);
    await parts.watch.takeRound(60_000);
    const { groupId } = await openEpisode(parts.watch);
    await parts.history.add([{ groupId, ltv: '0.86' }], await store.nowMs());
    const withEnd = new Set<string>();
    const withoutEnd = new Set<string>();
    for (const key of await connection.client.keys(`*${prefix}*`)) {
      const [kind = ''] = key.replace(/^\{?test-[-0-9a-f]+(?::limits)?\}?:/, '').split(':');
      const hasEnd = (await connection.client.pttl(key)) !== -1;
      (hasEnd ? withEnd : withoutEnd).add(kind);
    }
    expect([...withEnd].sort()).toEqual([
      'command',
      'lead',
      'read',
      'seen',
      'trend',
      'watch-round',
      'weight',
    ]);
    expect([...withoutEnd].sort()).toEqual(
      [
        ...['attention', 'audit', 'open', 'outbox', 'outbox-attempts', 'outbox-due', 'recent', 'request'],
        ...['episodes', 'outbox-taken', 'stops', 'unit'],
      ].sort(),
    );
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
