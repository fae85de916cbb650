/** What is written back: an answer, a refusal, or nothing at all. */

declare global {
  interface JSON {
    /** ES2025, in Node from 21 on: JSON text that `stringify` writes out as it is. */
    rawJSON(text: string): object;
  }
}

/** Writes a decimal string as a bare JSON number, digit by digit: LONG ids beyond 2^53 and exact amounts. */
export function bareNumber(digits: string): object {
  return JSON.rawJSON(digits);
}

/** Thrown wherever a call is refused. */
export class Refusal extends Error {
  readonly status: number;
  readonly code: number;
  readonly retryAfterS: number | undefined;

  constructor(status: number, code: number, msg: string, retryAfterS?: number) {
    super(msg);
    this.status = status;
    this.code = code;
    this.retryAfterS = retryAfterS;
  }
}

const refusal =
  (status: number, code: number, text: string) =>
  (...values: readonly string[]): Refusal =>
    new Refusal(
      status,
      code,
      text.replace(/\{(\d)\}/g, (_, index: string) => values[Number(index)] ?? ''),
    );

/**
 * Texts of -10xx to -20xx are those of the error page; from -27018 on no English text is published, so these are
 * translations of the Chinese page.
 */
export const REFUSALS = {
  internalError: refusal(500, -1001, 'Internal error; unable to process your request. Please try again.'),
  noSuchPath: refusal(404, -5000, 'Path {0}, Method {1} is invalid'),
  badKeyFormat: refusal(401, -2014, 'API-key format invalid.'),
  keyNotPermitted: refusal(401, -2015, 'Invalid API-key, IP, or permissions for action.'),
  missing: refusal(400, -1102, "Mandatory parameter '{0}' was not sent, was empty/null, or malformed."),
  illegalCharacters: refusal(
    400,
    -1100,
    "Illegal characters found in parameter '{0}'; legal range is '{1}'.",
  ),
  duplicate: refusal(400, -1101, 'Duplicate values for a parameter detected.'),
  outsideWindow: refusal(400, -1021, 'Timestamp for this request is outside of the recvWindow.'),
  ahead: refusal(400, -1021, "Timestamp for this request was 1000ms ahead of the server's time."),
  windowTooWide: refusal(400, -1131, 'recvWindow must be less than 60000'),
  moreHours: refusal(400, -1127, 'More than {0} hours between startTime and endTime.'),
  badDateRange: refusal(400, -3011, 'Your input date is invalid.'),
  badSignature: refusal(400, -1022, 'Signature for this request is not valid.'),
  shuttingDown: refusal(503, -1016, 'This service is no longer available.'),
  illegalArgument: refusal(400, -27000, 'Illegal argument or invalid input.'),
  groupNotFound: refusal(400, -27001, 'Loan group not found'),
  assetNotSupported: refusal(400, -27017, 'Requested loan asset {0} is not supported'),
  notRepaid: refusal(
    400,
    -27018,
    'The risk unit cannot be closed because liability asset {0} is not fully repaid; {1} remains',
  ),
  groupInLiquidation: refusal(400, -1024, 'Loan group {0} is in liquidation, please try again later.'),
  unitInLiquidation: refusal(400, -27024, 'The risk unit is in liquidation, please try again later.'),
  pendingTransactions: refusal(400, -1025, 'Has pending transactions.'),
  previousTransaction: refusal(400, -27025, 'Please try again until the previous transaction is completed.'),
} as const;

/** Over the weight of a minute; `retryAfterS` reaches to the end of it. */
export function overLimit(limit: number, retryAfterS: number): Refusal {
  const msg = `Too much request weight used; current limit is ${limit} request weight per 1 MINUTE. Please use WebSocket Streams for live updates to avoid polling the API.`;
  return new Refusal(429, -1003, msg, retryAfterS);
}

export type Headers = Readonly<Record<string, string>>;

/** An HTTP answer, a reset connection, or a call that never ends. */
export type Reply =
  | {
      readonly kind: 'http';
      readonly status: number;
      readonly headers: Headers;
      readonly body: string;
      readonly code: number | null;
    }
  | { readonly kind: 'reset' | 'hang' };

export function textReply(status: number, type: string, body: string, code: number | null = null): Reply {
  return { kind: 'http', status, headers: { 'Content-Type': type }, body, code };
}

export function jsonReply(body: object, status = 200, code: number | null = null): Reply {
  return textReply(status, 'application/json;charset=UTF-8', JSON.stringify(body), code);
}

export function refusalReply({ status, code, message, retryAfterS }: Refusal): Reply {
  const reply = jsonReply({ code, msg: message }, status, code);
  return retryAfterS === undefined ? reply : withHeaders(reply, { 'Retry-After': String(retryAfterS) });
}

export function withHeaders(reply: Reply, headers: Headers): Reply {
  return reply.kind === 'http' ? { ...reply, headers: { ...headers, ...reply.headers } } : reply;
}
