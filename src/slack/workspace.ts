/** Which workspace the bot's token belongs to (auth.test), asked once and remembered when it is known. */
import type { WebClient } from '@slack/web-api';
import { failureText, slackCall } from './slack-call.ts';

export interface Workspace {
  readonly teamId: string;
  readonly enterpriseId: string | null;
  readonly url: string | null;
}

export class HomeWorkspace {
  readonly #client: WebClient;
  #known: Workspace | null = null;

  constructor(client: WebClient) {
    this.#client = client;
  }

  /** "https://acme.slack.com/"; null until Slack has told. */
  get url(): string | null {
    return this.#known?.url ?? null;
  }

  get isKnown(): boolean {
    return this.#known !== null;
  }

  /** Asks Slack unless it is known; a failure is asked again next time. */
  async read(): Promise<
    { readonly ok: true; readonly value: Workspace } | { readonly ok: false; readonly why: string }
  > {
    if (this.#known !== null) return { ok: true, value: this.#known };
    const answer = await slackCall(() => this.#client.auth.test());
    if (!answer.ok) return { ok: false, why: failureText(answer.failure) };
    const { team_id, url, enterprise_id } = answer.value;
    if (team_id === undefined) return { ok: false, why: 'Slack did not name the workspace of the token' };
    this.#known = { teamId: team_id, url: url ?? null, enterpriseId: enterprise_id ?? null };
    return { ok: true, value: this.#known };
  }
}
