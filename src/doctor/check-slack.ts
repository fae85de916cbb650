/** Slack: token, scopes, channels, people, and whether a quorum can be reached. Posts nothing. */
import type { WebClient } from '@slack/web-api';
import { type CloseRules, namedIn, policyOf } from '../domain/close/close-rules.ts';
import { accountsByPerson } from '../domain/person.ts';
import { type ClosePolicy, refuseKind, refuseUnreachableQuorum } from '../domain/policy.ts';
import { failureText, type SlackAnswer, slackCall } from '../slack/slack-call.ts';
import type { Access } from '../usecases/access.ts';
import { leftOutText, missingGroupsText } from '../usecases/operate-desk.ts';
import type { Directory, MembersLookup } from '../usecases/ports.ts';
import { type Finding, findingsAbout } from './finding.ts';
import { NEEDED_SCOPES, OPTIONAL_SCOPES } from './scopes.ts';

const { ok, warning, fault } = findingsAbout('Slack');

export interface SlackCheckParts {
  readonly client: WebClient;
  readonly directory: Directory;
  readonly access: Access;
  readonly appToken: string | null;
  readonly closeChannel: string;
  readonly auditChannel: string | null;
  readonly roles: {
    readonly requesters: readonly string[];
    readonly approvers: readonly string[];
    readonly viewers: '*' | readonly string[] | null;
  };
  readonly policy: ClosePolicy;
  /** Null: there is no CLOSE_RULES_FILE. */
  readonly rules: CloseRules | 'faulty' | null;
  /** Null: the watch is off. */
  readonly watch: { readonly channel: string; readonly group: readonly string[] } | null;
}

export async function checkSlack(parts: SlackCheckParts): Promise<Finding[]> {
  const greeting = await slackCall(() => parts.client.auth.test());
  if (!greeting.ok) return [refusedToken(greeting)];
  const { team, team_id: teamId = '', user } = greeting.value;
  const { enterprise_id: enterpriseId, is_enterprise_install: isOrgInstall } = greeting.value;
  const named = [
    ...parts.roles.requesters,
    ...parts.roles.approvers,
    ...(parts.roles.viewers === '*' ? [] : (parts.roles.viewers ?? [])),
    ...(parts.rules === null || parts.rules === 'faulty' ? [] : namedIn(parts.rules)),
  ];
  const namesGroups = named.some((name) => name.startsWith('S'));
  const { appToken } = parts;
  return [
    ok(`the token is that of ${user ?? 'a bot'} in ${team ?? 'a workspace'} (${teamId})`),
    judgeWorkspace(enterpriseId ?? null, isOrgInstall === true),
    ...judgeScopes(greeting.value.response_metadata?.scopes, namesGroups),
    ...(appToken === null ? [] : [await checkSocket(parts.client, appToken)]),
    await checkChannel(parts.client, parts.closeChannel, 'approvals channel'),
    ...(parts.auditChannel === null
      ? []
      : [await checkChannel(parts.client, parts.auditChannel, 'audit channel')]),
    ...(await checkPeople(parts, teamId)),
    ...(await checkWatch(parts, teamId)),
  ];
}

/** From auth.test: `enterprise_id` and `is_enterprise_install` (Enterprise Grid). */
function judgeWorkspace(enterpriseId: string | null, isOrgInstall: boolean): Finding {
  if (isOrgInstall)
    return fault(
      'the app is installed on the whole organization, so it has no home workspace whose members count',
      'Install it in the workspace of the desk only, and use the bot token of that installation.',
    );
  return enterpriseId === null
    ? ok('standalone workspace: its full members count')
    : ok(
        `workspace of the organization ${enterpriseId} (Enterprise Grid): only full members of this workspace count`,
      );
}

function refusedToken(answer: SlackAnswer<unknown> & { ok: false }): Finding {
  const why = failureText(answer.failure);
  return answer.failure.kind === 'refused'
    ? fault(
        `the bot token doesn't work: ${why}`,
        'Set SLACK_BOT_TOKEN from “OAuth & Permissions” of the app.',
      )
    : fault(
        `Slack can't be reached: ${why}`,
        'Check that SLACK_API_URL can be reached from here: DNS, firewall, proxy.',
      );
}

/** `granted`: from the x-oauth-scopes header of an answer. */
function judgeScopes(granted: readonly string[] | undefined, namesGroups: boolean): Finding[] {
  if (granted === undefined) {
    return [
      warning("Slack didn't say which scopes the token has", 'Compare them with manifest.yml manually.'),
    ];
  }
  const findings: Finding[] = [];
  for (const [scope, why] of NEEDED_SCOPES) {
    if (granted.includes(scope)) continue;
    const text = `the scope ${scope} is missing (${why})`;
    const advice = 'Update the app with manifest.yml and reinstall it.';
    const isNeeded = scope !== 'usergroups:read' || namesGroups;
    findings.push(isNeeded ? fault(text, advice) : warning(text, advice));
  }
  for (const [scope, why] of OPTIONAL_SCOPES) {
    if (!granted.includes(scope)) findings.push(ok(`the optional scope ${scope} is not granted (${why})`));
  }
  const extra = granted.filter((scope) => !NEEDED_SCOPES.has(scope) && !OPTIONAL_SCOPES.has(scope));
  if (extra.length > 0) {
    findings.push(
      warning(`the token has scopes that are not needed: ${extra.join(', ')}`, 'Remove them from the app.'),
    );
  }
  if (!findings.some(({ level }) => level === 'fault')) findings.unshift(ok('all needed scopes are granted'));
  return findings;
}

/** Requests a socket URL but doesn't connect. */
async function checkSocket(client: WebClient, appToken: string): Promise<Finding> {
  const answer = await slackCall(() => client.apps.connections.open({ token: appToken }));
  return answer.ok
    ? ok('Socket Mode: the app token can open connections')
    : fault(
        `Socket Mode: no connection: ${failureText(answer.failure)}`,
        'Turn Socket Mode on and create an app token with connections:write.',
      );
}

/** With the manifest's scopes, Slack doesn't say whether the bot is in a channel. */
async function checkChannel(
  client: WebClient,
  channel: string,
  what: string,
  invite = INVITE,
): Promise<Finding> {
  const answer = await slackCall(() => client.conversations.info({ channel }));
  if (!answer.ok) {
    const { failure } = answer;
    if (failure.kind === 'refused' && failure.error === 'channel_not_found') {
      return fault(`the ${what} ${channel} doesn't exist, or is private and the bot isn't in it`, invite);
    }
    const why =
      failure.kind === 'refused' && failure.error === 'missing_scope'
        ? 'Slack only tells with the optional scope channels:read'
        : failureText(failure);
    return warning(`whether the bot is in the ${what} ${channel} couldn't be checked: ${why}`, invite);
  }
  const {
    is_member: isMember,
    is_archived: isArchived,
    is_ext_shared: isShared,
  } = answer.value.channel ?? {};
  if (isArchived === true) return fault(`the ${what} ${channel} is archived`, 'Use another channel.');
  if (isMember !== true) return fault(`the bot is not in the ${what} ${channel}`, invite);
  if (isShared === true) {
    return warning(
      `the ${what} ${channel} is shared with another organization, which sees every card`,
      'Use a channel of your own. Clicks of the other organization are refused anyway.',
    );
  }
  return ok(`the bot is in the ${what} ${channel}`);
}

const INVITE =
  "In the channel: /invite @loandesk. While a card can't be posted, its requester is told and the close can't be approved.";

const INVITE_TO_WATCH =
  'In the channel: /invite @loandesk. Until then, alerts are direct messages to WATCH_GROUP.';

/** Alerts that can't be posted or mention nobody. */
async function checkWatch(
  { client, directory, access, watch, closeChannel }: SlackCheckParts,
  teamId: string,
): Promise<Finding[]> {
  if (watch === null) return [];
  const findings =
    watch.channel === closeChannel
      ? []
      : [await checkChannel(client, watch.channel, 'watch channel', INVITE_TO_WATCH)];
  const members = await directory.members(watch.group);
  if (!members.ok) {
    const advice = 'Check the user group ids and the scope usergroups:read.';
    return [...findings, fault(`WATCH_GROUP couldn't be read: ${members.why}`, advice)];
  }
  const found = await Promise.all(
    [...members.value].map(async (userId) => ({ userId, person: await access.identify({ teamId, userId }) })),
  );
  const without = found.flatMap(({ userId, person }) => (person.ok ? [] : [userId]));
  if (without.length === members.value.size)
    return [
      ...findings,
      fault('WATCH_GROUP: nobody in it may work on cases', 'Name full members of this workspace.'),
    ];
  if (without.length > 0) {
    const text = `WATCH_GROUP: these people are no full members, so they can't take cases: ${without.join(', ')}`;
    findings.push(warning(text, 'Remove them from WATCH_GROUP or its groups.'));
  }
  return [...findings, namedFinding('WATCH_GROUP', members)];
}

async function checkPeople(parts: SlackCheckParts, teamId: string): Promise<Finding[]> {
  const { directory, access, roles, policy } = parts;
  const findings: Finding[] = [];
  for (const [role, names] of Object.entries(roles)) {
    if (names === '*' || names === null) {
      findings.push(ok(`${role}: ${names === null ? 'requesters and approvers' : 'every full member'}`));
      continue;
    }
    const members = await directory.members(names);
    findings.push(
      members.ok
        ? namedFinding(role, members)
        : fault(
            `${role} couldn't be read: ${members.why}`,
            'Check the user group ids and the scope usergroups:read.',
          ),
    );
  }
  const requesters = await directory.members(roles.requesters);
  if (!requesters.ok || findings.some(({ level }) => level === 'fault')) return findings;
  const standing = await access.approvers(teamId);
  const leftOut = standing.ok ? leftOutText({ ...standing.value, missingGroups: [] }) : null;
  if (leftOut !== null) findings.push(warning(leftOut, 'Remove them from CLOSE_APPROVERS or its groups.'));
  const asking = [...requesters.value];
  const { rules } = parts;
  if (rules === 'faulty') return findings;
  if (rules === null) return [...findings, ...(await judgeQuorum(access, policy, teamId, asking))];
  const gone = await access.missingGroups(namedIn(rules));
  if (gone.length > 0)
    findings.push(warning(`CLOSE_RULES_FILE: ${missingGroupsText(gone)}`, 'Name groups that exist.'));
  for (const [at, rule] of rules.rules.entries()) {
    const own = await judgeQuorum(access, policyOf(policy, rule), teamId, asking);
    findings.push(...own.map((each) => ({ ...each, text: `rule ${at + 1}: ${each.text}` })));
  }
  for (const { approver, standIn } of rules.away) {
    const person = await directory.person({ teamId, userId: standIn });
    if (person.ok && refuseKind(person.value) === null) continue;
    const text = `away: ${standIn} can't stand in for ${approver}: no full member of this workspace`;
    findings.push(warning(text, 'Name a full member, or remove the entry.'));
  }
  return findings;
}

function namedFinding(role: string, members: Extract<MembersLookup, { ok: true }>): Finding {
  const { value, missingGroups } = members;
  const text = `${role}: ${value.size} named`;
  if (missingGroups.length === 0) return ok(text);
  return warning(
    `${text}; ${missingGroupsText(missingGroups)}`,
    'Remove the group from the settings, or name one that exists.',
  );
}

/** Whether each requester has enough approvers. */
async function judgeQuorum(
  access: Access,
  policy: ClosePolicy,
  teamId: string,
  requesters: readonly string[],
): Promise<Finding[]> {
  const short: string[] = [];
  const missing = new Set<string>();
  let fewest = Number.POSITIVE_INFINITY;
  for (const userId of requesters) {
    const voters = await access.votersUnder([policy], { teamId, userId });
    if (!voters.ok) {
      return [
        fault(
          "the approvers couldn't be looked up one by one",
          'Check the user ids and the scope users:read.',
        ),
      ];
    }
    const { eligible, seats, samePerson } = voters.value;
    fewest = Math.min(fewest, accountsByPerson(eligible, samePerson).length);
    const refusal = refuseUnreachableQuorum(eligible, { teamId, userId }, { ...policy, samePerson }, seats);
    if (refusal === null) continue;
    short.push(userId);
    if (refusal.code !== 'quorum-unreachable') continue;
    for (const { from, count } of refusal.open ?? []) missing.add(`${count} more of ${from.join(' or ')}`);
  }
  const needed =
    policy.need === undefined
      ? `${policy.quorum} of`
      : `${policy.need.map(({ from, count }) => `${count} of ${from.join(' or ')}`).join(' and ')}, with`;
  if (requesters.length === 0)
    return [fault('there are no requesters', 'Add people to CLOSE_REQUESTERS or its group.')];
  if (short.length === 0)
    return [ok(`quorum: ${needed} at least ${fewest} people who count, for every requester`)];
  const list = policy.need === undefined ? 'CLOSE_APPROVERS' : 'the rule, or to its groups';
  const advice = `Add full members to ${list}: guests, bots, deactivated people and the requester don't count.`;
  const lack = missing.size === 0 ? '' : `, ${[...missing].join(' and ')} needed`;
  const text = `too few approvers (quorum ${policy.quorum}${lack}) for these requesters: ${short.join(', ')}`;
  return [
    short.length === requesters.length
      ? fault(`${text}: no close is possible`, advice)
      : warning(text, advice),
  ];
}
