/** The search for secrets in everything the product says: that it finds them, names them, and does not repeat them. */
import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { startExchange } from '../../../sandbox/binance/exchange.ts';

/** The suite's search on the files that are there for it. */
function run(...words: string[]) {
  const vitest = ['node_modules/vitest/vitest.mjs', 'run', '--config', 'test/support/leaks/leaky.config.ts'];
  const env = { PATH: process.env.PATH, HOME: process.env.HOME, NO_COLOR: '1' };
  const { status, stdout, stderr } = spawnSync(process.execPath, [...vitest, ...words], {
    env,
    encoding: 'utf8',
  });
  return { status, said: stdout + stderr };
}

describe('the search for secrets', () => {
  it('fails the file in which one was said, and names where and of what kind, not which', async () => {
    const exchange = await startExchange();
    const { apiKey, secret } = exchange.credentials('loan-7');
    await exchange.close();
    const { status, said } = run('leaky.ts');
    expect(status).toBe(1);
    expect(said).toContain('The product said secrets in ');
    expect(said).toContain('leaky.ts:');
    for (const leak of [
      'log line: API key',
      'message: key secret',
      'error: signature',
      'error: private key',
      'log line: AUDIT_KEY',
      'log line: Slack token',
    ]) {
      expect(said).toContain(leak);
    }
    expect(said.includes(apiKey) || said.includes(secret) || /audit key of|xoxb-\d/.test(said)).toBe(false);
    expect(said).toMatch(/\d+ log lines, \d+ messages and \d+ errors of 1 test files/);
  });

  it('fails a whole run in which it heard nothing', () => {
    const { status, said } = run('--exclude', 'test/support/leaks/leaky.ts');
    expect(said).toContain('0 log lines, 0 messages and 0 errors of 1 test files');
    expect(said).toContain('does not listen any more');
    expect(status).toBe(1);
  });
});
