/** What the Slack adapter is told from outside. */
import type { Dispatcher } from 'undici';

export interface SlackSettings {
  readonly botToken: string;
  /** HTTP mode. One of the two is set, by the schema of the settings. */
  readonly signingSecret: string | null;
  /** Socket Mode. */
  readonly appToken: string | null;
  /** Ends with a slash: "https://slack.com/api/". */
  readonly apiUrl: string;
  /** In place of direct connections: the way through a proxy. */
  readonly dispatcher?: Dispatcher | undefined;
  readonly host: string;
  readonly port: number;
  /** Id of the approvals channel. */
  readonly closeChannel: string;
  /** Ids of channels in which commands are answered, beside the approvals channel and direct messages; empty: all. */
  readonly allowedChannels: readonly string[];
  /** Id of the channel that gets the head of the audit trail once a day; null: nobody does. */
  readonly auditChannel: string | null;
}
