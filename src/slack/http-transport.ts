/** HTTP mode: Bolt's receiver behind a signature check of our own, with an answer where nothing else gives one. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { type BufferedIncomingMessage, HTTPModuleFunctions, HTTPReceiver } from '@slack/bolt';
import type { Log } from '../usecases/ports.ts';
import { boltLogger } from './bolt-logger.ts';
import { headerFault, signatureFault, signingKey } from './request-signature.ts';

/** GET only: /livez, /readyz, /metrics. */
export interface Route {
  readonly path: string;
  readonly handler: (request: IncomingMessage, response: ServerResponse) => void;
}

/** Slack shows an error after 3000 ms; Bolt's own default of 3001 is too late. */
const UNHANDLED_AFTER_MS = 2_500;

const ENDPOINT = '/slack/events';

/** A form with all its fields is some 50 kB. */
const BODY_AT_MOST_BYTES = 1024 * 1024;

/** Slack's probe of a certificate is a token and a flag. */
const PROBE_AT_MOST_BYTES = 1024;

/** Slack gives up after 3 s; whoever sends slower holds memory for nothing. Node looks only every 30 s by itself. */
export const SERVER_LIMITS = { requestTimeout: 10_000, connectionsCheckingInterval: 1_000 } as const;

export interface HttpTransportParts {
  readonly signingSecret: string;
  readonly routes: readonly Route[];
  readonly log: Log;
  readonly now: () => number;
}

export function createHttpReceiver({ signingSecret, routes, log, now }: HttpTransportParts): HTTPReceiver {
  const receiver = new HTTPReceiver({
    signingSecret,
    // Checked below, before Bolt sees the request.
    signatureVerification: false,
    endpoints: ENDPOINT,
    logger: boltLogger(log),
    customRoutes: routes.map(({ path, handler }) => ({ path, method: ['GET'], handler })),
    customPropertiesExtractor: (request) => ({ slackSignature: request.headers['x-slack-signature'] }),
    unhandledRequestTimeoutMillis: UNHANDLED_AFTER_MS,
    unhandledRequestHandler: ({ request, response }) => {
      log.error({ path: pathOf(request) }, 'a request from Slack was not acknowledged in time');
      if (!response.headersSent) answerUnhandled(request, response);
    },
  });
  const key = signingKey(signingSecret);
  const toBolt = receiver.requestListener;

  async function checked(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const early = headerFault(request.headers, now());
    // Nothing long is read from somebody who cannot be Slack; the probe below is short.
    if (early !== null && !(Number(request.headers['content-length']) <= PROBE_AT_MOST_BYTES)) {
      log.warn({ fault: early }, 'refused a request that Slack did not sign');
      response.writeHead(401, { connection: 'close' }).end();
      return;
    }
    const signed = await buffered(request);
    if (typeof signed === 'number') {
      log.warn({ status: signed }, 'refused a request whose body could not be read');
      response.writeHead(signed, { connection: 'close' }).end();
      return;
    }
    const fault = signatureFault(key, signed.headers, signed.rawBody, now());
    if (fault === null) {
      toBolt(signed, response);
      return;
    }
    // Slack's probe of our certificate is not signed; it gets its 200 and nothing else happens.
    const isProbe = /(?:^|&)ssl_check=1(?:&|$)/.test(signed.rawBody.toString());
    if (!isProbe) log.warn({ fault }, 'refused a request that Slack did not sign');
    response.writeHead(isProbe ? 200 : 401).end();
  }

  receiver.requestListener = (request, response) => {
    if (request.method !== 'POST') {
      toBolt(request, response);
      return;
    }
    if (pathOf(request) !== ENDPOINT) {
      response.writeHead(404).end();
      return;
    }
    checked(request, response).catch((error: unknown) => {
      log.error({ err: error }, 'a request from Slack could not be handed over');
      if (!response.headersSent) response.writeHead(500).end();
    });
  };
  return receiver;
}

/** The whole body, or the status that says why not. */
async function buffered(request: IncomingMessage): Promise<BufferedIncomingMessage | 400 | 413> {
  try {
    return await HTTPModuleFunctions.bufferIncomingMessage(request, BODY_AT_MOST_BYTES);
  } catch (error) {
    return HTTPModuleFunctions.isRawBodyError(error) && error.statusCode === 413 ? 413 : 400;
  }
}

function pathOf(request: IncomingMessage): string {
  return (request.url ?? '').split('?')[0] ?? '';
}

function isBuffered(request: IncomingMessage): request is BufferedIncomingMessage {
  return 'rawBody' in request && Buffer.isBuffer(request.rawBody);
}

/**
 * A command is answered with text. For a click or a form the person must see that nothing came of it: Slack shows that
 * for any status but 200, and leaves a form open.
 */
function answerUnhandled(request: IncomingMessage, response: ServerResponse): void {
  const isCommand = isBuffered(request) && /(?:^|&)command=/.test(request.rawBody.toString());
  if (!isCommand) {
    response.writeHead(503).end();
    return;
  }
  response.writeHead(200, { 'content-type': 'application/json' }).end(
    JSON.stringify({
      response_type: 'ephemeral',
      text: 'Loandesk did not get to this command in time. If an answer does not follow, try again in a minute; `/loandesk requests` shows what was recorded.',
    }),
  );
}
