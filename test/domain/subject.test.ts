/** Which kind of subject an id names, and how people type the ids. */
import { expect, it } from 'vitest';
import {
  alwaysExists,
  episodeIdFrom,
  parseEpisodeId,
  parseSubjectId,
  subjectField,
  subjectKindOf,
  subjectText,
} from '../../src/domain/subject.ts';

it.each([
  ['7K3M9Q2XAB', 'request', 'request 7K3M9Q2XAB', { requestId: '7K3M9Q2XAB' }],
  ['C-7K3M9Q2X', 'episode', 'case C-7K3M9Q2X', { episodeId: 'C-7K3M9Q2X' }],
  ['watch', 'watch', 'the watch', {}],
  ['rules', 'rules', 'the rules', {}],
] as const)('%s is a %s', (id, kind, text, field) => {
  expect(alwaysExists(id)).toBe(kind === 'watch' || kind === 'rules');
  expect([subjectKindOf(id), subjectText(id), subjectField(id)]).toEqual([kind, text, field]);
});

it('makes the id of a case from eight random bytes', () => {
  expect(episodeIdFrom(Uint8Array.from([0, 1, 9, 10, 17, 18, 31, 32, 255]))).toBe('C-019AHJZ0');
  expect(() => episodeIdFrom(new Uint8Array(7))).toThrow(new RangeError('an id needs 8 random bytes'));
});

it.each([
  ['C-7K3M9Q2X', 'C-7K3M9Q2X'],
  [' c-7k3m9q2x ', 'C-7K3M9Q2X'],
  ['7k3m9q2x', 'C-7K3M9Q2X'],
  ['C-OIL3M9Q2', 'C-0113M9Q2'],
  ['C-7K3M9Q2XA', null],
  ['C-', null],
  ['C-7K3M9Q2U', null],
  ['7K3M9Q2XAB', null],
])('%j as the id of a case is %j', (typed, id) => expect(parseEpisodeId(typed)).toBe(id));

it.each([
  ['7k3m9q2xab', '7K3M9Q2XAB'],
  ['7k3m9q2x', 'C-7K3M9Q2X'],
  ['Watch', 'watch'],
  [' RULES', 'rules'],
  ['', null],
  ['12', null],
])('%j as any id is %j', (typed, id) => expect(parseSubjectId(typed)).toBe(id));
