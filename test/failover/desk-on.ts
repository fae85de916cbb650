/** The whole desk on Redis processes of a test's own: bots, people, and a look at the record past the bots. */
import { randomUUID } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { expect, onTestFinished } from 'vitest';
import { type BotProcess, startBotProcess } from '../../sandbox/bot-process.ts';
import { SEED_IDS } from '../../sandbox/slack/seed.ts';
import { startWorld, type World } from '../../sandbox/world.ts';
import { type LongId, longId } from '../../src/domain/amount.ts';
import type { CloseRequest } from '../../src/domain/close/close-request.ts';
import type { RedisSettings } from '../../src/redis/client.ts';
import { People } from '../chaos/people.ts';
import { judgeTold } from '../chaos/told.ts';
import { type RedisParts, redisParts } from '../redis/redis-parts.ts';

const LOOK_EVERY_MS = 20;
const ASK_AGAIN_MS = 3_000;
const { rina } = SEED_IDS;

export interface DeskOnOptions {
  /** How the bots find Redis. */
  readonly bots: Readonly<Record<string, string>>;
  /** How the test finds it. */
  readonly look: RedisSettings;
  readonly size?: number;
}

export class DeskOn {
  readonly world: World;
  readonly people: People;
  readonly record: RedisParts;
  readonly bots: BotProcess[];
  readonly prefix: string;

  private constructor(world: World, record: RedisParts, bots: BotProcess[], prefix: string) {
    this.world = world;
    this.record = record;
    this.bots = bots;
    this.prefix = prefix;
    let turn = 0;
    const someBot = () => {
      const alive = bots.filter(({ running }) => running);
      turn += 1;
      return alive[turn % alive.length]?.url ?? '';
    };
    this.people = new People({ workspace: world.workspace, someBot });
  }

  /** Ends with the running test. */
  static async start({ bots: settings, look, size = 2 }: DeskOnOptions): Promise<DeskOn> {
    const prefix = `loandesk-failover-${randomUUID()}`;
    const world = await startWorld({
      redisUrl: 'redis://unused',
      replicas: 0,
      workspace: { transport: 'http' },
      settings: { REDIS_URL: '', REDIS_PREFIX: prefix, ...settings },
    });
    onTestFinished(() => world.close());
    const start = async () => {
      const bot = await startBotProcess(world.settings());
      onTestFinished(() => bot.kill().then(() => {}));
      return bot;
    };
    const bots = await Promise.all(Array.from({ length: size }, start));
    const record = await redisParts(look, prefix);
    return new DeskOn(world, record, bots, prefix);
  }

  /** A repaid unit for one more request. */
  newUnit(groupId: string): LongId {
    this.world.exchange.addUnit({ groupId });
    return longId(groupId);
  }

  /** SIGHUP, after the accounts file was written anew with the keys of the units added. */
  async reloadAccounts(): Promise<void> {
    const { world, bots } = this;
    await writeFile(world.accountsFile, JSON.stringify(world.exchange.accounts()), { mode: 0o600 });
    for (const { pid } of bots) process.kill(pid, 'SIGHUP');
    const reloaded = (bot: BotProcess) => bot.log().some((line) => line.includes('accounts reloaded'));
    await this.until(async () => bots.every(reloaded) || undefined);
  }

  async until<Value>(look: () => Promise<Value | undefined>, withinMs = 40_000): Promise<Value> {
    const lastMs = performance.now() + withinMs;
    for (;;) {
      const found = await look().catch(() => undefined);
      if (found !== undefined) return found;
      if (performance.now() > lastMs) throw new Error('what was waited for did not come');
      await pause(LOOK_EVERY_MS);
    }
  }

  /** The request as stored, once it fits. */
  stored(id: string, fits: (request: CloseRequest) => boolean, withinMs?: number): Promise<CloseRequest> {
    return this.until(async () => {
      const found = await this.record.store.load(id);
      return found !== null && fits(found.request) ? found.request : undefined;
    }, withinMs);
  }

  /** Rina asks for unit 7 (or another one), again while she is refused, until the card is up. */
  async opened(unit = '7'): Promise<CloseRequest> {
    let askAgainMs = 0;
    return this.until(async () => {
      const found = await this.record.store.openRequestFor(longId(unit));
      if (found?.card) return found;
      if (found === null && performance.now() > askAgainMs) {
        askAgainMs = performance.now() + ASK_AGAIN_MS;
        await this.people.ask(rina, unit, 'repaid');
      }
      return undefined;
    });
  }

  /** Tries until the vote counts: while Redis is away, clicks are refused. */
  async voteUntilItCounts(user: string, request: CloseRequest): Promise<CloseRequest> {
    return this.until(async () => {
      const now = await this.record.store.load(request.id);
      if (now === null) return undefined;
      const counted = now.request.votes.some(({ voter }) => voter.userId === user);
      if (counted || now.request.ending !== null) return now.request;
      await this.people.approve(user, now.request);
      return undefined;
    });
  }

  /** Waits for the end, and holds that it was a close, with one DELETE, and that nobody was told what was not so. */
  async closedOnce({ id }: CloseRequest, withinMs?: number): Promise<CloseRequest> {
    const ended = await this.stored(id, ({ ending }) => ending !== null, withinMs);
    expect(ended.state).toBe('closed');
    expect(this.deletes).toBe(1);
    expect(await this.falseWords()).toEqual([]);
    return ended;
  }

  get deletes(): number {
    return this.world.exchange.requests({ endpoint: 'close' }).length;
  }

  /** What people were told that was not so; waits until everything has been told. */
  async falseWords(): Promise<readonly string[]> {
    await this.until(async () => ((await this.record.outbox.backlog()).subjects === 0 ? true : undefined));
    const { exchange, workspace } = this.world;
    const requests = await this.record.store.listRecent(1_000);
    const closed = new Map(exchange.closedUnits().map((unit) => [unit.groupId, unit]));
    return judgeTold(workspace, new Map(requests.map((each) => [each.id, each])), closed).violations;
  }
}
