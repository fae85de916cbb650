/** A TCP proxy before Redis that can lose the answer to a command: the command ran, its sender never learns it. */
import { connect, createServer, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';

export interface CuttingProxy {
  readonly url: string;
  /** How many answers were lost so far. */
  readonly lost: () => number;
  /** The next answer is lost and its connection cut. */
  loseNextAnswer(): void;
  /** From now on nothing is passed back, and nothing is cut: a host that fell silent. */
  fallSilent(silent: boolean): void;
}

/** Listens on a free port and ends with the running test. */
export async function cuttingProxy(redisUrl: string): Promise<CuttingProxy> {
  const target = new URL(redisUrl);
  let loseNext = false;
  let silent = false;
  let lost = 0;
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const redis = connect(Number(target.port), target.hostname);
    for (const socket of [client, redis]) {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        sockets.delete(socket);
        client.destroy();
        redis.destroy();
      });
    }
    client.on('data', (data) => redis.write(data));
    redis.on('data', (data) => {
      if (silent) return;
      if (!loseNext) {
        client.write(data);
        return;
      }
      loseNext = false;
      lost += 1;
      client.destroy();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port could be had');
  return {
    url: `redis://127.0.0.1:${address.port}`,
    lost: () => lost,
    loseNextAnswer: () => {
      loseNext = true;
    },
    fallSilent: (yes) => {
      silent = yes;
    },
  };
}
