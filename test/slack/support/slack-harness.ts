/** The Slack adapter over real HTTP or a real socket: a workspace, a desk, and the bot between them. */

import { expect, vi } from 'vitest';
import { SEED_IDS as ids } from '../../../sandbox/slack/seed.ts';
import type { StoredMessage, StoredView } from '../../../sandbox/slack/store.ts';
import { startWorkspace, type Workspace, type WorkspaceOptions } from '../../../sandbox/slack/workspace.ts';
import type { SlackSettings } from '../../../src/slack/adapter-settings.ts';
import { createSlackApp, type SlackApp, type SlackAppParts } from '../../../src/slack/bolt-app.ts';
import { createSlackClients, type SlackClients } from '../../../src/slack/slack-clients.ts';
import type { Desk, WatchDesk } from '../../../src/usecases/desk.ts';
import type { LoanDesk } from '../../../src/usecases/loan-desk.ts';
import type { SeenOnce } from '../../../src/usecases/ports.ts';
import { fakeLoans } from '../../fakes/desk.ts';
import { MemorySeenOnce } from '../../fakes/memory-seen-once.ts';
import { type LogLine, memoryLog } from '../../support/logs.ts';

/** Tokens, response URLs, triggers and signatures are secrets: whatever a test did, no log line may hold one. */
function expectNoSecrets(lines: readonly LogLine[], workspace: Workspace): void {
  const logged = JSON.stringify(lines);
  const { botToken, appToken } = workspace.grants;
  for (const secret of [botToken, appToken, workspace.signingSecret, workspace.url, 'ticket='])
    expect(logged).not.toContain(secret);
  expect(logged).not.toMatch(/\b\d+\.\d+\.[0-9a-f]{32}/);
  expect(logged).not.toMatch(/v0=[0-9a-f]{16}/);
}

export interface SlackHarnessOptions {
  readonly transport?: 'http' | 'socket';
  readonly desk: (clients: SlackClients) => Desk;
  /** Asked after `desk`. Absent: a test that asks for a loan fails. */
  readonly loans?: () => LoanDesk;
  /** Absent: the watch is off. */
  readonly watch?: WatchDesk;
  readonly seenOnce?: SeenOnce;
  readonly workspace?: WorkspaceOptions;
  readonly closeChannel?: string;
  readonly allowedChannels?: readonly string[];
  readonly auditChannel?: string;
  readonly onSlackBack?: () => void;
  /** Where a test moves the clock. */
  readonly steadyNow?: () => number;
  readonly events?: NonNullable<SlackAppParts['events']>;
  /** Limits of the transport and the queues, changed. */
  readonly limits?: Pick<SlackAppParts, 'serverLimits' | 'unhandledAfterMs' | 'queueLimits' | 'lateAfterMs'>;
  /** The adapter's own settings, changed. */
  readonly settings?: Partial<SlackSettings>;
  /** Before the bot starts: faults to switch on. */
  readonly prepare?: (workspace: Workspace) => void;
}

export interface SlackHarness {
  readonly workspace: Workspace;
  readonly clients: SlackClients;
  readonly app: SlackApp;
  readonly url: string;
  readonly log: readonly LogLine[];
  /** The newest private message to this person in a channel, as text, once it fits. */
  privateText(
    userId: string,
    fits: (text: string) => boolean,
    channelId?: string,
    /** Only what came after this order number. */
    after?: number,
  ): Promise<StoredMessage>;
  /** The open modal of this person, once its text fits. */
  modal(userId: string, fits: (text: string) => boolean): Promise<StoredView>;
  /** One more bot on the same workspace, connected; the test stops it. */
  addReplica(desk: Desk, seenOnce: SeenOnce): Promise<SlackApp>;
  close(): Promise<void>;
}

export async function startSlackHarness(options: SlackHarnessOptions): Promise<SlackHarness> {
  const transport = options.transport ?? 'http';
  const workspace = await startWorkspace({ transport, ...options.workspace });
  options.prepare?.(workspace);
  const log = memoryLog();
  const { lines } = log;
  const settings: SlackSettings = {
    botToken: workspace.grants.botToken,
    signingSecret: transport === 'http' ? workspace.signingSecret : null,
    appToken: transport === 'socket' ? workspace.grants.appToken : null,
    apiUrl: workspace.apiUrl,
    host: '127.0.0.1',
    port: 0,
    closeChannel: options.closeChannel ?? ids.loanDesk,
    tellApprovers: 'direct',
    allowedChannels: options.allowedChannels ?? [],
    auditChannel: options.auditChannel ?? null,
    ...options.settings,
  };
  let id = 0;
  const newId = () => `id${++id}`;
  const clients = createSlackClients({
    ...{ settings, log, now: Date.now, newId, events: options.events ?? {} },
    steadyNow: options.steadyNow,
  });
  const createBot = (desk: Desk, seenOnce: SeenOnce) =>
    createSlackApp({
      settings,
      desk,
      loans: options.loans?.() ?? fakeLoans({}),
      watch: options.watch,
      clients,
      seenOnce,
      log,
      now: Date.now,
      newReference: newId,
      // A loaded machine must not change what people are told.
      lateAfterMs: 600_000,
      ...options.limits,
      ...(options.onSlackBack === undefined ? {} : { onSlackBack: options.onSlackBack }),
      ...(options.events === undefined ? {} : { events: options.events }),
      routes: [{ path: '/livez', handler: (_request, response) => response.writeHead(200).end('ok') }],
    });
  const connected = (bot: SlackApp) =>
    vi.waitFor(() => expect(bot.connected()).toBe(true), { timeout: 5_000, interval: 5 });
  const app = createBot(options.desk(clients), options.seenOnce ?? new MemorySeenOnce(Date.now));
  const { port } = await app.start();
  const url = `http://127.0.0.1:${port}`;
  if (transport === 'http') workspace.setBotUrl(`${url}/slack/events`);
  else await connected(app);
  const privateIn = (userId: string, channelId: string, fits: (text: string) => boolean, after: number) =>
    workspace.store
      .messages(channelId, userId)
      .findLast(
        (message) =>
          message.userId === ids.botUser && message.order > after && fits(workspace.renderText(message)),
      );
  return {
    workspace,
    clients,
    app,
    url,
    log: lines,
    privateText: (userId, fits, channelId, after = 0) =>
      workspace.until(() =>
        privateIn(userId, channelId ?? workspace.directory.directMessage(userId).id, fits, after),
      ),
    modal: (userId, fits) =>
      workspace.until(() =>
        workspace.store.modals(userId).findLast((view) => fits(workspace.renderText(view))),
      ),
    addReplica: async (desk, seenOnce) => {
      const replica = createBot(desk, seenOnce);
      await replica.start();
      await connected(replica);
      return replica;
    },
    close: async () => {
      await app.stop();
      await workspace.close();
      expectNoSecrets(lines, workspace);
    },
  };
}
