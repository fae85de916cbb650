/**
 * Keep-alive connections to one host, each for one call at a time. The one freed last is taken first, so calls one
 * after the other stay on one connection; undici's Pool opens a second one for them, since it learns only in the next
 * turn of the event loop that the first is free again.
 */
import { Client } from 'undici';

export interface Connection {
  readonly client: Client;
  /** Calls under way or waiting for this connection. */
  calls: number;
}

export class Connections {
  readonly #origin: string;
  readonly #most: number;
  readonly #options: Client.Options;
  readonly #all: Connection[] = [];
  readonly #free: Connection[] = [];
  #underWay = 0;

  constructor(origin: string, most: number, options: Client.Options) {
    this.#origin = origin;
    this.#most = most;
    this.#options = options;
  }

  /** Calls under way, on all connections together. */
  get underWay(): number {
    return this.#underWay;
  }

  /** For one call, to be given back after it. With as many as there may be, the call waits behind another one. */
  take(): Connection {
    const connection = this.#free.pop() ?? this.#open() ?? this.#leastBusy();
    connection.calls += 1;
    this.#underWay += 1;
    return connection;
  }

  give(connection: Connection): void {
    connection.calls -= 1;
    this.#underWay -= 1;
    if (connection.calls === 0) this.#free.push(connection);
  }

  /** Ends them all, and the calls on them. */
  async destroy(): Promise<void> {
    await Promise.all(this.#all.map(({ client }) => client.destroy()));
  }

  #open(): Connection | null {
    if (this.#all.length >= this.#most) return null;
    const connection = { client: new Client(this.#origin, this.#options), calls: 0 };
    this.#all.push(connection);
    return connection;
  }

  #leastBusy(): Connection {
    return this.#all.reduce((least, each) => (each.calls < least.calls ? each : least));
  }
}
