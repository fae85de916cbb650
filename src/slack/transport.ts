/** How Slack reaches the bot, and the HTTP server for health, metrics and Slack's requests. */
import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { Receiver } from '@slack/bolt';

export interface Transport {
  /** For Bolt's App, which never starts it. */
  readonly receiver: Receiver;
  readonly server: Server;
  /** Resolves when the server listens. Slack may be down. */
  open(address: { readonly host: string; readonly port: number }): Promise<void>;
  /** Accepts nothing new; resolves when all requests in progress are answered. */
  close(): Promise<void>;
  /** Slack can reach us: listening (HTTP), or the socket is connected (Socket Mode). */
  isUp(): boolean;
}

/** GET only: /livez, /readyz, /metrics. */
export interface Route {
  readonly path: string;
  readonly handler: (request: IncomingMessage, response: ServerResponse) => void;
}

export const SERVER_LIMITS = {
  /** Slack gives up after 3 s; slower senders only use memory. Node checks every 30 s by default. */
  requestTimeout: 10_000,
  headersTimeout: 10_000,
  connectionsCheckingInterval: 1_000,
  /** Longer than load balancers keep a connection (60 s): they must not send a request into one that is closing. */
  keepAliveTimeout: 75_000,
} as const;

/** Each in milliseconds. */
export type ServerLimits = { readonly [Name in keyof typeof SERVER_LIMITS]?: number };

/** Serves the routes for GET; `other` gets every other request. */
export function createRouteServer(
  routes: readonly Route[],
  other: RequestListener = (_, response) => void response.writeHead(404).end(),
  limits: ServerLimits = {},
): Server {
  return createServer({ ...SERVER_LIMITS, ...limits }, (request, response) => {
    const path = pathOf(request);
    const route = request.method === 'GET' ? routes.find((each) => each.path === path) : undefined;
    if (route === undefined) other(request, response);
    else route.handler(request, response);
  });
}

export function listen(
  server: Server,
  address: { readonly host: string; readonly port: number },
): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ ...address }, resolve);
  });
}

const IDLE_CLOSED_EVERY_MS = 50;

/** Closes kept-alive connections as soon as they are idle, because they keep the server open. */
export async function closeServer(server: Server): Promise<void> {
  if (!server.listening) return;
  const idle = setInterval(() => server.closeIdleConnections(), IDLE_CLOSED_EVERY_MS);
  await new Promise<void>((resolve) => server.close(() => resolve()));
  clearInterval(idle);
}

export function pathOf(request: IncomingMessage): string {
  return (request.url ?? '').split('?')[0] ?? '';
}
