/** What is kept beside the rules, changed in Redis by somebody without the audit key: it gives nobody a vote. */
import { describe, expect, inject, it } from 'vitest';
import { Seals } from '../../src/redis/seals.ts';
import { checkOf, onlyKey } from '../contracts/audit-trail.ts';
import { drain } from '../contracts/outbox.ts';
import { awayCommand, change, deciding, RULES } from '../contracts/rule-book.ts';
import { approve, loaded, Replicas } from '../races/replicas.ts';
import { ALICE, BOB, CAROL, person, REQUESTER } from '../support/close-requests.ts';
import { AUDIT_KEY, bareClient } from './redis-parts.ts';
import { isOf, type Json, RedisWriter } from './redis-writer.ts';

const EVE = person('U0EVE');
const RULES_ID = 'rules';
const MINUTE_MS = 60_000;

/** Two of Alice, Bob and Carol approve; Eve is a full member without a role. */
async function scene() {
  const replicas = await Replicas.start();
  replicas.directory.people.set(EVE.userId, EVE);
  const bot = await replicas.add();
  const { ruleBook, keys } = bot.redis;
  const writer = new RedisWriter(bareClient(inject('redisUrl')), keys);
  const carolAway = (nowMs: number) => awayCommand(CAROL.userId, EVE.userId, nowMs + 30 * MINUTE_MS);
  const carolBack = () => ({ type: 'back', by: CAROL, approver: CAROL.userId }) as const;
  const key = keys.record(RULES_ID);
  return { replicas, bot, ruleBook, writer, key, carolAway, carolBack, check: checkOf(bot.redis) };
}

type Scene = Awaited<ReturnType<typeof scene>>;

/** The absence that they want to be believed: until tomorrow, in Alice's place. */
function wanted(nowMs: number): Json {
  return { approver: ALICE.userId, standIn: EVE.userId, untilMs: nowMs + 1_440 * MINUTE_MS, sinceMs: nowMs };
}

/** What a writer to Redis does so that Eve stands in for somebody, and what is said of it. */
const FORGERIES: readonly (readonly [string, (on: Scene) => Promise<unknown>, RegExp])[] = [
  [
    'a stand-in written into the record',
    async ({ ruleBook, writer, bot }) => {
      await change(ruleBook, () => ({ type: 'note-rules', rules: RULES }));
      await writer.forge(RULES_ID, { absences: [wanted(await bot.redis.store.nowMs())] });
    },
    /doesn't match its seal/,
  ],
  [
    'a record of their own where there was none',
    async ({ writer, key, bot }) => {
      const nowMs = await bot.redis.store.nowMs();
      const audit = { sequence: 0, seal: '' };
      const record = { schema: 1, save: 'x', revision: 1, absences: [wanted(nowMs)], told: null };
      const text = JSON.stringify({ ...record, accessDay: null, audit });
      await writer.redis.hset(key, { schema: '1', record: text, seal: 'ab'.repeat(32) });
    },
    /doesn't match its seal/,
  ],
  [
    'the true record without its seal',
    async ({ ruleBook, writer, key, carolAway }) => {
      await change(ruleBook, carolAway);
      await writer.redis.hdel(key, 'seal');
    },
    /doesn't match its seal/,
  ],
  [
    'a record under a seal of the kind that messages have',
    async ({ ruleBook, writer, key, carolAway }) => {
      await change(ruleBook, carolAway);
      const record = (await writer.redis.hget(key, 'record')) ?? '';
      const seal = new Seals(onlyKey(AUDIT_KEY), 'outbox').seal(RULES_ID, record);
      await writer.redis.hset(key, { seal });
    },
    /doesn't match its seal/,
  ],
  [
    'the true record from before the approver was back',
    async ({ ruleBook, writer, key, carolAway, carolBack }) => {
      await change(ruleBook, carolAway);
      const before = await writer.redis.hgetall(key);
      await change(ruleBook, carolBack);
      await writer.redis.hset(key, before);
    },
    /isn't the newest: it ends at entry 1 of its audit trail, Redis names entry 2/,
  ],
  [
    'the true record, and what names its newest entry taken away',
    async ({ ruleBook, writer, carolAway }) => {
      await change(ruleBook, carolAway);
      await writer.redis.del(writer.keys.rulesNewest);
    },
    /isn't the newest: it ends at entry 1 of its audit trail, Redis names entry 0/,
  ],
  [
    'a record of a newer schema',
    async ({ ruleBook, writer, key, carolAway }) => {
      await change(ruleBook, carolAway);
      await writer.redis.hset(key, 'schema', '2');
    },
    /schema 2, this version of Loandesk reads schema 1/,
  ],
];

describe('security: a stand-in forged in Redis', () => {
  it.each(FORGERIES)('security: %s: gives nobody a vote', async (forgery, forge, why) => {
    const on = await scene();
    const { replicas, bot, check } = on;
    const request = await replicas.open(bot);
    await forge(on);
    expect(await approve(bot, EVE, request)).toMatchObject({ ok: false, refusal: { code: 'role-missing' } });
    expect(await bot.work.desk.admit(EVE)).toMatchObject({ ok: true, value: ['viewer'] });
    // Those who are approvers themselves go on, and Eve's click counted for nothing.
    await approve(bot, ALICE, request);
    expect((await loaded(bot.redis, request.id)).votes.map(({ voter }) => voter.userId)).toEqual([
      ALICE.userId,
    ]);
    await approve(bot, BOB, request);
    await replicas.settled();
    expect((await loaded(bot.redis, request.id)).state).toBe('closed');
    expect(replicas.failures).toEqual([]);
    // It is named: in the status, in the check of the trail, and once in the log.
    const status = await bot.work.desk.status(REQUESTER);
    if (!status.ok) throw new Error(status.refusal.code);
    expect(status.value.lines.filter(({ name }) => name === 'Stand-ins')).toEqual([
      {
        ...{ name: 'Stand-ins', level: 'fault' },
        text: expect.stringMatching(/^the record of who is away can't be read: .* Nobody stands in for them/),
      },
    ]);
    expect(status.value.lines.find(({ name }) => name === 'Stand-ins')?.text).toMatch(why);
    const said = bot.redis.log.lines.filter(({ message }) => message.includes('who is away'));
    expect(said).toMatchObject([
      { level: 'error', message: 'who is away is unreadable: nobody stands in for them' },
    ]);
    expect(JSON.stringify(said[0]?.fields)).toMatch(why);
    if (forgery !== 'the true record, and what names its newest entry taken away')
      expect(await check.verify()).toMatchObject({ fault: { subjectId: RULES_ID } });
  });

  it('nothing can be entered on such a record, and once it is deleted the chain goes on', async () => {
    const { ruleBook, writer, key, bot, check, carolAway, carolBack } = await scene();
    await change(ruleBook, carolAway);
    const from = await ruleBook.load();
    await writer.forge(RULES_ID, { absences: [] });
    await expect(ruleBook.load()).rejects.toThrow("the record of the rules can't be read: it doesn't match");
    expect(await ruleBook.save(deciding(from, carolBack))).toBe('conflict');
    await writer.redis.del(key);
    await change(ruleBook, carolAway);
    expect((await ruleBook.load()).book).toMatchObject({ revision: 1, audit: { sequence: 2 } });
    expect((await check.verify()).fault).toBeNull();
    expect(await bot.work.desk.admit(EVE)).toMatchObject({ value: expect.arrayContaining(['approver']) });
  });

  it('a message of their own about it is never posted', async () => {
    const { bot, writer, ruleBook, carolAway } = await scene();
    await change(ruleBook, carolAway);
    const [line, due] = [writer.keys.outbox(RULES_ID), writer.keys.outboxDue];
    const [stored = ''] = await writer.redis.lrange(line, 0, -1);
    await writer.redis.del(line);
    await writer.redis.rpush(line, stored.replaceAll(CAROL.userId, ALICE.userId));
    await writer.redis.zadd(due, 1, RULES_ID);
    expect((await drain(bot.redis.outbox)).map(({ notice }) => notice)).toEqual([
      { kind: 'unreadable', why: "it doesn't match its seal" },
    ]);
  });

  it('security: undo: the record and what names its newest entry, which the check of the trail names', async () => {
    const { replicas, bot, ruleBook, writer, key, check, carolAway, carolBack } = await scene();
    await change(ruleBook, carolAway);
    const { rulesNewest } = writer.keys;
    const [record, newest] = [await writer.redis.hgetall(key), await writer.redis.get(rulesNewest)];
    await change(ruleBook, carolBack);
    await writer.redis.hset(key, record);
    await writer.redis.set(rulesNewest, newest ?? '');
    const request = await replicas.open(bot);
    expect(await approve(bot, EVE, request)).toMatchObject({ ok: true });
    expect((await loaded(bot.redis, request.id)).votes).toMatchObject([{ inPlaceOf: CAROL.userId }]);
    expect(await check.verify()).toMatchObject({
      fault: { subjectId: RULES_ID, sequence: 2, what: expect.stringContaining('older than the trail') },
    });
  });
});

describe('the trail of the rules', () => {
  const changed = async () => {
    const on = await scene();
    await change(on.ruleBook, on.carolAway);
    await change(on.ruleBook, on.carolBack);
    return on;
  };

  it('an altered entry is named', async () => {
    const { writer, check } = await changed();
    await writer.rewrite((all) =>
      all.map(([id, fields]) => [id, fields.map((text) => text.replace(EVE.userId, 'U0BAD'))]),
    );
    expect(await check.verify()).toMatchObject({
      fault: { subjectId: RULES_ID, sequence: 1, what: expect.stringContaining('altered') },
    });
  });

  it('its end cut off is named by the record', async () => {
    const { writer, check } = await changed();
    await writer.rewrite((all) => all.slice(0, -1));
    expect(await check.verify()).toMatchObject({ fault: { subjectId: RULES_ID, sequence: 2 } });
    expect((await check.verifySubject(RULES_ID))?.fault).toMatchObject({ sequence: 2 });
  });

  it('erased whole is named by the opening after it', async () => {
    const { replicas, bot, writer, check, key } = await changed();
    const { id } = await replicas.open(bot);
    await writer.rewrite((all) => all.filter((entry) => !isOf(entry, RULES_ID)));
    await writer.redis.del(key, writer.keys.rulesNewest);
    expect(await check.verify()).toMatchObject({
      fault: { subjectId: id, what: expect.stringContaining('what was opened before this one') },
    });
  });
});
