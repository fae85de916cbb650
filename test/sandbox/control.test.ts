import { createServer, request as httpRequest, type Server } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Exchange, startExchange } from '../../sandbox/binance/exchange.ts';
import { createControl } from '../../sandbox/control.ts';
import { SEED_IDS as ids } from '../../sandbox/slack/seed.ts';
import { startWorkspace, type Workspace } from '../../sandbox/slack/workspace.ts';

let workspace: Workspace;
let exchange: Exchange;
let bot: Server;
let server: Server;
let url: string;
let pointedOn: number;
const heard: URLSearchParams[] = [];

/** A bot that acks everything with a text and remembers what it heard. */
beforeEach(async () => {
  heard.length = 0;
  pointedOn = 0;
  workspace = await startWorkspace();
  exchange = await startExchange();
  bot = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      heard.push(new URLSearchParams(Buffer.concat(chunks).toString()));
      response.end(heard.at(-1)?.has('command') ? 'pong' : '');
    });
  });
  workspace.setBotUrl(`${await listen(bot)}/slack/events`);
  const fleet = {
    kill: async () => {},
    list: () => [],
    add: async () => {},
    remove: async () => {},
    setMode: async () => {},
    setByRules: async () => {},
    pointOn: () => {
      pointedOn += 1;
    },
  };
  const setRedisDown = () => {};
  const control = createControl({
    world: { workspace, exchange },
    fleet,
    setRedisDown,
    skipTime: () => {},
    addUnit: async () => {},
  });
  server = createServer((request, response) => {
    void control(request, response).then((isAnswered) => isAnswered || response.writeHead(418).end());
  });
  url = await listen(server);
});

afterEach(async () => {
  await Promise.all([workspace.close(), exchange.close()]);
  await Promise.all([bot, server].map((each) => new Promise((resolve) => each.close(resolve))));
});

async function listen(listener: Server): Promise<string> {
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  const address = listener.address();
  if (typeof address !== 'object' || address === null) throw new Error('no port');
  return `http://127.0.0.1:${address.port}`;
}

async function post(path: string, body: unknown): Promise<{ status: number; answer: unknown }> {
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(`${url}/${path}`, {
    method: 'POST',
    headers,
    body: JSON.stringify(body),
  });
  return { status: response.status, answer: await response.json() };
}

const button = { type: 'button', text: { type: 'plain_text', text: 'Go' }, action_id: 'go', value: 'v' };
const card = { text: 'card', blocks: [{ type: 'actions', elements: [button] }] };

describe('control over HTTP', () => {
  it('acts as people and shows what they see', async () => {
    const answered = await post('slack/command', {
      user: ids.rina,
      command: '/ltv',
      text: '1',
      channel: ids.general,
    });
    expect(answered).toMatchObject({ status: 200, answer: { status: 200, bodyText: 'pong' } });
    expect(answered.answer).not.toHaveProperty('request');
    expect(workspace.store.messages(ids.general, ids.rina)).toMatchObject([{ text: 'pong' }]);
    expect(workspace.store.messages(ids.general, ids.ada)).toEqual([]);

    const message = workspace.store.addMessage({ channelId: ids.loanDesk, userId: ids.botUser }, card);
    const click = { user: ids.ada, channel: ids.loanDesk, ts: message.ts, actionId: 'go' };
    expect((await post('slack/click', click)).status).toBe(200);
    expect(JSON.parse(heard.at(-1)?.get('payload') ?? '')).toMatchObject({
      user: { id: ids.ada },
      actions: [{ value: 'v' }],
    });

    const blocks = [
      {
        type: 'input',
        label: { type: 'plain_text', text: 'L' },
        element: { type: 'plain_text_input', action_id: 'why' },
      },
    ];
    const title = { type: 'plain_text', text: 'T' };
    const view = workspace.store.addView(ids.ada, { type: 'modal', title, submit: title, blocks });
    expect((await post('slack/submit', { user: ids.ada, view: view.id, values: { why: 'x' } })).status).toBe(
      200,
    );
    expect(workspace.store.modals(ids.ada)).toEqual([]);
    expect(pointedOn).toBe(3);
  });

  it('turns the exchange', async () => {
    expect(await post('exchange/repay', { groupId: '1', assetName: 'USDT' })).toEqual({
      status: 200,
      answer: { paid: '15.30718771' },
    });
    expect((await post('exchange/setLiquidation', { groupId: '7', code: -27024 })).status).toBe(200);
    expect((await post('exchange/configure', { skewMs: 9_000 })).status).toBe(200);
    const wallet = { email: 'collateral001@test.com', accountType: 'SPOT', netEquity: '0' };
    expect(await post('exchange/editEquity', { groupId: '1', ...wallet })).toMatchObject({
      answer: { totalNetEquity: '21.35196946' },
    });
    expect(await post('exchange/borrow', { groupId: '7', assetName: 'USDT', amount: '1000' })).toMatchObject({
      answer: { totalLiability: '1000' },
    });
    expect(await post('exchange/fallTo', { groupId: '12', ltv: '0.86' })).toMatchObject({
      answer: { ltv: '0.860' },
    });
    expect((await post('exchange/fallTo', { groupId: '15', ltv: '2' })).status).toBe(400);
    const fault = { effect: { kind: 'latency', ms: 5 }, endpoint: 'closed' };
    expect(await post('exchange/inject', fault)).toEqual({ status: 200, answer: { id: 1 } });
    expect(exchange.unit('7').liquidation).toBe(-27024);
    expect(exchange.settings().skewMs).toBe(9_000);
    expect(exchange.faults()).toMatchObject([{ id: 1 }]);
    await post('exchange/clearFaults', { id: 1 });
    expect(exchange.faults()).toEqual([]);
  });

  it('books what a loan can show: failures, a rate, a forced liquidation, a rebate', async () => {
    const usdt = { groupId: '12', assetName: 'USDT' };
    const book = (act: string, amount: string) => post('exchange/book', { ...usdt, act, amount });
    expect(await book('borrow', '1000')).toMatchObject({ answer: { totalLiability: '2931160' } });
    expect(await book('repay', '500')).toEqual({ status: 200, answer: { paid: '500' } });
    for (const act of ['fail-repay', 'fail-borrow'])
      expect(await book(act, '7')).toMatchObject({ answer: { totalLiability: '2930660' } });
    expect(exchange.records.slice(-4)).toMatchObject([
      { type: 'BORROW', amount: '1000', status: 'CONFIRM' },
      { type: 'NORMAL_REPAY', amount: '500', principal: '340', interest: '160' },
      { type: 'NORMAL_REPAY', amount: '7', status: 'FAILED' },
      { type: 'BORROW', amount: '7', status: 'FAILED' },
    ]);
    expect((await post('exchange/setRate', { ...usdt, hourlyRate: '0.00002' })).status).toBe(200);
    expect(exchange.rateOf('12', 'USDT')).toBe('0.00002');
    expect(await post('exchange/liquidate', { groupId: '12', ltv: '0.80' })).toMatchObject({
      answer: { ltv: '0.800' },
    });
    expect(exchange.liquidations.at(-1)).toMatchObject({ groupId: '12', endLtv: '0.800' });
    expect((await post('exchange/liquidate', { groupId: '12', ltv: '0.80' })).status).toBe(400);
    expect((await post('exchange/changeRebate', { delta: '-2000' })).status).toBe(200);
    expect((await post('exchange/changeRebate', { delta: '-1' })).status).toBe(400);
    expect((await post('exchange/configure', { interestAccrues: true })).status).toBe(200);
    expect(exchange.settings().interestAccrues).toBe(true);
  });

  it('lets Slack refuse charts, and take them again', async () => {
    await post('slack/refuse', { blockType: 'data_visualization', on: true });
    expect(workspace.faults.list()).toMatchObject([{ method: '*', fault: { kind: 'refuse_block' } }]);
    await post('slack/refuse', { blockType: 'data_visualization', on: false });
    expect(workspace.faults.list()).toEqual([]);
  });

  it.each([
    ['a body with unknown fields', 'slack/command', { user: 'U1', command: '/x', oops: 1 }, 400],
    ['a person who is not there', 'slack/command', { user: 'U0NOBODY001', command: '/x' }, 400],
    ['a name that is not there', 'slack/nonsense', {}, 404],
    ['an id with more behind it', 'exchange/repay', { groupId: '1; DROP', assetName: 'USDT' }, 400],
    ['an amount that is none', 'exchange/repay', { groupId: '1', assetName: 'USDT', amount: 'NaN' }, 400],
    ['a unit that is not there', 'exchange/setLiquidation', { groupId: '4711', code: null }, 400],
    ['a setting that is not there', 'exchange/configure', { wish: 1 }, 400],
    ['a fault that is not there', 'exchange/inject', { effect: { kind: 'fire' } }, 400],
  ])('refuses %s', async (_name, path, body, status) => {
    expect((await post(path, body)).status).toBe(status);
  });

  it('answers to loopback names only', async () => {
    const status = await new Promise((resolve) => {
      const headers = { host: 'attacker.example' };
      httpRequest(`${url}/`, { headers, agent: false }, (response) => {
        response.resume();
        resolve(response.statusCode);
      }).end();
    });
    expect(status).toBe(403);
  });

  it('takes no forms from web pages elsewhere', async () => {
    const response = await fetch(`${url}/slack/command`, {
      method: 'POST',
      body: new URLSearchParams({ user: ids.ada }),
    });
    expect(response.status).toBe(415);
    expect(heard).toEqual([]);
  });
});
