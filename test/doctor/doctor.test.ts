/** `npm run doctor` as a process, against the stand-ins, with each fault put in. */
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { chmod, writeFile } from 'node:fs/promises';
import { afterEach, describe, expect, inject, it } from 'vitest';
import { passedOn, programPath } from '../../sandbox/bot-process.ts';
import { SEED_IDS } from '../../sandbox/slack/seed.ts';
import { startWorld, type World, type WorldOptions } from '../../sandbox/world.ts';
import { RedisRuleBookStore } from '../../src/redis/rule-book-store.ts';
import { onlyKey } from '../contracts/audit-trail.ts';
import { awayCommand, change } from '../contracts/rule-book.ts';
import { bareClient, redisParts } from '../redis/redis-parts.ts';
import { freePort } from '../support/redis-server.ts';

interface Visit {
  readonly status: number | null;
  readonly text: string;
}

async function doctor(settings: Record<string, string>): Promise<Visit> {
  const child = spawn(process.execPath, [programPath('doctor')], { env: { ...passedOn(), ...settings } });
  let text = '';
  child.stdout.on('data', (chunk) => (text += chunk));
  child.stderr.on('data', (chunk) => (text += chunk));
  await once(child, 'close');
  return { status: child.exitCode, text };
}

/** Lines of a level. */
function lines({ text }: Visit, level: 'ok' | 'warning' | 'fault'): string {
  return text
    .split('\n')
    .filter((line) => line.startsWith(level))
    .join('\n');
}

let world: World;
afterEach(() => world?.close());

async function withWorld(options: WorldOptions = {}): Promise<World> {
  world = await startWorld({
    redisUrl: inject('redisUrl'),
    replicas: 0,
    ...options,
    settings: {
      REDIS_PREFIX: `test-${randomUUID()}`,
      REDIS_MAY_FORGET: String(inject('redisKind') === 'embedded'),
      ...options.settings,
    },
  });
  return world;
}

function secretsOf({ workspace, exchange, settings }: World): string[] {
  return [
    workspace.grants.botToken,
    workspace.signingSecret,
    settings().AUDIT_KEY ?? '',
    ...exchange.accounts().flatMap((entry) => [entry.apiKey, 'secret' in entry ? entry.secret : '']),
  ].filter((secret) => secret !== '');
}

describe('the doctor', () => {
  it('finds a sound installation fit to start, and says what it could not check', async () => {
    await withWorld();
    const visit = await doctor(world.settings());
    expect(lines(visit, 'fault')).toBe('');
    expect(visit.status).toBe(0);
    expect(lines(visit, 'ok')).toContain('accounts file: one parent key');
    expect(lines(visit, 'ok')).toContain('all needed scopes are granted');
    expect(lines(visit, 'ok')).toMatch(/requesters: \d+ named/);
    expect(lines(visit, 'ok')).toMatch(/quorum: 2 of at least \d+ people/);
    expect(lines(visit, 'ok')).toContain('Binance is up');
    expect(lines(visit, 'ok')).toMatch(/this machine's clock is -?\d+ ms from Binance's/);
    expect(lines(visit, 'ok')).toMatch(/credit key "[^"]+" can close unit 7/);
    expect(lines(visit, 'ok')).toMatch(/Redis' clock is -?\d+ ms from this machine's/);
    expect(lines(visit, 'ok')).toMatch(/a round trip takes [\d.]+ ms/);
    // The scopes of the manifest do not show this.
    expect(lines(visit, 'warning')).toMatch(
      /whether the bot is in the approvals channel .* couldn't be checked/,
    );
    expect(visit.text).toContain('Fit to start.');
    for (const secret of secretsOf(world)) expect(visit.text).not.toContain(secret);
    // Nothing was said to anybody.
    expect(world.workspace.store.messages(SEED_IDS.loanDesk)).toEqual([]);
    expect(world.exchange.deletes().size).toBe(0);
  });

  it('counts who is away by a command, and names a record of them that cannot be read', async () => {
    await withWorld();
    const settings: Record<string, string> = {
      ...world.settings(),
      CLOSE_APPROVERS: `${SEED_IDS.ada},${SEED_IDS.ben}`,
    };
    const redis = await redisParts(inject('redisUrl'), settings.REDIS_PREFIX);
    const auditKeys = onlyKey(Buffer.from(settings.AUDIT_KEY ?? '', 'hex'));
    const ruleBook = new RedisRuleBookStore({ ...redis, auditKeys, newId: randomUUID });
    await change(ruleBook, (nowMs) => awayCommand(SEED_IDS.ada, SEED_IDS.ben, nowMs + 3_600_000));
    expect(lines(await doctor(settings), 'fault')).toMatch(/quorum/);
    await redis.connection.client.hset(redis.keys.record('rules'), 'seal', 'x');
    const visit = await doctor(settings);
    expect(visit.status).toBe(1);
    expect(lines(visit, 'fault')).toContain(
      "the record of who is away can't be read: it doesn't match its seal. Nobody stands in for them",
    );
    expect(lines(visit, 'fault')).not.toMatch(/quorum/);
  });

  it('names every faulty setting and answers 78', async () => {
    const visit = await doctor({ PORT: 'hunter2', AUDIT_KEY: 'hunter2' });
    expect(visit.status).toBe(78);
    expect(lines(visit, 'fault')).toContain('PORT: expected a whole number');
    expect(lines(visit, 'fault')).toContain('SLACK_BOT_TOKEN is missing');
    expect(visit.text).not.toContain('hunter2');
  });

  it('finds a token without scopes, people that cannot be read, and files open to others', async () => {
    await withWorld({ workspace: { scopes: ['commands', 'chat:write', 'users:read', 'reactions:read'] } });
    const tokenFile = `${world.accountsFile}.token`;
    await writeFile(tokenFile, world.workspace.grants.botToken, { mode: 0o644 });
    await chmod(tokenFile, 0o644);
    await chmod(world.accountsFile, 0o640);
    const { SLACK_BOT_TOKEN: _, ...settings } = world.settings();
    const visit = await doctor({ ...settings, SLACK_BOT_TOKEN_FILE: tokenFile });
    expect(visit.status).toBe(1);
    expect(lines(visit, 'fault')).toContain('the scope usergroups:read is missing');
    expect(lines(visit, 'fault')).toMatch(
      /approvers couldn't be read: user group S0APPROVERS: Slack refused: missing_scope/,
    );
    expect(lines(visit, 'warning')).toContain('scopes that are not needed: reactions:read');
    expect(lines(visit, 'warning')).toMatch(/SLACK_BOT_TOKEN_FILE .* \(mode 644\)/);
    expect(visit.text).toContain(`chmod 600 ${tokenFile}`);
    expect(lines(visit, 'warning')).toMatch(/BINANCE_ACCOUNTS_FILE .* \(mode 640\)/);
    for (const secret of secretsOf(world)) expect(visit.text).not.toContain(secret);
  });

  it('finds a bot that is not in the channel, and a quorum that cannot be reached', async () => {
    const scopes = ['commands', 'chat:write', 'users:read', 'usergroups:read', 'channels:read'];
    await withWorld({ workspace: { scopes } });
    world.workspace.directory.channels.get(SEED_IDS.loanDesk)?.members.delete(SEED_IDS.botUser);
    const approvers = `${SEED_IDS.ada},${SEED_IDS.gus},${SEED_IDS.dora}`;
    const visit = await doctor({ ...world.settings(), CLOSE_APPROVERS: approvers });
    expect(visit.status).toBe(1);
    expect(lines(visit, 'fault')).toContain(`the bot is not in the approvals channel ${SEED_IDS.loanDesk}`);
    expect(visit.text).toContain('/invite @loandesk');
    expect(lines(visit, 'fault')).toMatch(/too few approvers \(quorum 2\).*no close is possible/);
  });

  it('finds a token that Slack refuses, and an app token that opens no socket', async () => {
    await withWorld();
    const refused = await doctor({ ...world.settings(), SLACK_BOT_TOKEN: 'xoxb-somebody-elses' });
    expect(refused.status).toBe(1);
    expect(lines(refused, 'fault')).toContain("the bot token doesn't work: Slack refused: invalid_auth");
    expect(refused.text).not.toContain('somebody-elses');
    const { SLACK_SIGNING_SECRET: _, ...settings } = world.settings();
    const socket = await doctor({ ...settings, SLACK_APP_TOKEN: 'xapp-somebody-elses' });
    expect(lines(socket, 'fault')).toContain('Socket Mode: no connection');
  });

  it('finds keys that may too little or too much, and a clock that is off', async () => {
    await withWorld({ exchange: { settings: { skewMs: 30_000 } } });
    const [parent, first, second] = world.exchange.accounts();
    if (!parent || !first || !second) throw new Error('the stand-in has fewer accounts');
    world.exchange.changeAccount({ name: first.name, enableSpotAndMarginTrading: false });
    world.exchange.changeAccount({ name: second.name, allowedIps: ['203.0.113.9'] });
    const visit = await doctor(world.settings());
    expect(visit.status).toBe(1);
    expect(lines(visit, 'fault')).toContain(`credit key "${first.name}" can't trade, which a close requires`);
    expect(lines(visit, 'fault')).toMatch(new RegExp(`credit key "${second.name}": `));
    expect(lines(visit, 'warning')).toMatch(/this machine's clock is (?:2999\d|3000\d|300[1-9]\d) ms/);
    expect(lines(visit, 'warning')).toContain(`parent key "${parent.name}" works from any IP address`);
  });

  it('names approvers who left, and finds the others enough', async () => {
    await withWorld();
    const approvers = `${SEED_IDS.approvers},${SEED_IDS.dora},U0LEFT00001`;
    const visit = await doctor({ ...world.settings(), CLOSE_APPROVERS: approvers, CLOSE_MOD: 'dry-run' });
    expect(visit.status).toBe(0);
    expect(lines(visit, 'warning')).toContain(
      "CLOSE_MOD is set, but Loandesk doesn't read it: did you mean CLOSE_MODE?",
    );
    expect(lines(visit, 'warning')).toContain(
      `these approvers don't count: ${SEED_IDS.dora} (deactivated), U0LEFT00001 (not found in Slack)`,
    );
    expect(lines(visit, 'ok')).toMatch(/quorum: 2 of at least 3 people/);
  });

  it('finds messages that no process could read', async () => {
    await withWorld();
    const settings = world.settings();
    const key = `{${settings.REDIS_PREFIX}}:outbox-set-aside`;
    await bareClient(inject('redisUrl')).rpush(key, 'R1 1700000000000 2.1 1700000000000 {"kind":"canvas"}');
    const visit = await doctor(settings);
    expect(visit.status).toBe(0);
    expect(lines(visit, 'warning')).toContain("1 message to Slack couldn't be read");
    expect(visit.text).toContain(`DEL ${key}`);
  });

  it('finds an exchange under maintenance', async () => {
    await withWorld();
    world.exchange.configure({ maintenance: true });
    const visit = await doctor(world.settings());
    expect(lines(visit, 'warning')).toContain('Binance is under maintenance');
  });

  it('finds Redis, Slack and the exchange out of reach, all in one report', async () => {
    await withWorld();
    const nobody = `127.0.0.1:${await freePort()}`;
    const visit = await doctor({
      ...world.settings(),
      REDIS_URL: `redis://desk:hunter2@${nobody}`,
      SLACK_API_URL: `http://${nobody}/api/`,
      BINANCE_API_URL: `http://${nobody}`,
    });
    expect(visit.status).toBe(1);
    expect(lines(visit, 'fault')).toMatch(/Redis can't be reached.*\(ECONNREFUSED\)/);
    expect(lines(visit, 'fault')).toContain("Slack can't be reached");
    expect(lines(visit, 'fault')).toContain("Binance doesn't answer");
    expect(visit.text).not.toContain('hunter2');
  });
});
