/** HTTP mode: Bolt's receiver, with what it lacks: future timestamps refused, and an answer where nothing else gives one. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { type BufferedIncomingMessage, HTTPReceiver } from '@slack/bolt';
import type { Log } from '../usecases/ports.ts';
import { boltLogger } from './bolt-logger.ts';

/** GET only: /livez, /readyz, /metrics. */
export interface Route {
  readonly path: string;
  readonly handler: (request: IncomingMessage, response: ServerResponse) => void;
}

/** Slack shows an error after 3000 ms; Bolt's own default of 3001 is too late. */
const UNHANDLED_AFTER_MS = 2_500;

/** Clocks differ a little; a signature from further ahead would stay valid for longer than we remember it. */
const FUTURE_AT_MOST_MS = 60_000;

export interface HttpTransportParts {
  readonly signingSecret: string;
  readonly routes: readonly Route[];
  readonly log: Log;
  readonly now: () => number;
}

export function createHttpReceiver({ signingSecret, routes, log, now }: HttpTransportParts): HTTPReceiver {
  const receiver = new HTTPReceiver({
    signingSecret,
    logger: boltLogger(log),
    customRoutes: routes.map(({ path, handler }) => ({ path, method: ['GET'], handler })),
    customPropertiesExtractor: (request) => ({ slackSignature: request.headers['x-slack-signature'] }),
    unhandledRequestTimeoutMillis: UNHANDLED_AFTER_MS,
    unhandledRequestHandler: ({ request, response }) => {
      log.error({ path: pathOf(request) }, 'a request from Slack was not acknowledged in time');
      if (!response.headersSent) answerUnhandled(request, response);
    },
  });
  const { requestListener } = receiver;
  receiver.requestListener = (request, response) => {
    if (isFromTheFuture(request, now())) {
      log.warn({ path: pathOf(request) }, 'refused a request with a timestamp in the future');
      response.writeHead(401).end();
      return;
    }
    requestListener(request, response);
  };
  return receiver;
}

function pathOf(request: IncomingMessage): string {
  return (request.url ?? '').split('?')[0] ?? '';
}

function isFromTheFuture(request: IncomingMessage, nowMs: number): boolean {
  const header = request.headers['x-slack-request-timestamp'];
  return typeof header === 'string' && Number(header) * 1000 > nowMs + FUTURE_AT_MOST_MS;
}

function isBuffered(request: IncomingMessage): request is BufferedIncomingMessage {
  return 'rawBody' in request && Buffer.isBuffer(request.rawBody);
}

/** Only a command may be answered with text; a click or a modal gets a plain 200 rather than a warning sign. */
function answerUnhandled(request: IncomingMessage, response: ServerResponse): void {
  const isCommand = isBuffered(request) && /(?:^|&)command=/.test(request.rawBody.toString());
  if (!isCommand) {
    response.writeHead(200).end();
    return;
  }
  response.writeHead(200, { 'content-type': 'application/json' }).end(
    JSON.stringify({
      response_type: 'ephemeral',
      text: 'Loandesk did not get to this command in time. If an answer does not follow, try again in a minute; `/loandesk requests` shows what was recorded.',
    }),
  );
}
