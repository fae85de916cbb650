/**
 * Lets simultaneous reads of the same list share one call: within this process, and across replicas while the store
 * answers. Rows are shared unparsed, so that each replica uses its own schemas.
 */
import { z } from 'zod';
import type { FailedCall } from './caller.ts';
import type { Delay } from './clock.ts';
import type { ReadAnswer } from './read-caller.ts';
import type { SharedReads } from './shared-state.ts';
import type { Priority } from './weight-limiter.ts';

/** Exact JSON: its numbers are texts, so storing it changes nothing. */
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
/** How long one replica may make the call for all; longer would block the others after a crash. */
const LEAD_MS = 5_000;
const LOOK_AGAIN_MS = 40;
/** After this many looks for another replica's answer (about 1.5 s) a process makes its own call. */
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
   * `load` makes the call; only answers are shared. `key` contains no secret. Any recent answer is used, but only a
   * running call of the same priority is waited for, because background work may take long.
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

  /** Another replica's answer, or whether to call for all replicas (`lead`) or for this process only (`alone`). */
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
      // Without the store each process makes its own call.
    }
    return 'alone';
  }

  #fresh(stored: string | null): SharedList | null {
    if (stored === null) return null;
    try {
      const list = listSchema.parse(JSON.parse(stored));
      const ageMs = this.#options.nowMs() - list.asOfMs;
      // An answer with a future time would stay fresh too long.
      return ageMs >= 0 && ageMs <= FRESH_MS ? list : null;
    } catch {
      // Damaged or of another version: ignored.
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
      // The answer is still valid here; the others make their own calls.
    }
  }
}
