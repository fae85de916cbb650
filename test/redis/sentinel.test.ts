/** Sentinel names the master; after a failover the connection follows it by itself. */
import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import { expect, onTestFinished } from 'vitest';
import { CARD, changeBy, mustSave, openOne } from '../contracts/requests.ts';
import { freePort, startRedisServer } from '../support/redis-server.ts';
import { bareClient, newPrefix, realRedis, redisParts } from './redis-parts.ts';

const POLL_MS = 20;

realRedis(
  'the connection finds the master by Sentinel, and the new one after a failover',
  async () => {
    const master = await startRedisServer();
    onTestFinished(() => master.stop());
    const replica = await startRedisServer(
      '--replicaof',
      `127.0.0.1 ${master.port}`,
      '--repl-diskless-sync-delay',
      '0',
    );
    onTestFinished(() => replica.stop());
    await until(bareClient(replica.url), 'replication', 'master_link_status:up');
    const sentinel = await startSentinel(master.port);
    const watching = bareClient(`redis://127.0.0.1:${sentinel}`);
    await until(watching, 'sentinel', 'slaves=1');

    const times = { commandTimeoutMs: 500, patienceMs: 300, reconnectAtMostMs: 100 };
    const parts = await redisParts(
      { sentinels: [`127.0.0.1:${sentinel}`], name: 'desk' },
      newPrefix(),
      times,
    );
    const request = await openOne(parts.store);
    await parts.connection.client.wait(1, 1_000);

    // NOGOODSLAVE until Sentinel has asked the replica how it is.
    const failover = () => watching.call('SENTINEL', 'FAILOVER', 'desk').catch(() => null);
    while ((await failover()) !== 'OK') await setTimeout(POLL_MS);
    await until(bareClient(replica.url), 'replication', 'role:master');
    const serving = () => parts.connection.run('info', (client) => client.info('server')).catch(() => '');
    while (!(await serving()).includes(`tcp_port:${replica.port}`)) await setTimeout(POLL_MS);
    const stored = await mustSave(parts.store, changeBy(request, CARD, await parts.store.nowMs()));
    expect((await parts.store.load(request.id))?.request).toEqual(stored);
  },
  30_000,
);

/** One Sentinel that decides alone; ends with the running test. */
async function startSentinel(masterPort: number): Promise<number> {
  const port = await freePort();
  const folder = await mkdtemp(join(tmpdir(), 'loandesk-sentinel-'));
  const config = join(folder, 'sentinel.conf');
  await writeFile(
    config,
    [
      `port ${port}`,
      'bind 127.0.0.1',
      `dir ${folder}`,
      `sentinel monitor desk 127.0.0.1 ${masterPort} 1`,
      'sentinel down-after-milliseconds desk 500',
      'sentinel failover-timeout desk 3000',
      '',
    ].join('\n'),
  );
  const child = spawn('redis-server', [config, '--sentinel'], { stdio: 'ignore' });
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await rm(folder, { recursive: true, force: true });
  });
  return port;
}

/** Waits until INFO says so: Redis gives no event for it. */
async function until(client: Redis, section: string, words: string): Promise<void> {
  while (!(await client.info(section)).includes(words)) await setTimeout(POLL_MS);
}
