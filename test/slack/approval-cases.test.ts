/** The acceptance cases of approvals as people meet them in Slack, by number: the real desk behind the real adapter. */
import { afterEach, describe, expect, it } from 'vitest';
import { SEED_IDS as ids } from '../../sandbox/slack/seed.ts';
import type { StoredMessage } from '../../sandbox/slack/store.ts';
import { longId } from '../../src/domain/amount.ts';
import type { CloseRequest } from '../../src/domain/close/close-request.ts';
import { ACTIONS, INPUTS } from '../../src/slack/ids.ts';
import { repaidUnit } from '../fakes/loan-exchange.ts';
import { policy } from '../support/close-requests.ts';
import { DeskHarness } from '../support/desk-harness.ts';
import { type SlackHarness, startSlackHarness } from './support/slack-harness.ts';

let slack: SlackHarness;
let office: DeskHarness;

afterEach(() => slack.close());

async function start(transport: 'http' | 'socket', quorum = 2): Promise<void> {
  slack = await startSlackHarness({
    transport,
    steadyNow: () => office.nowMs,
    desk: ({ directory, notifier }) => {
      const approvers = { approvers: [ids.approvers], quorum };
      office = new DeskHarness(approvers, {
        directory,
        notifier,
        roles: {
          requesters: [ids.requesters, ids.ada],
          approvers: [ids.approvers],
          viewers: [ids.requesters, ids.approvers],
        },
        policy: policy(approvers),
      });
      office.exchange.units.set(longId('8'), repaidUnit(longId('8')));
      return office.desk;
    },
  });
}

const cards = () =>
  slack.workspace.store
    .messages(ids.loanDesk)
    .filter(({ threadTs, viewerId }) => threadTs === undefined && viewerId === undefined);

function cardOf(unit: string): StoredMessage {
  const found = cards().findLast((message) =>
    new RegExp(`\\bunit ${unit}\\b`, 'i').test(slack.workspace.renderText(message)),
  );
  if (found === undefined) throw new Error(`no card of unit ${unit}`);
  return found;
}

const shown = (unit = '7') => slack.workspace.renderText(cardOf(unit));

async function ask(line = '7 Repaid', by: string = ids.rina): Promise<CloseRequest> {
  await slack.workspace.as(by).command('/close-unit', line);
  await slack.privateText(by, (text) => text.includes('is recorded'));
  await office.settled();
  const [newest] = await office.store.listRecent(1);
  if (newest === undefined) throw new Error('no request');
  return office.get(newest.id);
}

async function clickApprove(userId: string, card: StoredMessage): Promise<string> {
  const { order } = slack.workspace.store;
  await slack.workspace.as(userId).click(card, ACTIONS.approve, { stale: true });
  const form = await slack.workspace.until(() =>
    slack.workspace.store
      .modals(userId)
      .findLast(
        (view) => view.order > order && !/…\s*\[Close window\]/.test(slack.workspace.renderText(view)),
      ),
  );
  return slack.workspace.renderText(form);
}

async function vote(userId: string, unit = '7'): Promise<void> {
  await clickApprove(userId, cardOf(unit));
  const form = slack.workspace.store.modals(userId).at(-1);
  await slack.workspace.as(userId).submit(form?.id ?? '', { [INPUTS.typedId]: unit });
  await slack.modal(userId, (text) => text.includes('Your approval is recorded'));
  for (const view of slack.workspace.store.modals(userId)) await slack.workspace.as(userId).close(view.id);
  await office.settled();
}

async function auditOf(requestId: string): Promise<string[]> {
  const found: string[] = [];
  for await (const entry of office.store.audit.entries(requestId)) found.push(JSON.stringify(entry));
  return found;
}

describe.each(['http', 'socket'] as const)('over %s', (transport) => {
  it('approval case 1: the requester, an approver too, cannot approve; the audit has it', async () => {
    await start(transport);
    const request = await ask('7 Repaid', ids.ada);
    expect(await clickApprove(ids.ada, cardOf('7'))).toContain('You requested this close');
    expect((await office.get(request.id)).votes).toEqual([]);
    expect((await auditOf(request.id)).at(-1)).toContain('self-approval');
  });

  it.each([
    ['a member of the channel without the role', ids.vera, {}, "aren't on the list"],
    ['a guest', ids.gus, {}, 'not for guests'],
    ['somebody of another team', ids.frank, { force: true }, 'another workspace'],
    ['somebody deactivated', ids.dora, { force: true }, 'deactivated'],
  ])('3: %s changes nothing', async (_, userId, options, sentence) => {
    await start(transport);
    const request = await ask();
    for (const action of [ACTIONS.approve, ACTIONS.reject]) {
      const { order } = slack.workspace.store;
      await slack.workspace.as(userId).click(cardOf('7'), action, options);
      await slack.workspace.until(() =>
        slack.workspace.store
          .modals(userId)
          .find((view) => view.order > order && slack.workspace.renderText(view).includes(sentence)),
      );
    }
    const after = await office.get(request.id);
    expect([after.state, after.votes]).toEqual(['pending', []]);
  });

  it('approval case 4: a failed look-up refuses every vote', async () => {
    await start(transport);
    const request = await ask();
    slack.workspace.faults.add('users.info', { kind: 'http', status: 503 });
    expect(await clickApprove(ids.vera, cardOf('7'))).toMatch(/Slack couldn't confirm who you are/);
    expect((await office.get(request.id)).votes).toEqual([]);
  });

  it('approval case 8: a forged value, an old version and another channel are refused, noted, and change nothing', async () => {
    await start(transport);
    const request = await ask();
    const card = cardOf('7');
    const forged = (change: (text: string) => string): StoredMessage => ({
      ...card,
      blocks: JSON.parse(change(JSON.stringify(card.blocks))),
    });
    const tell = async (message: StoredMessage, sentence: string) => {
      const { order } = slack.workspace.store;
      await slack.workspace.as(ids.ada).click(message, ACTIONS.reject, { stale: true });
      await slack.workspace.until(() =>
        slack.workspace.store
          .modals(ids.ada)
          .find((view) => view.order > order && slack.workspace.renderText(view).includes(sentence)),
      );
    };
    await tell(
      forged((text) => text.replaceAll(request.id, 'R999999999')),
      'no request',
    );
    await tell(
      forged((text) => text.replaceAll('\\"version\\":1', '\\"version\\":0')),
      'no longer the current',
    );
    await tell(
      forged((text) => text.replaceAll('\\"requestId\\"', '\\"id\\"')),
      "not on the request's card",
    );
    const after = await office.get(request.id);
    expect([after.state, after.version, after.votes]).toEqual(['pending', 1, []]);
    expect((await auditOf(request.id)).some((entry) => entry.includes('old-version'))).toBe(true);
  });

  it('approval cases 5 and 10: one click delivered three times is one vote and one row', async () => {
    await start(transport);
    const request = await ask();
    await clickApprove(ids.ada, cardOf('7'));
    const form = slack.workspace.store.modals(ids.ada).at(-1);
    const sent = await slack.workspace.as(ids.ada).submit(form?.id ?? '', { [INPUTS.typedId]: '7' });
    await slack.workspace.resend(sent.request);
    await slack.workspace.resend(sent.request);
    await slack.modal(
      ids.ada,
      (text) => text.includes('Your approval is recorded') || text.includes('second'),
    );
    await expect.poll(async () => (await office.get(request.id)).votes.length).toBe(1);
    await office.settled();
    const rows = (await auditOf(request.id)).filter((entry) => entry.includes('"approved"'));
    expect(rows).toHaveLength(1);
  });

  it('approval cases 12 and 36: after each end an old button is refused, and the card and thread say who and when', async () => {
    await start(transport);
    await ask();
    const old = cardOf('7');
    await vote(ids.ada);
    await vote(ids.ben);
    await office.pass(5_000);
    expect(office.exchange.deletes).toEqual(['7']);
    await expect.poll(() => shown()).toContain('Closed.');
    expect(shown()).toMatch(/☑ Ada Lindqvist .*UTC/);
    expect(shown()).toMatch(/☑ Ben Carter .*UTC/);
    const thread = slack.workspace.store.thread(ids.loanDesk, old.ts).map(({ text }) => text);
    expect(thread.at(-1)).toContain('Closed.');
    expect(await clickApprove(ids.chen, old)).toMatch(/already decided: closed/);
    expect(office.exchange.deletes).toEqual(['7']);
    // Before the exchange confirmed it, nothing that anybody was shown said so.
    const before = slack.workspace.store.events.flatMap((event) =>
      event.type === 'message' || event.type === 'message_changed' ? [event.message] : [],
    );
    const confirmed = before.findIndex(({ text }) => /\*Closed\.\*/.test(text));
    expect(before.slice(0, confirmed).filter(({ text }) => /\bis closed\b|\*Closed/.test(text))).toEqual([]);
  });

  it('approval case 13: the requester withdraws, nobody else does', async () => {
    await start(transport);
    const request = await ask();
    await slack.workspace.as(ids.ada).click(cardOf('7'), ACTIONS.withdraw);
    await slack.privateText(ids.ada, (text) => text.includes('Only the requester'), ids.loanDesk);
    expect((await office.get(request.id)).state).toBe('pending');
    await slack.workspace.as(ids.rina).click(cardOf('7'), ACTIONS.withdraw);
    await slack.privateText(ids.rina, (text) => text.includes('is withdrawn'), ids.loanDesk);
    expect((await office.get(request.id)).state).toBe('withdrawn');
  });

  it('approval case 16: asking again names the open request, and posts no second card', async () => {
    await start(transport);
    const request = await ask();
    await slack.workspace.as(ids.ada).command('/close-unit', '7 Me too');
    const told = await slack.privateText(ids.ada, (text) => text.includes('already an open request'));
    expect(slack.workspace.renderText(told)).toContain(request.id);
    await office.settled();
    expect(cards()).toHaveLength(1);
  });

  it('approval case 17: a reason with mentions and markup is inert on the card, cut there, and whole in the audit', async () => {
    await start(transport);
    const reason = `<!here> <@${ids.ben}> *bold* & ${'long '.repeat(500)}end`;
    await slack.workspace.as(ids.rina).command('/close-unit', '7', { channelId: ids.general });
    const form = await slack.modal(ids.rina, (text) => text.includes('Why should it be closed?'));
    await slack.workspace.as(ids.rina).submit(form.id, { [INPUTS.reason]: reason });
    await slack.modal(ids.rina, (text) => text.includes('is recorded'));
    await office.settled();
    const { text, blocks } = cardOf('7');
    const spoken = blocks.filter((block) => block.type !== 'rich_text');
    expect(`${text}${JSON.stringify(spoken)}`).not.toMatch(/<!here>|<@/);
    expect(JSON.stringify(blocks).length).toBeLessThan(10_000);
    const [request] = await office.store.listRecent(1);
    expect(request?.reason).toContain('end');
  });

  it('approval case 22: with two cards in the channel, only the one that was approved gets the vote', async () => {
    await start(transport);
    const seven = await ask('7 Repaid');
    const eight = await ask('8 Repaid');
    await vote(ids.ada, '8');
    expect((await office.get(eight.id)).votes).toHaveLength(1);
    expect((await office.get(seven.id)).votes).toHaveLength(0);
    await vote(ids.ben, '7');
    expect((await office.get(seven.id)).votes.map(({ voter }) => voter.userId)).toEqual([ids.ben]);
    expect((await office.get(eight.id)).votes.map(({ voter }) => voter.userId)).toEqual([ids.ada]);
  });

  it('34: while the card cannot be posted nobody can vote, and the requester is told; then it goes up', async () => {
    await start(transport);
    slack.workspace.faults.add('chat.postMessage', { kind: 'error', code: 'not_in_channel' }, 2);
    const request = await ask();
    await office.pass(61_000);
    await slack.privateText(ids.rina, (text) => text.includes("Slack won't post the card"));
    expect(await office.approve({ teamId: ids.team, userId: ids.ada }, request)).toMatchObject({
      refusal: { code: 'card-not-posted' },
    });
    await office.store.outbox.retryKept();
    await office.pass(0);
    expect((await office.get(request.id)).card?.messageTs).toBe(cardOf('7').ts);
  });

  it('34: a card whose answer names no message is posted again', async () => {
    await start(transport);
    slack.workspace.faults.add('chat.postMessage', { kind: 'no_ts' }, 1);
    const request = await ask();
    await office.pass(2_000);
    expect((await office.get(request.id)).card?.messageTs).toBe(cardOf('7').ts);
  });

  it('approval case 35: a deleted card is posted again, and later edits reach the new one', async () => {
    await start(transport);
    const request = await ask();
    const first = cardOf('7');
    slack.workspace.store.deleteMessage(first);
    await office.desk.approve(
      { teamId: ids.team, userId: ids.ada },
      { requestId: request.id, version: 1, digest: request.factsDigest, typedId: '7' },
    );
    await office.settled();
    const [second] = cards();
    expect(second?.ts).not.toBe(first.ts);
    expect((await office.get(request.id)).card?.messageTs).toBe(second?.ts);
    await vote(ids.ben);
    await office.pass(5_000);
    expect(cards()).toHaveLength(1);
    expect(shown()).toContain('Closed.');
  });

  it('approval case 35: an edit that Slack limits is tried again, and nothing is decided by it', async () => {
    await start(transport);
    await ask();
    slack.workspace.faults.add('chat.update', { kind: 'rate_limited', retryAfterS: 1 }, 1);
    await vote(ids.ada);
    expect(shown()).toContain('0 of 2 approvals');
    await office.pass(2_000);
    expect(shown()).toContain('1 of 2 approvals');
  });

  it('approval case 37: a reminder goes to those who may still vote, once each, and not to who voted', async () => {
    await start(transport);
    await ask();
    await vote(ids.ada);
    await office.pass(2 * 3_600_000);
    const told = (userId: string) =>
      slack.workspace.store
        .messages(slack.workspace.directory.directMessage(userId).id)
        .filter(({ text }) => text.includes('Reminder')).length;
    expect([told(ids.ada), told(ids.ben), told(ids.chen), told(ids.rina)]).toEqual([0, 1, 1, 0]);
  });
});
