/**
 * Weight used per bucket and minute of the exchange's clock, shared by all replicas. The counters are fixed windows,
 * as the exchange counts; they name their minute, so lost data or a long outage heals with the next minute at the
 * latest, and before that with the next header.
 */
import { z } from 'zod';
import type { StopCause } from '../usecases/ports.ts';
import { RedisStore, type StoreParts } from './connection.ts';

/** A minute, and as much again for clocks that differ and answers that come late. */
const COUNTER_LIVES_MS = 150_000;

const causeSchema = z.object({ httpStatus: z.int().nullable(), exchangeCode: z.int().nullable() });

interface StoredStop {
  readonly bucket: string;
  readonly leftMs: number;
  readonly cause: StopCause;
}

/** What the exchange client asks of it, in its own words: adapters do not import each other. */
export class RedisWeightLedger extends RedisStore {
  readonly #longestStopMs: number;

  /** `longestStopMs`: what is stored as longer is not believed. */
  constructor(parts: StoreParts & { readonly longestStopMs: number }) {
    super(parts);
    this.#longestStopMs = parts.longestStopMs;
  }

  /** A reservation that a cut connection sent twice counts twice: too much is safe, too little is not. */
  async reserve(
    bucket: string,
    minute: number,
    weight: number,
    limit: number,
  ): Promise<{ ok: boolean; used: number }> {
    const [reserved, used] = await this.connection.script(
      'reserveWeight',
      this.keys.weight(bucket, minute),
      this.keys.stops,
      weight,
      limit,
      COUNTER_LIVES_MS,
      this.#longestStopMs,
      bucket,
    );
    return { ok: reserved === 1, used };
  }

  async raise(bucket: string, minute: number, used: number): Promise<void> {
    await this.connection.script('raiseWeight', this.keys.weight(bucket, minute), used, COUNTER_LIVES_MS);
  }

  async stop(bucket: string, lastsMs: number, cause: StopCause): Promise<void> {
    const boundedMs = Math.min(Math.ceil(lastsMs), this.#longestStopMs);
    await this.connection.script('stopBucket', this.keys.stops, bucket, boundedMs, JSON.stringify(cause));
  }

  async stops(buckets: readonly string[]): Promise<readonly StoredStop[]> {
    if (buckets.length === 0) return [];
    const answer = await this.connection.script(
      'stopsInForce',
      this.keys.stops,
      this.#longestStopMs,
      ...buckets,
    );
    const stops: StoredStop[] = [];
    for (let i = 0; i + 2 < answer.length; i += 3) {
      const [bucket = '', leftMs = '', cause = ''] = answer.slice(i, i + 3);
      stops.push({ bucket, leftMs: Number(leftMs), cause: readCause(cause) });
    }
    return stops;
  }

  async lift(): Promise<void> {
    await this.connection.script('liftStops', this.keys.stops, this.keys.stopsLifted, this.#longestStopMs);
  }

  async sinceLiftMs(): Promise<number | null> {
    const sinceMs = await this.connection.script('sinceLift', this.keys.stopsLifted);
    return sinceMs < 0 ? null : sinceMs;
  }
}

/** A replica of an older version wrote words here: the stop holds, its cause is not known. */
function readCause(text: string): StopCause {
  try {
    return causeSchema.parse(JSON.parse(text));
  } catch {
    return { httpStatus: null, exchangeCode: null };
  }
}
