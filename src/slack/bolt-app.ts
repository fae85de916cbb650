/** The Slack app: transport, guard and route table put together. It starts even while Slack is down. */
import { randomUUID } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { App } from '@slack/bolt';
import { endsInTime } from '../shared/in-time.ts';
import type { Desk, WatchDesk } from '../usecases/desk.ts';
import type { LoanDesk } from '../usecases/loan-desk.ts';
import type { Log, NewId, SeenOnce } from '../usecases/ports.ts';
import type { SlackSettings } from './adapter-settings.ts';
import { readersThrough } from './channel-info.ts';
import { createGuard, type GuardParts } from './guard.ts';
import { HomeWatch } from './home-watch.ts';
import { keepAskingSlack } from './home-workspace.ts';
import { createHttpTransport } from './http-transport.ts';
import { register, routes } from './register.ts';
import type { SlackClients } from './slack-clients.ts';
import type { SlackEvents } from './slack-events.ts';
import { boltLogger, errorFields } from './slack-log.ts';
import { createSocketTransport } from './socket-mode.ts';
import type { Route, ServerLimits, Transport } from './transport.ts';
import { fetchThrough, webClientOptions } from './web-client.ts';
import { WorkQueue } from './work-queue.ts';

export interface SlackAppParts {
  readonly settings: SlackSettings;
  readonly desk: Desk;
  readonly loans: LoanDesk;
  /** Absent: WATCH is off. */
  readonly watch?: WatchDesk | undefined;
  readonly clients: Pick<SlackClients, 'home' | 'quiet' | 'newClient' | 'onSlackCall'>;
  readonly seenOnce: SeenOnce;
  readonly log: Log;
  readonly now: () => number;
  readonly newReference: NewId;
  /** /livez, /readyz, /metrics. */
  readonly routes: readonly Route[];
  /** Of the HTTP server, in milliseconds; default: `SERVER_LIMITS`. */
  readonly serverLimits?: ServerLimits;
  /** Default: `QUEUE_LIMITS`. */
  readonly queueLimits?: typeof QUEUE_LIMITS;
  /** When a request that no listener acked is answered nevertheless; default 2.5 s. */
  readonly unhandledAfterMs?: number;
  /** When a person without an answer is told that it is late; default 2.5 s. */
  readonly lateAfterMs?: number;
  readonly events?: Partial<SlackEvents>;
  readonly within?: NonNullable<GuardParts['within']>;
  /** Called when Slack accepts the token again. */
  readonly onSlackBack?: () => void;
}

export interface SlackApp {
  /** Listens (HTTP) or connects (Socket Mode); returns the port of the HTTP server. Slack may be down. */
  start(): Promise<{ readonly port: number }>;
  /**
   * Accepts nothing new and waits for work in progress, `patienceMs` at most (default: until it ends). People who then
   * still wait are told that the bot restarts, so that every acknowledged interaction gets an answer.
   */
  stop(patienceMs?: number): Promise<void>;
  /** Redraws App Home for people who opened it recently, if a request changed; returns for how many. */
  refreshHomes(): Promise<number>;
  /** Slack accepted the token when it last answered, and in Socket Mode the socket is connected. */
  connected(): boolean;
  /** Slack can reach the bot: it listens (HTTP), or the socket is connected (Socket Mode). */
  reachable(): boolean;
}

/** Enough for one last message to each person who waits at a stop. */
const LAST_ANSWERS_MS = 1_500;

/** Per process: enough for 500 people at the same moment. Beyond it people are asked to try again. */
export const QUEUE_LIMITS = {
  read: { atOnce: 32, waitingAtMost: 1_000 },
  decision: { atOnce: 64, waitingAtMost: 400 },
  /** Clicks that come while their lane is full: each gets one short message. */
  overflow: { atOnce: 8, waitingAtMost: 200 },
};

export function createSlackApp(parts: SlackAppParts): SlackApp {
  const { settings, desk, log } = parts;
  const { home, quiet, newClient, onSlackCall } = parts.clients;
  const transport = createTransport(parts);
  const app = new App({
    receiver: transport.receiver,
    // With its own `authorize`, Bolt never calls auth.test: neither at the start nor for a request.
    authorize: async () => ({ botToken: settings.botToken }),
    clientOptions: webClientOptions(settings, log),
    convoStore: false,
    extendedErrorHandler: true,
    logger: boltLogger(log),
  });
  app.error(async (failure: { readonly error: Error }) =>
    log.error(errorFields(failure.error), 'Bolt could not hand over an interaction'),
  );
  const limits = parts.queueLimits ?? QUEUE_LIMITS;
  const lanes = { read: new WorkQueue(limits.read), decision: new WorkQueue(limits.decision) };
  const overflowQueue = new WorkQueue(limits.overflow);
  const shutdown = new AbortController();
  setMaxListeners(0, shutdown.signal);
  const guard = createGuard({
    ...parts,
    lanes,
    overflowQueue,
    redrawCard: (requestId) => desk.redrawCard(requestId),
    shutdownSignal: shutdown.signal,
  });
  const homes = new HomeWatch({
    client: newClient(),
    desk,
    workspaceUrl: () => home.url,
    now: parts.now,
    log,
  });
  const table = routes({
    homes,
    desk,
    loans: parts.loans,
    newReadingId: randomUUID,
    watch: parts.watch ?? null,
    workspaceUrl: () => home.url,
    closeChannel: settings.closeChannel,
    allowedChannels: settings.allowedChannels,
    readersOf: readersThrough(newClient()),
  });
  register(app, table, guard, {
    client: newClient(),
    log,
    quiet,
    fetch: fetchThrough(settings.dispatcher),
    onSlackCall,
  });

  const greeting = keepAskingSlack(home, log, parts.onSlackBack);
  return {
    start: async () => {
      await transport.open(settings);
      greeting.start();
      const address = transport.server.address();
      return { port: typeof address === 'object' && address !== null ? address.port : settings.port };
    },
    stop: async (patienceMs) => {
      greeting.stop();
      // In this order: requests on open connections may enter the queues until the last connection is closed.
      const done = transport
        .close()
        .then(() => Promise.all([...Object.values(lanes), overflowQueue].map((queue) => queue.idle())));
      if (patienceMs === undefined) {
        await done;
        return;
      }
      if (await endsInTime(done, patienceMs)) return;
      log.warn({ patienceMs }, 'stopping before all answers were ready; telling those who wait');
      shutdown.abort();
      await endsInTime(done, LAST_ANSWERS_MS);
    },
    reachable: () => transport.isUp(),
    refreshHomes: () => homes.refresh(),
    connected: () => home.isAccepted && transport.isUp(),
  };
}

function createTransport(parts: SlackAppParts): Transport {
  const { settings, log, routes } = parts;
  const { signingSecret, appToken } = settings;
  if (appToken !== null) return createSocketTransport(appToken, settings, routes, log);
  if (signingSecret === null) throw new RangeError('neither a signing secret nor an app token is set');
  return createHttpTransport({
    signingSecret,
    routes,
    log,
    now: parts.now,
    serverLimits: parts.serverLimits,
    unhandledAfterMs: parts.unhandledAfterMs,
    onRefused: parts.events?.httpRequestRefused,
    onUnacknowledged: parts.events?.interactionUnacknowledged,
  });
}
