/** The audit from the command line, on what a real close left behind. */
import { spawnSync } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { passedOn, programPath } from '../sandbox/bot-process.ts';
import { tourOf } from '../sandbox/tour.ts';
import { startWorld, type World } from '../sandbox/world.ts';
import { KeyNames } from '../src/redis/key-names.ts';
import { RedisRuleBookStore } from '../src/redis/rule-book-store.ts';
import { createRuleBook } from '../src/usecases/rule-book.ts';
import { onlyKey } from './contracts/audit-trail.ts';
import { RULES } from './contracts/rule-book.ts';
import { redisParts } from './redis/redis-parts.ts';
import { QUIET } from './support/logs.ts';

describe('npm run audit', () => {
  let world: World;
  const prefix = `test-${randomUUID()}`;

  beforeAll(async () => {
    const settings = { REDIS_PREFIX: prefix, REDIS_MAY_FORGET: 'true' };
    world = await startWorld({ redisUrl: inject('redisUrl'), settings });
    for (const step of tourOf(world)) await step.run();
  });
  afterAll(() => world?.close());

  function audit(...words: string[]) {
    return auditWith({}, ...words);
  }

  function auditWith(settings: Readonly<Record<string, string>>, ...words: string[]) {
    const env = { ...passedOn(), ...world.settings(), ...settings };
    return spawnSync(process.execPath, [programPath('audit'), ...words], { env, encoding: 'utf8' });
  }

  it('verifies the whole trail, and says what it read', () => {
    const { status, stdout } = audit('verify');
    expect(stdout).toMatch(
      /^\d+ entries of 1 request read, head [0-9a-f]{64}\nAudit trail verified, no gaps/,
    );
    expect(status).toBe(0);
  });

  it('fault W11: after a change of keys, the former one verifies what it sealed, and only if it is given', () => {
    const newKey = randomBytes(32).toString('hex');
    const alone = auditWith({ AUDIT_KEY: newKey }, 'verify');
    expect(alone.stdout).toContain('THE AUDIT TRAIL IS BROKEN at entry 1');
    expect(alone.status).toBe(1);
    const former = world.settings().AUDIT_KEY ?? '';
    const both = auditWith(
      { AUDIT_KEY: newKey, AUDIT_KEY_PREVIOUS: `${'0'.repeat(64)},${former}` },
      'verify',
    );
    expect(both.stdout).toContain('Audit trail verified, no gaps');
    expect(both.status).toBe(0);
  });

  it('exports JSON Lines without a secret, whole for one request', () => {
    const { status, stdout } = audit('export');
    expect(status).toBe(0);
    const entries = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(entries[0].body.event).toMatchObject({
      type: 'opened',
      reason: 'repaid on Friday, collateral is needed elsewhere',
    });
    expect(entries.at(-1).body).toMatchObject({ stateAfter: 'closed', event: { type: 'read-back' } });
    expect(stdout).not.toMatch(/signature|apiKey|xoxb|hooks/i);
    expect(audit('export', entries[0].body.requestId.toLowerCase()).stdout).toBe(stdout);
  });

  it('puts everything about one close on one sheet', () => {
    const requestId = JSON.parse(audit('export').stdout.split('\n')[0] ?? '').body.requestId;
    const { status, stdout } = audit('evidence', requestId);
    expect(status).toBe(0);
    const pack = JSON.parse(stdout);
    expect(pack).toMatchObject({
      requestId,
      groupId: '7',
      state: 'closed',
      before: { facts: { totalLiability: '0' }, version: 1 },
      sent: { recvWindowMs: 5000 },
      answer: { kind: 'closed', httpStatus: 200 },
      after: { groupId: '7' },
      chain: { holds: true },
    });
    expect(pack.votes).toHaveLength(2);
    for (const vote of pack.votes) expect(vote.factsDigest).toBe(pack.before.digest);
    expect(pack.after.closedAtMs).toBeGreaterThanOrEqual(pack.sent.signedTimestampMs - 1_000);
  });

  it('fault T1: says of an id that never existed that there is no such request, with status 1', () => {
    for (const verb of ['verify', 'export', 'evidence']) {
      const { status, stderr, stdout } = audit(verb, '0000000000');
      expect(stderr).toContain('There is no request 0000000000');
      expect(stdout).not.toContain('holds');
      expect(status).toBe(1);
    }
  });

  it('verifies and exports the trails of the watch and of the rules, also where they have no entry', () => {
    for (const id of ['watch', 'Rules']) {
      expect(audit('verify', id)).toMatchObject({
        ...{ status: 0, stdout: expect.stringMatching(/^\d+ entr(y|ies) read, head /) },
      });
      expect(audit('export', id)).toMatchObject({ status: 0, stderr: '' });
    }
  });

  it('compares with a head that was printed before, and with an export', async () => {
    const [, entries = '', head = ''] =
      /^(\d+) entries .* head ([0-9a-f]{64})/.exec(audit('verify').stdout) ?? [];
    const same = audit('verify', '--entries', entries, '--head', head);
    expect(same.stdout).toContain(`The first ${entries} entries still give that head; 0 entries came since.`);
    expect(same.status).toBe(0);
    const other = audit('verify', '--head', head, '--entries', '2');
    expect(other.stdout).toContain('The first 2 entries give another head');
    expect(other.status).toBe(1);
    const file = join(await mkdtemp(join(tmpdir(), 'loandesk-')), 'audit.jsonl');
    await writeFile(file, audit('export').stdout);
    const compared = audit('verify', '--against', file);
    expect(compared.stdout).toBe(
      `All ${entries} entries of the export are in the trail, unchanged and in the same order.\n`,
    );
    expect(compared.status).toBe(0);
    await writeFile(file, '');
    expect(audit('verify', '--against', file)).toMatchObject({ status: 1 });
  });

  it.each([
    ['--head', 'ab'],
    ['--entries', '5'],
    ['--entries', '0', '--head', 'ab'.repeat(32)],
    ['--against', 'x', '0000000000'],
    ['--with', 'x'],
  ])('explains its use for verify %s %s %s %s', (...words) => {
    const { status, stderr } = audit('verify', ...words.filter((word) => word !== undefined));
    expect(status).toBe(2);
    expect(stderr).toContain('Usage: npm run audit');
  });

  it.each([[[]], [['evidence']], [['check']], [['verify', 'not-an-id']], [['verify', '0000000000', 'x']]])(
    'explains its use for %j',
    (words) => {
      const { status, stderr } = audit(...words);
      expect(status).toBe(2);
      expect(stderr).toContain('Usage: npm run audit');
    },
  );

  it('access: who could have approved on a day, with what changed then, and what is not proved', async () => {
    const parts = await redisParts(inject('redisUrl'));
    const access = (day: string) => auditWith({ REDIS_PREFIX: parts.prefix }, 'access', day);
    const nowMs = await parts.nowMs();
    const dayAt = (days: number) => new Date(nowMs + days * 86_400_000).toISOString().slice(0, 10);
    const today = dayAt(0);
    expect(access(today)).toMatchObject({
      status: 1,
      stdout: expect.stringContaining('The nearest entry: none, no day was recorded.'),
    });

    const auditKeys = onlyKey(Buffer.from(world.settings().AUDIT_KEY ?? '', 'hex'));
    const ruleBookStore = new RedisRuleBookStore({ ...parts, auditKeys, newId: randomUUID, log: QUIET });
    const book = createRuleBook({ ruleBookStore, log: QUIET, afterChange: () => {} });
    const resolved = {
      rulesDigest: null,
      lists: [{ from: ['S0RISK', 'U0CHEN'], people: ['U0ADA', 'U0CHEN'] }],
      standIns: [],
    };
    const note = (day: string) => book.apply({ type: 'note-access', day, access: resolved });
    await note(dayAt(-2));
    await note(today);
    await book.apply({ type: 'note-rules', rules: RULES });
    const found = access(today);
    expect(found.stdout).toContain(`Who could have approved on ${today}, as recorded `);
    expect(found.stdout).toContain('(entry 2 of the rules)\nRules: none, the settings decided.\n');
    expect(found.stdout).toContain('  S0RISK or U0CHEN: 2 people: U0ADA, U0CHEN\nStand-ins: none\n');
    expect(found.stdout).toMatch(
      / UTC, after the entry: the rules changed from none to [0-9a-f]{64}\n {4}New rule 1: /,
    );
    expect(found.stdout).toContain('verified, no gaps: each of its 3 seals and its record fit.');
    expect([found.status, found.stderr]).toEqual([0, '']);
    expect(access(dayAt(-1))).toMatchObject({
      status: 1,
      stdout: expect.stringContaining(`The nearest before it: ${dayAt(-2)}, after it: ${today}.`),
    });
    expect(access(dayAt(2))).toMatchObject({
      ...{ status: 1, stdout: '' },
      stderr: expect.stringContaining(`${dayAt(2)} is still to come`),
    });

    const [id = ''] = (await parts.connection.client.xrange(parts.keys.audit, '-', '+'))[0] ?? [];
    await parts.connection.client.xdel(parts.keys.audit, id);
    const broken = access(today);
    expect(broken.stdout).toContain(
      'THE AUDIT TRAIL IS BROKEN at entry 2 of the rules: removed or reordered',
    );
    expect(broken.stdout).toContain('  S0RISK or U0CHEN: 2 people: U0ADA, U0CHEN');
    expect(broken.status).toBe(1);
  });

  it.each([
    [['access']],
    [['access', '2026-02-30']],
    [['access', 'today']],
    [['access', '1.12.2026']],
    [['access', '2026-12-01', '2026-12-02']],
    [['access', '2026-12-01', '--entries', '1']],
  ])('explains its use for %j', (words) => {
    const { status, stderr, stdout } = audit(...words);
    expect([status, stdout]).toEqual([2, '']);
    expect(stderr).toContain('access <yyyy-mm-dd>');
  });

  it('names the entry that was tampered with', async () => {
    const before = audit('export');
    const file = join(await mkdtemp(join(tmpdir(), 'loandesk-')), 'audit.jsonl');
    const redis = new Redis(inject('redisUrl'));
    const stream = new KeyNames(prefix).audit;
    const [id = '', fields = []] = (await redis.xrange(stream, '-', '+'))[2] ?? [];
    await redis.xdel(stream, id);
    await redis.quit();
    expect(fields.length).toBeGreaterThan(0);
    const { status, stdout } = audit('verify');
    expect(status).toBe(1);
    expect(stdout).toContain('THE AUDIT TRAIL IS BROKEN at entry 3');
    expect(before.status).toBe(0);
    await writeFile(file, before.stdout);
    const compared = audit('verify', '--against', file);
    expect(compared.stdout).toMatch(
      /^line 3: entry 3 of request \w+ \(refused\) is missing from the trail\n1 of/,
    );
    expect(compared.status).toBe(1);
  });
});
