/** Every verb of the desk asks for itself who is asking; nothing in front of it has to. */
import { describe, expect, it } from 'vitest';
import type { PersonId } from '../../src/domain/person.ts';
import type { Result } from '../../src/domain/refusal.ts';
import type { Desk } from '../../src/usecases/desk.ts';
import { ALICE, HOME_TEAM, person } from '../support/close-requests.ts';
import { DeskHarness, UNIT } from '../support/desk-harness.ts';

/** They answer a person with nothing that the desk knows. */
type NotAVerb = 'requestsMark' | 'redrawCard' | 'isCopyOfCard' | 'noteForgery';

type Ask = (desk: Desk, by: PersonId, requestId: string) => Promise<Result<unknown>>;

const NOT_UNDERSTOOD = { people: [], groups: [], text: 'for long', input: 'for long' };

/** A new verb does not compile without its line here. */
const VERBS: Readonly<Record<Exclude<keyof Desk, NotAVerb>, Ask>> = {
  admit: (desk, by) => desk.admit(by),
  // A mistyped question: who asks comes before what is wrong with it.
  viewUnits: (desk, by) => desk.viewUnits(by, `${UNIT} to many`),
  exportUnits: (desk, by) => desk.exportUnits(by, ''),
  listClosedUnits: (desk, by) => desk.listClosedUnits(by, '', 1),
  exportClosedUnits: (desk, by) => desk.exportClosedUnits(by, ''),
  prepareAsk: (desk, by) => desk.prepareAsk(by, UNIT),
  askToClose: (desk, by) => desk.askToClose(by, UNIT, 'repaid'),
  openBallot: (desk, by, requestId) => desk.openBallot(by, requestId, 1),
  approve: (desk, by, requestId) => desk.approve(by, { requestId, version: 1, digest: '', typedId: UNIT }),
  openRejection: (desk, by, requestId) => desk.openRejection(by, requestId, 1),
  reject: (desk, by, requestId) => desk.reject(by, requestId, 1, 'no'),
  withdraw: (desk, by, requestId) => desk.withdraw(by, requestId),
  checkAgain: (desk, by, requestId) => desk.checkAgain(by, requestId),
  startSending: (desk, by, requestId) => desk.startSending(by, requestId, 1),
  settle: (desk, by, requestId) => desk.settle(by, requestId, 'closed', 'seen'),
  viewRequest: (desk, by, requestId) => desk.viewRequest(by, requestId),
  listRequests: (desk, by) => desk.listRequests(by),
  verifyAudit: (desk, by) => desk.verifyAudit(by, null),
  exportAudit: (desk, by) => desk.exportAudit(by, null),
  status: (desk, by) => desk.status(by),
  liftStop: (desk, by) => desk.liftStop(by),
  listAbsences: (desk, by) => desk.listAbsences(by),
  enterAbsence: (desk, by) => desk.enterAbsence(by, NOT_UNDERSTOOD),
  endAbsence: (desk, by) => desk.endAbsence(by, NOT_UNDERSTOOD),
  home: (desk, by) => desk.home(by),
};

const STRANGERS = [
  ['a guest', person('U0GUEST', { kind: 'guest' }), 'not-a-full-member'],
  ['a bot', person('U0BOT', { kind: 'bot' }), 'not-a-full-member'],
  ['an approver of another workspace', { teamId: 'T0OTHER', userId: 'U0ALICE' }, 'not-a-full-member'],
  ['an approver without a workspace', { teamId: '', userId: 'U0ALICE' }, 'not-a-full-member'],
  ['somebody whom Slack does not confirm', { teamId: HOME_TEAM, userId: 'U0UNREAD' }, 'identity-unavailable'],
] as const;

describe.each(Object.entries(VERBS))('%s', (_, ask) => {
  it.each(STRANGERS)('refuses %s', async (_who, by, code) => {
    const harness = new DeskHarness();
    for (const [, stranger] of STRANGERS)
      if ('kind' in stranger) harness.directory.people.set(stranger.userId, stranger);
    const { id } = await harness.open();
    const before = await harness.get(id);
    expect(await ask(harness.desk, by, id)).toMatchObject({ ok: false, refusal: { code } });
    const { votes, state, version } = await harness.get(id);
    expect({ votes, state, version }).toEqual({
      votes: before.votes,
      state: before.state,
      version: before.version,
    });
  });
});

describe('one request', () => {
  it('is shown to an approver who is not in VIEWERS, because its evidence decides the outcome', async () => {
    const harness = new DeskHarness();
    const { id } = await harness.open();
    expect(await harness.desk.viewRequest(ALICE, id)).toMatchObject({ value: { request: { id } } });
    expect(await harness.desk.viewUnits(ALICE, '')).toMatchObject({ refusal: { code: 'role-missing' } });
  });

  it('is not shown to a member without a role', async () => {
    const harness = new DeskHarness();
    const member = person('U0MEMBER');
    harness.directory.people.set(member.userId, member);
    const { id } = await harness.open();
    expect(await harness.desk.viewRequest(member, id)).toMatchObject({ refusal: { code: 'role-missing' } });
  });
});
