import { expect, it, vi } from 'vitest';
import { createEvents, type Events, type TracedEvents } from '../../src/ops/events.ts';
import { memoryLog } from '../support/logs.ts';

const NAMES = [
  ...[
    'requestChanged',
    'noticeMissed',
    'auditVerified',
    'exchangeCalled',
    'exchangeStopped',
    'redisAnswered',
  ],
  ...['slackCalled', 'interactionAcked', 'interactionHandled', 'interactionUnacknowledged'],
  'httpRequestRefused',
] as (keyof Events)[];

it.each(NAMES)('a metric that fails on %s is logged, and what happened stays', (name) => {
  const fail = vi.fn(() => {
    throw new Error('no such label');
  });
  const failing = Object.fromEntries(NAMES.map((each) => [each, fail])) as unknown as Events & TracedEvents;
  const log = memoryLog();
  const report = createEvents(failing, failing, log)[name] as (detail: unknown) => void;
  expect(report({ request: { audit: {} } })).toBe(undefined);
  expect(fail).toHaveBeenCalledOnce();
  expect(log.lines).toMatchObject([
    { level: 'error', message: 'event observer failed', fields: { event: name } },
  ]);
});
