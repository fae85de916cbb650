import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SEED_IDS as ids } from '../../sandbox/slack/seed.ts';
import { startWorkspace, type Workspace } from '../../sandbox/slack/workspace.ts';
import { SlackDirectory } from '../../src/slack/directory.ts';
import { HomeWorkspace } from '../../src/slack/home-workspace.ts';
import { createWebClient } from '../../src/slack/web-client.ts';
import { createAccess } from '../../src/usecases/access.ts';
import { policy, settingsOnly } from '../support/close-requests.ts';
import { QUIET } from '../support/logs.ts';

let workspace: Workspace;
let directory: SlackDirectory;
let nowMs = 0;

beforeEach(async () => {
  workspace = await startWorkspace();
  const settings = { apiUrl: workspace.apiUrl, botToken: workspace.grants.botToken };
  const client = createWebClient(settings, QUIET);
  nowMs = 1_000_000;
  const home = new HomeWorkspace(createWebClient(settings, QUIET));
  directory = new SlackDirectory({ client, home, now: () => nowMs, log: QUIET });
});

afterEach(() => workspace.close());

const calls = (method: string) => workspace.store.calls.filter((call) => call.method === method).length;

describe('the directory', () => {
  it.each([
    ['rina', 'member'],
    ['gus', 'guest'],
    ['una', 'guest'],
    ['dora', 'deactivated'],
    ['botUser', 'bot'],
    ['slackbot', 'bot'],
    ['frank', 'foreign'],
  ] as const)('%s is a %s', async (name, kind) => {
    const found = await directory.person({ teamId: ids.team, userId: ids[name] });
    expect(found).toMatchObject({ ok: true, value: { userId: ids[name], teamId: ids.team, kind } });
  });

  it('an id unknown to Slack is an answer, and does not affect other approvers', async () => {
    const gone = 'U0LEFT00001';
    expect(await directory.person({ teamId: ids.team, userId: gone })).toEqual({
      ok: true,
      value: { teamId: ids.team, userId: gone, kind: 'not-found', timeZone: null },
    });
    const approvers = [ids.ada, gone, ids.dora, ids.ben];
    const access = createAccess(
      directory,
      { requesters: [], approvers, viewers: [] },
      settingsOnly({ approvers }),
    );
    const eligible = () =>
      access.votersUnder([policy({ approvers })], { teamId: ids.team, userId: ids.rina }, { fresh: true });
    expect(await eligible()).toMatchObject({ ok: true, value: { eligible: new Set([ids.ada, ids.ben]) } });
    workspace.faults.add('users.info', { kind: 'rate_limited', retryAfterS: 3 }, 1);
    expect(await eligible()).toMatchObject({ ok: false, refusal: { code: 'identity-unavailable' } });
  });

  it('tells the time zone, and takes anybody who acts from another team for foreign', async () => {
    expect(await directory.person({ teamId: ids.team, userId: ids.chen })).toMatchObject({
      value: { timeZone: 'Asia/Singapore' },
    });
    expect(await directory.person({ teamId: ids.foreignTeam, userId: ids.chen })).toMatchObject({
      value: { kind: 'foreign' },
    });
  });

  it('resolves users and groups together', async () => {
    const found = await directory.members([ids.rina, ids.approvers]);
    expect(found).toMatchObject({ ok: true, value: new Set([ids.rina, ids.ada, ids.ben, ids.chen]) });
  });

  it('fails as a whole when one group cannot be read, and asks again next time', async () => {
    workspace.faults.add('usergroups.users.list', { kind: 'http', status: 503 }, 1);
    expect(await directory.members([ids.rina, ids.approvers])).toMatchObject({ ok: false });
    expect(await directory.members([ids.rina, ids.approvers])).toMatchObject({ ok: true });
  });

  it.each([
    ['users.info', { kind: 'rate_limited', retryAfterS: 3 }],
    ['users.info', { kind: 'error', code: 'user_not_visible' }],
    ['users.info', { kind: 'http', status: 503 }],
    ['auth.test', { kind: 'error', code: 'invalid_auth' }],
  ] as const)('fails closed when %s fails', async (method, fault) => {
    workspace.faults.add(method, fault);
    const found = await directory.person({ teamId: ids.team, userId: ids.rina });
    expect(found.ok).toBe(false);
    expect(JSON.stringify(found)).not.toContain('xoxb');
  });

  it('fault T9: a deleted group is named and has no members', async () => {
    workspace.directory.userGroups.delete(ids.approvers);
    expect(await directory.members([ids.rina, ids.approvers, ids.requesters])).toEqual({
      ok: true,
      value: new Set([ids.rina]),
      missingGroups: [ids.approvers],
    });
  });

  it('fault T9, relative: a group that could not be read has unknown members, not none', async () => {
    workspace.faults.add('usergroups.users.list', { kind: 'error', code: 'missing_scope' });
    expect(await directory.members([ids.rina, ids.approvers])).toMatchObject({
      ok: false,
      unreadGroups: [ids.approvers],
      known: new Set([ids.rina]),
    });
  });

  it.each([
    ['a member of this workspace and others', [ids.team, 'T0OTHER0001'], 'member'],
    ['a member of other workspaces only', ['T0OTHER0001'], 'foreign'],
  ])('fault W1: of the same organisation, %s', async (_, enterpriseTeams, kind) => {
    workspace.directory.changePerson(ids.ada, { teamId: 'T0OTHER0001', enterpriseTeams });
    expect(await directory.person({ teamId: ids.team, userId: ids.ada })).toMatchObject({ value: { kind } });
  });

  it('remembers a minute, shares one call among those who ask at once, and then asks again', async () => {
    const rina = { teamId: ids.team, userId: ids.rina };
    await Promise.all([directory.person(rina), directory.person(rina), directory.members([ids.approvers])]);
    await Promise.all([directory.person(rina), directory.members([ids.approvers])]);
    expect([calls('users.info'), calls('usergroups.users.list')]).toEqual([1, 1]);
    nowMs += 59_999;
    await Promise.all([directory.person(rina), directory.members([ids.approvers])]);
    expect([calls('users.info'), calls('usergroups.users.list')]).toEqual([1, 1]);
    nowMs += 1;
    await Promise.all([directory.person(rina), directory.members([ids.approvers])]);
    expect([calls('users.info'), calls('usergroups.users.list')]).toEqual([2, 2]);
  });
});
