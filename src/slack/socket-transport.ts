/** Socket Mode: the same listeners behind an outbound connection; the health routes get a small server of their own. */
import { createServer, type Server } from 'node:http';
import { SocketModeReceiver } from '@slack/bolt';
import type { Log } from '../usecases/ports.ts';
import { boltLogger } from './bolt-logger.ts';
import type { Route } from './http-transport.ts';
import type { SlackSettings } from './slack-settings.ts';
import { webClientOptions } from './web-client.ts';

export function createSocketReceiver(
  appToken: string,
  settings: SlackSettings,
  log: Log,
): SocketModeReceiver {
  return new SocketModeReceiver({
    appToken,
    logger: boltLogger(log),
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
