/** Settings of the Slack adapter. */
import type { Dispatcher } from 'undici';

export interface SlackSettings {
  readonly botToken: string;
  /** HTTP mode. One of the two is set, by the schema of the settings. */
  readonly signingSecret: string | null;
  /** Socket Mode. */
  readonly appToken: string | null;
  /** Ends with a slash: "https://slack.com/api/". */
  readonly apiUrl: string;
  /** Sends through a proxy; absent: direct connections. */
  readonly dispatcher?: Dispatcher | undefined;
  readonly host: string;
  readonly port: number;
  /** Id of the approvals channel. */
  readonly closeChannel: string;
  /** How approvers hear of what needs them: each in a direct message, or by one mention in the card's thread. */
  readonly tellApprovers: 'direct' | 'channel';
  /** Ids of further channels that commands work in, beside the approvals channel and direct messages; empty: all. */
  readonly allowedChannels: readonly string[];
  /** Id of the channel that gets the head of the audit trail once a day; null: none does. */
  readonly auditChannel: string | null;
}
