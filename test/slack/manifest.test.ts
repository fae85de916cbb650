/** manifest.yml says what the code does, and nothing more. */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { ACTIONS, COMMANDS, EVENTS, MODALS } from '../../src/slack/ids.ts';
import { routes } from '../../src/slack/register.ts';
import { fakeDesk, fakeLoans } from '../fakes/desk.ts';

const ROOT = new URL('../../', import.meta.url);

const manifest = z
  .looseObject({
    features: z.looseObject({
      slash_commands: z.array(
        z.strictObject({
          command: z.string().max(32),
          url: z.string(),
          description: z.string().max(2_000),
          usage_hint: z.string().max(1_000),
          should_escape: z.boolean(),
        }),
      ),
    }),
    oauth_config: z.strictObject({
      scopes: z.strictObject({ bot: z.array(z.string()), bot_optional: z.array(z.string()) }),
    }),
    settings: z.looseObject({
      event_subscriptions: z.strictObject({ request_url: z.string(), bot_events: z.array(z.string()) }),
    }),
  })
  .parse(parse(readFileSync(new URL('manifest.yml', ROOT), 'utf8')));

/** The scope of each Web API method that we call; null: none is needed. */
const SCOPES: Readonly<Record<string, string | null>> = {
  'auth.test': null,
  'chat.postMessage': 'chat:write',
  'chat.postEphemeral': 'chat:write',
  'chat.update': 'chat:write',
  'users.info': 'users:read',
  'usergroups.list': 'usergroups:read',
  'usergroups.users.list': 'usergroups:read',
  'views.open': null,
  'views.update': null,
  'views.publish': null,
  'files.getUploadURLExternal': 'files:write',
  'files.completeUploadExternal': 'files:write',
  'conversations.info': 'channels:read',
  'conversations.history': 'channels:history',
  'conversations.replies': 'channels:history',
  'chat.scheduleMessage': 'chat:write',
  'chat.scheduledMessages.list': null,
  'chat.deleteScheduledMessage': 'chat:write',
};

/** Of conversations.info, .history and .replies, beside those of public channels. */
const FOR_PRIVATE_CHANNELS = ['groups:read', 'groups:history'];

function methodsCalled(): Set<string> {
  const folder = new URL('src/slack/', ROOT);
  const sources = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.ts'),
  );
  const found = new Set<string>();
  for (const name of sources) {
    const source = readFileSync(new URL(name, folder), 'utf8');
    for (const [, method = ''] of source.matchAll(/\bclient\.((?:[a-zA-Z]+\.)+[a-zA-Z]+)\(/g))
      found.add(method);
  }
  return found;
}

describe('manifest.yml', () => {
  it('names the commands of ids.ts, escaped, on one path', () => {
    const commands = manifest.features.slash_commands;
    expect(commands.map(({ command }) => command).sort()).toEqual(Object.values(COMMANDS).sort());
    for (const { should_escape, url, usage_hint } of commands) {
      expect(should_escape).toBe(true);
      expect(url).toBe('https://HOST/slack/events');
      expect(usage_hint).toContain('help');
    }
  });

  it('asks for the scopes of the methods that are called, and for no other', () => {
    const called = methodsCalled();
    expect([...called].sort()).toEqual(Object.keys(SCOPES).sort());
    const needed = new Set([...called].map((method) => SCOPES[method]).filter((scope) => scope !== null));
    const { bot, bot_optional } = manifest.oauth_config.scopes;
    expect([...bot, ...bot_optional].sort()).toEqual([...needed, 'commands', ...FOR_PRIVATE_CHANNELS].sort());
    expect(bot_optional).toEqual([
      'files:write',
      'channels:read',
      'groups:read',
      'channels:history',
      'groups:history',
    ]);
  });

  it('subscribes to the events that are handled', () => {
    expect(manifest.settings.event_subscriptions.bot_events).toEqual(Object.values(EVENTS));
  });
});

describe('register.ts', () => {
  const table = routes({
    desk: fakeDesk({}),
    loans: fakeLoans({}),
    newReadingId: () => 'R1',
    watch: null,
    workspaceUrl: () => null,
    closeChannel: 'C0DESK',
    allowedChannels: [],
    homes: { opened: () => {} },
    readersOf: async () => ({ ok: false, why: 'not asked' }),
  });

  it('has one listener for each id, named after it', () => {
    const tables = [
      [table.commands, COMMANDS],
      [table.actions, ACTIONS],
      [table.submissions, MODALS],
    ] as const;
    for (const [listeners, known] of tables) {
      expect(Object.keys(listeners).sort()).toEqual(Object.values(known).sort());
      for (const [id, listener] of Object.entries(listeners)) expect(listener.name).toBe(id);
    }
  });
});
