/** News that must reach people, and news that must not: what Slack refuses, loses, repeats and limits. */

import { afterEach, describe, expect, it, vi } from 'vitest';
import type { WorkspaceFault } from '../../sandbox/slack/faults.ts';
import { SEED_IDS as ids } from '../../sandbox/slack/seed.ts';
import { ACTIONS } from '../../src/slack/ids.ts';
import type { MissedNotice } from '../../src/usecases/ports.ts';
import { all } from '../contracts/audit-trail.ts';
import { fakeDesk } from '../fakes/desk.ts';
import { policy } from '../support/close-requests.ts';
import { NO_EVENTS, withMethods } from '../support/desk-harness.ts';
import { type Office, openOffice } from './support/office.ts';
import { startSlackHarness } from './support/slack-harness.ts';

let office: Office;
let close = async (): Promise<void> => {};
afterEach(() => close());

async function open(...options: Parameters<typeof openOffice>): Promise<void> {
  office = await openOffice(...options);
  close = () => office.slack.close();
}

const REVOKED: WorkspaceFault = { kind: 'error', code: 'token_revoked' };
const WRITES = ['chat.postMessage', 'chat.update'] as const;

function refuseWrites(fault: WorkspaceFault): void {
  for (const method of WRITES) office.slack.workspace.faults.add(method, fault);
}

const rendered = () => office.cards().map((card) => office.slack.workspace.renderText(card));
const toldRina = () =>
  office.slack.workspace.store
    .messages(office.slack.workspace.directory.directMessage(ids.rina).id)
    .map(({ text }) => text);
const edits = () =>
  office.slack.workspace.store.calls.filter(({ method }) => method === 'chat.update').length;

describe('fault N1: the token is revoked around the last approval', () => {
  it.each([
    ['token_revoked', REVOKED],
    ['a page in place of JSON', { kind: 'html' }],
    ["a filter's 403", { kind: 'http', status: 403 }],
  ] as const)('%s: everything is delivered afterwards', async (_, fault) => {
    await open();
    await office.ask();
    await office.vote(ids.ada);
    refuseWrites(fault);
    await office.vote(ids.ben);
    await office.desk.pass(6_000);
    expect(office.desk.exchange.deletes).toEqual(['7']);
    expect(rendered()[0]).toContain('1 of 2 approvals');
    office.slack.workspace.faults.clear();
    await office.desk.pass(60_000);
    expect(rendered()[0]).toContain('Closed.');
    expect(toldRina().at(-1)).toContain('Closed.');
    const [request] = await office.desk.store.listRecent(1);
    expect(office.desk.store.outbox.undelivered(request?.id ?? '')).toEqual([]);
  });

  it('after a day it is kept, counted and logged as an error; when it is tried again it arrives', async () => {
    const missed: MissedNotice[] = [];
    await open({ events: { ...NO_EVENTS, noticeMissed: (notice) => void missed.push(notice) } });
    const request = await office.ask();
    await office.vote(ids.ada);
    refuseWrites(REVOKED);
    await office.desk.desk.withdraw({ teamId: ids.team, userId: ids.rina }, request.id);
    await office.desk.settled();
    await office.desk.pass(24 * 3_600_000);
    expect(office.desk.store.outbox.kept.map(({ item }) => item.notice.kind)).toEqual(['card', 'thread']);
    expect(missed).toEqual([
      { notice: 'card', outcome: 'kept' },
      { notice: 'thread', outcome: 'kept' },
    ]);
    expect(office.log.lines.filter(({ level }) => level === 'error')).toHaveLength(2);
    await office.desk.store.outbox.retryKept();
    await office.desk.pass(0);
    expect(office.desk.store.outbox.kept).toHaveLength(2);
    expect(missed).toHaveLength(2);
    office.slack.workspace.faults.clear();
    await office.desk.store.outbox.retryKept();
    await office.desk.pass(0);
    expect(rendered()[0]).toContain('Withdrawn');
    expect(office.desk.store.outbox.kept).toEqual([]);
  });

  it('relative: a person who cannot be reached delays no one else, and is tried again', async () => {
    await open();
    const request = await office.ask();
    const { faults, directory, store } = office.slack.workspace;
    const inChannel = () => store.messages(ids.loanDesk).filter(({ threadTs }) => threadTs !== undefined);
    faults.add('chat.postMessage', { kind: 'error', code: 'messages_tab_disabled' });
    await office.desk.desk.reject({ teamId: ids.team, userId: ids.ada }, request.id, 1, 'not yet');
    await office.desk.settled();
    faults.clear();
    directory.changePerson(ids.rina, { isStranger: true });
    await office.desk.pass(61_000);
    expect(rendered()[0]).toContain('Rejected');
    expect(inChannel()).toHaveLength(1);
    expect(office.desk.store.outbox.kept.map(({ item }) => item.notice.kind)).toEqual(['direct']);
    directory.changePerson(ids.rina, { isStranger: false });
    await office.desk.store.outbox.retryKept();
    await office.desk.pass(0);
    expect(toldRina().at(-1)).toContain('Rejected');
  });
});

describe('fault N2: the first card', () => {
  it.each([
    ['token_revoked', REVOKED],
    ['account_inactive', { kind: 'error', code: 'account_inactive' }],
    ['a channel that is archived', { kind: 'error', code: 'is_archived' }],
  ] as const)('with %s it is tried again, and only the expiry ends the request', async (_, fault) => {
    await open();
    refuseWrites(fault);
    const request = await office.ask();
    await office.desk.pass(3_600_000);
    expect(await office.desk.get(request.id)).toMatchObject({ state: 'pending', card: null });
    office.slack.workspace.faults.clear();
    await office.desk.store.outbox.retryKept();
    await office.desk.pass(60_000);
    expect(rendered()).toEqual([expect.stringContaining('0 of 2 approvals')]);
    expect((await office.desk.get(request.id)).card?.messageTs).toBe(office.cards()[0]?.ts);
  });

  it('relative: at expiry the requester is told, and no card is posted later', async () => {
    await open();
    refuseWrites(REVOKED);
    const request = await office.ask();
    await office.desk.pass(4 * 3_600_000);
    office.slack.workspace.faults.clear();
    await office.desk.pass(60_000);
    expect((await office.desk.get(request.id)).state).toBe('expired');
    expect(rendered()).toEqual([]);
    expect(toldRina().at(-1)).toContain('Expired');
  });
});

describe('fault N3: clicks of people without rights', () => {
  it('cause no edit of the card, and leave room in the audit for the requester', async () => {
    await open();
    const request = await office.ask();
    const [card] = office.cards();
    if (card === undefined) throw new Error('no card');
    const before = edits();
    const { workspace } = office.slack;
    for (let click = 0; click < 150; click += 10) {
      await Promise.all(
        Array.from({ length: 10 }, () => workspace.as(ids.vera).click(card, ACTIONS.withdraw)),
      );
    }
    await office.slack.privateText(ids.vera, (text) => text.includes('Only the requester'), ids.loanDesk);
    expect(await office.form(ids.rina, card)).toContain('You requested this close');
    await office.desk.settled();
    expect(edits()).toBe(before);
    const noted: string[] = [];
    for (const { body } of await all(office.desk.store.audit, request.id))
      if (body.event.type === 'refused') noted.push(`${body.event.by?.userId} ${body.event.refusal}`);
    expect(noted.filter((each) => each.startsWith(ids.vera))).toHaveLength(10);
    expect(noted.at(-1)).toBe(`${ids.rina} self-approval`);
  }, 30_000);

  it('relative: many clicks on an old card are one redraw at a time', async () => {
    await open();
    const request = await office.ask();
    const { workspace } = office.slack;
    workspace.faults.add('chat.update', { kind: 'rate_limited', retryAfterS: 5 });
    await office.desk.desk.withdraw({ teamId: ids.team, userId: ids.rina }, request.id);
    for (let click = 0; click < 20; click += 1) await office.desk.desk.redrawCard(request.id);
    await office.desk.settled();
    const cards = office.desk.store.outbox
      .undelivered(request.id)
      .filter(({ notice }) => notice.kind === 'card');
    expect(cards).toHaveLength(2);
    workspace.faults.clear();
    await office.desk.pass(60_000);
    expect(rendered()[0]).toContain('Withdrawn');
  });

  it('relative: several changes that wait are drawn as one', async () => {
    await open();
    const request = await office.ask();
    office.desk.heldBack.add('deliver');
    for (const userId of [ids.ada, ids.ben])
      await office.desk.approve({ teamId: ids.team, userId }, await office.desk.get(request.id));
    await office.desk.settled();
    const before = edits();
    await office.desk.work.deliverOutbox();
    expect(edits() - before).toBe(1);
    expect(rendered()[0]).toContain('Closed.');
  });
});

describe('fault N4: a delivery that Slack repeats', () => {
  it('opens Home twice and says nothing about it', async () => {
    await open();
    const { workspace } = office.slack;
    const opened = await workspace.as(ids.rina).openHome();
    await workspace.until(() => workspace.store.home(ids.rina));
    await workspace.resend(opened.request);
    await vi.waitFor(() =>
      expect(office.slack.log.map(({ fields }) => fields)).toContainEqual(
        expect.objectContaining({ listener: 'app_home_opened', outcome: 'duplicate' }),
      ),
    );
    const home = workspace.store.home(ids.rina);
    expect(home === undefined ? '' : workspace.renderText(home)).toContain('Nothing waits for your decision');
    expect(toldRina()).toEqual([]);
  });

  it('relative: a click says nothing either, and the form of the first one stays', async () => {
    await open();
    await office.ask();
    const [card] = office.cards();
    if (card === undefined) throw new Error('no card');
    const { workspace } = office.slack;
    const clicked = await workspace.as(ids.ada).click(card, ACTIONS.approve);
    await office.slack.modal(ids.ada, (text) => text.includes("Type the unit's id"));
    await workspace.resend(clicked.request);
    await vi.waitFor(() =>
      expect(office.slack.log.map(({ fields }) => fields)).toContainEqual(
        expect.objectContaining({ outcome: 'duplicate' }),
      ),
    );
    expect(workspace.store.modals(ids.ada).map((view) => workspace.renderText(view))).toEqual([
      expect.stringContaining("Type the unit's id"),
    ]);
    expect(workspace.store.ephemerals(ids.ada)).toEqual([]);
  });
});

describe('fault N8: a card that was posted and whose answer was lost', () => {
  async function twoCards() {
    await open();
    office.slack.workspace.faults.add('chat.postMessage', { kind: 'reset', when: 'after' }, 1);
    const request = await office.ask();
    await office.desk.pass(2_000);
    const [copy, card] = office.cards();
    if (copy === undefined || card === undefined) throw new Error('not two cards');
    expect((await office.desk.get(request.id)).card?.messageTs).toBe(card.ts);
    return { request, copy, card };
  }
  const text = (ts: string) => {
    const found = office.cards().find((each) => each.ts === ts);
    return found === undefined ? '' : office.slack.workspace.renderText(found);
  };

  it('an approval on the copy does not count, and the copy says where the card is', async () => {
    const { request, copy, card } = await twoCards();
    expect(await office.form(ids.ada, copy)).toContain("is not on the request's card");
    await office.desk.settled();
    expect(text(copy.ts)).toContain('second copy');
    expect(text(copy.ts)).toContain(`p${card.ts.replace('.', '')}`);
    expect(text(card.ts)).toContain('0 of 2 approvals');
    expect((await office.desk.get(request.id)).votes).toEqual([]);
    await office.vote(ids.ada);
    expect((await office.desk.get(request.id)).votes).toHaveLength(1);
  });

  it('relative: also after the close', async () => {
    const { copy } = await twoCards();
    await office.vote(ids.ada);
    await office.vote(ids.ben);
    await office.desk.pass(5_000);
    expect(text(copy.ts)).toContain('0 of 2 approvals');
    await office.form(ids.chen, copy);
    await office.desk.settled();
    expect(text(copy.ts)).toContain('second copy');
    expect(
      office
        .cards()
        .find(({ ts }) => ts === copy.ts)
        ?.blocks.map(({ type }) => type),
    ).toEqual(['section']);
  });

  it('relative: neither Withdraw nor Reject counts there, and many clicks are one edit', async () => {
    const { request, copy } = await twoCards();
    const before = edits();
    const clicks = Array.from({ length: 10 }, () =>
      office.slack.workspace.as(ids.rina).click(copy, ACTIONS.withdraw, { stale: true }),
    );
    await Promise.all(clicks);
    expect(await office.form(ids.ada, copy, ACTIONS.reject)).toContain("is not on the request's card");
    await office.desk.settled();
    expect((await office.desk.get(request.id)).state).toBe('pending');
    expect(edits() - before).toBe(1);
  });
});

describe('fault W1: Enterprise Grid', () => {
  it.each([
    ['the id of the organisation', 'E0ORG000001'],
    ['another workspace of the organisation', 'T0OTHER0001'],
  ])('clicks and forms whose user has %s are those of the person of the command', async (_, userTeamId) => {
    await open();
    const { directory } = office.slack.workspace;
    for (const userId of [ids.ada, ids.ben])
      directory.changePerson(userId, { enterpriseTeams: [ids.team, 'T0OTHER0001'] });
    const request = await office.ask();
    await office.vote(ids.ada, { userTeamId });
    await office.vote(ids.ben, { userTeamId });
    const { votes, state } = await office.desk.get(request.id);
    expect(votes.map(({ voter }) => voter)).toEqual([
      { teamId: ids.team, userId: ids.ada },
      { teamId: ids.team, userId: ids.ben },
    ]);
    expect(state).toBe('closed');
  });

  it.each([
    ['a person of Slack Connect', ids.frank, {}],
    ['an approver who is a member of other workspaces only', ids.chen, { enterpriseTeams: ['T0OTHER0001'] }],
  ])('relative: %s stays out, although it happened in this workspace', async (_, userId, change) => {
    await open();
    office.slack.workspace.directory.changePerson(userId, { teamId: 'T0OTHER0001', ...change });
    const request = await office.ask();
    const [card] = office.cards();
    if (card === undefined) throw new Error('no card');
    await office.slack.workspace
      .as(userId)
      .click(card, ACTIONS.approve, { teamId: ids.team, userTeamId: 'T0OTHER0001', force: true });
    await office.slack.modal(userId, (text) => text.includes('people from another workspace'));
    expect((await office.desk.get(request.id)).votes).toEqual([]);
  });

  it('relative: the requester withdraws with a click that names the organisation', async () => {
    await open();
    const request = await office.ask();
    const [card] = office.cards();
    if (card === undefined) throw new Error('no card');
    await office.slack.workspace.as(ids.rina).click(card, ACTIONS.withdraw, { userTeamId: 'E0ORG000001' });
    await office.slack.privateText(ids.rina, (text) => text.includes('is withdrawn'), ids.loanDesk);
    expect((await office.desk.get(request.id)).state).toBe('withdrawn');
  });
});

describe('fault T9: an approver group is deleted in Slack, other people are named by id', () => {
  const GONE = 'S0GONE00001';
  const roles = {
    requesters: [ids.rina],
    approvers: [GONE, ids.ada, ids.ben],
    viewers: [ids.vera, ids.rina],
  };
  const rule = policy({ approvers: roles.approvers });
  const say = async (userId: string, command: string, text: string, fits: string) => {
    const { workspace } = office.slack;
    await workspace.as(userId).command(command, text);
    return workspace.renderText(await office.slack.privateText(userId, (each) => each.includes(fits)));
  };

  it('people can look and decide; status and log name the group, which has no members', async () => {
    await open({ roles, policy: rule });
    await say(ids.vera, '/ltv', '', 'as valued by Binance');
    const request = await office.ask();
    const status = await say(ids.vera, '/loandesk', 'status', 'mode live');
    expect(status).toContain(`user group ${GONE} doesn't exist in Slack`);
    expect(status).toContain('2 people can approve');
    expect(office.slack.log).toContainEqual(
      expect.objectContaining({ level: 'warn', fields: { group: GONE } }),
    );
    const [card] = office.cards();
    if (card === undefined) throw new Error('no card');
    expect(await office.form(ids.chen, card)).toContain(`User group \`${GONE}\``);
    await office.vote(ids.ada);
    await office.vote(ids.ben);
    expect((await office.desk.get(request.id)).state).toBe('closed');
  });

  it('relative: with too few left, a request is refused and names the group', async () => {
    const alone = [GONE, ids.ada];
    await open({ roles: { ...roles, approvers: alone }, policy: policy({ approvers: alone }) });
    expect(await say(ids.rina, '/close-unit', '7 Repaid', 'needs 2 approvals')).toContain(GONE);
  });

  it('relative: a group that cannot be looked at stops decisions, not those who look', async () => {
    await open({ roles, policy: rule });
    office.slack.workspace.faults.add('usergroups.users.list', { kind: 'http', status: 503 });
    await say(ids.vera, '/ltv', '', 'as valued by Binance');
    expect(await say(ids.rina, '/close-unit', '7 Repaid', 'so this was blocked')).toContain(GONE);
    expect(await say(ids.vera, '/loandesk', 'status', 'mode live')).toContain(
      `Slack couldn't confirm who they are (user group ${GONE})`,
    );
  });
});

describe('fault R8: an outbox item that the request does not know', () => {
  it.each([
    ['somebody who has no part in it', ids.vera],
    ['a channel', ids.general],
  ])('addressed to %s is not posted, and logged', async (_, userId) => {
    await open();
    const request = await office.ask();
    const { outbox } = office.desk.store;
    office.desk.heldBack.add('deliver');
    await outbox.redraw(request.id);
    const [item] = await outbox.take(0, 1, request.id);
    if (item?.subject !== 'request') throw new Error('nothing is due');
    const to = { teamId: ids.team, userId };
    const forged = { ...item, notice: { kind: 'direct' as const, to, event: FORGED } };
    const replica = office.desk.replica({ outbox: withMethods(outbox, { take: takeOnce(forged) }) });
    await replica.deliverOutbox();
    const posted = office.slack.workspace.store.calls.filter(({ args }) => args.channel === userId);
    expect(posted).toEqual([]);
    expect(office.log.lines.filter(({ level }) => level === 'error')).toEqual([
      expect.objectContaining({ message: 'message given up' }),
    ]);
  });
});

const FORGED = { type: 'reminded', by: null, stage: 'half', atMs: 1 } as const;

function takeOnce<Item>(item: Item): () => Promise<readonly Item[]> {
  let taken = false;
  return async () => {
    if (taken) return [];
    taken = true;
    return [item];
  };
}

describe('whether Slack takes the token, as of now', () => {
  it('fault N1, relative: connected follows what any call is answered, and tells when Slack is back', async () => {
    const onSlackBack = vi.fn();
    const slack = await startSlackHarness({ desk: () => fakeDesk({}), onSlackBack });
    close = () => slack.close();
    await expect.poll(() => slack.app.connected()).toBe(true);
    const { faults } = slack.workspace;
    faults.add('*', REVOKED, 1);
    await slack.clients.directory.person({ teamId: ids.team, userId: ids.ada });
    expect(slack.app.connected()).toBe(false);
    await expect.poll(() => slack.app.connected(), { timeout: 5_000 }).toBe(true);
    expect(onSlackBack).toHaveBeenCalledOnce();
  });
});
