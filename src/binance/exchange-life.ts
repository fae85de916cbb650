import type { Log } from '../usecases/ports.ts';
import type { Delay, ExchangeClock } from './clock.ts';
import type { SystemStatus } from './system-status.ts';
import type { UnitOwners } from './unit-owners.ts';

const LEARN_AGAIN_MS = 10_000;
const START_PATIENCE_MS = 5_000;

/** What goes on by itself between start and stop. */
export class ExchangeLife {
  readonly #owners: UnitOwners;
  readonly #clock: ExchangeClock;
  readonly #status: SystemStatus;
  readonly #delay: Delay;
  readonly #log: Log;
  #stopping: AbortController | null = null;

  constructor(owners: UnitOwners, clock: ExchangeClock, status: SystemStatus, delay: Delay, log: Log) {
    this.#owners = owners;
    this.#clock = clock;
    this.#status = status;
    this.#delay = delay;
    this.#log = log;
  }

  async start(): Promise<void> {
    if (this.#stopping !== null) return;
    this.#stopping = new AbortController();
    await this.#learn(async () => {
      await this.#status.ask();
      this.#clock.start();
      return this.#owners.learnAll('background');
    });
  }

  /** Asks the credit keys that have not shown their unit yet; only between start and stop. */
  relearn(): Promise<void> {
    return this.#learn(() => this.#owners.learnAll('background'));
  }

  /** Until every credit key has shown its unit; the caller waits for the first attempt only, and not for ever. */
  async #learn(attempt: () => Promise<boolean>): Promise<void> {
    const stopping = this.#stopping;
    if (stopping === null) return;
    const patience = new AbortController();
    const first = attempt();
    void this.#goOn(first, stopping.signal);
    await Promise.race([first, this.#delay(START_PATIENCE_MS, patience.signal)]);
    patience.abort();
  }

  async #goOn(first: Promise<boolean>, signal: AbortSignal): Promise<void> {
    let learned = await first;
    while (!learned && !signal.aborted) {
      this.#log.warn(
        { againInMs: LEARN_AGAIN_MS },
        'not every credit key has shown its unit yet; asking again',
      );
      await this.#delay(LEARN_AGAIN_MS, signal);
      if (!signal.aborted) learned = await this.#owners.learnAll('background');
    }
  }

  stop(): void {
    this.#clock.stop();
    this.#stopping?.abort();
    this.#stopping = null;
  }
}
