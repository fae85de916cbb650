/** The Slack app: transport, guard and route table put together, with a start that survives a Slack that is down. */
import { setMaxListeners } from 'node:events';
import { App } from '@slack/bolt';
import { endsInTime } from '../shared/in-time.ts';
import type { Desk } from '../usecases/desk.ts';
import type { Log, NewId, SeenOnce } from '../usecases/ports.ts';
import type { SlackSettings } from './adapter-settings.ts';
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
  readonly clients: Pick<SlackClients, 'home' | 'quiet' | 'newClient' | 'onSlackCall'>;
  readonly seenOnce: SeenOnce;
  readonly log: Log;
  readonly now: () => number;
  readonly newReference: NewId;
  /** /livez, /readyz, /metrics. */
  readonly routes: readonly Route[];
  /** Of the HTTP server, in milliseconds; default: those of production. */
  readonly serverLimits?: ServerLimits;
  /** Default: those of production. */
  readonly queueLimits?: typeof QUEUE_LIMITS;
  /** When a request that no listener acked is answered anyway; default 2.5 s. */
  readonly unhandledAfterMs?: number;
  /** When a person without an answer is told that it is late; default 2.5 s. */
  readonly lateAfterMs?: number;
  readonly events?: Partial<SlackEvents>;
  readonly within?: NonNullable<GuardParts['within']>;
  /** Slack takes the token again, after it did not. */
  readonly onSlackBack?: () => void;
}

export interface SlackApp {
  /** Listens (HTTP) or connects (Socket Mode); answers the port of the HTTP server. Slack may be down meanwhile. */
  start(): Promise<{ readonly port: number }>;
  /**
   * Takes nothing new and waits for what is under way, `patienceMs` at most (default: as long as it takes). People who
   * would then still wait are told that the bot restarts, so every interaction that was acknowledged gets an answer.
   */
  stop(patienceMs?: number): Promise<void>;
  /** Redraws App Home for those who opened it lately, if a request changed; answers for how many. */
  refreshHomes(): Promise<number>;
  /** Slack takes the token, as of its last answer, and in Socket Mode the socket is connected. */
  connected(): boolean;
  /** The way in from Slack is open: listening (HTTP), or the socket is connected (Socket Mode). */
  reachable(): boolean;
}

/** For the last answers at a stop: one call to Slack. */
const LAST_ANSWERS_MS = 1_500;

/** Enough for 500 people who ask at one instant, in one process; beyond it people are asked to try again. */
export const QUEUE_LIMITS = {
  read: { atOnce: 32, waitingAtMost: 1_000 },
  decision: { atOnce: 64, waitingAtMost: 400 },
  /** Clicks that find their lane full: each is one short message to Slack. */
  overflow: { atOnce: 8, waitingAtMost: 200 },
};

export function createSlackApp(parts: SlackAppParts): SlackApp {
  const { settings, desk, log } = parts;
  const { home, quiet, newClient, onSlackCall } = parts.clients;
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
    workspaceUrl: () => home.url,
    closeChannel: settings.closeChannel,
    allowedChannels: settings.allowedChannels,
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
      // In this order: what arrived on an open connection may enter the queue until the last one is closed.
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
