/**
 * Weight used per bucket and minute of the exchange's clock, shared by all replicas. The counters are fixed windows,
 * as the exchange counts; they name their minute, so lost data or a long outage heals with the next minute at the
 * latest, and before that with the next header.
 */
import type { WeightLedger, WeightReservation } from '../usecases/ports.ts';
import type { RedisConnection } from './connection.ts';
import type { KeyNames } from './key-names.ts';

/** A minute, and as much again for clocks that differ and answers that come late. */
const COUNTER_LIVES_MS = 150_000;

export class RedisWeightLedger implements WeightLedger {
  readonly #connection: RedisConnection;
  readonly #keys: KeyNames;
  readonly #scopesOf: (bucket: string) => readonly string[];

  /** `scopesOf`: the scopes whose stops hold for a bucket (its own name, its IP's, its UID's); default: its own name. */
  constructor(parts: {
    connection: RedisConnection;
    keys: KeyNames;
    scopesOf?: (bucket: string) => readonly string[];
  }) {
    this.#connection = parts.connection;
    this.#keys = parts.keys;
    this.#scopesOf = parts.scopesOf ?? ((bucket) => [bucket]);
  }

  /** A reservation that a cut connection sent twice counts twice: too much is safe, too little is not. */
  async reserve(bucket: string, minute: number, weight: number, limit: number): Promise<WeightReservation> {
    const scopes = this.#scopesOf(bucket);
    const [reserved, used] = await this.#connection.run('reserveWeight', (client) =>
      client.reserveWeight(
        this.#keys.weight(bucket, minute),
        this.#keys.stops,
        weight,
        limit,
        COUNTER_LIVES_MS,
        // The script reads at least one scope.
        ...(scopes.length === 0 ? [bucket] : scopes),
      ),
    );
    return { ok: reserved === 1, used };
  }

  async raise(bucket: string, minute: number, used: number): Promise<void> {
    await this.#connection.run('raiseWeight', (client) =>
      client.raiseWeight(this.#keys.weight(bucket, minute), used, COUNTER_LIVES_MS),
    );
  }

  async stop(scope: string, untilMs: number, reason: string): Promise<void> {
    await this.#connection.run('stopScope', (client) =>
      client.stopScope(this.#keys.stops, scope, Math.ceil(untilMs), reason),
    );
  }

  async stops(
    scopes: readonly string[],
  ): Promise<readonly { scope: string; untilMs: number; reason: string }[]> {
    if (scopes.length === 0) return [];
    const answer = await this.#connection.run('stopsInForce', (client) =>
      client.stopsInForce(this.#keys.stops, ...scopes),
    );
    const stops: { scope: string; untilMs: number; reason: string }[] = [];
    for (let i = 0; i + 1 < answer.length; i += 2) {
      const stop = answer[i + 1] ?? '';
      const blank = stop.indexOf(' ');
      stops.push({
        scope: answer[i] ?? '',
        untilMs: Number(stop.slice(0, blank)),
        reason: stop.slice(blank + 1),
      });
    }
    return stops;
  }
}
