/** The bots of a run: one process a place, each behind a proxy of its own, killed and replaced without end. */
import { setTimeout as pause } from 'node:timers/promises';
import { type BotProcess, startBotProcess } from '../../sandbox/bot-process.ts';
import { startTcpProxy, type TcpProxy } from '../../sandbox/tcp-proxy.ts';
import { boundsOfSettings, type Life, type Settings } from './brakes.ts';
import { LogWatch } from './log-watch.ts';

export class Place {
  readonly proxy: TcpProxy;
  /** Every process that ran here. */
  readonly lives: Life[] = [];
  readonly #settings: () => Record<string, string>;
  readonly #watch: LogWatch;
  #bot: BotProcess | null = null;
  #meantToEnd = false;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(proxy: TcpProxy, settings: () => Record<string, string>, watch: LogWatch) {
    this.proxy = proxy;
    this.#settings = settings;
    this.#watch = watch;
  }

  /** One after the other: who kills and starts here has the place alone meanwhile. */
  inTurn<Value>(act: () => Promise<Value>): Promise<Value> {
    const result = this.#turn.then(act);
    this.#turn = result.catch(() => {});
    return result;
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
    const settings = this.#settings();
    const life: Life = {
      ...boundsOfSettings(settings),
      fromMs: Date.now(),
      toMs: Number.POSITIVE_INFINITY,
    };
    this.lives.push(life);
    const bot = await startBotProcess(
      { ...settings, REDIS_URL: this.proxy.url },
      { waitUntilReady, readyWithinMs: 60_000, onLine: (line) => this.#watch.see(line) },
    ).catch((error: unknown) => {
      life.toMs = Date.now();
      throw error;
    });
    this.#bot = bot;
    // A file that was swapped as it started may have been read before.
    this.reloadFiles();
    void bot.exited.then(({ code, signal }) => {
      life.toMs = Date.now();
      if (this.#bot === bot && !this.#meantToEnd) {
        this.#watch.endedByItself(`${code ?? signal}: ${bot.log().slice(-3).join(' | ')}`);
      }
    });
  }

  /** SIGHUP: its bot reads its files again, a stopped one when it goes on. */
  reloadFiles(): void {
    if (this.#bot?.running === true) process.kill(this.#bot.pid, 'SIGHUP');
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
  readonly #emergency: { settings: Settings };

  private constructor(
    places: readonly [Place, ...Place[]],
    watch: LogWatch,
    emergency: { settings: Settings },
  ) {
    this.places = places;
    this.watch = watch;
    this.#emergency = emergency;
  }

  static async start(size: number, redisUrl: string, settings: () => Record<string, string>): Promise<Fleet> {
    const watch = new LogWatch();
    const emergency = { settings: {} };
    const current = () => ({ ...settings(), ...emergency.settings });
    const place = async () => new Place(await startTcpProxy(redisUrl), current, watch);
    const first = await place();
    const others = await Promise.all(Array.from({ length: size - 1 }, place));
    const fleet = new Fleet([first, ...others], watch, emergency);
    try {
      await Promise.all(fleet.places.map((each) => each.start(true)));
    } catch (error) {
      await fleet.close();
      throw error;
    }
    return fleet;
  }

  /** Ends one place's bot and starts another there; a start that fails is noted, and tried again when all heals. */
  replace(place: Place, downMs: number): Promise<void> {
    return place.inTurn(async () => {
      await place.kill();
      await pause(downMs);
      try {
        await place.start(false);
      } catch (error) {
        this.watch.endedByItself(`it did not start: ${String(error)}`);
      }
    });
  }

  /** Kills every bot, then starts all again with these settings over the usual ones; later ones start with them, too. */
  async restartAll(settings: Settings): Promise<void> {
    this.#emergency.settings = settings;
    await Promise.all(this.places.map((place) => this.replace(place, 0)));
  }

  /** Every process of the run. */
  lives(): readonly Life[] {
    return this.places.flatMap(({ lives }) => lives);
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
