/** A way in from Slack, and the HTTP server that every one of them has: for health and metrics, and for Slack's requests. */
import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { Receiver } from '@slack/bolt';

export interface Transport {
  /** For Bolt's App; it is never started by Bolt. */
  readonly receiver: Receiver;
  readonly server: Server;
  /** Resolves when the server listens. Slack may be down meanwhile. */
  open(address: { readonly host: string; readonly port: number }): Promise<void>;
  /** Takes nothing new; resolves when what is under way has its answer. */
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
  /** Slack gives up after 3 s; a slower sender holds memory for nothing. Node looks only every 30 s by itself. */
  requestTimeout: 10_000,
  headersTimeout: 10_000,
  connectionsCheckingInterval: 1_000,
  /** Longer than balancers keep a connection (60 s), or they send a request into one that is just being closed. */
  keepAliveTimeout: 75_000,
} as const;

/** As the server's limits, each in milliseconds. */
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

/** Ends kept-alive connections as soon as they are idle: they would keep the server open. */
export async function closeServer(server: Server): Promise<void> {
  if (!server.listening) return;
  const idle = setInterval(() => server.closeIdleConnections(), IDLE_CLOSED_EVERY_MS);
  await new Promise<void>((resolve) => server.close(() => resolve()));
  clearInterval(idle);
}

export function pathOf(request: IncomingMessage): string {
  return (request.url ?? '').split('?')[0] ?? '';
}
