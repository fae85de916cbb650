/**
 * What can be done to the sandbox from outside, over HTTP: by its page and from a second terminal.
 *   POST /slack/{command,click,submit,close,home,say}                              as a person
 *   POST /exchange/{repay,editEquity,setLiquidation,configure,inject,clearFaults}  at the exchange
 *   POST /world/{kill,replicas,redis,add-unit}                                     to the bots and their Redis
 *   GET  /slack/messages?channel=C…&viewer=U…                                      what a person sees, as text
 * Loopback names only in Host, JSON only in POST, no CORS: no foreign page gets in.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { z } from 'zod';
import type { Exchange } from './binance/exchange.ts';
import { faultOrderSchema } from './binance/faults.ts';
import type { BotFleet } from './page/bot-fleet.ts';
import type { ActionResult } from './slack/actor.ts';
import { readBody, sendJson } from './slack/http-body.ts';
import { parseJson } from './slack/json.ts';
import type { Workspace } from './slack/workspace.ts';

export interface Controlled {
  readonly world: { readonly workspace: Workspace; readonly exchange: Exchange };
  readonly fleet: Pick<BotFleet, 'kill' | 'list' | 'add' | 'remove' | 'pointOn'>;
  setRedisDown(down: boolean): void;
  addUnit(groupId: string, owes: string): Promise<void>;
}

type Run = (body: unknown) => Promise<object | undefined> | object | undefined;

const user = z.string();
const view = z.string();
const chosen = z.union([z.string(), z.array(z.string())]);
const values = z.record(z.string(), chosen).default({});
const groupId = z.string().regex(/^[1-9]\d{0,18}$/);
const amount = z.string().regex(/^\d{1,30}(\.\d{1,18})?$/);
const equity = z.string().regex(/^-?\d{1,30}(\.\d{1,18})?$/);
const assetName = z.string().regex(/^[A-Z0-9]{1,12}$/);

/** The request itself, its headers and its signature stay here. */
function tell(result: ActionResult | undefined): object {
  const { request: _request, ...told } = result ?? {};
  return told;
}

function routes({ world: { workspace, exchange }, fleet, ...controlled }: Controlled): Map<string, Run> {
  const on = <Schema extends z.ZodType>(
    schema: Schema,
    run: (body: z.output<Schema>) => ReturnType<Run>,
  ): Run => {
    return (body) => run(schema.parse(body));
  };
  /** Slack sends each payload to the next bot. */
  const as = (userId: string) => {
    fleet.pointOn();
    return workspace.as(userId);
  };
  return new Map<string, Run>([
    [
      'slack/command',
      on(
        z.strictObject({
          user,
          command: z.string(),
          text: z.string().default(''),
          channel: z.string().optional(),
        }),
        async (it) =>
          tell(await as(it.user).command(it.command, it.text, present({ channelId: it.channel }))),
      ),
    ],
    [
      'slack/click',
      on(
        z.strictObject({
          user,
          channel: z.string().default(''),
          ts: z.string().default(''),
          view: view.optional(),
          actionId: z.string(),
          value: chosen.optional(),
          values,
        }),
        async (it) => {
          const target = it.view === undefined ? { channelId: it.channel, ts: it.ts } : { viewId: it.view };
          const options = present({ values: it.values, value: it.value });
          return tell(await as(it.user).click(target, it.actionId, options));
        },
      ),
    ],
    [
      'slack/submit',
      on(z.strictObject({ user, view, values }), async (it) =>
        tell(await as(it.user).submit(it.view, it.values)),
      ),
    ],
    ['slack/close', on(z.strictObject({ user, view }), async (it) => tell(await as(it.user).close(it.view)))],
    ['slack/home', on(z.strictObject({ user }), async (it) => tell(await as(it.user).openHome()))],
    [
      'slack/say',
      on(
        z.strictObject({ user, channel: z.string(), text: z.string().min(1).max(3_000) }),
        ({ channel: channelId, user: userId, text }) => {
          workspace.store.addMessage({ channelId, userId }, { text, blocks: [] });
          return {};
        },
      ),
    ],
    [
      'exchange/repay',
      on(z.strictObject({ groupId, assetName, amount: amount.optional() }), (it) => ({
        paid: exchange.repay(it.groupId, it.assetName, it.amount),
      })),
    ],
    [
      'exchange/editEquity',
      on(
        z.strictObject({
          groupId,
          email: z.string().min(3).max(200),
          accountType: z.string(),
          netEquity: equity,
        }),
        ({ groupId: id, ...change }) => exchange.editEquity(id, change),
      ),
    ],
    [
      'exchange/setLiquidation',
      on(z.strictObject({ groupId, code: z.union([z.literal(-1024), z.literal(-27024), z.null()]) }), (it) =>
        exchange.setLiquidation(it.groupId, it.code),
      ),
    ],
    ['exchange/configure', on(z.strictObject({ skewMs: z.int() }), (it) => exchange.configure(it))],
    ['exchange/inject', on(faultOrderSchema, (it) => ({ id: exchange.inject(present(it)) }))],
    [
      'exchange/clearFaults',
      on(z.strictObject({ id: z.int().optional() }), (it) => {
        exchange.clearFaults(it.id);
        return {};
      }),
    ],
    [
      'world/kill',
      on(z.strictObject({ name: z.string() }), async (it) => {
        await fleet.kill(it.name);
        return {};
      }),
    ],
    [
      'world/replicas',
      on(z.strictObject({ count: z.union([z.literal(1), z.literal(2)]) }), async ({ count }) => {
        if (count > fleet.list().length) await fleet.add();
        if (count < fleet.list().length) await fleet.remove();
        return {};
      }),
    ],
    [
      'world/redis',
      on(z.strictObject({ down: z.boolean() }), (it) => {
        controlled.setRedisDown(it.down);
        return {};
      }),
    ],
    [
      'world/add-unit',
      on(z.strictObject({ groupId, owes: amount }), async (it) => {
        await controlled.addUnit(it.groupId, it.owes);
        return {};
      }),
    ],
  ]);
}

/** Drops what is undefined: an option that is not there is not there, rather than there without a value. */
function present<Value extends object>(
  value: Value,
): { [Key in keyof Value]: Exclude<Value[Key], undefined> } {
  const entries = Object.entries(value).filter(([, field]) => field !== undefined);
  return Object.fromEntries(entries) as { [Key in keyof Value]: Exclude<Value[Key], undefined> };
}

/** Answers whatever asks to change something, or comes from elsewhere; false: it is a GET from this machine. */
export type Control = (request: IncomingMessage, response: ServerResponse) => Promise<boolean>;

export function createControl(controlled: Controlled): Control {
  const posts = routes(controlled);
  const { workspace } = controlled.world;
  return async (request, response) => {
    const answer = (status: number, body: unknown) => {
      sendJson(response, status, body);
      return true;
    };
    if (!/^(127\.0\.0\.1|localhost|\[::1\])(:\d+)?$/.test(request.headers.host ?? ''))
      return answer(403, { error: 'loopback only' });
    const { pathname, searchParams: query } = new URL(request.url ?? '/', 'http://127.0.0.1');
    if (request.method === 'GET') {
      if (pathname !== '/slack/messages') return false;
      const seen = workspace.store.messages(query.get('channel') ?? '', query.get('viewer') ?? '');
      return answer(
        200,
        seen.map((message) => ({ ...message, rendered: workspace.renderText(message) })),
      );
    }
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
