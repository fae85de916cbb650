/** What the doctor says of the workspace, the organisation around it, and user groups that are gone. */
import { afterEach, expect, it } from 'vitest';
import { createSeed, SEED_IDS as ids } from '../../sandbox/slack/seed.ts';
import { startWorkspace, type Workspace, type WorkspaceOptions } from '../../sandbox/slack/workspace.ts';
import { checkSlack } from '../../src/doctor/check-slack.ts';
import { SlackDirectory } from '../../src/slack/directory.ts';
import { HomeWorkspace } from '../../src/slack/home-workspace.ts';
import { createWebClient } from '../../src/slack/web-client.ts';
import { createAccess } from '../../src/usecases/access.ts';
import { policy } from '../support/close-requests.ts';
import { QUIET } from '../support/logs.ts';

let workspace: Workspace;
afterEach(() => workspace.close());

async function examine(options: WorkspaceOptions, approvers: readonly string[] = [ids.ada, ids.ben]) {
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
    ...{ client, directory, roles },
    access: createAccess(directory, roles, rule),
    appToken: null,
    closeChannel: ids.loanDesk,
    auditChannel: null,
    policy: rule,
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
