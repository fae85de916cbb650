/** Real Redis processes as operators run them: a master with replicas under three Sentinels, and a Cluster. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { onTestFinished } from 'vitest';
import { freePort } from '../support/redis-server.ts';

const LOOK_EVERY_MS = 20;

export class RedisNode {
  readonly port: number;
  readonly #child: ChildProcess;
  /** For the test's own looks and orders. */
  readonly client: Redis;

  private constructor(port: number, child: ChildProcess) {
    this.port = port;
    this.#child = child;
    this.client = new Redis(port, '127.0.0.1', { retryStrategy: () => 20, maxRetriesPerRequest: null });
    this.client.on('error', () => {});
  }

  /** Starts one on a free port of 127.0.0.1; it ends, and its folder goes, with the running test. */
  static async start(...options: string[]): Promise<RedisNode> {
    const port = await freePort();
    const folder = await mkdtemp(join(tmpdir(), 'loandesk-node-'));
    const place = ['--port', String(port), '--bind', '127.0.0.1', '--dir', folder, '--save', ''];
    const quick = ['--repl-diskless-sync-delay', '0', '--appendonly', 'yes'];
    const child = spawn('redis-server', [...place, ...quick, ...options], { stdio: 'ignore' });
    const node = new RedisNode(port, child);
    onTestFinished(async () => {
      node.client.disconnect();
      await node.kill();
      await rm(folder, { recursive: true, force: true });
    });
    await node.client.ping();
    return node;
  }

  /** SIGKILL, and wait for the end. */
  async kill(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exited = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await exited;
  }

  /** Waits until INFO says so: Redis gives no event for it. */
  async says(section: string, words: string | RegExp): Promise<void> {
    for (;;) {
      const info = await this.client.info(section);
      if (typeof words === 'string' ? info.includes(words) : words.test(info)) return;
      await pause(LOOK_EVERY_MS);
    }
  }

  /** Stops following its master: from now on it misses what the master acknowledges. */
  async stopFollowing(): Promise<void> {
    // A password that the master does not know keeps the link from being made anew.
    await this.client.config('SET', 'masterauth', 'not-the-masters');
    await this.client.call('CLIENT', 'KILL', 'TYPE', 'master');
    await this.says('replication', 'master_link_status:down');
  }

  async followAgain(): Promise<void> {
    await this.client.config('SET', 'masterauth', '');
  }
}

export interface SentinelSet {
  readonly master: RedisNode;
  readonly replicas: readonly RedisNode[];
  /** As REDIS_SENTINELS takes them. */
  readonly sentinels: string;
  readonly name: string;
  /** Of the other two, the one that became master; waits for it. */
  newMaster(): Promise<RedisNode>;
}

/** Three Redis, three Sentinels, two of which must agree. */
export async function startSentinelSet(): Promise<SentinelSet> {
  const master = await RedisNode.start();
  const follow = ['--replicaof', `127.0.0.1 ${master.port}`];
  const replicas = [await RedisNode.start(...follow), await RedisNode.start(...follow)];
  await Promise.all(replicas.map((replica) => replica.says('replication', 'master_link_status:up')));
  const ports = await Promise.all([1, 2, 3].map(() => startSentinel(master.port)));
  for (const port of ports) {
    const watching = new Redis(port, '127.0.0.1');
    // Not listening yet, for a moment.
    watching.on('error', () => {});
    onTestFinished(() => watching.disconnect());
    while (!/slaves=2,sentinels=3/.test(await watching.info('sentinel'))) await pause(LOOK_EVERY_MS);
  }
  return {
    master,
    replicas,
    sentinels: ports.map((port) => `127.0.0.1:${port}`).join(','),
    name: 'desk',
    newMaster: () =>
      Promise.any(replicas.map((node) => node.says('replication', 'role:master').then(() => node))),
  };
}

async function startSentinel(masterPort: number): Promise<number> {
  const port = await freePort();
  const folder = await mkdtemp(join(tmpdir(), 'loandesk-sentinel-'));
  const file = join(folder, 'sentinel.conf');
  const lines = [
    `port ${port}`,
    'bind 127.0.0.1',
    `dir ${folder}`,
    `sentinel monitor desk 127.0.0.1 ${masterPort} 2`,
    'sentinel down-after-milliseconds desk 1000',
    'sentinel failover-timeout desk 6000',
    '',
  ];
  await writeFile(file, lines.join('\n'));
  const child = spawn('redis-server', [file, '--sentinel'], { stdio: 'ignore' });
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await rm(folder, { recursive: true, force: true });
  });
  return port;
}

export interface ClusterSet {
  readonly masters: readonly RedisNode[];
  /** Replica number i follows master number i. */
  readonly replicas: readonly RedisNode[];
  /** As REDIS_CLUSTER_NODES takes them. */
  readonly nodes: string;
  /** The number of the master that holds the slot of this key. */
  holderOf(key: string): Promise<number>;
}

const SLOTS = 16_384;

/** Three masters with a third of the slots each, and one replica for each. */
export async function startCluster(): Promise<ClusterSet> {
  const options = ['--cluster-enabled', 'yes', '--cluster-node-timeout', '1000'];
  const start = () => RedisNode.start(...options);
  const masters = [await start(), await start(), await start()];
  const replicas = [await start(), await start(), await start()];
  const all = [...masters, ...replicas];
  const share = Math.ceil(SLOTS / masters.length);
  for (const [index, { client }] of masters.entries()) {
    const last = Math.min((index + 1) * share, SLOTS) - 1;
    await client.call('CLUSTER', 'ADDSLOTSRANGE', String(index * share), String(last));
  }
  const [first] = masters;
  for (const { port } of all.slice(1)) await first?.client.call('CLUSTER', 'MEET', '127.0.0.1', String(port));
  await Promise.all(all.map((node) => clusterSays(node, 'cluster_known_nodes:6')));
  for (const [index, { client }] of replicas.entries()) {
    const id = String(await masters[index]?.client.call('CLUSTER', 'MYID'));
    while ((await client.call('CLUSTER', 'REPLICATE', id).catch(() => null)) !== 'OK')
      await pause(LOOK_EVERY_MS);
  }
  await Promise.all(all.map((node) => clusterSays(node, 'cluster_state:ok')));
  await Promise.all(replicas.map((node) => node.says('replication', 'master_link_status:up')));
  return {
    masters,
    replicas,
    nodes: masters.map(({ port }) => `127.0.0.1:${port}`).join(','),
    async holderOf(key) {
      const slot = Number(await masters[0]?.client.call('CLUSTER', 'KEYSLOT', key));
      return Math.floor(slot / share);
    },
  };
}

async function clusterSays({ client }: RedisNode, words: string): Promise<void> {
  while (!String(await client.call('CLUSTER', 'INFO')).includes(words)) await pause(LOOK_EVERY_MS);
}
