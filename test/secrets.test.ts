/**
 * Everything the bot says, anywhere, while things go right and wrong: no key, secret, token, signature, private key or
 * response URL is in a log line, a message, an error, a stored value or an export.
 */
import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Redis } from 'ioredis';
import { expect, inject, it } from 'vitest';
import { SEED_IDS } from '../sandbox/slack/seed.ts';
import { tourOf } from '../sandbox/tour.ts';
import { startWorld } from '../sandbox/world.ts';
import { createLogger } from '../src/ops/logger.ts';

const { rina, ada, loanDesk } = SEED_IDS;

it('exchange case 30: no secret is in any log line, message, stored value or export', async () => {
  const lines: string[] = [];
  const log = createLogger('trace', { write: (line: string) => void lines.push(line) });
  const prefix = `test-${randomUUID()}`;
  const redisUrl = inject('redisUrl');
  const world = await startWorld({
    redisUrl,
    log,
    settings: { REDIS_PREFIX: prefix, REDIS_MAY_FORGET: 'true' },
  });
  const { workspace, exchange } = world;
  const said: string[] = [];
  const urls = new Set<string>();
  try {
    // One credit account signs with a private key from a file, so that a PEM could leak, too.
    const { publicKey, privateKey } = generateKeyPairSync('ed25519');
    const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    writeFileSync(join(dirname(world.accountsFile), 'loan-12.pem'), pem, { mode: 0o600 });
    exchange.changeAccount({
      name: 'loan-12',
      publicKeyPem: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
      privateKeyFile: 'loan-12.pem',
    });
    writeFileSync(world.accountsFile, JSON.stringify(exchange.accounts()));
    await world.bots[0]?.reloadFiles();

    for (const step of tourOf(world)) said.push(await step.run());

    const ask = async (line: string) => {
      const [command = '', ...words] = line.split(' ');
      const result = await workspace.as(ada).command(command, words.join(' '), { channelId: loanDesk });
      const url = /response_url=([^&]+)/.exec(result.request.body.toString())?.[1];
      if (url) urls.add(decodeURIComponent(url));
      await workspace.next((event) => event.type === 'message_changed' || event.type === 'message', {
        after: result.order,
      });
    };
    workspace.faults.add('chat.postMessage', { kind: 'error', code: 'channel_not_found' }, 1);
    await workspace.as(rina).command('/close-unit', '9007199254740993 repaid', { channelId: loanDesk });
    await workspace.until(() =>
      lines.some((line) => line.includes('message delivery failed, will retry')) ? true : undefined,
    );
    // Last: the firewall's answer stops every call for minutes.
    const faults = [
      { kind: 'error', status: 503, msg: 'Unknown error', when: 'before' },
      {
        kind: 'error',
        status: 400,
        code: -2015,
        msg: 'Invalid API-key, IP, or permissions for action.',
        when: 'before',
      },
      { kind: 'reset', when: 'before' },
      { kind: 'truncated' },
      { kind: 'waf' },
    ] as const;
    for (const effect of faults) {
      const fault = exchange.inject({ effect });
      await ask('/closed-units 72');
      exchange.clearFaults(fault);
    }
    for (const line of ['/loandesk status', '/loandesk audit verify', '/loandesk requests', '/ltv 072'])
      await ask(line);
    const exported: string[] = [];
    const bot = world.bots[0];
    if (bot) for await (const line of bot.work.checkAudit.exportLines(null)) exported.push(line);
    const messages = workspace.store.events.map((event) =>
      JSON.stringify(event, (key, value) => (key === 'bytes' ? undefined : value)),
    );
    const stored = await storedValues(redisUrl, prefix);
    expect(lines.length).toBeGreaterThan(50);
    expect(stored.length).toBeGreaterThan(10);
    expect(urls.size).toBeGreaterThan(5);

    const secrets = [
      workspace.grants.botToken,
      workspace.signingSecret,
      world.settings().AUDIT_KEY ?? '',
      pem.split('\n')[1] ?? '',
      ...urls,
      ...exchange
        .accounts()
        .flatMap((entry) => [entry.apiKey, ...('secret' in entry ? [String(entry.secret)] : [])]),
    ];
    for (const [where, texts] of Object.entries({ log: lines, said, messages, stored, exported })) {
      const all = texts.join('\n');
      for (const secret of secrets) expect(all.includes(secret), `a secret in ${where}`).toBe(false);
      expect(all, where).not.toMatch(/signature=(?!\[removed\])|PRIVATE KEY|X-MBX-APIKEY|xoxb-|xapp-/i);
    }
  } finally {
    await world.close();
  }
});

/** Every value under the prefix, whatever its type. */
async function storedValues(url: string, prefix: string): Promise<string[]> {
  const redis = new Redis(url);
  const values: string[] = [];
  for await (const keys of redis.scanStream({ match: `*${prefix}*` })) {
    for (const key of keys as string[]) values.push(key, JSON.stringify(await readAny(redis, key)));
  }
  await redis.quit();
  return values;
}

async function readAny(redis: Redis, key: string): Promise<unknown> {
  switch (await redis.type(key)) {
    case 'hash':
      return redis.hgetall(key);
    case 'list':
      return redis.lrange(key, 0, -1);
    case 'zset':
      return redis.zrange(key, '0', '-1');
    case 'stream':
      return redis.xrange(key, '-', '+');
    default:
      return redis.get(key);
  }
}
