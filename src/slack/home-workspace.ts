/**
 * The workspace that the bot token belongs to (auth.test), kept once it is known, and whether Slack accepted the token
 * when it last answered.
 */
import type { WebClient } from '@slack/web-api';
import type { Log } from '../usecases/ports.ts';
import { failureText, type SlackCallRecord, slackCall, TOKEN_REFUSED } from './slack-call.ts';

export interface Workspace {
  readonly teamId: string;
  readonly url: string | null;
  /** Who the bot's own messages are from. */
  readonly botUserId: string | null;
}

type Answer = { readonly ok: true; readonly value: Workspace } | { readonly ok: false; readonly why: string };

export class HomeWorkspace {
  readonly #client: WebClient;
  #known: Workspace | null = null;
  /** Null: Slack has not been asked yet. */
  #accepted: boolean | null = null;
  readonly #listeners: ((accepted: boolean) => void)[] = [];

  constructor(client: WebClient) {
    this.#client = client;
  }

  /** "https://acme.slack.com/"; null until Slack has answered. */
  get url(): string | null {
    return this.#known?.url ?? null;
  }

  /** Slack accepted the token when it last answered. */
  get isAccepted(): boolean {
    return this.#accepted === true;
  }

  /** Called when Slack stops accepting the token and when it accepts it again; not for a first answer that accepts it. */
  onAcceptedChanged(listener: (accepted: boolean) => void): void {
    this.#listeners.push(listener);
  }

  /** From memory, or from Slack until it has answered once. */
  async read(): Promise<Answer> {
    return this.#known === null ? this.ask() : { ok: true, value: this.#known };
  }

  /** Asks Slack in any case. */
  async ask(): Promise<Answer> {
    const answer = await slackCall(() => this.#client.auth.test());
    if (!answer.ok) {
      this.#note(false);
      return { ok: false, why: failureText(answer.failure) };
    }
    const { team_id, url, user_id } = answer.value;
    if (team_id === undefined) return { ok: false, why: 'Slack did not name the workspace of the token' };
    this.#known = { teamId: team_id, url: url ?? null, botUserId: user_id ?? null };
    this.#note(true);
    return { ok: true, value: this.#known };
  }

  /** To be called after every call to Slack. */
  noteCall({ method, outcome }: SlackCallRecord): void {
    // Response URLs and uploads carry no token.
    if (!method.includes('.')) return;
    if (outcome === 'ok' && this.#known !== null) this.#note(true);
    if (TOKEN_REFUSED.has(outcome)) this.#note(false);
  }

  #note(accepted: boolean): void {
    const before = this.#accepted;
    this.#accepted = accepted;
    if (before === accepted || (before === null && accepted)) return;
    for (const listener of this.#listeners) listener(accepted);
  }
}

/** Delay before a token that Slack doesn't accept is tried again; doubled each time up to the longest. */
const FIRST_RETRY_MS = 1_000;
const LONGEST_RETRY_MS = 30_000;
/** How often auth.test is called while the token is accepted; every other call shows it as well. */
const ASKED_EVERY_MS = 30_000;

/** Calls auth.test again and again, so that readiness and links follow Slack's current answer. */
export function keepAskingSlack(
  home: HomeWorkspace,
  log: Log,
  onBack: (() => void) | undefined,
): { start(): void; stop(): void } {
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  const later = (delayMs: number, failures: number): void => {
    clearTimeout(timer);
    if (stopped) return;
    timer = setTimeout(() => void ask(failures), delayMs);
    timer.unref();
  };
  const ask = async (failures: number): Promise<void> => {
    const answer = await home.ask();
    if (answer.ok) return later(ASKED_EVERY_MS, 0);
    if (!stopped) log.warn({ why: answer.why }, 'Slack did not confirm the bot token; retrying');
    later(Math.min(FIRST_RETRY_MS * 2 ** failures, LONGEST_RETRY_MS), failures + 1);
  };
  home.onAcceptedChanged((accepted) => {
    if (stopped) return;
    if (accepted) {
      log.info({}, 'Slack accepts the bot token again');
      onBack?.();
    } else {
      log.error({}, 'Slack refuses the bot token or is unreachable');
      later(FIRST_RETRY_MS, 1);
    }
  });
  return {
    start: () => void ask(0),
    stop: () => {
      stopped = true;
      clearTimeout(timer);
    },
  };
}
