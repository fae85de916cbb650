/** Issue 7, item 5, over Socket Mode: three processes are replaced one after the other while people click and type. */
import { randomUUID } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { expect, inject, onTestFinished } from 'vitest';
import { type BotProcess, startBotProcess } from '../../sandbox/bot-process.ts';
import { SEED_IDS } from '../../sandbox/slack/seed.ts';
import { startWorld, type World } from '../../sandbox/world.ts';
import { longId } from '../../src/domain/amount.ts';
import type { CloseRequest } from '../../src/domain/close/close-request.ts';
import { ACTIONS, COMMANDS, INPUTS } from '../../src/slack/ids.ts';
import { judgeTold } from '../chaos/told.ts';
import { type RedisParts, realRedis, redisParts } from '../redis/redis-parts.ts';

const { rina, ada, ben, chen, vera, loanDesk } = SEED_IDS;
const PROCESSES = 3;
/** Few: each process asks each unit's key once, and a minute's allowance must not run out. */
const TO_CLOSE = ['3001', '3002', '3003'];
const TO_REJECT = '3004';
const LOOK_AGAIN_MS = 1_000;
const SEEN_WITHIN_MS = 15_000;

/** What people did. An interaction that was not acknowledged is one of which Slack tells them that it failed. */
class Tally {
  acknowledged = 0;
  refusedAtTheDoor = 0;
  clicks = 0;
  readonly lost: string[] = [];
}

/** People who look at what comes of each thing they do, and do it again only if Slack said that it failed. */
class Crowd {
  readonly #world: World;
  readonly #record: RedisParts;
  readonly tally = new Tally();

  constructor(world: World, record: RedisParts) {
    this.#world = world;
    this.#record = record;
  }

  async type(user: string, name: string, text: string): Promise<boolean> {
    const result = await this.#world.workspace.as(user).command(name, text, { channelId: loanDesk });
    const isAcknowledged = result.failure === undefined && result.shown === undefined;
    if (isAcknowledged) this.tally.acknowledged += 1;
    else this.tally.refusedAtTheDoor += 1;
    return isAcknowledged;
  }

  async ask(unit: string): Promise<CloseRequest | null> {
    const opened = async () => {
      const found = await this.#record.store.openRequestFor(longId(unit));
      return found?.card ? found : null;
    };
    while (!(await this.type(rina, COMMANDS.closeUnit, `${unit} repaid`))) {
      const found = await opened();
      if (found !== null) return found;
    }
    return this.#comes(`the request for unit ${unit}`, opened);
  }

  /** Clicks a button of the card, fills in the form that it opens, and sees that it counts. */
  async decide(
    user: string,
    { id, card }: CloseRequest,
    action: string,
    [input, words]: readonly [string, string],
    counts: (request: CloseRequest) => boolean,
  ): Promise<void> {
    const { workspace } = this.#world;
    const { store } = workspace;
    const isDone = async () => {
      const stored = await this.#record.store.load(id);
      return stored !== null && counts(stored.request) ? true : null;
    };
    if (card === null) throw new Error('a request without a card was handed out');
    const message = { channelId: card.channelId, ts: card.messageTs };
    while ((await isDone()) === null) {
      const clicked = await workspace.as(user).click(message, action);
      if (!this.#tookClick(clicked.failure)) continue;
      const form = await this.#comes(`the form of ${user} for ${id}`, async () => {
        const opened = store.events
          .slice(clicked.order)
          .find((event) => event.type === 'view_opened' && event.view.userId === user);
        const view = opened?.type === 'view_opened' ? store.view(opened.view.id) : undefined;
        return view !== undefined && JSON.stringify(view.payload.blocks).includes(input) ? view : null;
      });
      if (form === null) return;
      const sent = await workspace.as(user).submit(form.id, { [input]: words });
      if (this.#tookClick(sent.failure)) await this.#comes(`what ${user} decided on ${id}`, isDone);
    }
  }

  #tookClick(failure: string | undefined): boolean {
    if (failure === undefined) this.tally.clicks += 1;
    else this.tally.refusedAtTheDoor += 1;
    return failure === undefined;
  }

  /** What an acknowledged interaction brings; if it does not come, the interaction is lost. */
  async #comes<Value>(what: string, look: () => Promise<Value | null>): Promise<Value | null> {
    const untilMs = performance.now() + SEEN_WITHIN_MS;
    while (performance.now() < untilMs) {
      const found = await look();
      if (found !== null) return found;
      await pause(20);
    }
    this.tally.lost.push(what);
    return null;
  }
}

realRedis(
  'a rolling restart under load over Socket Mode: what was acknowledged is answered, and decisions count once',
  async () => {
    const redisUrl = inject('redisUrl');
    const prefix = `roll-socket-${randomUUID()}`;
    const world = await startWorld({
      redisUrl,
      replicas: 0,
      exchange: { settings: {} },
      workspace: { transport: 'socket' },
      settings: { REDIS_PREFIX: prefix, REDIS_MAY_FORGET: 'true', SLACK_SIGNING_SECRET: '' },
    });
    onTestFinished(() => world.close());
    const { workspace, exchange } = world;
    const units = [...TO_CLOSE, TO_REJECT];
    for (const groupId of units) exchange.addUnit({ groupId });
    const keys = exchange
      .accounts()
      .filter(({ name, role }) => role === 'parent' || units.some((unit) => name.endsWith(unit)));
    expect(keys).toHaveLength(units.length + 1);
    await writeFile(world.accountsFile, JSON.stringify(keys), { mode: 0o600 });
    // Slow enough that work is always under way when a process is told to stop.
    exchange.inject({ effect: { kind: 'latency', ms: 300 } });
    const start = async () => {
      const bot = await startBotProcess({
        ...world.settings(),
        SLACK_APP_TOKEN: workspace.grants.appToken,
      });
      onTestFinished(() => bot.kill().then(() => {}));
      return bot;
    };
    const bots: BotProcess[] = await Promise.all(Array.from({ length: PROCESSES }, start));
    const record = await redisParts(redisUrl, prefix);
    const crowd = new Crowd(world, record);
    const { tally } = crowd;
    let stop = false;
    const typeOn = async (user: string, name: string, text: string, pauseMs = 5) => {
      while (!stop) {
        await crowd.type(user, name, text);
        await pause(pauseMs);
      }
    };
    const decideOn = async (
      nextUnit: () => string | undefined,
      decide: (request: CloseRequest) => Promise<unknown>,
    ) => {
      for (let unit = nextUnit(); !stop && unit !== undefined; unit = nextUnit()) {
        const request = await crowd.ask(unit);
        if (request === null) return;
        await decide(request);
        await pause(LOOK_AGAIN_MS);
      }
    };
    const left = [...TO_CLOSE];
    const approve = (user: string, request: CloseRequest) =>
      crowd.decide(user, request, ACTIONS.approve, [INPUTS.typedId, request.groupId], ({ votes }) =>
        votes.some(({ voter }) => voter.userId === user),
      );
    const load = [
      typeOn(vera, COMMANDS.ltv, '', LOOK_AGAIN_MS),
      typeOn(vera, COMMANDS.closedUnits, ''),
      typeOn(vera, COMMANDS.closedUnits, 'last 30d'),
      typeOn(rina, COMMANDS.loandesk, 'requests'),
      decideOn(
        () => left.shift(),
        (request) => Promise.all([approve(ada, request), approve(ben, request)]),
      ),
      decideOn(
        () => TO_REJECT,
        (request) =>
          crowd.decide(
            chen,
            request,
            ACTIONS.reject,
            [INPUTS.reason, 'not now'],
            ({ state }) => state === 'rejected',
          ),
      ),
    ];
    const stops: number[] = [];
    for (const index of bots.keys()) {
      await pause(3_000);
      const old = bots[index];
      bots[index] = await start();
      const startedMs = performance.now();
      // Throws unless it exits with 0 within 10 s.
      await old?.stop();
      stops.push(Math.round(performance.now() - startedMs));
    }
    await pause(3_000);
    stop = true;
    await Promise.all(load);

    const answered = () =>
      workspace.store.calls.filter(({ method, ok }) => method === 'response_url' && ok).length;
    const untilMs = performance.now() + SEEN_WITHIN_MS;
    const requests = async () => await record.store.listRecent(1_000);
    const open = async () => (await requests()).filter(({ ending }) => ending === null).length;
    const behind = async () => (await open()) + (await record.outbox.backlog()).subjects;
    while ((answered() < tally.acknowledged || (await behind()) > 0) && performance.now() < untilMs)
      await pause(50);
    const ended = await requests();
    const closed = ended.filter(({ state }) => state === 'closed');
    const deletes = exchange.requests({ endpoint: 'close' });
    console.log(
      `rolling restart over sockets: ${tally.acknowledged} commands acknowledged, ${answered()} answered, ${tally.clicks} clicks and forms taken, ${tally.refusedAtTheDoor} interactions not acknowledged; ${closed.length} requests closed, ${ended.length - closed.length} rejected; stops took ${stops.join(', ')} ms`,
    );
    expect(tally.lost).toEqual([]);
    expect(tally.acknowledged).toBeGreaterThan(50);
    // One that was not acknowledged in time may be answered all the same.
    expect(answered()).toBeGreaterThanOrEqual(tally.acknowledged);
    expect(answered()).toBeLessThanOrEqual(tally.acknowledged + tally.refusedAtTheDoor);
    expect(new Set(ended.map(({ state }) => state))).toEqual(new Set(['closed', 'rejected']));
    expect(closed.map(({ groupId }) => groupId).toSorted()).toEqual(TO_CLOSE);
    for (const { votes } of closed) {
      expect(votes.map(({ voter }) => voter.userId).toSorted()).toEqual([ada, ben].toSorted());
    }
    expect(deletes).toHaveLength(closed.length);
    const told = judgeTold(
      workspace,
      new Map(ended.map((each) => [each.id, each])),
      new Map(exchange.closedUnits().map((unit) => [unit.groupId, unit])),
    );
    expect(told.violations).toEqual([]);
    expect(told.repeats).toBe(0);
  },
  120_000,
);
