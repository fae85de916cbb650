/** Approvers who are away, as people meet it in Slack: the real desk behind the real adapter. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SEED_IDS as ids } from '../../sandbox/slack/seed.ts';
import { type Office, openOffice } from './support/office.ts';

let office: Office;

beforeEach(async () => {
  office = await openOffice();
});
afterEach(() => office.slack.close());

/** Types it in the approvals channel and answers what comes back, drawn as Slack does. */
async function type(userId: string, text: string): Promise<string> {
  const { workspace } = office.slack;
  const { order } = workspace.store;
  await workspace.as(userId).command('/loandesk', text, { channelId: ids.loanDesk });
  const answer = await workspace.until(() =>
    workspace.store.ephemerals(userId).findLast((each) => each.order > order),
  );
  await office.desk.settled();
  return workspace.renderText(answer);
}

/** What the channel reads that is no card, oldest first. */
const told = () =>
  office
    .cards()
    .map((message) => office.slack.workspace.renderText(message))
    .filter((text) => /is away|ended (?:the|their own) absence/.test(text));

describe('/loandesk away and back', () => {
  it('says in which direction it goes, to the person and to the channel', async () => {
    const answer = await type(ids.ada, 'away until 2026-11-22 for @vera');
    expect(answer).toMatch(
      /You are away until .*Until then @Vera Novak may approve and reject in your place/,
    );
    expect(answer).toContain('You two count as one person');
    expect(answer).toContain('`/loandesk back` ends this');
    expect(told()).toEqual([
      expect.stringMatching(
        /^\*@Ada Lindqvist is away until .*@Vera Novak may approve and reject in their place/,
      ),
    ]);
    expect(await type(ids.rina, 'away')).toMatch(
      /@Ada Lindqvist is away.*@Vera Novak may act .*entered with/,
    );
  });

  it.each([
    ['away for @vera until 2026-11-22'],
    ['away until 2026-11-22 18:00 for @vera'],
    [`AWAY 2026-11-22 <@${ids.vera}>`],
  ])('understands “%s”', async (text) => {
    expect(await type(ids.ada, text)).toContain('You are away until');
  });

  it('is taken from the mention, not from the name that somebody gave themselves', async () => {
    expect(await type(ids.ada, `away until 2026-11-22 for <@${ids.vera}|ben>`)).toContain('@Vera Novak may');
    expect(await type(ids.ben, 'away until 2026-11-22 for @nobody')).toContain("Slack didn't tell whom");
  });

  it.each([
    ['a guest', 'gus', 'is a guest'],
    ['somebody of another workspace', 'frank', 'from another workspace'],
    ['somebody deactivated', 'dora', 'deactivated account'],
    ['a bot', 'loandesk', 'is a bot'],
  ])('refuses %s', async (_, name, sentence) => {
    expect(await type(ids.ada, `away until 2026-11-22 for @${name}`)).toContain(sentence);
    expect(told()).toEqual([]);
  });

  it('refuses while Slack does not say who the stand-in is', async () => {
    await type(ids.ada, 'away');
    const fault = office.slack.workspace.faults.add('users.info', { kind: 'http', status: 503 });
    expect(await type(ids.ada, 'away until 2026-11-22 for @vera')).toContain(
      "Slack couldn't confirm who @Vera Novak is",
    );
    office.slack.workspace.faults.clear(fault);
    expect(told()).toEqual([]);
  });

  it('refuses people who are no approvers', async () => {
    for (const by of [ids.rina, ids.vera])
      expect(await type(by, 'away until 2026-11-22 for @ben')).toContain("aren't on the list");
  });
});

describe('a stand-in', () => {
  it('hears of the request, approves on the card, and both names are on it', async () => {
    await type(ids.ada, 'away until 2026-11-22 for @vera');
    const request = await office.ask();
    await office.desk.settled();
    const { workspace } = office.slack;
    await office.slack.privateText(ids.vera, (text) => text.includes('unit 7'));
    const posted = office.cards().at(-1);
    if (posted === undefined) throw new Error('no card');
    expect(await office.form(ids.vera, posted)).toContain('You approve in the place of @Ada Lindqvist');
    expect(await office.form(ids.ben, posted)).not.toContain('in the place of');
    await office.vote(ids.vera);
    expect(await office.desk.get(request.id)).toMatchObject({ votes: [{ inPlaceOf: ids.ada }] });
    const card = () =>
      office
        .cards()
        .map((each) => workspace.renderText(each))
        .at(-1);
    expect(card()).toMatch(/☑ .*Vera Novak.* for .*Ada Lindqvist/);
    // They are one person.
    const newest = office.cards().at(-1);
    if (newest === undefined) throw new Error('no card');
    expect(await office.form(ids.ada, newest)).toContain('already counted');
    await office.vote(ids.ben);
    expect((await office.desk.get(request.id)).state).toBe('closed');
  });

  it('no longer approves once the approver is back', async () => {
    await type(ids.ada, 'away until 2026-11-22 for @vera');
    const request = await office.ask();
    await office.vote(ids.vera);
    expect(await type(ids.ben, 'back @ada')).toContain('@Ada Lindqvist is back: @Vera Novak no longer acts');
    expect(told().at(-1)).toMatch(/^\*@Ben Carter ended the absence of @Ada Lindqvist\*/);
    const card = office
      .cards()
      .find((each) => office.slack.workspace.renderText(each).includes('Close unit 7'));
    if (card === undefined) throw new Error('no card');
    expect(await office.form(ids.vera, card)).toContain("aren't on the list");
    await office.desk.approve({ teamId: ids.team, userId: ids.ben }, await office.desk.get(request.id));
    expect(await office.desk.get(request.id)).toMatchObject({ votes: [{ voter: { userId: ids.ben } }] });
  });
});
