/** The bots of a run: one process a place, each behind a proxy of its own, killed and replaced without end. */
import { setTimeout as pause } from 'node:timers/promises';
import { type BotProcess, startBotProcess } from '../../sandbox/bot-process.ts';
import { startTcpProxy, type TcpProxy } from '../../sandbox/tcp-proxy.ts';
import { LogWatch } from './log-watch.ts';

export class Place {
  readonly proxy: TcpProxy;
  readonly #settings: () => Record<string, string>;
  readonly #watch: LogWatch;
  #bot: BotProcess | null = null;
  #meantToEnd = false;

  constructor(proxy: TcpProxy, settings: () => Record<string, string>, watch: LogWatch) {
    this.proxy = proxy;
    this.#settings = settings;
    this.#watch = watch;
  }

  /** Where its bot listens, or listened: people's clicks may well go to a dead one. */
  get url(): string {
    return this.#bot?.url ?? 'http://127.0.0.1:9/slack/events';
  }

  get bot(): BotProcess | null {
    return this.#bot;
  }

  async start(waitUntilReady: boolean): Promise<void> {
    this.#meantToEnd = false;
    const bot = await startBotProcess(
      { ...this.#settings(), REDIS_URL: this.proxy.url },
      { waitUntilReady, readyWithinMs: 60_000, onLine: (line) => this.#watch.see(line) },
    );
    this.#bot = bot;
    void bot.exited.then(({ code, signal }) => {
      if (this.#bot === bot && !this.#meantToEnd) {
        this.#watch.endedByItself(`${code ?? signal}: ${bot.log().slice(-3).join(' | ')}`);
      }
    });
  }

  async kill(): Promise<void> {
    this.#meantToEnd = true;
    await this.#bot?.kill();
  }

  /** SIGTERM; throws when it does not drain. */
  async stop(): Promise<void> {
    this.#meantToEnd = true;
    if (this.#bot?.running === true) await this.#bot.stop();
  }
}

export class Fleet {
  readonly places: readonly [Place, ...Place[]];
  readonly watch: LogWatch;

  private constructor(places: readonly [Place, ...Place[]], watch: LogWatch) {
    this.places = places;
    this.watch = watch;
  }

  static async start(size: number, redisUrl: string, settings: () => Record<string, string>): Promise<Fleet> {
    const watch = new LogWatch();
    const place = async () => new Place(await startTcpProxy(redisUrl), settings, watch);
    const first = await place();
    const others = await Promise.all(Array.from({ length: size - 1 }, place));
    const fleet = new Fleet([first, ...others], watch);
    try {
      await Promise.all(fleet.places.map((each) => each.start(true)));
    } catch (error) {
      await fleet.close();
      throw error;
    }
    return fleet;
  }

  /** Ends one place's bot and starts another there; a start that fails is noted, and tried again when all heals. */
  async replace(place: Place, downMs: number): Promise<void> {
    await place.kill();
    await pause(downMs);
    try {
      await place.start(false);
    } catch (error) {
      this.watch.endedByItself(`it did not start: ${String(error)}`);
    }
  }

  /** Every connection whole, every process running and ready. */
  async heal(): Promise<void> {
    for (const { proxy } of this.places) proxy.heal();
    for (const { bot } of this.places) bot?.resume();
    await Promise.all(
      this.places.filter(({ bot }) => bot?.running !== true).map((place) => place.start(true)),
    );
  }

  /** Ends what still runs, without asking. */
  async close(): Promise<void> {
    await Promise.all(this.places.map((place) => place.kill()));
    await Promise.all(this.places.map(({ proxy }) => proxy.close()));
  }
}
