import { describe, expect, it } from 'vitest';
import { knownTimeZone, personKey } from '../../src/domain/person.ts';

describe('a person', () => {
  const samePerson = [['A', 'A2'], ['B', 'B2'], []];

  it.each([
    ['A', 'A'],
    ['A2', 'A'],
    ['B2', 'B'],
    ['C', 'C'],
  ])('with the account %s counts as %s', (userId, key) => {
    expect(personKey(userId, samePerson)).toBe(key);
  });
});

describe('the zone of a profile', () => {
  it.each([
    ['Europe/London', 'Europe/London'],
    ['Asia/Kolkata', 'Asia/Kolkata'],
    ['Asia/Calcutta', 'Asia/Calcutta'],
    ['America/Nowhere', 'UTC'],
    ['', 'UTC'],
    [null, 'UTC'],
  ])('%j is read as %s', (name, zone) => {
    expect(knownTimeZone(name)).toBe(zone);
  });
});
