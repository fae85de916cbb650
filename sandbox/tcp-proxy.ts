/** A TCP proxy in front of Redis that can break connections, refuse new ones, fall silent, or lose the answer to a command. */
import { connect, createServer, type Socket } from 'node:net';
import { listen } from './http.ts';

export interface TcpProxy {
  readonly port: number;
  /** `redis://` address of the proxy. */
  readonly url: string;
  /** Answers that were lost so far. */
  readonly lost: number;
  /** Breaks every connection once; new ones are accepted. */
  breakAll(): void;
  /** Breaks every connection and refuses new ones until `heal`. */
  cut(): void;
  /**
   * Passes the first command that contains this text on, and from then on nothing back until `heal`: Redis has done
   * it, and the sender keeps waiting. Resolves when that has happened.
   */
  silenceAfter(text: string): Promise<void>;
  /** Passes nothing back and cuts nothing, as a host that fell silent, until `heal`. */
  fallSilent(): void;
  /** Everything passes again. */
  heal(): void;
  /** The answer after this many others is lost and its connection broken: the command ran, its sender never learns it. */
  dropReplyAfter(passed: number): void;
  close(): Promise<void>;
}

/** Listens on 127.0.0.1, on any free port, and passes bytes on to the host and port of `targetUrl`. */
export async function startTcpProxy(targetUrl: string): Promise<TcpProxy> {
  const target = new URL(targetUrl);
  const pairs = new Set<{ client: Socket; server: Socket }>();
  let refusing = false;
  let silent = false;
  let untilDrop: number | null = null;
  let awaited: { readonly text: string; readonly seen: () => void } | null = null;
  let lost = 0;
  const breakAll = () => {
    for (const { client } of pairs) client.destroy();
  };
  const listener = createServer((client) => {
    if (refusing) {
      client.on('error', () => {});
      client.destroy();
      return;
    }
    const server = connect(Number(target.port || '6379'), target.hostname);
    const pair = { client, server };
    pairs.add(pair);
    for (const socket of [client, server]) {
      socket.setNoDelay(true);
      socket.on('error', () => {});
      socket.on('close', () => {
        pairs.delete(pair);
        client.destroy();
        server.destroy();
      });
    }
    let tail = '';
    client.on('data', (data) => {
      if (awaited !== null) {
        const sent = tail + data.toString('latin1');
        tail = sent.slice(-awaited.text.length);
        if (sent.includes(awaited.text)) {
          silent = true;
          awaited.seen();
          awaited = null;
        }
      }
      server.write(data);
    });
    server.on('data', (data) => {
      if (silent) return;
      if (untilDrop === 0) {
        untilDrop = null;
        lost += 1;
        client.destroy();
        return;
      }
      if (untilDrop !== null) untilDrop -= 1;
      client.write(data);
    });
  });
  const port = await listen(listener);
  return {
    port,
    url: `redis://127.0.0.1:${port}`,
    get lost() {
      return lost;
    },
    breakAll,
    cut() {
      refusing = true;
      breakAll();
    },
    silenceAfter(text) {
      return new Promise((resolve) => {
        awaited = { text, seen: resolve };
      });
    },
    fallSilent() {
      silent = true;
    },
    heal() {
      // Answers dropped while silent cannot be replayed: those connections are useless.
      if (silent) breakAll();
      refusing = false;
      silent = false;
      untilDrop = null;
      awaited = null;
    },
    dropReplyAfter(passed) {
      untilDrop = passed;
    },
    async close() {
      const closed = new Promise<void>((resolve) => listener.close(() => resolve()));
      breakAll();
      await closed;
    },
  };
}
