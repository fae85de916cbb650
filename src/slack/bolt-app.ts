/** The Slack app: transport, guard and route table put together, with a start that survives a Slack that is down. */
import { setMaxListeners } from 'node:events';
import type { Server } from 'node:http';
import { App, type HTTPReceiver, type SocketModeReceiver } from '@slack/bolt';
import { endsInTime } from '../ends-in-time.ts';
import type { Desk } from '../usecases/desk.ts';
import type { Log, NewId, SeenOnce } from '../usecases/ports.ts';
import { boltLogger } from './bolt-logger.ts';
import { createGuard, type GuardParts } from './guard.ts';
import { HomeWatch } from './home-watch.ts';
import { createHttpReceiver, type Route, SERVER_LIMITS } from './http-transport.ts';
import { errorFields } from './redaction.ts';
import { register, routes } from './register.ts';
import type { OnSlackCall } from './slack-call.ts';
import type { SlackClients } from './slack-clients.ts';
import type { SlackSettings } from './slack-settings.ts';
import { createSocketLink } from './socket-link.ts';
import { createRouteServer, createSocketReceiver } from './socket-transport.ts';
import { createWebClient, webClientOptions } from './web-client.ts';
import { WorkQueue } from './work-queue.ts';
import type { HomeWorkspace } from './workspace.ts';

export interface SlackAppParts {
  readonly settings: SlackSettings;
  readonly desk: Desk;
  readonly home: HomeWorkspace;
  readonly quiet: SlackClients['quiet'];
  readonly seenOnce: SeenOnce;
  readonly log: Log;
  readonly now: () => number;
  readonly newReference: NewId;
  /** /livez, /readyz, /metrics. */
  readonly routes: readonly Route[];
  readonly onHandled?: NonNullable<GuardParts['onHandled']>;
  readonly within?: NonNullable<GuardParts['within']>;
  readonly onSlackCall?: OnSlackCall;
}

export interface SlackApp {
  /** Listens (HTTP) or connects (Socket Mode); answers the port of the HTTP server. Slack may be down meanwhile. */
  start(): Promise<{ readonly port: number }>;
  /**
   * Takes nothing new and waits for what is under way, `patienceMs` at most (default: as long as it takes). Whoever
   * would then still wait is told that the bot restarts, so every interaction that was acknowledged gets an answer.
   */
  stop(patienceMs?: number): Promise<void>;
  /** Redraws App Home for those who opened it lately, if a request changed; answers for how many. */
  refreshHomes(): Promise<number>;
  /** Slack has accepted the token, and in Socket Mode the connection stands. */
  connected(): boolean;
  /** The way in from Slack is open: listening (HTTP), or the socket stands (Socket Mode). */
  reachable(): boolean;
}

/** What telling the last ones may take: one call to Slack, or its timeout. */
const LAST_WORDS_MS = 1_500;

/** Enough for 500 people who ask at one instant, in one process; beyond it people are asked to try again. */
const QUEUE_LIMITS = { atOnce: 32, waitingAtMost: 1_000 };
/** Clicks that find it full: each is one short message to Slack. */
const TURNED_AWAY_LIMITS = { atOnce: 8, waitingAtMost: 200 };

const FIRST_RETRY_MS = 1_000;
const IDLE_CLOSED_EVERY_MS = 50;
const LONGEST_RETRY_MS = 30_000;

interface Transport {
  readonly receiver: HTTPReceiver | SocketModeReceiver;
  listen(): Promise<Server>;
  close(): Promise<void>;
  isUp(): boolean;
}

export function createSlackApp(parts: SlackAppParts): SlackApp {
  const { settings, desk, home, log, onSlackCall } = parts;
  const transport = createTransport(parts);
  const app = new App({
    receiver: transport.receiver,
    // With an `authorize` of our own nothing calls auth.test: not the constructor, and no request.
    authorize: async () => ({ botToken: settings.botToken }),
    clientOptions: webClientOptions(settings, log),
    convoStore: false,
    extendedErrorHandler: true,
    logger: boltLogger(log),
  });
  app.error(async (failure: { readonly error: Error }) =>
    log.error(errorFields(failure.error), 'Bolt could not hand over an interaction'),
  );
  const queue = new WorkQueue(QUEUE_LIMITS);
  const turnedAway = new WorkQueue(TURNED_AWAY_LIMITS);
  const hurry = new AbortController();
  setMaxListeners(0, hurry.signal);
  const guard = createGuard({
    ...parts,
    queue,
    turnedAway,
    redrawCard: (requestId) => desk.redrawCard(requestId),
    hurry: hurry.signal,
  });
  const homes = new HomeWatch({
    client: createWebClient(settings, log, onSlackCall),
    desk,
    workspaceUrl: () => home.url,
    now: parts.now,
    log,
  });
  const table = routes({
    homes,
    desk,
    workspaceUrl: () => home.url,
    closeChannel: settings.closeChannel,
    allowedChannels: settings.allowedChannels,
  });
  register(app, table, guard, {
    client: createWebClient(settings, log, onSlackCall),
    log,
    quiet: parts.quiet,
    ...(onSlackCall !== undefined && { onSlackCall }),
  });

  const greeting = keepGreeting(home, log);
  return {
    start: async () => {
      const server = await transport.listen();
      greeting.start();
      const address = server.address();
      return { port: typeof address === 'object' && address !== null ? address.port : settings.port };
    },
    stop: async (patienceMs) => {
      greeting.stop();
      // In this order: what arrived on an open connection may enter the queue until the last one is closed.
      const done = transport.close().then(() => Promise.all([queue.idle(), turnedAway.idle()]));
      if (patienceMs === undefined) {
        await done;
        return;
      }
      if (await endsInTime(done, patienceMs)) return;
      log.warn({ patienceMs }, 'stopping before all answers were ready; telling those who wait');
      hurry.abort();
      await endsInTime(done, LAST_WORDS_MS);
    },
    reachable: () => transport.isUp(),
    refreshHomes: () => homes.refresh(),
    connected: () => home.isKnown && transport.isUp(),
  };
}

function createTransport({ settings, log, now, routes: extra }: SlackAppParts): Transport {
  const { signingSecret, appToken, host, port } = settings;
  if (appToken !== null) return socketTransport(appToken, settings, log, extra);
  if (signingSecret === null) throw new RangeError('neither a signing secret nor an app token is set');
  const receiver = createHttpReceiver({ signingSecret, routes: extra, log, now });
  let server: Server | null = null;
  let up = false;
  return {
    receiver,
    listen: async () => {
      server = await receiver.start({ host, port }, SERVER_LIMITS);
      up = true;
      return server;
    },
    close: async () => {
      if (!up) return;
      up = false;
      // Connections that are kept alive would keep the server open: each is ended as soon as it is idle.
      const idle = setInterval(() => server?.closeIdleConnections(), IDLE_CLOSED_EVERY_MS);
      await receiver.stop().finally(() => clearInterval(idle));
    },
    isUp: () => up,
  };
}

function socketTransport(
  appToken: string,
  settings: SlackSettings,
  log: Log,
  extra: readonly Route[],
): Transport {
  const receiver = createSocketReceiver(appToken, settings, log);
  const server = createRouteServer(extra);
  const link = createSocketLink(
    { client: receiver.client, start: () => receiver.start(), stop: () => receiver.stop() },
    log,
  );
  return {
    receiver,
    listen: () =>
      new Promise((resolve, reject) => {
        server.once('error', reject);
        server.listen({ host: settings.host, port: settings.port }, () => {
          link.open();
          resolve(server);
        });
      }),
    close: async () => {
      await link.close();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
    isUp: link.isUp,
  };
}

/** Asks Slack who we are until it answers: links need it, and readiness waits for it. */
function keepGreeting(home: HomeWorkspace, log: Log): { start(): void; stop(): void } {
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  const greet = async (delayMs: number): Promise<void> => {
    const answer = await home.read();
    if (answer.ok || stopped) return;
    log.warn({ why: answer.why }, 'Slack did not confirm the token; tried again');
    timer = setTimeout(() => void greet(Math.min(delayMs * 2, LONGEST_RETRY_MS)), delayMs);
    timer.unref();
  };
  return {
    start: () => void greet(FIRST_RETRY_MS),
    stop: () => {
      stopped = true;
      clearTimeout(timer);
    },
  };
}
