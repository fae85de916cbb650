/** The parts of Slack that the desk uses: the directory and the notifiers. Created before the desk. */

import type { WebClient } from '@slack/web-api';
import type { AuditVerdict } from '../domain/audit-chain.ts';
import type { WatchRules } from '../domain/watch/watch.ts';
import type { AuditBoard, Delivery, Directory, Log, NewId, Notifier, SeenOnce } from '../usecases/ports.ts';
import type { RuleNotifier } from '../usecases/rule-book.ts';
import type {
  AlertNotifier,
  ScheduledMessages,
  TellUnreadable,
  WatchHistory,
} from '../usecases/watch-ports.ts';
import type { SlackSettings } from './adapter-settings.ts';
import { SlackAlertNotifier } from './alert-notifier.ts';
import { CardNotifier } from './card-notifier.ts';
import { channelTroubleThrough } from './channel-info.ts';
import { SlackDirectory } from './directory.ts';
import { HomeWorkspace } from './home-workspace.ts';
import { SlackRuleNotifier } from './rule-notifier.ts';
import { postMessage } from './send-message.ts';
import { failureText, type OnSlackCall, slackCall } from './slack-call.ts';
import type { SlackEvents } from './slack-events.ts';
import { SlackScheduledMessages } from './slack-scheduled-messages.ts';
import { auditHeadMessage } from './views/audit-view.ts';
import type { Message } from './views/blocks.ts';
import { mentionedIn, withoutPings } from './views/quiet-mentions.ts';
import { createWebClient, RateLimitPauses } from './web-client.ts';

export interface SlackClients {
  readonly directory: Directory;
  readonly notifier: Notifier;
  readonly ruleNotifier: RuleNotifier;
  /** Null: no channel is set for the head of the audit trail. */
  readonly auditBoard: AuditBoard | null;
  /** For messages that a channel reads: people by name, without pinging them. */
  readonly quiet: (message: Message) => Promise<Message>;
  /** Which workspace the token belongs to. */
  readonly home: HomeWorkspace;
  /** One more client with the bot token. */
  readonly newClient: () => WebClient;
  /** To be told of calls that no client makes: response URLs and uploads. */
  readonly onSlackCall: OnSlackCall;
  /** Also for a bot whose watch is off, which removes what an earlier one left. */
  readonly scheduled: ScheduledMessages;
  /** The watch's messages. */
  readonly forWatch: (parts: WatchSlackParts) => WatchSlack;
}

export interface WatchSlackParts {
  /** WATCH_CHANNEL. */
  readonly channel: string;
  /** WATCH_GROUP: user and user-group ids. */
  readonly group: readonly string[];
  readonly rules: WatchRules;
  readonly history: Pick<WatchHistory, 'read'>;
  readonly seenOnce: SeenOnce;
}

export interface WatchSlack {
  readonly notifier: AlertNotifier;
  readonly tellUnreadable: TellUnreadable;
  /** Why messages can't reach the channel; null: they can, or it isn't known. */
  readonly channelTrouble: () => Promise<string | null>;
}

export interface SlackClientsParts {
  readonly settings: SlackSettings;
  readonly log: Log;
  readonly now: () => number;
  /** For how long a method that Slack has limited is left alone; default `performance.now`. */
  readonly steadyNow?: (() => number) | undefined;
  readonly newId: NewId;
  readonly events?: Partial<Pick<SlackEvents, 'slackCalled'>>;
}

/** Each part has a client of its own, so that none waits for another; what Slack has limited, none of them calls. */
export function createSlackClients(parts: SlackClientsParts): SlackClients {
  const { settings, log, now, newId } = parts;
  const pauses = new RateLimitPauses(parts.steadyNow);
  const slackCalled = parts.events?.slackCalled;
  const home = new HomeWorkspace(createWebClient(settings, log, slackCalled, pauses));
  const onSlackCall: OnSlackCall = (record) => {
    home.noteCall(record);
    slackCalled?.(record);
  };
  const newClient = () => createWebClient(settings, log, onSlackCall, pauses);
  const directory = new SlackDirectory({ client: newClient(), home, now, log });
  const quiet = quietNames((id) => directory.nameOf(id), home);
  return {
    home,
    quiet,
    newClient,
    onSlackCall,
    directory,
    scheduled: new SlackScheduledMessages(newClient()),
    forWatch: (watch) => {
      const client = newClient();
      const notifier = new SlackAlertNotifier({ ...watch, client, home, directory, quiet, newId, log });
      return {
        notifier,
        tellUnreadable: notifier.tellUnreadable,
        channelTrouble: channelTroubleThrough(newClient(), watch.channel),
      };
    },
    auditBoard: settings.auditChannel === null ? null : new AuditChannel(newClient(), settings.auditChannel),
    notifier: new CardNotifier({
      client: newClient(),
      home,
      directory,
      closeChannel: settings.closeChannel,
      tellApprovers: settings.tellApprovers,
      quiet,
      newId,
      log,
    }),
    ruleNotifier: new SlackRuleNotifier({
      client: newClient(),
      home,
      directory,
      closeChannel: settings.closeChannel,
      quiet,
      log,
    }),
  };
}

export class AuditChannel implements AuditBoard {
  readonly #client: WebClient;
  readonly #channelId: string;

  constructor(client: WebClient, channelId: string) {
    this.#client = client;
    this.#channelId = channelId;
  }

  async postHead(verdict: AuditVerdict, atMs: number): Promise<Delivery> {
    const { text, blocks } = auditHeadMessage(verdict, atMs);
    const answer = await slackCall(() =>
      postMessage(this.#client, this.#channelId, { text, blocks: [...blocks] }),
    );
    if (answer.ok) return { ok: true, card: null };
    const { failure } = answer;
    const retryAfterMs = failure.kind === 'rate-limited' ? failure.retryAfterMs : null;
    return { ok: false, retry: true, why: failureText(failure), retryAfterMs };
  }
}

/** `nameOf`: of a person or a group; null when it is not known now: the id is shown instead. */
export function quietNames(
  nameOf: (id: string) => Promise<string | null>,
  home: HomeWorkspace,
): (message: Message) => Promise<Message> {
  return async (message) => {
    const ids = [...mentionedIn(message)];
    if (ids.length === 0) return message;
    await home.read();
    const names = await Promise.all(ids.map(async (id) => [id, await nameOf(id)] as const));
    return withoutPings(message, new Map(names), home.url);
  };
}
