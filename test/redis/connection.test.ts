import { inspect } from 'node:util';
import { describe, expect, inject, it, onTestFinished } from 'vitest';
import type { RedisClient } from '../../src/redis/client.ts';
import { RedisConnection } from '../../src/redis/connection.ts';
import { StoreUnavailable } from '../../src/usecases/ports.ts';
import { all, verdictOf } from '../contracts/audit-trail.ts';
import { CARD, changeBy, mustSave, newRequest, opening, openOne, touch } from '../contracts/requests.ts';
import { memoryLog, QUIET } from '../support/logs.ts';
import { freePort, startRedisServer } from '../support/redis-server.ts';
import { cuttingProxy } from './cutting-proxy.ts';
import { AUDIT_KEY, bareClient, newPrefix, realRedis, redisParts } from './redis-parts.ts';
import { restartableRedis } from './restartable-redis.ts';

const QUICK = { commandTimeoutMs: 300, patienceMs: 200, reconnectAtMostMs: 100 };

async function failure(work: () => Promise<unknown>): Promise<{ error: unknown; tookMs: number }> {
  const startedAtMs = performance.now();
  const error = await work().then(
    () => null,
    (thrown: unknown) => thrown,
  );
  return { error, tookMs: performance.now() - startedAtMs };
}

describe('a Redis that cannot be reached', () => {
  it('is answered with StoreUnavailable, quickly, with its cause and without the password', async () => {
    const log = memoryLog();
    const url = `redis://desk:s3cret-word@127.0.0.1:${await freePort()}`;
    const connection = new RedisConnection({ url }, log, QUICK);
    onTestFinished(() => connection.close());
    const { error, tookMs } = await failure(() => connection.run('ping', (client) => client.ping()));
    expect(error).toBeInstanceOf(StoreUnavailable);
    expect(error).toMatchObject({ cause: expect.any(Error) });
    expect(tookMs).toBeLessThan(1_000);
    expect(log.lines).toEqual([
      {
        level: 'error',
        fields: { code: 'ECONNREFUSED' },
        message: expect.stringContaining('Redis unreachable'),
      },
    ]);
    expect(JSON.stringify(log.lines)).not.toContain('s3cret-word');
  });

  realRedis(
    'fault W5, relative: a Redis that quotes the password in its answer does not bring it into the log',
    async () => {
      const server = await startRedisServer(
        '--rename-command',
        'AUTH',
        'other',
        '--rename-command',
        'HELLO',
        'some',
      );
      onTestFinished(() => server.stop());
      const log = memoryLog();
      const connection = new RedisConnection(
        { url: server.url.replace('//', '//desk:s3cret-word@') },
        log,
        QUICK,
      );
      onTestFinished(() => connection.close());
      const { error } = await failure(() => connection.run('ping', (client) => client.ping()));
      await new Promise((resolve) => connection.client.once('error', resolve));
      expect(connection.trouble).toMatch(/unknown command/);
      expect(inspect([log.lines, connection.trouble, error], { depth: 10 })).not.toContain('s3cret-word');
    },
  );

  realRedis(
    'fault W4: a database that is not there is refused, and its first one is not used in its place',
    async () => {
      const server = await startRedisServer('--databases', '3');
      onTestFinished(() => server.stop());
      const log = memoryLog();
      const connection = new RedisConnection({ url: `${server.url}/99` }, log, QUICK);
      onTestFinished(() => connection.close());
      const { error } = await failure(() => connection.run('set', (client) => client.set('key', 'value')));
      expect(error).toBeInstanceOf(StoreUnavailable);
      expect(connection.noDatabase).toBe('ERR DB index is out of range');
      expect(await bareClient(server.url).dbsize()).toBe(0);
      expect(log.lines).toMatchObject([{ level: 'error', fields: { code: 'ERR DB index is out of range' } }]);
      const third = new RedisConnection({ url: `${server.url}/2` }, log, QUICK);
      onTestFinished(() => third.close());
      await third.run('set', (client) => client.set('key', 'value'));
      expect(await bareClient(`${server.url}/2`).dbsize()).toBe(1);
    },
  );

  it('serves many waiting callers with one answer each', async () => {
    const connection = new RedisConnection({ url: `redis://127.0.0.1:${await freePort()}` }, QUIET, QUICK);
    onTestFinished(() => connection.close());
    const answers = await Promise.all(
      Array.from({ length: 100 }, () => failure(() => connection.run('ping', (client) => client.ping()))),
    );
    expect(answers.every(({ error }) => error instanceof StoreUnavailable)).toBe(true);
  });

  it('stops answering: commands time out, and the silent connection is replaced', async () => {
    const proxy = await cuttingProxy(inject('redisUrl'));
    const parts = await redisParts(proxy.url, newPrefix(), QUICK);
    proxy.fallSilent(true);
    const { error, tookMs } = await failure(() => parts.store.nowMs());
    expect(error).toBeInstanceOf(StoreUnavailable);
    expect(tookMs).toBeLessThan(1_000);
    const closed = new Promise((resolve) => parts.connection.client.once('close', resolve));
    await closed;
    proxy.fallSilent(false);
    await parts.connection.ready(5_000);
    expect(await parts.store.nowMs()).toBeGreaterThan(0);
  });

  realRedis('refuses a wrong password with StoreUnavailable that does not carry it', async () => {
    const server = await startRedisServer();
    onTestFinished(() => server.stop());
    await bareClient(server.url).call('ACL', 'SETUSER', 'desk', 'on', '>right-word', '~*', '+@all');
    const connection = new RedisConnection(
      { url: server.url.replace('//', '//desk:wrong-word@') },
      QUIET,
      QUICK,
    );
    onTestFinished(() => connection.close());
    const { error } = await failure(() => connection.run('ping', (client) => client.ping()));
    expect(error).toBeInstanceOf(StoreUnavailable);
    expect(inspect(error, { depth: 9, showHidden: true })).not.toContain('wrong-word');
  });
});

describe('a connection cut after the command ran', () => {
  it('sends the change once more, and it counts once', async () => {
    const url = inject('redisUrl');
    const proxy = await cuttingProxy(url);
    const parts = await redisParts(proxy.url);
    const request = await openOne(parts.store);
    const nowMs = await parts.store.nowMs();
    proxy.loseNextAnswer();
    const saved = await parts.store.save(changeBy(request, CARD, nowMs));
    expect(proxy.lost()).toBe(1);
    expect(saved).toMatchObject({ kind: 'saved', request: { revision: 2 } });
    expect((await parts.store.load(request.id))?.request).toMatchObject({ revision: 2 });
    expect(await all(parts.audit)).toHaveLength(2);
    expect(await parts.connection.client.llen(parts.keys.outbox(request.id))).toBe(1);
  });

  it('opens once, takes a key once, and keeps what was seen', async () => {
    const proxy = await cuttingProxy(inject('redisUrl'));
    const parts = await redisParts(proxy.url);
    const asked = opening(newRequest(await parts.store.nowMs()));
    proxy.loseNextAnswer();
    const { kind, request } = await parts.store.open(asked);
    expect(kind).toBe('opened');
    expect((await parts.store.load(request.id))?.request).toEqual(request);
    expect(await all(parts.audit)).toHaveLength(1);
    const { seen } = parts;
    proxy.loseNextAnswer();
    expect(await seen.first('delivery-1', 60_000)).toBe(true);
    expect(await seen.first('delivery-1', 60_000)).toBe(false);
    expect(proxy.lost()).toBe(2);
  });

  it('answers the re-sent command the same though others have changed the record meanwhile', async () => {
    const parts = await redisParts(inject('redisUrl'));
    const other = await redisParts(inject('redisUrl'), parts.prefix);
    const request = await openOne(parts.store);
    const nowMs = await parts.store.nowMs();
    const sent = watchSaves(parts.connection.client);
    const mine = await mustSave(parts.store, changeBy(request, CARD, nowMs));
    const theirs = await mustSave(other.store, touch(mine, nowMs));
    const [again] = sent;
    if (again === undefined) throw new Error('nothing was sent');
    expect(await parts.connection.client.saveRequest(...again)).toBe(1);
    expect((await parts.store.load(request.id))?.request).toEqual(theirs);
    expect(await verdictOf(parts.audit, AUDIT_KEY)).toMatchObject({ entries: 3, fault: null });
  });
});

describe('a Redis that is killed', () => {
  realRedis('answers StoreUnavailable meanwhile, and goes on with all it had when it is back', async () => {
    const redis = await restartableRedis('--appendonly', 'yes', '--appendfsync', 'always');
    redis.start();
    const parts = await redisParts(redis.url, newPrefix(), QUICK);
    const request = await openOne(parts.store);
    const stored = await mustSave(parts.store, changeBy(request, CARD, await parts.store.nowMs()));

    parts.log.lines.length = 0;
    await redis.kill();
    for (const work of [
      () => parts.store.load(request.id),
      () => parts.store.save(touch(stored, Date.now())),
      () => parts.outbox.take(1_000, 1),
      () => all(parts.audit),
    ]) {
      const { error, tookMs } = await failure(work);
      expect(error).toBeInstanceOf(StoreUnavailable);
      expect(tookMs).toBeLessThan(1_000);
    }

    redis.start();
    await parts.connection.ready(5_000);
    expect((await parts.store.load(request.id))?.request).toEqual(stored);
    await mustSave(parts.store, touch(stored, await parts.store.nowMs()));
    expect(await verdictOf(parts.audit, AUDIT_KEY)).toMatchObject({ entries: 3, fault: null });
    expect(parts.log.lines.map(({ level }) => level)).toEqual(['error', 'info']);
  });
});

/** Arguments of every later call of the script that stores a change. */
function watchSaves(client: RedisClient): (readonly (string | number)[])[] {
  const calls: (readonly (string | number)[])[] = [];
  const original = client.saveRequest.bind(client);
  client.saveRequest = (...args: readonly (string | number)[]) => {
    calls.push(args);
    return original(...args);
  };
  return calls;
}
