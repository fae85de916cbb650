/**
 * What can be done to the sandbox from outside, over HTTP.
 *   POST /slack/{command,click,submit,close,home,say}   as a person; /slack/refuse: blocks that Slack does not take
 *   POST /exchange/{repay,borrow,book,setRate,liquidate,changeRebate}   a loan: /book also has what fails
 *   POST /exchange/{fallTo,startPath,stopPath,editEquity,setLiquidation,configure,inject,clearFaults}
 *   POST /world/{kill,replicas,redis,mode,rules,skip,skip-watched,add-unit}   to the bots, their Redis and the clock
 * Loopback names only in Host, JSON only in POST, no CORS: no foreign page gets in.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { z } from 'zod';
import type { Exchange } from './binance/exchange.ts';
import { faultOrderSchema } from './binance/faults.ts';
import { pathOrderSchema } from './binance/price-paths.ts';
import { readBody, sendJson } from './http.ts';
import type { BotFleet } from './page/bot-fleet.ts';
import type { ActionResult } from './slack/actor.ts';
import { REFUSABLE } from './slack/faults.ts';
import { parseJson } from './slack/json.ts';
import type { Workspace } from './slack/workspace.ts';
import { skipWatched } from './watch-tour.ts';

export interface Controlled {
  readonly world: { readonly workspace: Workspace; readonly exchange: Exchange };
  readonly fleet: Pick<BotFleet, 'kill' | 'list' | 'add' | 'remove' | 'pointOn' | 'setMode' | 'setByRules'>;
  setRedisDown(down: boolean): void;
  skipTime(minutes: number): void;
  addUnit(groupId: string, owes: string): Promise<void>;
}

/** What it returns is the answer's JSON; undefined is `{}`. Throws on a body that does not fit. */
type Run = (body: unknown) => unknown;

const text = z.string();
const chosen = z.string();
const values = z.record(z.string(), chosen).default({});
const groupId = z.string().regex(/^[1-9]\d{0,18}$/);
const amount = z.string().regex(/^\d{1,30}(\.\d{1,18})?$/);
const equity = z.string().regex(/^-?\d{1,30}(\.\d{1,18})?$/);
const assetName = z.string().regex(/^[A-Z0-9]{1,12}$/);

function on<Schema extends z.ZodType>(schema: Schema, run: (body: z.output<Schema>) => unknown): Run {
  return (body) => run(schema.parse(body));
}

/** Leaves out the request: its headers carry a signature. */
async function tell(acted: Promise<ActionResult | undefined>): Promise<object> {
  const { request: _request, ...told } = (await acted) ?? {};
  return told;
}

function routes({ world: { workspace, exchange }, fleet, ...controlled }: Controlled): Map<string, Run> {
  /** Slack sends each payload to the next bot. */
  const as = (userId: string) => {
    fleet.pointOn();
    return workspace.as(userId);
  };
  const command = z.strictObject({
    ...{ user: text, command: text, text: text.default(''), channel: text.optional() },
  });
  const click = z.strictObject({
    ...{ user: text, channel: text.default(''), ts: text.default(''), view: text.optional() },
    ...{ actionId: text, value: chosen.optional(), values },
  });
  const submission = z.strictObject({ user: text, view: text, values });
  const message = z.strictObject({ user: text, channel: text, text: text.min(1).max(3_000) });
  const repayment = z.strictObject({ groupId, assetName, amount: amount.optional() });
  const loan = z.strictObject({ groupId, assetName, amount });
  const booking = z.strictObject({
    ...{ groupId, assetName, amount, act: z.enum(['borrow', 'repay', 'fail-borrow', 'fail-repay']) },
  });
  const rate = z.strictObject({ groupId, assetName, hourlyRate: z.string().regex(/^0(\.\d{1,10})?$/) });
  const forced = z.strictObject({ groupId, ltv: z.string().regex(/^0(\.\d{1,4})?$/) });
  const setting = z.union([
    z.strictObject({ skewMs: z.int() }),
    z.strictObject({ interestAccrues: z.boolean() }),
  ]);
  const fall = z.strictObject({ groupId, ltv: z.string().regex(/^0\.\d{1,4}$/) });
  const refusal = z.strictObject({ blockType: z.enum(REFUSABLE), on: z.boolean() });
  const wallet = z.strictObject({
    ...{ groupId, email: text.min(3).max(200), accountType: text, netEquity: equity },
  });
  const liquidation = z.strictObject({ groupId, code: z.literal([-1024, -27024, null]) });
  const replicas = z.strictObject({ count: z.literal([1, 2]) });
  const unit = z.strictObject({ groupId, owes: amount });
  return new Map(
    Object.entries({
      'slack/command': on(command, (it) =>
        tell(as(it.user).command(it.command, it.text, { channelId: it.channel })),
      ),
      'slack/click': on(click, ({ user, channel, ts, view, actionId, ...options }) =>
        tell(
          as(user).click(
            view === undefined ? { channelId: channel, ts } : { viewId: view },
            actionId,
            options,
          ),
        ),
      ),
      'slack/submit': on(submission, (it) => tell(as(it.user).submit(it.view, it.values))),
      'slack/close': on(z.strictObject({ user: text, view: text }), (it) =>
        workspace.as(it.user).close(it.view),
      ),
      'slack/home': on(z.strictObject({ user: text }), (it) => tell(as(it.user).openHome())),
      'slack/say': on(message, (it) => {
        workspace.store.addMessage({ channelId: it.channel, userId: it.user }, { text: it.text, blocks: [] });
      }),
      'slack/refuse': on(refusal, ({ blockType, on: isOn }) => {
        if (isOn) workspace.faults.add('*', { kind: 'refuse_block', blockType });
        else for (const id of workspace.faults.refusing(blockType)) workspace.faults.clear(id);
      }),
      'exchange/repay': on(repayment, (it) => ({
        paid: exchange.repay(it.groupId, it.assetName, it.amount),
      })),
      'exchange/borrow': on(loan, (it) => exchange.borrow(it.groupId, it.assetName, it.amount)),
      'exchange/book': on(booking, ({ groupId: id, act, ...row }) => {
        if (act === 'borrow') return exchange.borrow(id, row.assetName, row.amount);
        if (act === 'repay') return { paid: exchange.repay(id, row.assetName, row.amount) };
        const type = act === 'fail-borrow' ? 'BORROW' : 'NORMAL_REPAY';
        return exchange.failLoan(id, { type, ...row });
      }),
      'exchange/setRate': on(rate, (it) => exchange.setRate(it.groupId, it.assetName, it.hourlyRate)),
      'exchange/liquidate': on(forced, (it) => exchange.liquidate(it.groupId, it.ltv)),
      'exchange/changeRebate': on(z.strictObject({ delta: equity }), (it) => exchange.changeRebate(it.delta)),
      'exchange/fallTo': on(fall, (it) => exchange.fallTo(it.groupId, it.ltv)),
      'exchange/startPath': on(pathOrderSchema, (it) => exchange.startPath(it)),
      'exchange/stopPath': on(z.strictObject({ groupId }), (it) => exchange.stopPath(it.groupId)),
      'exchange/editEquity': on(wallet, ({ groupId: id, ...change }) => exchange.editEquity(id, change)),
      'exchange/setLiquidation': on(liquidation, (it) => exchange.setLiquidation(it.groupId, it.code)),
      'exchange/configure': on(setting, (it) => exchange.configure(it)),
      'exchange/inject': on(faultOrderSchema, (it) => ({ id: exchange.inject(it) })),
      'exchange/clearFaults': on(z.strictObject({ id: z.int().optional() }), (it) =>
        exchange.clearFaults(it.id),
      ),
      'world/kill': on(z.strictObject({ name: text }), (it) => fleet.kill(it.name)),
      'world/replicas': on(replicas, async ({ count }) => {
        if (count > fleet.list().length) await fleet.add();
        if (count < fleet.list().length) await fleet.remove();
      }),
      'world/redis': on(z.strictObject({ down: z.boolean() }), (it) => controlled.setRedisDown(it.down)),
      'world/mode': on(z.strictObject({ mode: z.enum(['live', 'dry-run']) }), (it) => fleet.setMode(it.mode)),
      'world/rules': on(z.strictObject({ on: z.boolean() }), (it) => fleet.setByRules(it.on)),
      'world/skip': on(z.strictObject({ minutes: z.int().min(1).max(10_080) }), (it) =>
        controlled.skipTime(it.minutes),
      ),
      'world/skip-watched': on(z.strictObject({ minutes: z.int().min(1).max(60) }), (it) =>
        skipWatched(exchange, controlled.skipTime, it.minutes),
      ),
      'world/add-unit': on(unit, (it) => controlled.addUnit(it.groupId, it.owes)),
    }),
  );
}

/** Answers every request but a GET from this machine: false, and nothing is written. */
export type Control = (request: IncomingMessage, response: ServerResponse) => Promise<boolean>;

export function createControl(controlled: Controlled): Control {
  const posts = routes(controlled);
  return async (request, response) => {
    const answer = (status: number, body: unknown) => {
      sendJson(response, status, body);
      return true;
    };
    if (!/^(127\.0\.0\.1|localhost|\[::1\])(:\d+)?$/.test(request.headers.host ?? ''))
      return answer(403, { error: 'loopback only' });
    if (request.method === 'GET') return false;
    const { pathname } = new URL(request.url ?? '/', 'http://127.0.0.1');
    const isJson = (request.headers['content-type'] ?? '').startsWith('application/json');
    if (request.method !== 'POST' || !isJson) return answer(415, { error: 'POST with a JSON body' });
    const run = posts.get(pathname.slice(1));
    if (run === undefined) return answer(404, { error: 'not found' });
    try {
      return answer(200, (await run(parseJson((await readBody(request)).toString('utf8')))) ?? {});
    } catch (error) {
      return answer(400, { error: error instanceof z.ZodError ? z.prettifyError(error) : String(error) });
    }
  };
}
