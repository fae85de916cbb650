/**
 * The watch end to end: bots through `createApp` on one real Redis, the stand-ins of Binance and Slack, and a clock that
 * the test turns. Nothing happens by itself: rounds and deliveries are run when the test says so.
 */
import { randomUUID } from 'node:crypto';
import { inject, onTestFinished, vi } from 'vitest';
import type { Exchange } from '../../sandbox/binance/exchange.ts';
import { member } from '../../sandbox/binance/seed.ts';
import { SEED_IDS as ids } from '../../sandbox/slack/seed.ts';
import type { Workspace } from '../../sandbox/slack/workspace.ts';
import { startTcpProxy, type TcpProxy } from '../../sandbox/tcp-proxy.ts';
import { startWorld, type World } from '../../sandbox/world.ts';
import { createApp, type RunningApp } from '../../src/app.ts';
import type { AuditBody } from '../../src/domain/audit-chain.ts';
import type { EpisodeEvent } from '../../src/domain/watch/episode.ts';
import type { LevelKey } from '../../src/domain/watch/levels.ts';
import type { WatchEventType } from '../../src/domain/watch/watch.ts';
import { createLogger } from '../../src/ops/logger.ts';
import { RedisAuditLog } from '../../src/redis/audit-log.ts';
import { RedisConnection } from '../../src/redis/connection.ts';
import { KeyNames } from '../../src/redis/key-names.ts';
import { loadConfig } from '../../src/settings/config.ts';
import { QUIET } from '../support/logs.ts';
import { HandDriven } from './hand-driven.ts';
import { Hands } from './hands.ts';
import { type Told, toldIn } from './told.ts';
import { TurnedClock } from './turned-clock.ts';

export const SECOND = 1_000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const START_MS = Date.UTC(2026, 10, 30, 3, 10);

export interface Replica {
  readonly app: RunningApp;
  readonly background: HandDriven;
  /** Between it and Redis. */
  readonly proxy: TcpProxy;
  readonly name: string;
}

/** Not the watch's. */
const OTHER_ROUNDS = new Set(['attention', 'homes', 'audit', 'audit-head', 'kept', 'outbox']);
const SCOPES = [
  'commands',
  'chat:write',
  'users:read',
  'usergroups:read',
  'channels:read',
  'channels:history',
];

export interface RigOptions {
  readonly replicas?: number;
  /** LTV by unit. */
  readonly units?: Readonly<Record<string, string>>;
  readonly settings?: Readonly<Record<string, string>>;
  readonly startMs?: number;
}

export class WatchRig {
  readonly world: World;
  readonly clock: TurnedClock;
  readonly everyMs: number;
  readonly replicas: Replica[] = [];
  readonly hands: Hands;
  readonly #ends: (() => unknown)[];
  readonly #audit: RedisAuditLog;

  private constructor(world: World, clock: TurnedClock, ends: (() => unknown)[]) {
    this.world = world;
    this.clock = clock;
    this.everyMs = loadConfig(world.settings()).watch?.everyMs ?? 0;
    this.#ends = ends;
    this.hands = new Hands({
      workspace: world.workspace,
      told: () => this.told(),
      settled: () => this.#settled(),
    });
    const connection = new RedisConnection({ url: world.redis.url }, QUIET);
    ends.push(() => connection.close());
    const prefix = world.settings().REDIS_PREFIX ?? '';
    this.#audit = new RedisAuditLog({ connection, keys: new KeyNames(prefix) });
  }

  /** Ends with the running test, or earlier. */
  static async start(options: RigOptions = {}): Promise<WatchRig> {
    const { replicas = 1, units = { 1: '0.6' }, settings = {}, startMs = START_MS } = options;
    const ends: (() => unknown)[] = [];
    const redisUrl = inject('redisUrl');
    const prefix = `watch-${randomUUID()}`;
    vi.useFakeTimers({ toFake: ['Date', 'performance'], now: startMs });
    ends.push(() => vi.useRealTimers());
    const clock = await TurnedClock.start(redisUrl, prefix, (ms) => vi.advanceTimersByTime(ms));
    ends.push(() => clock.end());
    const world = await startWorld({
      redisUrl,
      replicas: 0,
      exchange: { ledger: () => ({ units: [], closed: [], records: [], interest: [], liquidations: [] }) },
      workspace: { transport: 'http', scopes: SCOPES },
      settings: {
        ...{ REDIS_PREFIX: prefix, REDIS_MAY_FORGET: 'true' },
        ...{ WATCH: 'on', WATCH_CHANNEL: ids.loanAlerts, WATCH_GROUP: ids.approvers, WATCH_EVERY: '15s' },
        ...settings,
      },
    });
    ends.push(() => world.close());
    const rig = new WatchRig(world, clock, ends);
    onTestFinished(() => rig.end());
    for (const [groupId, ltv] of Object.entries(units)) rig.addUnit(groupId, ltv);
    for (let started = 0; started < replicas; started += 1) await rig.addReplica();
    return rig;
  }

  async end(): Promise<void> {
    for (const end of this.#ends.splice(0).reverse()) await end();
  }

  get exchange(): Exchange {
    return this.world.exchange;
  }

  get workspace(): Workspace {
    return this.world.workspace;
  }

  /** It owes a million. */
  addUnit(groupId: string, ltv: string): void {
    const creditEmail = `credit${groupId}@test.com`;
    this.exchange.addUnit({
      groupId,
      creditEmail,
      liabilities: [{ assetName: 'USDT', principal: '1000000', interest: '0' }],
      members: [member('CREDIT', creditEmail, { SPOT: '2000000' })],
    });
    this.setLtv(groupId, ltv);
  }

  /** Null: it has nothing left, so that its LTV is not defined. */
  setLtv(groupId: string, ltv: string | null): void {
    const wallet = { email: `credit${groupId}@test.com`, accountType: 'SPOT' };
    this.exchange.stopPath(groupId);
    this.exchange.editEquity(groupId, { ...wallet, netEquity: ltv === null ? '0' : '2000000' });
    if (ltv !== null) this.exchange.fallTo(groupId, ltv);
  }

  async addReplica(settings: Readonly<Record<string, string>> = {}): Promise<Replica> {
    const proxy = await startTcpProxy(this.world.redis.url);
    this.#ends.push(() => proxy.close());
    const background = new HandDriven();
    const config = loadConfig({ ...this.world.settings(), REDIS_URL: proxy.url, ...settings });
    const app = await createApp(config, createLogger('silent'), { background });
    this.#ends.push(async () => {
      proxy.heal();
      await app.stop();
    });
    await app.start();
    const replica = { app, background, proxy, name: `bot-${this.replicas.length + 1}` };
    this.replicas.push(replica);
    this.workspace.setBotUrl(this.world.urlOf(app));
    await background.settled();
    return replica;
  }

  /** As SIGKILL would: it reaches Redis no more, and nothing of it runs again. */
  kill(replica: Replica): void {
    replica.proxy.cut();
    this.replicas.splice(this.replicas.indexOf(replica), 1);
  }

  /** Stops every bot in good order; the next ones start on the same Redis. */
  async stopAll(): Promise<void> {
    for (const { app } of this.replicas.splice(0)) await app.stop();
  }

  /** Time for one round passes; each replica asks for it, and what is due is delivered. */
  async round(): Promise<void> {
    await this.clock.pass(this.everyMs);
    for (const replica of [...this.replicas]) await this.turn(replica);
    await this.deliver();
  }

  /** The watch's own rounds of one replica. */
  async turn({ background }: Replica): Promise<void> {
    for (const what of background.rounds.keys()) if (!OTHER_ROUNDS.has(what)) await background.turn(what);
  }

  async #settled(): Promise<void> {
    for (const { background } of this.replicas) await background.settled();
    await this.deliver();
  }

  async deliver(): Promise<void> {
    for (const { background } of this.replicas) await background.turn('outbox');
  }

  async rounds(durationMs: number, before: (index: number) => void = () => {}): Promise<void> {
    for (let index = 0; index < durationMs / this.everyMs; index += 1) {
      before(index);
      await this.round();
    }
  }

  /** What the bot said in a channel, oldest first; in the watch's own by default. */
  told(channelId: string = ids.loanAlerts): Told[] {
    return toldIn(this.workspace, channelId);
  }

  /** To a person alone. */
  toldDirectly(userId: string): Told[] {
    return this.told(this.workspace.directory.directMessage(userId).id);
  }

  /** Returns what takes it back. */
  archive(channelId: string): () => void {
    const { channels } = this.workspace.directory;
    const channel = channels.get(channelId);
    if (channel === undefined) throw new Error(`there is no channel ${channelId}`);
    channels.set(channelId, { ...channel, isArchived: true });
    return () => channels.set(channelId, channel);
  }

  /** The bot is removed from the channel. Returns what invites it again. */
  leave(channelId: string): () => void {
    const members = this.workspace.directory.channels.get(channelId)?.members;
    members?.delete(ids.botUser);
    return () => members?.add(ids.botUser);
  }

  /** Minutes pass, and each replica tries again what Slack refused for good. */
  async retryKept(): Promise<void> {
    await this.clock.pass(5 * MINUTE);
    for (const { background } of this.replicas) await background.turn('kept');
    await this.deliver();
  }

  /** Those of the watch itself that begin a day. */
  digests(): Told[] {
    return this.told().filter(({ isReply, text }) => !isReply && /digest|all clear/i.test(text));
  }

  /** Per unit, oldest first: when the sealed trail says that people were called because of this level. */
  async callsAt(level: LevelKey): Promise<number[][]> {
    const calls = new Map<string, number[]>();
    for await (const { body } of this.#audit.entries()) {
      // Sealed by the bots of this test; the types are theirs.
      const event = body.event as EpisodeEvent;
      const { groupId } = body as AuditBody & { readonly groupId?: string };
      if (body.episodeId === undefined || groupId === undefined) continue;
      const isCall =
        (event.type === 'worsened' && event.to === level) ||
        ((event.type === 'opened' || event.type === 'repeated') && event.level === level);
      if (isCall) calls.set(groupId, [...(calls.get(groupId) ?? []), event.atMs]);
    }
    return [...calls.values()];
  }

  /** When the sealed trail says that this happened. */
  async timesOf(type: WatchEventType): Promise<number[]> {
    const times: number[] = [];
    for await (const { body } of this.#audit.entries())
      if (body.event.type === type) times.push(body.event.atMs);
    return times;
  }

  loud(): Told[] {
    return this.told().filter(({ isLoud }) => isLoud);
  }
}

/** Runs where a Redis is real; the embedded one's clock cannot be asked for by key. */
export const ON_REAL_REDIS = inject('redisKind') !== 'embedded';
