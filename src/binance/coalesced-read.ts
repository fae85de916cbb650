/**
 * Lets simultaneous reads of the same thing share one call: in this process always, across replicas while the store
 * answers. The text of the answers is shared, so that each replica parses it with its own schemas.
 */
import { z } from 'zod';
import type { FailedCall } from './caller.ts';
import type { Delay } from './clock.ts';
import { parseExactJson } from './exact-json.ts';
import type { SharedReads } from './shared-state.ts';
import type { Priority } from './weight-limiter.ts';

/** One or more answers that together are what was read. */
export interface Text {
  readonly kind: 'text';
  readonly parts: readonly TextPart[];
  /** Exchange time; of several answers the oldest. */
  readonly asOfMs: number;
}

export interface TextPart {
  /** Number of the part's first row, from 1. */
  readonly firstRow: number;
  readonly body: string;
  /** The body as parsed by the call itself; what another replica shared has to be parsed first. */
  readonly json?: unknown;
}

export function jsonOf(part: TextPart): unknown {
  return part.json ?? parseExactJson(part.body);
}

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

const textSchema = z.object({
  kind: z.literal('text'),
  parts: z.array(z.object({ firstRow: z.number(), body: z.string() })),
  asOfMs: z.number(),
});

export class CoalescedRead {
  readonly #options: CoalescedReadOptions;
  readonly #running = new Map<string, Promise<Text | FailedCall>>();

  constructor(options: CoalescedReadOptions) {
    this.#options = options;
  }

  /**
   * `load` makes the call; only a `text` is shared. `key` names the thing, and holds no secret. Any finished answer
   * will do, but one waits for a call under way only if that has the same priority: background work may take long.
   */
  read(key: string, priority: Priority, load: () => Promise<Text | FailedCall>): Promise<Text | FailedCall> {
    const lead = `${key}/${priority}`;
    const running = this.#running.get(lead);
    if (running !== undefined) return running;
    const started = this.#leadOrFollow(key, lead, load).finally(() => this.#running.delete(lead));
    this.#running.set(lead, started);
    return started;
  }

  async #leadOrFollow(
    key: string,
    lead: string,
    load: () => Promise<Text | FailedCall>,
  ): Promise<Text | FailedCall> {
    const token = this.#options.newToken();
    const found = await this.#findAnswer(key, lead, token);
    if (found === 'alone') return load();
    if (found !== 'lead') return found;
    const text = await load();
    await this.#share(key, lead, token, text);
    return text;
  }

  /** Another replica's answer, or whether to ask for all (`lead`) or for this process only (`alone`). */
  async #findAnswer(key: string, lead: string, token: string): Promise<Text | 'lead' | 'alone'> {
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

  #fresh(stored: string | null): Text | null {
    if (stored === null) return null;
    try {
      const text = textSchema.parse(JSON.parse(stored));
      const ageMs = this.#options.nowMs() - text.asOfMs;
      // An answer of the future would stay fresh for as long as it is ahead.
      return ageMs >= 0 && ageMs <= FRESH_MS ? text : null;
    } catch {
      // Not ours, or of another version: ignored.
      return null;
    }
  }

  async #share(key: string, lead: string, token: string, text: Text | FailedCall): Promise<void> {
    const { shared, nowMs } = this.#options;
    try {
      if (text.kind === 'text') {
        const leftMs = Math.ceil(FRESH_MS - (nowMs() - text.asOfMs));
        const parts = text.parts.map(({ firstRow, body }) => ({ firstRow, body }));
        if (leftMs > 0) await shared.put(key, JSON.stringify({ ...text, parts }), leftMs);
      }
      await shared.release(lead, token);
    } catch {
      // The answer is here all the same; the others ask for themselves.
    }
  }
}
