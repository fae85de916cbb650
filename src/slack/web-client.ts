/**
 * Web API clients with explicit limits. The library's defaults are wrong for us: no timeout, ten retries over half an
 * hour (a repeated chat.postMessage posts twice), and one 429 stops every method of the client.
 */
import { type WebAPICallResult, WebClient, type WebClientOptions } from '@slack/web-api';
import type { Log } from '../usecases/ports.ts';
import { boltLogger } from './bolt-logger.ts';
import { type OnSlackCall, observedCall } from './slack-call.ts';
import { fetchThrough } from './slack-fetch.ts';
import type { SlackSettings } from './slack-settings.ts';

export function webClientOptions(
  settings: Pick<SlackSettings, 'apiUrl' | 'dispatcher'>,
  log: Log,
): WebClientOptions {
  return {
    slackApiUrl: settings.apiUrl,
    retryConfig: { retries: 0 },
    rejectRateLimitedCalls: true,
    allowAbsoluteUrls: false,
    logger: boltLogger(log),
    fetch: fetchThrough(settings.dispatcher),
  };
}

export function createWebClient(
  settings: Pick<SlackSettings, 'apiUrl' | 'botToken' | 'dispatcher'>,
  log: Log,
  onCall?: OnSlackCall,
): WebClient {
  const options = webClientOptions(settings, log);
  if (onCall === undefined) return new WebClient(settings.botToken, options);
  return new ObservedWebClient(settings.botToken, options, onCall);
}

/** The library binds each of its methods to `apiCall`: the one place that sees them all. */
class ObservedWebClient extends WebClient {
  readonly #onCall: OnSlackCall;

  constructor(botToken: string, options: WebClientOptions, onCall: OnSlackCall) {
    super(botToken, options);
    this.#onCall = onCall;
  }

  override apiCall(method: string, options?: Record<string, unknown>): Promise<WebAPICallResult> {
    return observedCall(method, this.#onCall, () => super.apiCall(method, options));
  }
}
