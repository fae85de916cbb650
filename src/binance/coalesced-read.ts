/**
 * Lets simultaneous reads of the same list share one call: in this process always, across replicas while the store
 * answers. Rows are shared as they came, so that each replica reads them with its own schemas.
 */
import { z } from 'zod';
import type { FailedCall } from './caller.ts';
import type { Delay } from './clock.ts';
import type { ReadAnswer } from './read-caller.ts';
import type { SharedReads } from './shared-state.ts';
import type { Priority } from './weight-limiter.ts';

/** Exact JSON: its numbers are texts, so it survives being stored. */
export type SharedList = ReadAnswer<readonly unknown[]>;
type Loaded = SharedList | FailedCall;

export interface CoalescedReadOptions {
  readonly shared: SharedReads;
  /** Exchange time. */
  readonly nowMs: () => number;
  readonly delay: Delay;
  readonly newToken: () => string;
}

const FRESH_MS = 2_000;
/** How long one replica may hold the call for all: a longer hold would block the others after a crash. */
const LEAD_MS = 5_000;
const LOOK_AGAIN_MS = 40;
/** After so many looks for another replica's answer (about 1.5 s) a process asks by itself. */
const MAX_LOOKS = 37;

const listSchema = z.object({
  kind: z.literal('read'),
  value: z.array(z.unknown()),
  asOfMs: z.number(),
});

export class CoalescedRead {
  readonly #options: CoalescedReadOptions;
  readonly #running = new Map<string, Promise<Loaded>>();

  constructor(options: CoalescedReadOptions) {
    this.#options = options;
  }

  /**
   * `load` makes the call; only an answer is shared. `key` names the thing, and holds no secret. Any finished answer
   * will do, but one waits for a call under way only if that has the same priority: background work may take long.
   */
  read(key: string, priority: Priority, load: () => Promise<Loaded>): Promise<Loaded> {
    const lead = `${key}/${priority}`;
    const running = this.#running.get(lead);
    if (running !== undefined) return running;
    const started = this.#leadOrFollow(key, lead, load).finally(() => this.#running.delete(lead));
    this.#running.set(lead, started);
    return started;
  }

  async #leadOrFollow(key: string, lead: string, load: () => Promise<Loaded>): Promise<Loaded> {
    const token = this.#options.newToken();
    const found = await this.#findAnswer(key, lead, token);
    if (found === 'alone') return load();
    if (found !== 'lead') return found;
    const loaded = await load();
    await this.#share(key, lead, token, loaded);
    return loaded;
  }

  /** Another replica's answer, or whether to ask for all (`lead`) or for this process only (`alone`). */
  async #findAnswer(key: string, lead: string, token: string): Promise<SharedList | 'lead' | 'alone'> {
    const { shared, delay } = this.#options;
    try {
      for (let looks = 0; looks < MAX_LOOKS; looks += 1) {
        const found = this.#fresh(await shared.get(key));
        if (found !== null) return found;
        if (await shared.tryLead(lead, token, LEAD_MS)) return 'lead';
        await delay(LOOK_AGAIN_MS);
      }
    } catch {
      // Without the store each process asks for itself; its own simultaneous reads still share one call.
    }
    return 'alone';
  }

  #fresh(stored: string | null): SharedList | null {
    if (stored === null) return null;
    try {
      const list = listSchema.parse(JSON.parse(stored));
      const ageMs = this.#options.nowMs() - list.asOfMs;
      // An answer of the future would stay fresh for as long as it is ahead.
      return ageMs >= 0 && ageMs <= FRESH_MS ? list : null;
    } catch {
      // Not ours, or of another version: ignored.
      return null;
    }
  }

  async #share(key: string, lead: string, token: string, loaded: Loaded): Promise<void> {
    const { shared, nowMs } = this.#options;
    try {
      if (loaded.kind === 'read') {
        const leftMs = Math.ceil(FRESH_MS - (nowMs() - loaded.asOfMs));
        if (leftMs > 0) await shared.put(key, JSON.stringify(loaded), leftMs);
      }
      await shared.release(lead, token);
    } catch {
      // The answer is here all the same; the others ask for themselves.
    }
  }
}
