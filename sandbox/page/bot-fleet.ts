/** The bots of the sandbox: real processes that come back when they are killed, one or two of them on one Redis. */
import { setTimeout as pause } from 'node:timers/promises';
import { type BotProcess, startBotProcess } from '../bot-process.ts';

/** As a supervisor would: not at once, so that one sees it gone. */
const COMES_BACK_AFTER_MS = 1_500;

export type CloseMode = 'live' | 'dry-run';

export interface BotState {
  readonly name: string;
  readonly state: 'starting' | 'running' | 'gone';
  readonly pid: number | null;
  readonly restarts: number;
}

export interface FleetParts {
  readonly settings: Readonly<Record<string, string>>;
  /** CLOSE_RULES_FILE of bots that run by rules. */
  readonly rulesFile: string;
  /** Tells Slack where to send the next payload. */
  readonly pointAt: (url: string) => void;
  readonly onChange: () => void;
  readonly onLine: (line: string) => void;
}

interface Seat {
  readonly name: string;
  state: BotState['state'];
  process: BotProcess | null;
  restarts: number;
  leaving: boolean;
}

export class BotFleet {
  readonly #parts: FleetParts;
  readonly #closing = new AbortController();
  #seats: Seat[] = [];
  #mode: CloseMode = 'live';
  #byRules = false;
  #turn = 0;

  constructor(parts: FleetParts) {
    this.#parts = parts;
  }

  list(): readonly BotState[] {
    return this.#seats.map(({ name, state, process, restarts }) => ({
      name,
      state,
      pid: state === 'running' ? (process?.pid ?? null) : null,
      restarts,
    }));
  }

  /** Starts one more bot and waits until it is ready. */
  async add(): Promise<void> {
    const seat: Seat = {
      name: `bot-${this.#seats.length + 1}`,
      state: 'starting',
      process: null,
      restarts: 0,
      leaving: false,
    };
    this.#seats.push(seat);
    await this.#start(seat, true);
  }

  /** Stops the newest bot in good order, as a roll-out does; the first one stays. */
  async remove(): Promise<void> {
    const seat = this.#seats.length > 1 ? this.#seats.pop() : undefined;
    if (seat === undefined) return;
    seat.leaving = true;
    this.#parts.onChange();
    this.pointOn();
    await seat.process?.stop();
  }

  /** SIGKILL; the fleet starts it again. */
  async kill(name: string): Promise<void> {
    const seat = this.#seats.find((one) => one.name === name);
    await seat?.process?.kill();
  }

  /** SIGHUP: each bot reads its accounts file again. */
  reloadAccounts(): void {
    for (const bot of this.#running()) process.kill(bot.pid, 'SIGHUP');
  }

  /** Tells each bot how much time is skipped by now. */
  skipTime(): void {
    for (const bot of this.#running()) bot.skipTime();
  }

  get mode(): CloseMode {
    return this.#mode;
  }

  /** Each bot starts again in this mode. */
  async setMode(mode: CloseMode): Promise<void> {
    this.#mode = mode;
    await this.#restart();
  }

  get byRules(): boolean {
    return this.#byRules;
  }

  /** Each bot starts again with a rules file, or without. */
  async setByRules(byRules: boolean): Promise<void> {
    this.#byRules = byRules;
    await this.#restart();
  }

  /** As a roll-out does it: each bot in turn stops in good order and starts again. */
  async #restart(): Promise<void> {
    for (const seat of this.#seats) {
      seat.leaving = true;
      await seat.process?.stop();
      seat.leaving = false;
      await this.#start(seat, true);
    }
  }

  #running(): readonly BotProcess[] {
    return this.#seats.flatMap(({ state, process: bot }) =>
      state === 'running' && bot !== null ? [bot] : [],
    );
  }

  /** Slack's load balancer: the next payload goes to the next bot that runs. */
  pointOn(): void {
    const running = this.#seats.filter(({ state }) => state === 'running');
    this.#turn += 1;
    const url = running[this.#turn % Math.max(1, running.length)]?.process?.url;
    if (url !== undefined) this.#parts.pointAt(url);
  }

  async stop(): Promise<void> {
    this.#closing.abort();
    const seats = this.#seats;
    this.#seats = [];
    for (const seat of seats) seat.leaving = true;
    await Promise.allSettled(seats.map(({ process }) => (process?.running ? process.stop() : undefined)));
  }

  async #start(seat: Seat, waitUntilReady: boolean): Promise<void> {
    seat.state = 'starting';
    this.#parts.onChange();
    const { settings, rulesFile, onLine } = this.#parts;
    const started = await startBotProcess(
      { ...settings, CLOSE_MODE: this.#mode, ...(this.#byRules && { CLOSE_RULES_FILE: rulesFile }) },
      {
        waitUntilReady,
        onLine: (line) => onLine(`${seat.name} ${line}`),
      },
    );
    seat.process = started;
    if (seat.leaving) return started.stop();
    seat.state = 'running';
    this.pointOn();
    this.#parts.onChange();
    void started.exited.then(() => this.#comeBack(seat));
  }

  async #comeBack(seat: Seat): Promise<void> {
    if (seat.leaving) return;
    seat.state = 'gone';
    seat.restarts += 1;
    this.pointOn();
    this.#parts.onChange();
    try {
      await pause(COMES_BACK_AFTER_MS, undefined, { signal: this.#closing.signal });
      // Redis may be away on purpose: the bot then listens and waits for it.
      await this.#start(seat, false);
    } catch (error) {
      if (this.#closing.signal.aborted) return;
      this.#parts.onLine(`${seat.name} did not come back: ${String(error)}`);
      seat.state = 'gone';
      this.#parts.onChange();
    }
  }
}
