import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { longId } from '../../src/domain/amount.ts';
import { KeyNames } from '../../src/redis/key-names.ts';
import { defineScripts } from '../../src/redis/scripts.ts';

const FOLDER = new URL('../../src/redis/lua/', import.meta.url);
const files = readdirSync(FOLDER).filter((file) => file.endsWith('.lua'));

/** What `defineScripts` tells a client. */
function definitions(): Map<string, number> {
  const keysOf = new Map<string, number>();
  const client = {
    defineCommand: (_: string, { lua, numberOfKeys }: { lua: string; numberOfKeys?: number }) => {
      keysOf.set(lua, numberOfKeys ?? Number.NaN);
    },
  };
  defineScripts(client);
  return keysOf;
}

describe('the scripts', () => {
  const keysOf = definitions();

  it.each(files)(
    '%s says its purpose, keys, arguments and answer, and is defined with as many keys',
    (file) => {
      const lua = readFileSync(new URL(file, FOLDER), 'utf8');
      const header = lua.slice(0, lua.indexOf(']]'));
      expect(header).toMatch(/^--\[\[\n {2}\S/);
      expect(header).toMatch(/\n {2}Answer: /);
      const keys = new Set([...header.matchAll(/KEYS\[(\d+)\]/g)].map(([, number]) => Number(number)));
      expect(keysOf.get(lua)).toBe(keys.size);
      const used = [...lua.slice(header.length).matchAll(/(KEYS|ARGV)\[(\d+)\]/g)];
      for (const [, kind = '', number = ''] of used) expect(header).toContain(`${kind}[${number}`);
      expect(lua).not.toContain('error_reply');
    },
  );

  it('are all defined, and nothing else', () => {
    expect(keysOf.size).toBe(files.length);
  });
});

describe('key names', () => {
  const keys = new KeyNames('loandesk');

  it('of close requests share one hash tag, those of the limits another', () => {
    const ofRequests = [
      keys.record('r1'),
      keys.unit(longId('9223372036854775807')),
      keys.open,
      keys.recent,
      keys.attention,
      keys.closedThrough,
      keys.audit,
      keys.lastOpening,
      keys.command('c1'),
      keys.outbox('r1'),
      keys.outboxDue,
      keys.outboxAttempts,
      keys.outboxLeft,
    ];
    for (const key of ofRequests) expect(key).toMatch(/^\{loandesk\}:/);
    expect(new Set(ofRequests).size).toBe(ofRequests.length);
    for (const key of [keys.weight('ltv', 1), keys.stops]) expect(key).toMatch(/^\{loandesk:limits\}:/);
    for (const key of [keys.seen('a'), keys.sharedRead('a'), keys.sharedReadLead('a')]) {
      expect(key).toMatch(/^loandesk:/);
    }
  });

  it.each(['', 'a{b', 'a}b', 'a b', 'é', 'x'.repeat(65)])('refuse the prefix %j', (prefix) => {
    expect(() => new KeyNames(prefix)).toThrow(RangeError);
  });
});
