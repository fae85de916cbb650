import type { IncomingMessage, ServerResponse } from 'node:http';
import { z } from 'zod';
import type { ExchangeControl } from './control.ts';
import { ENDPOINTS } from './endpoints.ts';
import { faultOrderSchema } from './faults.ts';
import { readBody } from './listener.ts';

export const CONTROL_PREFIX = '/_control/';

const groupId = z.string().regex(/^[1-9]\d{0,18}$/);
const amount = z.string().regex(/^\d{1,30}(\.\d{1,18})?$/);
const equity = z.string().regex(/^-?\d{1,30}(\.\d{1,18})?$/);
const assetName = z.string().regex(/^[A-Z0-9]{1,12}$/);
const email = z.string().min(3).max(200);
const ms = z.number().min(0).max(Number.MAX_SAFE_INTEGER);
/** JSON has no Infinity: null stands for "not before it is told to". */
const delayMs = ms.nullable().transform((value) => value ?? Number.POSITIVE_INFINITY);
const unitOnly = z.strictObject({ groupId });

const settingsChange = z.strictObject({
  skewMs: z.number().int().optional(),
  maintenance: z.boolean().optional(),
  closedListDelayMs: delayMs.optional(),
  detailsLingerMs: delayMs.optional(),
  closedOrder: z.enum(['groupId-ascending', 'closeTime-descending']).optional(),
  initialLtv: amount.optional(),
  transferOutLtv: amount.optional(),
  liveFigures: z.boolean().optional(),
});

const endpointName = z.enum(ENDPOINTS.map((endpoint) => endpoint.name));
const wallet = z.strictObject({
  groupId,
  email,
  accountType: z.string(),
  netEquity: equity.optional(),
  maintainMargin: equity.optional(),
});
const loan = z.strictObject({ groupId, assetName, amount });
const liability = z.strictObject({ assetName, principal: amount, interest: amount });
const newUnit = z.strictObject({
  groupId,
  creditEmail: email.optional(),
  parentEmail: email.optional(),
  liabilities: z.array(liability).optional(),
});
const batch = z.strictObject({
  count: z.number().int().min(1).max(100_000),
  creditEmail: email,
  parentEmail: email.optional(),
  firstGroupId: groupId.optional(),
});
const member = z.strictObject({ groupId, email });
const liquidation = z.strictObject({
  groupId,
  code: z.union([z.literal(-1024), z.literal(-27024), z.null()]),
});
const pending = z.strictObject({ groupId, code: z.union([z.literal(-1025), z.literal(-27025), z.null()]) });
const repayment = z.strictObject({ groupId, assetName, amount: amount.optional() });
const spend = z.strictObject({
  endpoint: endpointName,
  weight: z.number().int(),
  subject: z.string().optional(),
});

type Run = (body: unknown) => unknown;

/** One POST route a control method; a body that does not fit is a ZodError, and so a 400. */
function routes(control: ExchangeControl): ReadonlyMap<string, Run> {
  const on = <Schema extends z.ZodType>(schema: Schema, run: (input: z.output<Schema>) => unknown): Run => {
    return (body) => run(schema.parse(body));
  };
  return new Map<string, Run>([
    ['editEquity', on(wallet, ({ groupId: id, ...change }) => control.editEquity(id, present(change)))],
    ['repay', on(repayment, (it) => ({ paid: control.repay(it.groupId, it.assetName, it.amount) }))],
    ['borrow', on(loan, (it) => control.borrow(it.groupId, it.assetName, it.amount))],
    ['accrueInterest', on(loan, (it) => control.accrueInterest(it.groupId, it.assetName, it.amount))],
    ['setLiquidation', on(liquidation, (it) => control.setLiquidation(it.groupId, it.code))],
    ['setPending', on(pending, (it) => control.setPending(it.groupId, it.code))],
    ['addCollateral', on(member, (it) => control.addCollateral(it.groupId, it.email))],
    ['removeMember', on(member, (it) => control.removeMember(it.groupId, it.email))],
    ['addUnit', on(newUnit, (it) => control.addUnit(present(it)))],
    ['closeOutside', on(unitOnly, (it) => control.closeOutside(it.groupId))],
    ['removeUnit', on(unitOnly, (it) => control.removeUnit(it.groupId))],
    ['addClosed', on(batch, (it) => control.addClosed(present(it)))],
    ['revealClosed', on(unitOnly.partial(), (it) => control.revealClosed(it.groupId))],
    ['configure', on(settingsChange, (it) => control.configure(present(it)))],
    ['inject', on(faultOrderSchema, (it) => ({ id: control.inject(present(it)) }))],
    [
      'clearFaults',
      on(z.strictObject({ id: z.number().int().optional() }), (it) => control.clearFaults(it.id)),
    ],
    ['spendWeight', on(spend, (it) => control.spendWeight(it.endpoint, it.weight, it.subject))],
    ['reset', on(z.strictObject({}), () => control.reset())],
  ]);
}

/** Drops what is undefined: an option that is not there is not there, rather than there without a value. */
function present<Value extends object>(
  value: Value,
): { [Key in keyof Value]: Exclude<Value[Key], undefined> } {
  const entries = Object.entries(value).filter(([, field]) => field !== undefined);
  return Object.fromEntries(entries) as { [Key in keyof Value]: Exclude<Value[Key], undefined> };
}

/**
 * The control over HTTP. `GET /_control/state?calls=50`: everything a side panel shows. `GET /_control/accounts`:
 * the accounts file (secrets of this stand-in). `GET /_control/requests?method=DELETE&groupId=7`: the wire log,
 * redacted. `POST /_control/<method>` with a JSON object of named arguments: the method's answer, 400 with
 * `{error}` when it is not possible. Loopback names only in Host, JSON only in POST: no foreign page gets in.
 */
export function controlListener(
  control: ExchangeControl,
): (request: IncomingMessage, response: ServerResponse) => Promise<void> {
  const posts = routes(control);
  return async (request, response) => {
    const url = new URL(request.url ?? '/', 'http://127.0.0.1');
    const name = url.pathname.slice(CONTROL_PREFIX.length);
    if (!isLoopbackName(request.headers.host ?? '')) return send(response, 403, { error: 'loopback only' });
    if (request.method === 'GET') {
      const answer = readControl(control, name, url.searchParams);
      return answer === undefined ? send(response, 404, { error: 'not found' }) : send(response, 200, answer);
    }
    const run = posts.get(name);
    if (request.method !== 'POST' || run === undefined) return send(response, 404, { error: 'not found' });
    if (request.headers['content-type']?.startsWith('application/json') !== true) {
      return send(response, 415, { error: 'application/json only' });
    }
    try {
      const text = await readBody(request, 'utf8');
      send(response, 200, run(JSON.parse(text || '{}')) ?? {});
    } catch (error) {
      send(response, 400, { error: error instanceof z.ZodError ? z.prettifyError(error) : String(error) });
    }
  };
}

function readControl(control: ExchangeControl, name: string, query: URLSearchParams): object | undefined {
  switch (name) {
    case 'state':
      return {
        serverTimeMs: control.serverTimeMs(),
        settings: control.settings(),
        units: control.units(),
        closedCount: control.closedUnits().length,
        closed: control.closedUnits().slice(-20),
        faults: control.faults(),
        weights: control.weights(),
        calls: control.lastRequests(Math.min(1000, Number(query.get('calls') ?? 50) || 0)),
        deletes: Object.fromEntries(control.deletes()),
      };
    case 'accounts':
      return control.accounts();
    case 'requests': {
      const wanted: [string, string][] = [...query];
      return control
        .requests()
        .filter((record) => wanted.every(([field, value]) => String(Reflect.get(record, field)) === value));
    }
    default:
      return undefined;
  }
}

function isLoopbackName(host: string): boolean {
  return /^(127\.0\.0\.1|localhost|\[::1\])(:\d+)?$/.test(host);
}

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'Content-Type': 'application/json', 'Cache-Control': 'no-store' });
  response.end(JSON.stringify(body));
}
