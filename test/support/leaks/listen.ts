/**
 * Listens to everything the product says in a test file, and fails the file if a secret is in it: its log as it would
 * be printed, what it sends to the stand-in of Slack, what its processes print, and the errors and failed results that
 * a test looks at. A setup file, so that it is there before any test file; the product knows nothing of it.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DestinationStream } from 'pino';
import { afterAll, expect, inject, vi } from 'vitest';
import { heard } from './ears.ts';
import { forgetSecrets, registerKeyMaterial, registerSecret, registerSettings } from './known-secrets.ts';

heard.forget();
forgetSecrets();
const NOWHERE: DestinationStream = { write() {} };

vi.mock(import('../../../src/ops/logger.ts'), async (load) => {
  const real = await load();
  const { pino } = await import('pino');
  return {
    ...real,
    /** What is silent here would be printed in production. */
    createLogger(level, destination) {
      const silent = level === 'silent';
      const to = silent ? NOWHERE : (destination ?? pino.destination(1));
      return real.createLogger(silent ? 'debug' : level, {
        write(line) {
          heard.add('log line', line);
          to.write(line);
        },
      });
    },
  };
});

vi.mock(import('../../../sandbox/slack/store.ts'), async (load) => {
  const { Store } = await load();
  return {
    Store: class extends Store {
      constructor(now: () => number) {
        super(now);
        this.listen((event) => {
          const isCall = event.type === 'call';
          if (event.type.startsWith('connection')) return;
          heard.add('message', JSON.stringify(event, withoutHistory), !isCall);
          if (event.type === 'file') heard.add('message', event.file.bytes.toString(), false);
        });
      }
    },
  };
});

function withoutHistory(name: string, value: unknown): unknown {
  return name === 'history' || name === 'bytes' ? undefined : value;
}

vi.mock(import('../../../sandbox/slack/workspace.ts'), async (load) => {
  const { startWorkspace } = await load();
  return {
    async startWorkspace(options) {
      const workspace = await startWorkspace(options);
      registerSecret('bot token', workspace.grants.botToken);
      registerSecret('app token', workspace.grants.appToken);
      registerSecret('signing secret', workspace.signingSecret);
      return workspace;
    },
  };
});

vi.mock(import('../../../sandbox/binance/key-ring.ts'), async (load) => {
  const { KeyRing, ...others } = await load();
  return {
    ...others,
    KeyRing: class extends KeyRing {
      override change(...[override]: Parameters<InstanceType<typeof KeyRing>['change']>) {
        const account = super.change(override);
        registerSecret('API key', account.apiKey);
        if (account.key.kind === 'hmac') registerSecret('key secret', account.key.secret);
        return account;
      }
    },
  };
});

vi.mock(import('../../../src/binance/signing.ts'), async (load) => {
  const real = await load();
  return {
    ...real,
    createSigningKey(material, passphrase) {
      registerKeyMaterial(material);
      registerSecret('passphrase', passphrase);
      return real.createSigningKey(material, passphrase);
    },
  };
});

vi.mock(import('../../../src/settings/config.ts'), async (load) => {
  const real = await load();
  return {
    ...real,
    loadConfig(environment) {
      registerSettings(environment ?? {});
      return real.loadConfig(environment);
    },
  };
});

const file = expect.getState().testPath ?? 'unknown';
const record = (fields: object) => {
  const name = `${file.replaceAll(/\W/g, '-')}.json`;
  writeFileSync(join(inject('leakSearchFolder'), name), JSON.stringify({ file, ...fields }));
};
record({});

afterAll(() => {
  heard.search();
  record({ counts: heard.counts });
  if (heard.leaks.size === 0) return;
  const each = [...heard.leaks].map(([name, { around }]) => `- ${name}: …${around}…`);
  const error = new Error(`The product said secrets in ${file}:\n${each.join('\n')}`);
  // Or the lines of a stack within it would be shown with their source, in which a secret may stand.
  error.stack = '';
  throw error;
});
