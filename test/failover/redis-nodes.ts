/** Real Redis processes as operators run them: a master with replicas under three Sentinels, and a Cluster. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { ConnectionOptions } from 'node:tls';
import { Redis } from 'ioredis';
import { onTestFinished } from 'vitest';
import { freePort } from '../support/redis-server.ts';
import {
  ADMIN_PASSWORD,
  type Certificate,
  documentedAcl,
  PASSWORD,
  SENTINEL_PASSWORD,
  SENTINEL_USER,
  tlsOptions,
  USER,
} from './secured.ts';

const LOOK_EVERY_MS = 20;

/** TLS on every port, and users with passwords: the desk's as documented, and the default one for what else there is. */
export interface Secured {
  readonly nodes: Certificate;
  readonly sentinels: Certificate;
}

export class RedisNode {
  readonly port: number;
  readonly #child: ChildProcess;
  /** For the test's own looks and orders. */
  readonly client: Redis;

  private constructor(port: number, child: ChildProcess, access: AdminAccess) {
    this.port = port;
    this.#child = child;
    this.client = new Redis(port, '127.0.0.1', {
      ...access,
      retryStrategy: () => 20,
      maxRetriesPerRequest: null,
    });
    this.client.on('error', () => {});
  }

  /** Starts one on a free port of 127.0.0.1; it ends, and its folder goes, with the running test. */
  static async start(options: readonly string[] = [], secured?: Secured): Promise<RedisNode> {
    const port = await freePort();
    const folder = await mkdtemp(join(tmpdir(), 'loandesk-node-'));
    const place = [
      ...(await portOptions(port, secured)),
      '--bind',
      '127.0.0.1',
      '--dir',
      folder,
      '--save',
      '',
    ];
    const quick = ['--repl-diskless-sync-delay', '0', '--appendonly', 'yes'];
    const child = spawn('redis-server', [...place, ...quick, ...options], { stdio: 'ignore' });
    const node = new RedisNode(port, child, await adminAccess(secured?.nodes));
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

async function portOptions(port: number, secured?: Secured): Promise<string[]> {
  if (secured === undefined) return ['--port', String(port)];
  const desk = ['--user', USER, 'on', `>${PASSWORD}`, ...(await documentedAcl())];
  const admin = ['--requirepass', ADMIN_PASSWORD, '--masterauth', ADMIN_PASSWORD];
  return ['--port', '0', '--tls-port', String(port), ...tlsOptions(secured.nodes), ...desk, ...admin];
}

interface AdminAccess {
  readonly password?: string;
  readonly tls?: ConnectionOptions;
}

/** Whatever name the certificate bears: only that the authority signed it. */
async function adminAccess(certificate?: Certificate): Promise<AdminAccess> {
  if (certificate === undefined) return {};
  const ca = await readFile(certificate.ca, 'utf8');
  return { password: ADMIN_PASSWORD, tls: { ca, checkServerIdentity: () => undefined } };
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
export async function startSentinelSet(secured?: Secured): Promise<SentinelSet> {
  const master = await RedisNode.start([], secured);
  const follow = ['--replicaof', `127.0.0.1 ${master.port}`];
  const replicas = [await RedisNode.start(follow, secured), await RedisNode.start(follow, secured)];
  await Promise.all(replicas.map((replica) => replica.says('replication', 'master_link_status:up')));
  const ports = await Promise.all([1, 2, 3].map(() => startSentinel(master.port, secured)));
  const access = await adminAccess(secured?.sentinels);
  for (const port of ports) {
    const watching = new Redis(port, '127.0.0.1', access);
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

async function startSentinel(masterPort: number, secured?: Secured): Promise<number> {
  const port = await freePort();
  const folder = await mkdtemp(join(tmpdir(), 'loandesk-sentinel-'));
  const file = join(folder, 'sentinel.conf');
  const lines = [
    'bind 127.0.0.1',
    `dir ${folder}`,
    ...(secured === undefined ? [`port ${port}`] : await securedSentinel(port, secured)),
    `sentinel monitor desk 127.0.0.1 ${masterPort} 2`,
    'sentinel down-after-milliseconds desk 1000',
    'sentinel failover-timeout desk 6000',
    ...(secured === undefined ? [] : [`sentinel auth-pass desk ${ADMIN_PASSWORD}`]),
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

async function securedSentinel(port: number, { sentinels }: Secured): Promise<string[]> {
  const words = tlsOptions(sentinels);
  const tls = words.flatMap((word, index) =>
    index % 2 === 0 ? [`${word.slice(2)} ${words[index + 1]}`] : [],
  );
  const watcher = `user ${SENTINEL_USER} on >${SENTINEL_PASSWORD} ${(await documentedAcl(SENTINEL_USER)).join(' ')}`;
  const admin = [`requirepass ${ADMIN_PASSWORD}`, `sentinel sentinel-pass ${ADMIN_PASSWORD}`];
  return ['port 0', `tls-port ${port}`, ...tls, watcher, ...admin];
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
export async function startCluster(secured?: Secured): Promise<ClusterSet> {
  const options = ['--cluster-enabled', 'yes', '--cluster-node-timeout', '1000'];
  const bus = secured === undefined ? [] : ['--tls-cluster', 'yes'];
  const start = () => RedisNode.start([...options, ...bus], secured);
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
