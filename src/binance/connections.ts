/**
 * Keep-alive connections to one host, each for one call at a time. The one freed last is taken first, so calls one
 * after the other stay on one connection; undici's Pool opens a second one for them, since it learns only in the next
 * turn of the event loop that the first is free again.
 */
import { Client } from 'undici';

/** A call that wants a connection. */
export interface ConnectionSeeker {
  /** It is this call's alone until it is given back. */
  ready(connection: Client): void;
  /** There will be none: all of them were ended. */
  refused(): void;
}

export class Connections {
  readonly #origin: string;
  readonly #most: number;
  readonly #options: Client.Options;
  readonly #all: Client[] = [];
  readonly #free: Client[] = [];
  readonly #waiting = new Set<ConnectionSeeker>();
  #destroyed = false;

  constructor(origin: string, most: number, options: Client.Options) {
    this.#origin = origin;
    this.#most = most;
    this.#options = options;
  }

  /** Whether calls are under way. */
  get inUse(): boolean {
    return this.#free.length < this.#all.length;
  }

  /** At once, or, when there are as many as there may be, when one is given back: first come, first served. */
  take(caller: ConnectionSeeker): void {
    if (this.#destroyed) {
      caller.refused();
      return;
    }
    const connection = this.#free.pop() ?? this.#open();
    if (connection === null) this.#waiting.add(caller);
    else caller.ready(connection);
  }

  /** The caller does not wait any longer. */
  leave(caller: ConnectionSeeker): void {
    this.#waiting.delete(caller);
  }

  give(connection: Client): void {
    const [next] = this.#waiting;
    if (next === undefined) {
      this.#free.push(connection);
      return;
    }
    this.#waiting.delete(next);
    next.ready(connection);
  }

  /** Ends them all, and the calls on them; there will be no new ones. */
  async destroy(): Promise<void> {
    this.#destroyed = true;
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const caller of waiting) caller.refused();
    await Promise.all(this.#all.map((client) => client.destroy()));
  }

  #open(): Client | null {
    if (this.#all.length >= this.#most) return null;
    const connection = new Client(this.#origin, this.#options);
    this.#all.push(connection);
    return connection;
  }
}
