/**
 * A Slack workspace for the sandbox and the tests: the slice of Slack that Loandesk uses, on 127.0.0.1.
 * It refuses what Slack refuses, knows people, groups and channels, and acts as people towards the bot
 * with signed requests or over Socket Mode.
 *
 * What it does not model:
 * - Socket Mode: what Slack keeps to itself. Chosen here: a URL opens one connection and never expires; with
 *   no connection open, or one that breaks before the ack, a person sees `dispatch_failed`; an ack counts only
 *   on the connection that got the envelope; `feature_not_enabled` while Socket Mode is off; a connection
 *   that was warned gets payloads until it is refreshed. Not here: compression, several apps;
 * - methods not in `methods.ts`; views.push, external ids, attachments;
 * - Enterprise Grid, org-wide installs, OAuth, token rotation, several bots, user tokens;
 * - Slack's own redelivery of events: a retry is sent when a test asks for it (`retryNum`);
 * - loss of ephemeral messages on reload, unread marks, notifications, unfurling, link_names, attachments;
 * - private channels and group messages, pagination, message edits by people, reactions, edit windows;
 * - a limit on response URLs: one a second with short bursts, as for incoming webhooks, and one URL has five uses;
 * - the events-per-hour cap, auto-disabled subscriptions;
 * - how Slack counts towards `msg_blocks_too_long`: undocumented; see `src/slack/views/limits.ts`;
 * - what was typed into a view is not kept when the view is updated: each submit names its values;
 * - which block types an old client cannot draw: refusals are switched on as faults (`refuse_block`).
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { closeServer, listen, sendJson } from '../http.ts';
import { Actor, type Surroundings } from './actor.ts';
import { Directory, type WorkspaceSeed } from './directory.ts';
import { WorkspaceFaults } from './faults.ts';
import { MessageSchedule } from './message-schedule.ts';
import type { MethodContext } from './method.ts';
import { PayloadSender, type ResendOptions, type SentRequest, type Transport } from './payload-sender.ts';
import { RateLimits } from './rate-limits.ts';
import { type Renderable, renderText } from './render-text.ts';
import { ResponseUrls } from './response-urls.ts';
import { createSeed } from './seed.ts';
import { type Ack, SocketConnections } from './socket-connections.ts';
import { Store, type StoredMessage, type StoredView, type WorkspaceEvent } from './store.ts';
import { Triggers, Uploads } from './triggers.ts';
import { type Grants, WebApi } from './web-api.ts';

export interface WorkspaceOptions {
  /**
   * How payloads reach the bot. Without it: over sockets once the bot opened one, unless a bot URL was set.
   * `http` also switches Socket Mode off for the app.
   */
  readonly transport?: Transport;
  /** Where the bot listens, e.g. `http://127.0.0.1:3000/slack/events`. Can be set later. */
  readonly botUrl?: string;
  readonly botToken?: string;
  readonly appToken?: string;
  readonly signingSecret?: string;
  /** Scopes of the bot token; those of the manifest by default. */
  readonly scopes?: readonly string[];
  readonly seed?: WorkspaceSeed;
  /** UTC milliseconds. Used for timestamps, signatures, trigger and response_url lifetimes, rate limits. */
  readonly now?: () => number;
  /** Rate limits by tier, with generous bursts. On by default. */
  readonly strictRateLimits?: boolean;
  /** How long Slack waits for an ack: 3,000 ms. */
  readonly ackTimeoutMs?: number;
  /** 0, the default, takes any free port. */
  readonly port?: number;
}

/** How long to wait for something that should happen. */
export interface WaitOptions {
  /** Looks only at events with a greater order number; at those from now on by default. */
  readonly after?: number;
  /** Real milliseconds; 5,000 by default. */
  readonly timeoutMs?: number;
}

export interface Workspace {
  /** For `SLACK_API_URL`. */
  readonly apiUrl: string;
  readonly url: string;
  readonly signingSecret: string;
  readonly grants: Grants;
  readonly directory: Directory;
  readonly store: Store;
  readonly faults: WorkspaceFaults;
  readonly limits: RateLimits;
  /** Socket Mode: the bot's connections, and what can happen to them. */
  readonly sockets: SocketConnections;
  /** What Slack itself will post. */
  readonly scheduled: MessageSchedule;
  /** How the next payload would travel. */
  readonly transport: Transport;
  setBotUrl(url: string): void;
  /** Acts as this person. */
  as(userId: string): Actor;
  /** Sends a request again byte by byte, or delivers the same envelope once more. */
  resend(request: SentRequest, options?: ResendOptions): Promise<Ack>;
  /** The first event that fits, past `after` or still to come. Rejects after the timeout. */
  next(fits: (event: WorkspaceEvent) => boolean, options?: WaitOptions): Promise<WorkspaceEvent>;
  /** What `look` returns as soon as it is not undefined: looked at now and after each event. */
  until<T>(look: () => T | undefined, timeoutMs?: number): Promise<T>;
  /** A message, a view or anything with blocks, as text for a terminal. */
  renderText(shown: StoredMessage | StoredView | Renderable): string;
  close(): Promise<void>;
}

/** The bot scopes of manifest.yml. */
const MANIFEST_SCOPES = ['commands', 'chat:write', 'users:read', 'usergroups:read'];

/** Sends a request where it belongs. */
async function route(api: WebApi, request: IncomingMessage, response: ServerResponse) {
  const { pathname } = new URL(request.url ?? '/', 'http://localhost');
  if (request.method !== 'POST') return sendJson(response, 404, { ok: false, error: 'not_found' });
  if (pathname.startsWith('/api/')) return api.call(pathname.slice('/api/'.length), request, response);
  if (pathname.startsWith('/commands/'))
    return api.answerResponseUrl(pathname.slice('/commands/'.length), request, response);
  if (pathname.startsWith('/upload/v1/'))
    return api.upload(pathname.slice('/upload/v1/'.length), request, response);
  return sendJson(response, 404, { ok: false, error: 'not_found' });
}

function createRoutedServer(api: WebApi): Server {
  return createServer((request, response) => {
    route(api, request, response).catch((error: unknown) => {
      sendJson(response, 500, {
        ok: false,
        error: error instanceof Error ? error.message : 'internal_error',
      });
    });
  });
}

function readGrants(options: WorkspaceOptions): Grants {
  return {
    botToken: options.botToken ?? 'xoxb-sandbox-bot-token',
    appToken: options.appToken ?? 'xapp-sandbox-app-token',
    scopes: new Set(options.scopes ?? MANIFEST_SCOPES),
    tokenError: null,
  };
}

/** Starts a workspace. It listens on 127.0.0.1 only. */
export async function startWorkspace(options: WorkspaceOptions = {}): Promise<Workspace> {
  const now = options.now ?? Date.now;
  const directory = new Directory(options.seed ?? createSeed());
  const store = new Store(now);
  const triggers = new Triggers(now);
  const uploads = new Uploads();
  const faults = new WorkspaceFaults();
  const limits = new RateLimits(now, options.strictRateLimits ?? true);
  const responseUrls = new ResponseUrls(now, store, directory.botUserId);
  const grants = readGrants(options);
  const signingSecret = options.signingSecret ?? 'sandbox-signing-secret';
  const { ackTimeoutMs = 3_000, transport, botUrl } = options;
  const parts = { store, now, appId: directory.appId, signingSecret, ackTimeoutMs };
  const sockets = new SocketConnections(parts);
  sockets.isEnabled = transport !== 'http';
  const sender = new PayloadSender({ ...parts, sockets, transport, botUrl });
  const scheduled = new MessageSchedule(now, directory, store);
  const context: MethodContext = { directory, store, triggers, uploads, sockets, scheduled };
  const closing = new AbortController();
  const api = new WebApi({ context, grants, limits, faults, responseUrls, closing: closing.signal });
  const surroundings: Surroundings = {
    ...{ directory, store, triggers, responseUrls, now },
    send: (outgoing, how) => sender.send(outgoing, how),
  };
  const as = (userId: string) => new Actor(surroundings, userId);
  const server = createRoutedServer(api);
  server.on('upgrade', (request, socket, head) => sockets.accept(request, socket, head));
  const url = `http://127.0.0.1:${await listen(server, options.port)}`;
  sockets.baseUrl = url.replace('http', 'ws');
  uploads.baseUrl = `${url}/upload/v1/`;
  responseUrls.baseUrl = `${url}/commands/`;

  return {
    ...{ apiUrl: `${url}/api/`, url, signingSecret, grants, directory, store, faults, limits, as, sockets },
    scheduled,
    get transport() {
      return sender.transport;
    },
    setBotUrl: (next) => {
      sender.botUrl = next;
    },
    resend: (request, how) => sender.resend(request, how),
    next: (fits, { after = store.order, timeoutMs = 5_000 } = {}) =>
      store.until(() => store.events.slice(after).find(fits), timeoutMs),
    until: (look, timeoutMs = 5_000) => store.until(look, timeoutMs),
    renderText: (shown) =>
      renderText('payload' in shown ? shown.payload : shown, (id) => directory.nameOf(id)),
    close: async () => {
      closing.abort();
      scheduled.stop();
      sockets.close();
      await closeServer(server);
    },
  };
}
