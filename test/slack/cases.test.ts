/** People work on a case: buttons and forms through the real Bolt app, on the watch's own use cases. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SEED_IDS as ids } from '../../sandbox/slack/seed.ts';
import type { StoredMessage } from '../../sandbox/slack/store.ts';
import { PUBLISHED_THRESHOLDS } from '../../src/domain/unit/risk-unit.ts';
import { watchLevels } from '../../src/domain/watch/levels.ts';
import { ACTIONS, type ActionId, INPUTS } from '../../src/slack/ids.ts';
import { fakeDesk } from '../fakes/desk.ts';
import { person } from '../support/close-requests.ts';
import { trendOf } from '../support/episodes.ts';
import { WatchHarness } from '../support/watch-harness.ts';
import { watchRules } from '../support/watch-rounds.ts';
import { type SlackHarness, startSlackHarness } from './support/slack-harness.ts';

let slack: SlackHarness;
let harness: WatchHarness;
let card: StoredMessage;

/** Unit 7 is at margin call, and its card is up. */
beforeEach(async () => {
  harness = new WatchHarness({ group: [ids.ada, ids.ben] });
  for (const userId of [ids.ada, ids.ben, ids.vera])
    harness.directory.people.set(userId, person(userId, { teamId: ids.team }));
  await harness.round({ 7: '0.6' });
  await harness.round({ 7: '0.86' });
  slack = await startSlackHarness({ desk: () => fakeDesk({}), watch: harness.work.desk });
  await postCard();
});
afterEach(() => slack.close());

async function postCard(): Promise<void> {
  const { notifier } = slack.clients.forWatch({
    channel: ids.loanDesk,
    group: [ids.approvers],
    rules: { ...watchRules(), levels: watchLevels(PUBLISHED_THRESHOLDS, []) },
    history: { read: async () => [] },
    seenOnce: harness.seenOnce,
  });
  const about = {
    key: 'C/1',
    under: null,
    mayBeThere: false,
    createdAtMs: harness.nowMs,
    nowMs: harness.nowMs,
  };
  const notice = { kind: 'alert-card', mention: true } as const;
  await notifier.deliver({ ...about, notice, episode: harness.caseOf('7') });
  const posted = slack.workspace.store.messages(ids.loanDesk).at(-1);
  if (posted === undefined) throw new Error('no card');
  card = posted;
}

const click = (userId: string, action: ActionId) => slack.workspace.as(userId).click(card, action);
const answer = (userId: string, fits: RegExp) =>
  slack.privateText(userId, (text) => fits.test(text), ids.loanDesk);

/** Opens a form and gives its id once it is drawn. */
async function form(userId: string, action: ActionId, fits: RegExp): Promise<string> {
  await click(userId, action);
  return (await slack.modal(userId, (text) => fits.test(text))).id;
}

describe('[I have it]', () => {
  it('makes one of two people who press it at once the owner, and tells the other who has it', async () => {
    await Promise.all([click(ids.ada, ACTIONS.takeCase), click(ids.ben, ACTIONS.takeCase)]);
    const owner = await slack.workspace.until(() => harness.caseOf('7').owner?.by.userId);
    const other = owner === ids.ada ? ids.ben : ids.ada;
    await answer(owner, /You have it\. Unit \*?7/);
    await answer(other, /@?.* has case .*until/);
    expect(harness.caseOf('7').owner?.by.userId).toBe(owner);
  });

  it('says so when it is worse by now than on the card that was clicked', async () => {
    await harness.round({ 7: '0.91' });
    await click(ids.ada, ACTIONS.takeCase);
    await answer(ids.ada, /It is at liquidation now\*?, not at margin call/);
  });

  it('is refused to somebody without access, and a made-up button does nothing', async () => {
    await click(ids.vera, ACTIONS.takeCase);
    await answer(ids.vera, /You aren't on the list/);
    const value = JSON.stringify({ caseId: 'C-00000000', level: 'margin-call' });
    const forged = {
      ...card,
      blocks: JSON.parse(JSON.stringify(card.blocks).replaceAll(harness.caseOf('7').id, 'C-00000000')),
    };
    await slack.workspace.as(ids.ada).click(forged, ACTIONS.takeCase, { stale: true, value });
    await answer(ids.ada, /There is no case/);
    expect(harness.caseOf('7').owner).toBeNull();
  });
});

describe('the forms', () => {
  it('record a note, and that the person viewed the case', async () => {
    const id = await form(ids.ada, ACTIONS.noteCase, /What should the others know/);
    await slack.workspace.as(ids.ada).submit(id, { [INPUTS.note]: 'Calling the lender' });
    await slack.modal(ids.ada, (text) => text.includes('Your note is recorded'));
    expect(harness.caseOf('7')).toMatchObject({
      notes: [{ by: { userId: ids.ada }, text: 'Calling the lender' }],
      seenBy: [{ by: { userId: ids.ada } }],
    });
  });

  it('refuse an empty note in the form itself', async () => {
    const id = await form(ids.ada, ACTIONS.noteCase, /What should the others know/);
    await slack.workspace.as(ids.ada).submit(id, { [INPUTS.note]: '  ' }, { force: true });
    await slack.workspace.until(() => slack.workspace.store.view(id)?.errors[INPUTS.note]);
    expect(harness.caseOf('7').notes).toEqual([]);
  });

  it('mute for one of four spans', async () => {
    const id = await form(ids.ada, ACTIONS.muteCase, /15 minutes.*1 hour.*4 hours.*24 hours/);
    await slack.workspace.as(ids.ada).submit(id, { [INPUTS.muteFor]: '240' });
    await slack.modal(ids.ada, (text) => text.includes('Reminders are muted'));
    expect(harness.caseOf('7').mute).toMatchObject({ untilMs: harness.nowMs + 4 * 3_600_000 });
  });

  it('hand the case over to another person, and only from its owner', async () => {
    const early = await form(ids.ada, ACTIONS.handOverCase, /Nobody has it now/);
    await slack.workspace.as(ids.ada).submit(early, { [INPUTS.newOwner]: ids.ben });
    await slack.modal(ids.ada, (text) => text.includes("has no owner, so it can't be handed over"));
    await click(ids.ada, ACTIONS.takeCase);
    await answer(ids.ada, /You have it/);
    const wrong = await form(ids.ada, ACTIONS.handOverCase, /has it now\./);
    await slack.workspace.as(ids.ada).submit(wrong, { [INPUTS.newOwner]: ids.vera });
    await slack.modal(ids.ada, (text) => /hand this case over to .*: they have no role/.test(text));
    const id = await form(ids.ada, ACTIONS.handOverCase, /has it now\./);
    await slack.workspace.as(ids.ada).submit(id, { [INPUTS.newOwner]: ids.ben });
    await slack.modal(ids.ada, (text) => text.includes('The case is handed over'));
    expect(harness.caseOf('7').owner?.by.userId).toBe(ids.ben);
  });
});

describe('/loandesk and /ltv', () => {
  const told = (userId: string, fits: RegExp) => slack.privateText(userId, (text) => fits.test(text));
  const type = (userId: string, command: string, text: string) =>
    slack.workspace.as(userId).command(command, text);

  it('show the watch and a case, with or without "C-"', async () => {
    await type(ids.ada, '/loandesk', 'watch');
    await told(
      ids.ada,
      /1 open alert[\s\S]*Watch: last full reading 0 s ago[\s\S]*nobody has it[\s\S]*\[I have it\] \[Open\]/,
    );
    const { id } = harness.caseOf('7');
    await type(ids.ben, '/loandesk', `case ${id.slice(2).toLowerCase()}`);
    await told(ids.ben, /Unit 7: margin call[\s\S]*Timeline/);
    await type(ids.vera, '/loandesk', `case ${id}`);
    await told(ids.vera, /You aren't on the list/);
  });

  it('start a drill, marked', async () => {
    await type(ids.ada, '/loandesk', 'drill 7');
    await told(ids.ada, /DRILL.*The drill has started/);
  });

  it('draw the trend of a unit over the span that was asked for', async () => {
    harness.points.set(harness.caseOf('7').groupId, trendOf(['0.8', '0.9'], 60_000));
    await type(ids.ada, '/ltv', '7 trend 7d');
    await told(ids.ada, /Unit 7: LTV over 7d[\s\S]*up 10\.0 points[\s\S]*\[24h\] \[Refresh 7d\] \[30d\]/);
    await type(ids.ada, '/ltv', '7 trend 5d');
    await told(ids.ada, /was not understood.*12 trend 7d/);
  });
});

it('while the watch is off, its commands and buttons say so', async () => {
  const off = await startSlackHarness({ desk: () => fakeDesk({}) });
  try {
    for (const text of ['watch', 'case C-00000000', 'drill 7']) {
      const { order } = off.workspace.store;
      await off.workspace.as(ids.ada).command('/loandesk', text);
      await off.privateText(ids.ada, (said) => said.includes('The watch is switched off'), undefined, order);
    }
  } finally {
    await off.close();
  }
});
