/**
 * The refusals of the exchange: HTTP status, code and text. Texts of -10xx to -20xx are those of the error page;
 * from -27018 on no English text is published, so these are translations of the Chinese page.
 */
export interface Refusal {
  readonly status: number;
  readonly code: number;
  readonly msg: string;
  readonly retryAfterS?: number;
}

const refuse =
  (status: number, code: number, text: string) =>
  (...values: readonly string[]): Refusal => ({
    status,
    code,
    msg: text.replace(/\{(\d)\}/g, (_, index: string) => values[Number(index)] ?? ''),
  });

export const REFUSALS = {
  noSuchPath: refuse(404, -5000, 'Path {0}, Method {1} is invalid'),
  badKeyFormat: refuse(401, -2014, 'API-key format invalid.'),
  keyNotPermitted: refuse(401, -2015, 'Invalid API-key, IP, or permissions for action.'),
  missing: refuse(400, -1102, "Mandatory parameter '{0}' was not sent, was empty/null, or malformed."),
  illegalCharacters: refuse(400, -1100, "Illegal characters found in parameter '{0}'; legal range is '{1}'."),
  duplicate: refuse(400, -1101, 'Duplicate values for a parameter detected.'),
  outsideWindow: refuse(400, -1021, 'Timestamp for this request is outside of the recvWindow.'),
  ahead: refuse(400, -1021, "Timestamp for this request was 1000ms ahead of the server's time."),
  windowTooWide: refuse(400, -1131, 'recvWindow must be less than 60000'),
  badSignature: refuse(400, -1022, 'Signature for this request is not valid.'),
  shuttingDown: refuse(503, -1016, 'This service is no longer available.'),
  illegalArgument: refuse(400, -27000, 'Illegal argument or invalid input.'),
  groupNotFound: refuse(400, -27001, 'Loan group not found'),
  assetNotSupported: refuse(400, -27017, 'Requested loan asset {0} is not supported'),
  notRepaid: refuse(
    400,
    -27018,
    'The risk unit cannot be closed because liability asset {0} is not fully repaid; {1} remains',
  ),
  groupInLiquidation: refuse(400, -1024, 'Loan group {0} is in liquidation, please try again later.'),
  unitInLiquidation: refuse(400, -27024, 'The risk unit is in liquidation, please try again later.'),
  pendingTransactions: refuse(400, -1025, 'Has pending transactions.'),
  previousTransaction: refuse(400, -27025, 'Please try again until the previous transaction is completed.'),
} as const;

/** Over the weight of a minute; `retryAfterS` reaches to the end of it. */
export function overLimit(limit: number, retryAfterS: number): Refusal {
  const msg = `Too much request weight used; current limit is ${limit} request weight per 1 MINUTE. Please use WebSocket Streams for live updates to avoid polling the API.`;
  return { status: 429, code: -1003, msg, retryAfterS };
}

export function isRefusal(value: unknown): value is Refusal {
  return (
    typeof value === 'object' && value !== null && 'code' in value && 'msg' in value && 'status' in value
  );
}
