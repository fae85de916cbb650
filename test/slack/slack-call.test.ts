/** Calls to Slack as their observers see them: method and outcome, nothing of what was said or where to. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import type { SlackCallRecord } from '../../src/slack/slack-call.ts';
import { createWebClient } from '../../src/slack/web-client.ts';
import { QUIET } from '../support/logs.ts';

/** A Slack that answers this to everything; its client; and what the observer was told. */
async function scene(status: number, body: string, headers: Record<string, string> = {}) {
  const server = createServer((request, response) => {
    request.resume().on('end', () => {
      response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const close = () => {
    server.closeAllConnections();
    server.close();
  };
  onTestFinished(close);
  const { port } = server.address() as AddressInfo;
  const told: SlackCallRecord[] = [];
  const settings = { apiUrl: `http://127.0.0.1:${port}/api/`, botToken: 'xoxb-none' };
  const client = createWebClient(settings, QUIET, (record) => void told.push(record));
  return { told, client, close };
}

it.each([
  ['ok', 200, '{"ok":true}', {}],
  ['channel_not_found', 200, '{"ok":false,"error":"channel_not_found"}', {}],
  ['rate-limited', 429, '{"ok":false,"error":"ratelimited"}', { 'retry-after': '3' }],
  ['unreachable', 503, 'gone', {}],
] as const)('tells the method and the outcome "%s", and passes on what happened', async (...parts) => {
  const [outcome, status, body, headers] = parts;
  const { told, client } = await scene(status, body, headers);
  const call = client.chat.postMessage({ channel: 'C0DESK', text: 'the loan is repaid' });
  if (outcome === 'ok') expect(await call).toMatchObject({ ok: true });
  else await expect(call).rejects.toThrow();
  expect(told).toEqual([{ method: 'chat.postMessage', outcome, durationMs: expect.any(Number) }]);
});

it('tells of a Slack that is not there', async () => {
  const { told, client, close } = await scene(200, '{"ok":true}');
  close();
  await expect(client.auth.test()).rejects.toThrow();
  expect(told).toMatchObject([{ method: 'auth.test', outcome: 'unreachable' }]);
});
