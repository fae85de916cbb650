import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SEED_IDS as ids } from '../../sandbox/slack/seed.ts';
import { startWorkspace, type Workspace } from '../../sandbox/slack/workspace.ts';
import { done, refuse } from '../../src/domain/refusal.ts';
import { HomeWatch } from '../../src/slack/home-watch.ts';
import { createWebClient, RateLimitPauses } from '../../src/slack/web-client.ts';
import type { Desk, HomeView } from '../../src/usecases/desk.ts';
import { request, START_MS } from '../support/close-requests.ts';
import { QUIET } from '../support/logs.ts';

const VIEW: HomeView = {
  roles: ['viewer'],
  waitingForMe: [],
  open: [request()],
  recent: [],
  unreadable: [],
  units: null,
  unitsRefusal: null,
  nowMs: START_MS,
};
const person = (userId: string) => ({ teamId: ids.team, userId });

let workspace: Workspace;
let nowMs: number;
let mark: string;
let asked: string[];

beforeEach(async () => {
  workspace = await startWorkspace();
  nowMs = START_MS;
  mark = 'R1:2';
  asked = [];
});

afterEach(() => workspace.close());

function watch(home: Desk['home'] = async () => done(VIEW)): HomeWatch {
  const settings = { apiUrl: workspace.apiUrl, botToken: workspace.grants.botToken };
  return new HomeWatch({
    client: createWebClient(settings, QUIET, undefined, new RateLimitPauses(() => nowMs)),
    desk: {
      home: (by) => {
        asked.push(by.userId);
        return home(by);
      },
      requestsMark: async () => {
        asked.push('mark');
        return mark;
      },
    },
    workspaceUrl: () => null,
    now: () => nowMs,
    log: QUIET,
  });
}

const published = () =>
  workspace.store.calls.filter(({ method, ok }) => method === 'views.publish' && ok).length;

describe('App Home', () => {
  it('reads nothing while App Home is not open', async () => {
    expect(await watch().refresh()).toBe(0);
    expect(asked).toEqual([]);
  });

  it('is redrawn for those who opened it when a request changed, and only then', async () => {
    const homes = watch();
    homes.opened(person(ids.rina), mark);
    homes.opened(person(ids.ada), mark);
    expect(await homes.refresh()).toBe(0);
    mark = 'R1:3';
    expect(await homes.refresh()).toBe(2);
    expect(await homes.refresh()).toBe(0);
    expect(published()).toBe(2);
    expect(asked.filter((each) => each !== 'mark')).toEqual([ids.rina, ids.ada]);
  });

  it('is left alone half an hour after it was last opened', async () => {
    const homes = watch();
    homes.opened(person(ids.rina), mark);
    nowMs += 30 * 60_000;
    mark = 'R1:3';
    expect(await homes.refresh()).toBe(0);
    expect(asked).toEqual([]);
  });

  it('waits as long as Slack asks for, and skips no one', async () => {
    workspace.faults.add('views.publish', { kind: 'rate_limited', retryAfterS: 30 }, 1);
    const homes = watch();
    homes.opened(person(ids.rina), mark);
    homes.opened(person(ids.ada), mark);
    mark = 'R1:3';
    expect(await homes.refresh()).toBe(0);
    nowMs += 29_999;
    expect(await homes.refresh()).toBe(0);
    nowMs += 1;
    expect(await homes.refresh()).toBe(2);
  });

  it('is redrawn for a few people a round, each in turn, and for 200 at most', async () => {
    const homes = watch();
    for (let index = 0; index < 250; index += 1) homes.opened(person(`U0MANY${index}`), mark);
    mark = 'R1:3';
    await homes.refresh();
    const first = asked.splice(0).filter((each) => each !== 'mark');
    expect(first).toEqual(['U0MANY50', 'U0MANY51', 'U0MANY52', 'U0MANY53', 'U0MANY54', 'U0MANY55']);
  });

  it('shows the refusal to somebody who lost the role, and looks no further', async () => {
    const homes = watch(async () => refuse({ code: 'role-missing', role: 'viewer' }));
    homes.opened(person(ids.rina), mark);
    mark = 'R1:3';
    expect(await homes.refresh()).toBe(1);
    mark = 'R1:4';
    expect(await homes.refresh()).toBe(0);
  });
});
