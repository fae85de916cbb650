/** What the desk needs of Slack: who people are, and bringing notices to them. Built before the desk exists. */
import type { AuditBoard, Directory, Log, NewId, Notifier } from '../usecases/ports.ts';
import { AuditChannel } from './audit-channel.ts';
import { CardNotifier } from './card-notifier.ts';
import { SlackDirectory } from './directory.ts';
import { HomeWorkspace } from './home-workspace.ts';
import { quietNames } from './quiet-names.ts';
import type { OnSlackCall } from './slack-call.ts';
import type { SlackEvents } from './slack-events.ts';
import type { SlackSettings } from './slack-settings.ts';
import type { Message } from './views/message.ts';
import { createWebClient } from './web-client.ts';

export interface SlackClients {
  readonly directory: Directory;
  readonly notifier: Notifier;
  /** Null: no channel is named for the audit head. */
  readonly auditBoard: AuditBoard | null;
  /** Shared with `createSlackApp`: messages to a channel name people without pinging them. */
  readonly quiet: (message: Message) => Promise<Message>;
  /** Shared with `createSlackApp`: which workspace the token belongs to. */
  readonly home: HomeWorkspace;
}

export interface SlackClientsParts {
  readonly settings: SlackSettings;
  readonly log: Log;
  readonly now: () => number;
  readonly newId: NewId;
  readonly events?: Pick<SlackEvents, 'slackCalled'>;
}

/** Each part has a client of its own: one that is held up must not hold up the others. */
export function createSlackClients(parts: SlackClientsParts): SlackClients {
  const { settings, log, now, newId } = parts;
  const home: HomeWorkspace = new HomeWorkspace(createWebClient(settings, log, parts.events?.slackCalled));
  const client = () => createWebClient(settings, log, observedBy(home, parts.events));
  const directory = new SlackDirectory({ client: client(), home, now, log });
  const quiet = quietNames((userId) => directory.nameOf(userId), home);
  return {
    home,
    quiet,
    directory,
    auditBoard: settings.auditChannel === null ? null : new AuditChannel(client(), settings.auditChannel),
    notifier: new CardNotifier({
      client: client(),
      home,
      directory,
      closeChannel: settings.closeChannel,
      quiet,
      newId,
      log,
    }),
  };
}

/** Calls are told to the workspace, which learns from them whether Slack takes the token, and then to whoever listens. */
export function observedBy(
  home: HomeWorkspace,
  events: Pick<Partial<SlackEvents>, 'slackCalled'> | undefined,
): OnSlackCall {
  return (record) => {
    home.noteCall(record);
    events?.slackCalled?.(record);
  };
}
