/** An approver who is away, in whole bots: two replicas, a real Redis, Slack and Binance of the sandbox. */
import { randomUUID } from 'node:crypto';
import { expect, inject, it, onTestFinished, vi } from 'vitest';
import { SEED_IDS as ids } from '../../sandbox/slack/seed.ts';
import { startWorld } from '../../sandbox/world.ts';
import { dayOf, iso } from '../../src/domain/calendar-day.ts';

const person = (userId: string) => ({ teamId: ids.team, userId });

it('two replicas keep one absence; the stand-in approves until the approver is back', async () => {
  const world = await startWorld({
    redisUrl: inject('redisUrl'),
    settings: { REDIS_PREFIX: `test-${randomUUID()}`, REDIS_MAY_FORGET: 'true' },
    workspace: { strictRateLimits: false },
    replicas: 2,
  });
  onTestFinished(() => world.close());
  const { workspace, bots } = world;
  const [first, second] = bots.map(({ work }) => work.desk);
  if (first === undefined || second === undefined) throw new Error('two bots were asked for');
  const type = async (userId: string, command: string, text: string) => {
    const { order } = workspace.store;
    await workspace.as(userId).command(command, text, { channelId: ids.loanDesk });
    const answer = await workspace.until(() =>
      workspace.store.ephemerals(userId).findLast((each) => each.order > order),
    );
    return workspace.renderText(answer);
  };
  const told = () =>
    workspace.store
      .messages(ids.loanDesk)
      .map((each) => workspace.renderText(each))
      .filter((text) => /^\*@.* (?:is away|ended the absence)/.test(text));

  const day = iso(dayOf(Date.now() + 7 * 86_400_000, 'Europe/Stockholm'));
  const typed = { people: [ids.vera], groups: [], text: `until ${day} for`, input: '' };
  const both = await Promise.all([first, second].map((desk) => desk.enterAbsence(person(ids.ada), typed)));
  expect(both).toMatchObject([{ ok: true }, { ok: true }]);
  expect(await type(ids.ada, '/loandesk', `away until ${day} for @vera`)).toContain(
    'Until then @Vera Novak may approve and reject in your place',
  );
  expect(await type(ids.rina, '/loandesk', 'away')).toContain('@Vera Novak may act in their place');

  await type(ids.rina, '/close-unit', '7 Repaid');
  const opened = await vi.waitFor(async () => {
    const { open } = await first.listRequests(person(ids.rina)).then((each) => {
      if (!each.ok) throw new Error(each.refusal.code);
      return each.value;
    });
    const request = open.find(({ card }) => card !== null);
    if (request === undefined) throw new Error('no card yet');
    return request;
  });
  const approve = (desk: typeof first, userId: string) =>
    desk.approve(person(userId), {
      ...{ requestId: opened.id, version: opened.version, digest: opened.factsDigest },
      typedId: opened.groupId,
    });
  expect(await approve(second, ids.vera)).toMatchObject({ value: { votes: [{ inPlaceOf: ids.ada }] } });
  expect(await approve(first, ids.ada)).toMatchObject({ refusal: { code: 'already-voted' } });
  expect(await type(ids.ben, '/loandesk', 'back @ada')).toContain('@Ada Lindqvist is back');
  // Vera's approval no longer counts: Ben's is the first.
  expect(await approve(second, ids.ben)).toMatchObject({
    value: { state: 'pending', votes: [{ voter: person(ids.ben) }] },
  });
  expect(await approve(first, ids.vera)).toMatchObject({ refusal: { code: 'role-missing' } });
  await workspace.until(() => told().find((text) => text.includes('ended the absence')));
  expect(told().map((text) => text.includes('is away'))).toEqual([true, false]);
  expect(await first.verifyAudit(person(ids.ada), 'rules')).toMatchObject({ value: { fault: null } });
});
