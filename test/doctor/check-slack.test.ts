/** What the doctor says of the workspace, the organisation around it, and user groups that are gone. */
import { afterEach, expect, it } from 'vitest';
import { createSeed, SEED_IDS as ids } from '../../sandbox/slack/seed.ts';
import { startWorkspace, type Workspace, type WorkspaceOptions } from '../../sandbox/slack/workspace.ts';
import { checkSlack, type SlackCheckParts } from '../../src/doctor/check-slack.ts';
import { SlackDirectory } from '../../src/slack/directory.ts';
import { HomeWorkspace } from '../../src/slack/home-workspace.ts';
import { createWebClient } from '../../src/slack/web-client.ts';
import { createAccess } from '../../src/usecases/access.ts';
import { policy, settingsOnly } from '../support/close-requests.ts';
import { QUIET } from '../support/logs.ts';

let workspace: Workspace;
afterEach(() => workspace.close());

async function examine(
  options: WorkspaceOptions,
  approvers: readonly string[] = [ids.ada, ids.ben],
  watch: SlackCheckParts['watch'] = null,
  rules: SlackCheckParts['rules'] = null,
) {
  workspace = await startWorkspace(options);
  const settings = { apiUrl: workspace.apiUrl, botToken: workspace.grants.botToken };
  const client = createWebClient(settings, QUIET);
  const directory = new SlackDirectory({
    ...{ client, now: Date.now, log: QUIET },
    home: new HomeWorkspace(client),
  });
  const roles = { requesters: [ids.rina], approvers, viewers: '*' as const };
  const rule = policy({ approvers });
  const findings = await checkSlack({
    ...{ client, directory, roles, rules },
    access: createAccess(directory, roles, settingsOnly(rule)),
    appToken: null,
    closeChannel: ids.loanDesk,
    auditChannel: null,
    policy: rule,
    watch,
  });
  return findings.map(({ level, text }) => `${level}: ${text}`);
}

const inOrganisation = () => {
  const seed = createSeed();
  return { seed: { ...seed, team: { ...seed.team, enterpriseId: 'E0ORG000001' } } };
};

it.each([
  ['a workspace of its own', {}, 'ok: standalone workspace: its full members count'],
  [
    'one of an organisation',
    inOrganisation(),
    'ok: workspace of the organization E0ORG000001 (Enterprise Grid)',
  ],
])('fault W1: names %s', async (_, options, expected) => {
  expect(await examine(options)).toContainEqual(expect.stringContaining(expected));
});

it('fault T9, relative: names a group that is gone, and goes on to the quorum', async () => {
  const findings = await examine({}, [ids.ada, ids.ben, 'S0GONE00001']);
  expect(findings).toContainEqual(
    expect.stringMatching(/^warning: approvers: 2 named; user group S0GONE00001 doesn't exist in Slack/),
  );
  expect(findings).toContainEqual(expect.stringMatching(/^ok: quorum: 2 of at least 2 people/));
});

it.each([
  ['C0NOWHERE01', /^warning: whether the bot is in the watch channel C0NOWHERE01 couldn't be checked/],
  [ids.loanDesk, null],
])('says of WATCH_CHANNEL %s whether alerts can be posted there', async (channel, expected) => {
  const findings = await examine({}, undefined, { channel, group: [ids.ada] });
  const about = findings.filter((finding) => finding.includes('watch channel'));
  expect(about).toEqual(expected === null ? [] : [expect.stringMatching(expected)]);
  expect(findings).toContainEqual('ok: WATCH_GROUP: 1 named');
});

it('names people of WATCH_GROUP who could not take a case', async () => {
  const group = [ids.ada, 'U0GONE00001'];
  expect(await examine({}, undefined, { channel: ids.loanDesk, group })).toContainEqual(
    "warning: WATCH_GROUP: these people are no full members, so they can't take cases: U0GONE00001",
  );
  await workspace.close();
  expect(await examine({}, undefined, { channel: ids.loanDesk, group: ['U0GONE00001'] })).toContainEqual(
    'fault: WATCH_GROUP: nobody in it may work on cases',
  );
});

it('checks each rule of CLOSE_RULES_FILE against the people there are, and who stands in', async () => {
  const need = (...from: string[]) => ({
    units: '*' as const,
    releasesOver: null,
    delayMs: null,
    need: [{ from, count: 2 }],
  });
  const away = [{ approver: ids.ada, standIn: 'U0GONE00001', untilMs: 1 }];
  const rules = { rules: [need(ids.ada, ids.ben), need(ids.ada, ids.rina, 'S0GONE')], away };
  const findings = await examine({}, undefined, null, rules);
  expect(findings).toContainEqual(expect.stringMatching(/^ok: rule 1: quorum: 2 of .* at least 2 people/));
  expect(findings).toContainEqual(
    `fault: rule 2: too few approvers (quorum 2, 1 more of ${ids.ada} or ${ids.rina} or S0GONE needed) for these requesters: ${ids.rina}: no close is possible`,
  );
  expect(findings).toContainEqual(
    "warning: CLOSE_RULES_FILE: user group S0GONE doesn't exist in Slack, so no one gets a role from it",
  );
  expect(findings).toContainEqual(
    `warning: away: U0GONE00001 can't stand in for ${ids.ada}: no full member of this workspace`,
  );
});
