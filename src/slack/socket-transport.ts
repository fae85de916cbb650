/** Socket Mode: the same listeners behind an outbound connection; the health routes get a small server of their own. */
import { createServer, type Server } from 'node:http';
import { SocketModeReceiver } from '@slack/bolt';
import type { Log } from '../usecases/ports.ts';
import { boltLogger } from './bolt-logger.ts';
import type { Route } from './http-transport.ts';
import type { SlackSettings } from './slack-settings.ts';
import { webClientOptions } from './web-client.ts';

/**
 * A ping goes out every third of this time, and a connection without a pong for all of it is given up: three lost
 * in a row, and still within the 3 s in which Slack waits for the ack of a click. Slack's own pings (every few
 * seconds) are waited for 30 s, the library's default.
 */
const PONG_WITHIN_MS = 2_400;

export function createSocketReceiver(
  appToken: string,
  settings: SlackSettings,
  log: Log,
): SocketModeReceiver {
  return new SocketModeReceiver({
    appToken,
    logger: boltLogger(log),
    clientPingTimeout: PONG_WITHIN_MS,
    // socket-link.ts opens the next connection.
    autoReconnectEnabled: false,
    ...(settings.dispatcher === undefined ? {} : { dispatcher: settings.dispatcher }),
    // Bolt's App.clientOptions do not reach this receiver.
    installerOptions: { clientOptions: webClientOptions(settings, log) },
  });
}

/** Serves the routes for GET, 404 for everything else. */
export function createRouteServer(routes: readonly Route[]): Server {
  return createServer((request, response) => {
    const path = (request.url ?? '').split('?')[0];
    const route = request.method === 'GET' ? routes.find((each) => each.path === path) : undefined;
    if (route === undefined) response.writeHead(404).end();
    else route.handler(request, response);
  });
}
