/**
 * Web API clients with explicit limits. The library's defaults are wrong for us: no timeout, ten retries over half an
 * hour (a repeated chat.postMessage posts twice), and one 429 stops every method of the client.
 */
import { WebClient, type WebClientOptions } from '@slack/web-api';
import type { Log } from '../usecases/ports.ts';
import { boltLogger } from './bolt-logger.ts';
import type { SlackSettings } from './slack-settings.ts';

const TIMEOUT_MS = 5_000;

type Fetch = NonNullable<WebClientOptions['fetch']>;

/** Bolt's `respond` has no timeout of its own: it gets one here, as does every method. */
export const timedFetch: Fetch = (url, init = {}) => {
  const timeout = AbortSignal.timeout(TIMEOUT_MS);
  const signal = init.signal === undefined ? timeout : AbortSignal.any([init.signal, timeout]);
  return fetch(url, { ...init, signal });
};

export function webClientOptions(settings: Pick<SlackSettings, 'apiUrl'>, log: Log): WebClientOptions {
  return {
    slackApiUrl: settings.apiUrl,
    timeout: TIMEOUT_MS,
    retryConfig: { retries: 0 },
    rejectRateLimitedCalls: true,
    allowAbsoluteUrls: false,
    logger: boltLogger(log),
    fetch: timedFetch,
  };
}

export function createWebClient(settings: Pick<SlackSettings, 'apiUrl' | 'botToken'>, log: Log): WebClient {
  return new WebClient(settings.botToken, webClientOptions(settings, log));
}
