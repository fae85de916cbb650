/** Leaks on purpose, in each way in which the product can speak; `leaks.test.ts` runs it in a vitest of its own. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { expect, it, onTestFinished } from 'vitest';
import { startExchange } from '../../../sandbox/binance/exchange.ts';
import { SEED_IDS } from '../../../sandbox/slack/seed.ts';
import { startWorkspace } from '../../../sandbox/slack/workspace.ts';
import { createLogger } from '../../../src/ops/logger.ts';

it('says secrets', async () => {
  const exchange = await startExchange();
  onTestFinished(() => exchange.close());
  const { apiKey, secret } = exchange.credentials('loan-7');
  createLogger('silent').info({ key: apiKey }, 'a field with another name');
  const workspace = await startWorkspace();
  onTestFinished(() => workspace.close());
  workspace.store.addMessage(
    { channelId: SEED_IDS.loanDesk, userId: SEED_IDS.botUser, threadTs: undefined, viewerId: SEED_IDS.ada },
    { text: `see ${secret}`, blocks: [] },
  );
  expect({ ok: false, failure: { meaning: `GET /x?signature=${'0'.repeat(64)} failed` } }).toBeDefined();
  expect(() => {
    throw new Error('-----BEGIN PRIVATE KEY-----');
  }).toThrow();
  const print = ['-e', 'console.log(process.env.AUDIT_KEY)'];
  const child = spawn(process.execPath, print, { env: { AUDIT_KEY: 'an audit key of a process' } });
  child.stdout.resume();
  await once(child, 'close');
  spawnSync(process.execPath, ['-e', 'console.error("xoxb-" + Date.now())']);
});
