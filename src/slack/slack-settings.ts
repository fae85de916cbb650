/** What the Slack adapter is told from outside. */
export interface SlackSettings {
  readonly botToken: string;
  /** HTTP mode. One of the two is set, by the schema of the settings. */
  readonly signingSecret: string | null;
  /** Socket Mode. */
  readonly appToken: string | null;
  /** Ends with a slash: "https://slack.com/api/". */
  readonly apiUrl: string;
  readonly host: string;
  readonly port: number;
  /** Id of the approvals channel. */
  readonly closeChannel: string;
}
