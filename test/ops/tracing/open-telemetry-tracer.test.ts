/** Which span is around: also across what nobody awaits, in rounds that find nothing, and after the end. */
import { setTimeout as pause } from 'node:timers/promises';
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { expect, it } from 'vitest';
import { createOpenTelemetryTracer } from '../../../src/ops/tracing/open-telemetry-tracer.ts';
import type { EndedCall } from '../../../src/ops/tracing/tracer.ts';

function scene() {
  const exporter = new InMemorySpanExporter();
  const provider = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] });
  const tracer = createOpenTelemetryTracer(provider.getTracer('test'));
  /** Ended spans as "name < parent's name". */
  const drawn = () => {
    const spans = exporter.getFinishedSpans();
    const nameOf = (id: string | undefined) => spans.find((span) => span.spanContext().spanId === id)?.name;
    return spans.map(({ name, parentSpanContext }) => {
      const parent = nameOf(parentSpanContext?.spanId);
      return parent === undefined ? name : `${name} < ${parent}`;
    });
  };
  return { tracer, drawn, exporter };
}

const call = (name: string, more: Partial<EndedCall> = {}): EndedCall => ({
  ...{ name, attributes: {}, durationMs: 0, failure: null, idle: false },
  ...more,
});
const idle = (name: string) => call(name, { idle: true });
const nothing = async () => {};

it('puts what is started within a span into it, awaited or not, and what is outside nowhere', async () => {
  const { tracer, drawn } = scene();
  tracer.ended(call('outside'));
  let notAwaited: Promise<void> | undefined;
  await tracer.trace('trace', {}, async () => {
    await tracer.span('part', {}, async () => {
      await pause(1);
      tracer.ended(call('call'));
    });
    notAwaited = tracer.span('task', {}, () => pause(20));
  });
  await notAwaited;
  await tracer.span('alone', {}, nothing);
  expect(drawn()).toEqual(['call < part', 'part < trace', 'trace', 'task < trace', 'alone']);
});

it('keeps two traces at one time apart', async () => {
  const { tracer, drawn } = scene();
  const one = (name: string, ms: number) =>
    tracer.trace(name, {}, async () => {
      await pause(ms);
      tracer.ended(call(`call of ${name}`));
    });
  await Promise.all([one('slow', 10), one('quick', 1)]);
  expect(drawn()).toEqual(['call of quick < quick', 'quick', 'call of slow < slow', 'slow']);
});

it('draws a round only if more than idle calls happen in it, and then those before, too', async () => {
  const { tracer, drawn } = scene();
  await tracer.round('idle', {}, async () => tracer.ended(idle('take')));
  expect(drawn()).toEqual([]);
  await tracer.round('busy', {}, async () => {
    tracer.ended(idle('take'));
    expect(tracer.logFields()).toEqual({});
    tracer.ended(call('post'));
    expect(tracer.logFields()).toMatchObject({ trace_id: expect.stringMatching(/^[0-9a-f]{32}$/) });
    tracer.ended(idle('done'));
  });
  await tracer.round('sets off', {}, () => tracer.span('task', {}, nothing));
  await expect(tracer.round('breaks', {}, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  expect(drawn()).toEqual([
    ...['take < busy', 'post < busy', 'done < busy', 'busy'],
    ...['task < sets off', 'sets off', 'breaks'],
  ]);
});

it('leaves out of a span what starts after its end: a timer goes off in no trace', async () => {
  const { tracer, drawn } = scene();
  const { promise: ended, resolve: end } = Promise.withResolvers<void>();
  let later: Promise<void> | undefined;
  await tracer.trace('click', {}, async () => {
    later = ended.then(async () => {
      tracer.ended(call('since before the end', { durationMs: 60_000 }));
      tracer.ended(call('after the end'));
      tracer.note({ attributes: { late: 1 } });
      expect(tracer.logFields()).toEqual({});
      await tracer.span('after the end, too', {}, nothing);
    });
  });
  await pause(2);
  end();
  await later;
  expect(drawn()).toEqual(['click', 'since before the end < click', 'after the end, too']);
});

it('marks what throws with the kind of its error, never with its words', async () => {
  const { tracer, exporter } = scene();
  const work = () => Promise.reject(new RangeError('the reason they typed'));
  await expect(tracer.trace('trace', {}, () => tracer.span('part', {}, work))).rejects.toThrow(RangeError);
  const spans = exporter.getFinishedSpans();
  expect(spans).toMatchObject([
    { name: 'part', attributes: { 'error.type': 'RangeError' }, status: { code: 2, message: 'RangeError' } },
    { name: 'trace', attributes: { 'error.type': 'RangeError' } },
  ]);
  const left = spans.map(({ name, events, attributes, status }) => ({ name, events, attributes, status }));
  expect(JSON.stringify(left)).not.toContain('they typed');
});

it('says more about the span around: its name, attributes, a failure', async () => {
  const { tracer, exporter } = scene();
  tracer.note({ attributes: { nowhere: 1 } });
  await tracer.trace('interaction', { first: 'a' }, async () => {
    tracer.note({ name: 'interaction /ltv', attributes: { second: 2 }, failure: 'store-unavailable' });
  });
  expect(exporter.getFinishedSpans()).toMatchObject([
    {
      name: 'interaction /ltv',
      attributes: { first: 'a', second: 2, 'error.type': 'store-unavailable' },
      status: { code: 2 },
    },
  ]);
});
