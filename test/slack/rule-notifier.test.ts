/** What the approvals channel is told about stand-ins and rules, over real HTTP: once, with the people it is about. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SEED_IDS as ids } from '../../sandbox/slack/seed.ts';
import { startWorkspace, type Workspace } from '../../sandbox/slack/workspace.ts';
import type { CloseRule } from '../../src/domain/close/close-rules.ts';
import type { RuleEvent } from '../../src/domain/close/rule-book.ts';
import { SlackDirectory } from '../../src/slack/directory.ts';
import { HomeWorkspace } from '../../src/slack/home-workspace.ts';
import { SlackRuleNotifier } from '../../src/slack/rule-notifier.ts';
import { quietNames } from '../../src/slack/slack-clients.ts';
import { createWebClient } from '../../src/slack/web-client.ts';
import type { RuleMessage } from '../../src/usecases/rule-book.ts';
import { QUIET } from '../support/logs.ts';

const NEEDED = ['commands', 'chat:write', 'users:read', 'usergroups:read'];
const NOW_MS = Date.UTC(2026, 10, 30, 12);

let workspace: Workspace;
let nowMs: number;

beforeEach(async () => {
  nowMs = NOW_MS;
  workspace = await startWorkspace({ now: () => nowMs, scopes: [...NEEDED, 'channels:history'] });
});
afterEach(() => workspace.close());

/** One more replica: it shares nothing with the others but Slack. */
function createNotifier(closeChannel: string = ids.loanDesk): SlackRuleNotifier {
  const settings = { apiUrl: workspace.apiUrl, botToken: workspace.grants.botToken };
  const home = new HomeWorkspace(createWebClient(settings, QUIET));
  const client = createWebClient(settings, QUIET);
  const directory = new SlackDirectory({ client, home, now: () => nowMs, log: QUIET });
  return new SlackRuleNotifier({
    client,
    home,
    directory,
    closeChannel,
    quiet: quietNames((id) => directory.nameOf(id), home),
    log: QUIET,
  });
}

const by = { teamId: ids.team, userId: ids.ada };
const AWAY: RuleEvent = {
  ...{ type: 'away', atMs: NOW_MS, by, approver: ids.ada, standIn: ids.vera },
  untilMs: NOW_MS + 3_600_000,
  insteadOf: null,
};
const BACK: RuleEvent = { type: 'back', atMs: NOW_MS, by, approver: ids.ada, standIn: ids.vera };

function message(event: RuleEvent, changes: Partial<RuleMessage> = {}): RuleMessage {
  return { key: `${event.type}-1`, event, mayBeThere: false, createdAtMs: NOW_MS, nowMs, ...changes };
}

const texts = () => workspace.store.messages(ids.loanDesk).map(({ text }) => text);

describe('a message about stand-ins', () => {
  it('names both, so that Slack notifies them', async () => {
    expect(await createNotifier().deliver(message(AWAY))).toEqual({ ok: true, card: null });
    expect(texts()).toHaveLength(1);
    expect(texts()[0]).toContain(`<@${ids.ada}>`);
    expect(texts()[0]).toContain(`<@${ids.vera}>`);
    const [posted] = workspace.store.messages(ids.loanDesk).map((each) => workspace.renderText(each));
    expect(posted).toMatch(
      /^\*@Ada Lindqvist is away until .*Until then @Vera Novak may approve and reject in their place\*\./,
    );
  });

  it('is posted once, also after an answer that was lost', async () => {
    workspace.faults.add('chat.postMessage', { kind: 'reset', when: 'after' }, 1);
    expect(await createNotifier().deliver(message(AWAY))).toMatchObject({ ok: false, retry: true });
    nowMs += 30_000;
    expect(await createNotifier().deliver(message(AWAY, { mayBeThere: true, nowMs }))).toMatchObject({
      ok: true,
    });
    expect(texts()).toHaveLength(1);
    expect(await createNotifier().deliver(message(BACK, { mayBeThere: true, nowMs }))).toMatchObject({
      ok: true,
    });
    expect(texts()).toHaveLength(2);
  });

  it('says so when it is late, or may be a repeat', async () => {
    nowMs += 5 * 60_000;
    await createNotifier().deliver(message(AWAY, { nowMs }));
    expect(texts().at(-1)).toContain('delivered 5 min late');
    await workspace.close();
    workspace = await startWorkspace({ now: () => nowMs, scopes: NEEDED });
    await createNotifier().deliver(message(AWAY, { nowMs, mayBeThere: true }));
    expect(texts().at(-1)).toContain('This may be a repeat');
  });

  it('waits while the channel takes no messages', async () => {
    expect(await createNotifier(ids.archived).deliver(message(AWAY))).toMatchObject({
      ...{ ok: false, retry: true, onlyThis: true },
    });
  });
});

it('a message about rules pings nobody', async () => {
  const from = [ids.approvers, 'S0UNKNOWN', ids.ada];
  const rule: CloseRule = { units: '*', releasesOver: null, need: [{ from, count: 1 }], delayMs: null };
  const changed: RuleEvent = {
    ...{ type: 'rules-changed', atMs: NOW_MS, by: null, from: null, to: 'ab'.repeat(32) },
    ...{ before: null, after: { rules: [rule], away: [] } },
  };
  await createNotifier().deliver(message(changed));
  expect(texts()[0]).toContain('Rules for closes are in force now');
  expect(texts()[0]).toContain('any unit: 1 of @loan-approvers or S0UNKNOWN or <https://');
  expect(JSON.stringify(workspace.store.messages(ids.loanDesk))).not.toMatch(/<[@!](?!date)/);
});
