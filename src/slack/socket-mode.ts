/**
 * Socket Mode: the same listeners behind one outbound connection, which is kept open here. The client's own reconnecting
 * is off because, in @slack/socket-mode 3.1.0, it waits `clientPingTimeout` after every routine refresh, and a failed
 * `apps.connections.open` there rejects without a handler and is never retried.
 */
import { SocketModeReceiver } from '@slack/bolt';
import type { Log } from '../usecases/ports.ts';
import type { SlackSettings } from './adapter-settings.ts';
import { boltLogger, errorFields } from './slack-log.ts';
import { closeServer, createRouteServer, listen, type Route, type Transport } from './transport.ts';
import { webClientOptions } from './web-client.ts';

/**
 * A ping is sent every third of this time, and a connection without a pong for all of it is replaced: after three lost
 * pongs, and within the 3 s in which Slack waits for the ack of a click.
 */
const PONG_WITHIN_MS = 2_400;

const FIRST_RETRY_MS = 250;
const LONGEST_RETRY_MS = 30_000;
/** A connection without a hello by then is replaced. */
const HELLO_WITHIN_MS = 10_000;
/** Slack announces a refresh but doesn't close the connection; acks in progress have this long. */
const LAST_ACKS_MS = 100;

export function createSocketTransport(
  appToken: string,
  settings: SlackSettings,
  routes: readonly Route[],
  log: Log,
): Transport {
  const receiver = new SocketModeReceiver({
    appToken,
    logger: boltLogger(log),
    clientPingTimeout: PONG_WITHIN_MS,
    autoReconnectEnabled: false,
    ...(settings.dispatcher === undefined ? {} : { dispatcher: settings.dispatcher }),
    // Bolt's App.clientOptions do not reach this receiver.
    installerOptions: { clientOptions: webClientOptions(settings, log) },
  });
  const { client } = receiver;
  const server = createRouteServer(routes);
  let up = false;
  let wanted = false;
  let opening = false;
  let failures = 0;
  let timer: NodeJS.Timeout | undefined;

  const later = (delayMs: number): void => {
    clearTimeout(timer);
    timer = setTimeout(open, delayMs);
  };

  function open(): void {
    if (!wanted || opening) return;
    opening = true;
    const giveUp = setTimeout(disconnect, HELLO_WITHIN_MS);
    receiver
      .start()
      .then(
        () => {
          failures = 0;
        },
        (error: unknown) => {
          failures += 1;
          const delayMs = Math.min(FIRST_RETRY_MS * 2 ** (failures - 1), LONGEST_RETRY_MS);
          log.warn({ ...errorFields(error), delayMs }, 'Socket Mode did not connect; retrying');
          if (wanted) later(delayMs);
        },
      )
      .finally(() => {
        opening = false;
        clearTimeout(giveUp);
        // It was lost while it was being opened.
        if (wanted && !up && failures === 0) later(FIRST_RETRY_MS);
      });
  }

  /** The second call makes the client stop waiting for the other side. */
  function disconnect(): void {
    void client.disconnect();
    void client.disconnect();
  }

  client.on('connected', () => {
    up = true;
    log.info({}, 'Socket Mode connected');
  });
  client.on('disconnected', () => {
    const was = up;
    up = false;
    if (was && wanted && !opening) later(0);
  });
  client.on('ws_message', (data: unknown) => {
    if (!up || !isDisconnectNotice(data)) return;
    up = false;
    log.info({}, 'Socket Mode refresh requested');
    clearTimeout(timer);
    timer = setTimeout(() => {
      disconnect();
      if (wanted) open();
    }, LAST_ACKS_MS);
  });

  return {
    receiver,
    server,
    open: async (address) => {
      await listen(server, address);
      wanted = true;
      open();
    },
    close: async () => {
      wanted = false;
      up = false;
      clearTimeout(timer);
      await receiver.stop();
      await closeServer(server);
    },
    isUp: () => up,
  };
}

/** A warning, a refresh, or Socket Mode switched off: the client ends its connection at each of them. */
function isDisconnectNotice(data: unknown): boolean {
  return typeof data === 'string' && /^\s*\{[^{}]*"type"\s*:\s*"disconnect"/.test(data);
}
