/**
 * Approval case 30, on real processes: a bot is killed with SIGKILL at one exact moment of a close, another one goes
 * on. The moment is found from outside: Redis has done the command that carries it, and its answer is held back; or
 * the exchange, or Slack, has the request and does not answer. The waits are the rule's own: 60 s for a claim, 30 s
 * for the answer to a close. So the tests run side by side.
 */

import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, inject, type TestContext } from 'vitest';
import { type BotProcess, startBotProcess } from '../../sandbox/bot-process.ts';
import { SEED_IDS } from '../../sandbox/slack/seed.ts';
import { startTcpProxy, type TcpProxy } from '../../sandbox/tcp-proxy.ts';
import { startWorld, type World } from '../../sandbox/world.ts';
import type { CloseRequest } from '../../src/domain/close/close-request.ts';
import { LATE_COPY_MARGIN_MS } from '../../src/domain/close/close-sending.ts';
import type { CloseState } from '../../src/domain/close/close-state.ts';
import { concurrentOnServer } from './concurrent-on-server.ts';
import { People } from './people.ts';
import { Records } from './records.ts';
import { judgeTold } from './told.ts';

const { rina, ada, ben } = SEED_IDS;
const UNIT = '7';
const LONGEST_MS = 150_000;

class Scene {
  readonly world: World;
  readonly proxy: TcpProxy;
  readonly records: Records;
  readonly people: People;
  #bots: BotProcess[] = [];
  #ended = false;

  private constructor(world: World, proxy: TcpProxy, records: Records) {
    this.world = world;
    this.proxy = proxy;
    this.records = records;
    const someBot = () => this.#bots.at(-1)?.url ?? '';
    this.people = new People({ workspace: world.workspace, someBot, patienceMs: 20_000 });
  }

  /**
   * A world with one bot behind the proxy, and a request that lacks one vote. What was started ends with the test,
   * whether it fails, is given up as too slow, or passes.
   */
  static async play(
    { onTestFinished }: TestContext,
    act: (scene: Scene, request: CloseRequest) => Promise<void>,
  ): Promise<void> {
    const redisUrl = inject('redisUrl');
    const prefix = `kill-${randomUUID()}`;
    const world = await startWorld({
      redisUrl,
      replicas: 0,
      workspace: { transport: 'http' },
      settings: { REDIS_PREFIX: prefix },
    });
    // The last one told is the first to end.
    onTestFinished(() => world.close());
    const proxy = await startTcpProxy(redisUrl);
    onTestFinished(() => proxy.close());
    const records = new Records({ redisUrl, prefix, auditKey: world.settings().AUDIT_KEY ?? '' });
    onTestFinished(() => records.close());
    const scene = new Scene(world, proxy, records);
    onTestFinished(() => scene.#end());
    await scene.startBot(proxy.url);
    await scene.people.ask(rina, UNIT, 'repaid');
    const opened = await scene.until(async () => {
      const found = await records.openFor(UNIT);
      return found?.card ? found : undefined;
    });
    await scene.people.approve(ada, opened);
    const request = await scene.record(opened.id, ({ votes }) => votes.length === 1);
    await act(scene, request);
    await scene.judge(request);
  }

  /** Kills every bot, also one whose start is still under way. */
  async #end(): Promise<void> {
    this.#ended = true;
    await Promise.all(this.#bots.map((bot) => bot.kill()));
  }

  async startBot(redisUrl = this.world.redis.url): Promise<void> {
    const bot = await startBotProcess({ ...this.world.settings(), REDIS_URL: redisUrl });
    this.#bots.push(bot);
    if (this.#ended) await bot.kill();
  }

  /** SIGSTOP; what it holds, it goes on holding. */
  pauseBot(): BotProcess {
    const bot = this.#bots.at(-1);
    if (bot === undefined) throw new Error('there is no bot');
    bot.pause();
    return bot;
  }

  /** Ben's vote, the last one. Nobody waits for what the bot makes of it: it will not live to tell. */
  lastVote(request: CloseRequest): void {
    void this.people.approve(ben, request);
  }

  /** SIGKILL, and a new bot with a connection of its own. */
  async killAndReplace(): Promise<void> {
    await this.#bots.at(-1)?.kill();
    await this.startBot();
  }

  async until<Value>(look: () => Promise<Value | undefined>, withinMs = LONGEST_MS): Promise<Value> {
    const lastMs = performance.now() + withinMs;
    for (;;) {
      const found = await look();
      if (found !== undefined) return found;
      if (performance.now() > lastMs) throw new Error('what was waited for did not come');
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  record(requestId: string, fits: (request: CloseRequest) => boolean): Promise<CloseRequest> {
    return this.until(async () => {
      const found = await this.records.load(requestId);
      return found !== null && fits(found) ? found : undefined;
    });
  }

  state(requestId: string, state: CloseState): Promise<CloseRequest> {
    return this.record(requestId, (request) => request.state === state);
  }

  get deletes(): number {
    return this.world.exchange.requests({ endpoint: 'close' }).length;
  }

  /** The card as people see it, once it says so. */
  cardSays(request: CloseRequest, pattern: RegExp): Promise<string> {
    return this.until(async () => {
      const card = this.people.cardOf(request);
      const shown = card === null ? '' : this.world.workspace.renderText(card);
      return pattern.test(shown) ? shown : undefined;
    }, 45_000);
  }

  /** At every end: nothing was called closed too early, no card offers a decision, and the audit holds. */
  private async judge({ id }: CloseRequest): Promise<void> {
    await this.until(async () => ((await this.records.undelivered()) === 0 ? true : undefined), 45_000);
    const { exchange, workspace } = this.world;
    const closed = new Map(exchange.closedUnits().map((unit) => [unit.groupId, unit]));
    const told = judgeTold(workspace, await this.records.all(), closed);
    expect(told.violations).toEqual([]);
    expect(told.mostRepeats).toBeLessThanOrEqual(1);
    for (const { fault } of await this.records.verifyAudit([id])) expect(fault).toBeNull();
  }

  async events(requestId: string): Promise<string[]> {
    const entries = (await this.records.trail()).get(requestId) ?? [];
    return entries.map(({ body }) => body.event.type);
  }
}

describe.concurrent('a bot is killed', () => {
  // The two that wait for the end of a claim come first: five run side by side.
  concurrentOnServer('approval case 31: one stopped past its claim sends nothing', LONGEST_MS, (context) =>
    Scene.play(context, async (scene, request) => {
      const { exchange } = scene.world;
      exchange.inject({ effect: { kind: 'latency', ms: 1_000 }, endpoint: 'ltv-details' });
      const lastLook = exchange.nextRequest({ endpoint: 'ltv-details', account: 'loan-7' });
      scene.lastVote(request);
      await lastLook;
      const stopped = scene.pauseBot();
      exchange.clearFaults();
      await scene.state(request.id, 'sending');
      await scene.startBot();
      const freed = await scene.state(request.id, 'approved');
      await scene.cardSays(request, /sending stopped/i);
      await scene.people.startSending(ada, freed);
      await scene.state(request.id, 'closed');
      stopped.resume();
      // It finishes what it was in the middle of, and ends.
      await stopped.stop();
      expect(scene.deletes).toBe(1);
      expect(await scene.events(request.id)).toContain('claim-abandoned');
    }),
  );

  concurrentOnServer(
    'after the claim: nothing leaves until a person starts it again',
    LONGEST_MS,
    (context) =>
      Scene.play(context, async (scene, request) => {
        const moment = scene.proxy.silenceAfter('"state":"sending"');
        scene.lastVote(request);
        await moment;
        const claimed = await scene.state(request.id, 'sending');
        expect(claimed.sent).toBeNull();
        await scene.killAndReplace();
        const freed = await scene.state(request.id, 'approved');
        expect(freed).toMatchObject({ abandonedClaims: 1, claim: null });
        await scene.cardSays(request, /sending stopped/i);
        expect(scene.deletes).toBe(0);
        await scene.people.startSending(ada, freed);
        await scene.state(request.id, 'closed');
        expect(scene.deletes).toBe(1);
      }),
  );

  concurrentOnServer('before the claim: another one sends the close, once', LONGEST_MS, (context) =>
    Scene.play(context, async (scene, { id, ...request }) => {
      const moment = scene.proxy.silenceAfter('"state":"approved"');
      scene.lastVote({ id, ...request });
      await moment;
      expect(await scene.state(id, 'approved')).toMatchObject({ claim: null, sent: null });
      await scene.killAndReplace();
      expect(await scene.state(id, 'closed')).toMatchObject({ abandonedClaims: 0 });
      expect(scene.deletes).toBe(1);
    }),
  );

  concurrentOnServer(
    'after the mark: unknown, never sent again, settled by two people',
    LONGEST_MS,
    (context) =>
      Scene.play(context, async (scene, request) => {
        const moment = scene.proxy.silenceAfter('"sent":{"atMs"');
        scene.lastVote(request);
        await moment;
        expect(await scene.record(request.id, ({ sent }) => sent !== null)).toMatchObject({ answer: null });
        await scene.killAndReplace();
        const unknown = await scene.state(request.id, 'unknown');
        expect(scene.deletes).toBe(0);
        // A late copy could still be carried out: nobody may call it not closed before that is past.
        await scene.people.settle(ada, unknown, 'not-closed');
        expect(await scene.records.load(request.id)).toMatchObject({ settlement: null });
        const { signedTimestampMs = 0, recvWindowMs = 0 } = unknown.sent ?? {};
        await pause(signedTimestampMs + recvWindowMs + LATE_COPY_MARGIN_MS + 1_000 - Date.now());
        await scene.people.settle(ada, unknown, 'not-closed');
        await scene.record(request.id, ({ settlement }) => settlement !== null);
        await scene.people.settle(ada, unknown, 'not-closed');
        expect(await scene.records.load(request.id)).toMatchObject({ state: 'unknown' });
        await scene.people.settle(ben, unknown, 'not-closed');
        expect(await scene.state(request.id, 'failed')).toMatchObject({ ending: { kind: 'settled' } });
        expect(scene.deletes).toBe(0);
        expect(scene.world.exchange.units().map(({ groupId }) => groupId)).toContain(UNIT);
      }),
  );

  concurrentOnServer(
    "after the bytes: the exchange's own list tells that it is closed",
    LONGEST_MS,
    (context) =>
      Scene.play(context, async (scene, request) => {
        const { exchange } = scene.world;
        exchange.inject({ effect: { kind: 'hang', when: 'after' }, endpoint: 'close', count: 1 });
        const moment = exchange.nextRequest({ endpoint: 'close' });
        scene.lastVote(request);
        await moment;
        await scene.killAndReplace();
        expect(await scene.record(request.id, ({ sent }) => sent !== null)).toMatchObject({ answer: null });
        expect(await scene.state(request.id, 'closed')).toMatchObject({ ending: { kind: 'read-back' } });
        expect(await scene.events(request.id)).toContain('lost-track');
        expect(scene.deletes).toBe(1);
      }),
  );

  concurrentOnServer('before the read-back: another one reads back', LONGEST_MS, (context) =>
    Scene.play(context, async (scene, request) => {
      const moment = scene.proxy.silenceAfter('"answer":{"kind":"closed"');
      scene.lastVote(request);
      await moment;
      const answered = await scene.record(request.id, ({ answer }) => answer !== null);
      expect(answered).toMatchObject({ state: 'sending', evidence: null });
      await scene.killAndReplace();
      expect(await scene.state(request.id, 'closed')).toMatchObject({ ending: { kind: 'read-back' } });
      expect(scene.deletes).toBe(1);
    }),
  );

  concurrentOnServer('before the card is edited: another one edits it', LONGEST_MS, (context) =>
    Scene.play(context, async (scene, request) => {
      const { workspace } = scene.world;
      workspace.faults.add('chat.update', { kind: 'hang' });
      scene.lastVote(request);
      await scene.state(request.id, 'closed');
      const before = scene.people.cardOf(request);
      expect(before === null ? '' : workspace.renderText(before)).toContain('[Review and approve…]');
      await scene.killAndReplace();
      workspace.faults.clear();
      expect(await scene.cardSays(request, /\*?Closed\.?\*?/)).not.toContain('[Review and approve…]');
      expect(scene.deletes).toBe(1);
    }),
  );
});
