/** docs/settings.md, the README's short list and .env.example name the settings that there are, and no others. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ConfigFaults, loadConfig } from '../../src/settings/config.ts';
import { schema } from '../../src/settings/schema.ts';

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
const isSetting = (name: string): name is keyof typeof schema.shape => name in schema.shape;
const names = Object.keys(schema.shape).filter(isSetting);

/** The first table of docs/settings.md; `fallback` is the cell of the default as it is written. */
const rows = [
  ...read('docs/settings.md').matchAll(
    /^\| `(?<name>[A-Z_]+)` \| (?<fallback>[^|]+) \| (?<file>(?:yes )?)\|/gm,
  ),
].map(({ groups = {} }) => ({
  name: groups.name ?? '',
  fallback: groups.fallback ?? '',
  mayBeFile: groups.file !== '',
}));

/** What is said about settings of which none is given but this one. */
function faultsOf(environment: Record<string, string>): readonly string[] {
  try {
    loadConfig(environment);
  } catch (error) {
    if (error instanceof ConfigFaults) return error.faults;
    throw error;
  }
  return [];
}

describe('docs/settings.md', () => {
  it('has a row for every setting, each once, and no other', () => {
    expect(rows.map(({ name }) => name).sort()).toEqual([...names].sort());
  });

  it.each(rows)('$name: the default is $fallback', ({ name, fallback }) => {
    if (!isSetting(name)) throw new Error(`${name} is not a setting`);
    const setting = schema.shape[name];
    const unset = setting.safeParse(undefined);
    const written = /^`(.+)`$/.exec(fallback)?.[1];
    if (written !== undefined) expect(setting.parse(written)).toEqual(unset.data);
    else if (fallback === 'required') expect(unset.success).toBe(false);
    else {
      expect(fallback).toBe('none');
      expect(unset.success && [undefined, '[]'].includes(JSON.stringify(unset.data))).toBe(true);
    }
  });

  it.each(rows)('$name may be given as a file: $mayBeFile', ({ name, mayBeFile }) => {
    const unreadable = `${name}_FILE names a file that can't be read`;
    const said = faultsOf({ [`${name}_FILE`]: 'no-such-file' }).some((fault) => fault.startsWith(unreadable));
    expect(said).toBe(mayBeFile);
  });
});

it('.env.example names every setting', () => {
  const named = [...read('.env.example').matchAll(/^(?:# )?([A-Z_]+)=/gm)].map((match) => match[1]);
  expect(named.filter((name) => !/^(?:OTEL_|HTTPS_PROXY$|NO_PROXY$)/.test(name ?? '')).sort()).toEqual(
    [...names].sort(),
  );
});

describe('the README', () => {
  const needed = [...read('README.md').matchAll(/^\| `([A-Z_]+)`/gm)].map((match) => match[1] ?? '');

  it('lists the eight settings that one needs, and each is needed', () => {
    expect(needed).toHaveLength(8);
    const missing = faultsOf({}).map((fault) => /^[A-Z_]+/.exec(fault)?.[0]);
    expect([...needed].sort()).toEqual(missing.sort());
  });
});
