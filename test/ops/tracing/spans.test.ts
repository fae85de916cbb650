/** Which span is around: also across what nobody awaits, and after the end. */
import { setTimeout as pause } from 'node:timers/promises';
import { context } from '@opentelemetry/api';
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { expect, it } from 'vitest';
import { createSpans, type EndedCall } from '../../../src/ops/tracing.ts';
import { registerContextManager } from '../../support/open-telemetry-sdk.ts';

function scene() {
  registerContextManager();
  const exporter = new InMemorySpanExporter();
  const provider = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] });
  const spans = createSpans(provider.getTracer('test'));
  /** Ended spans as "name < parent's name". */
  const drawn = () => {
    const finished = exporter.getFinishedSpans();
    const nameOf = (id: string | undefined) =>
      finished.find((span) => span.spanContext().spanId === id)?.name;
    return finished.map(({ name, parentSpanContext }) => {
      const parent = nameOf(parentSpanContext?.spanId);
      return parent === undefined ? name : `${name} < ${parent}`;
    });
  };
  return { spans, drawn, exporter };
}

const call = (name: string, more: Partial<EndedCall> = {}): EndedCall => ({
  ...{ name, attributes: {}, durationMs: 0, failure: null },
  ...more,
});
const nothing = async () => {};

it('puts what is started within a span into it, awaited or not, and what is outside nowhere', async () => {
  const { spans, drawn } = scene();
  spans.ended(call('outside'));
  let notAwaited: Promise<void> | undefined;
  await spans.trace('trace', {}, async () => {
    await spans.span('part', {}, async () => {
      await pause(1);
      spans.ended(call('call'));
    });
    notAwaited = spans.span('task', {}, () => pause(20));
  });
  await notAwaited;
  await spans.span('alone', {}, nothing);
  expect(drawn()).toEqual(['call < part', 'part < trace', 'trace', 'task < trace', 'alone']);
});

it('keeps two traces at one time apart', async () => {
  const { spans, drawn } = scene();
  const one = (name: string, ms: number) =>
    spans.trace(name, {}, async () => {
      await pause(ms);
      spans.ended(call(`call of ${name}`));
    });
  await Promise.all([one('slow', 10), one('quick', 1)]);
  expect(drawn()).toEqual(['call of quick < quick', 'quick', 'call of slow < slow', 'slow']);
});

it('adds nothing to a span after its end: a timer belongs to no trace', async () => {
  const { spans, drawn } = scene();
  const { promise: ended, resolve: end } = Promise.withResolvers<void>();
  let later: Promise<void> | undefined;
  await spans.trace('click', {}, async () => {
    later = ended.then(async () => {
      spans.ended(call('call after the end'));
      spans.note({ attributes: { late: 1 } });
      expect(spans.logFields()).toEqual({});
      await spans.span('after the end, too', {}, nothing);
    });
  });
  await pause(2);
  end();
  await later;
  expect(drawn()).toEqual(['click', 'after the end, too']);
});

it('marks what throws with the kind of its error, never with its words', async () => {
  const { spans, exporter } = scene();
  const work = () => Promise.reject(new RangeError('the reason they typed'));
  await expect(spans.trace('trace', {}, () => spans.span('part', {}, work))).rejects.toThrow(RangeError);
  const finished = exporter.getFinishedSpans();
  expect(finished).toMatchObject([
    { name: 'part', attributes: { 'error.type': 'RangeError' }, status: { code: 2, message: 'RangeError' } },
    { name: 'trace', attributes: { 'error.type': 'RangeError' } },
  ]);
  const left = finished.map(({ name, events, attributes, status }) => ({ name, events, attributes, status }));
  expect(JSON.stringify(left)).not.toContain('they typed');
});

it('says more about the span around: its name, attributes, a failure', async () => {
  const { spans, exporter } = scene();
  spans.note({ attributes: { nowhere: 1 } });
  await spans.trace('interaction', { first: 'a' }, async () => {
    spans.note({ name: 'interaction /ltv', attributes: { second: 2 }, failure: 'store-unavailable' });
  });
  expect(exporter.getFinishedSpans()).toMatchObject([
    {
      name: 'interaction /ltv',
      attributes: { first: 'a', second: 2, 'error.type': 'store-unavailable' },
      status: { code: 2 },
    },
  ]);
});

it('runs the work and returns its result or failure without a span when no SDK is loaded', async () => {
  const { spans, drawn } = scene();
  context.disable();
  expect(await spans.trace('trace', {}, async () => spans.span('part', {}, async () => 7))).toBe(7);
  await expect(spans.span('breaks', {}, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  spans.ended(call('call'));
  spans.note({ attributes: { nowhere: 1 } });
  expect(spans.logFields()).toEqual({});
  expect(drawn()).not.toContain('call');
});
