/** Which variables ask for traces, and what becomes of mistakes in them. */
import { describe, expect, it } from 'vitest';
import { readOpenTelemetrySettings } from '../../../src/ops/tracing/open-telemetry-settings.ts';

const ENDPOINT = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318' };

describe('traces are asked for', () => {
  it.each([
    ['by an endpoint', ENDPOINT, ['otlp']],
    ['by an endpoint for traces', { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://c/v1/traces' }, ['otlp']],
    ['by an exporter, which has an endpoint of its own', { OTEL_TRACES_EXPORTER: 'otlp' }, ['otlp']],
    ['on the console', { ...ENDPOINT, OTEL_TRACES_EXPORTER: 'console' }, ['console']],
    ['both ways', { OTEL_TRACES_EXPORTER: 'console, otlp' }, ['otlp', 'console']],
    ['although disabling is written down', { ...ENDPOINT, OTEL_SDK_DISABLED: 'false' }, ['otlp']],
    ['not without a variable', {}, []],
    ['not by an empty one', { OTEL_EXPORTER_OTLP_ENDPOINT: ' ', OTEL_TRACES_EXPORTER: '' }, []],
    ['not by one for metrics', { OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: 'http://c' }, []],
    ['not by a name alone', { OTEL_SERVICE_NAME: 'desk' }, []],
    ['not if disabled', { ...ENDPOINT, OTEL_SDK_DISABLED: 'TRUE' }, []],
    ['not with "none"', { ...ENDPOINT, OTEL_TRACES_EXPORTER: 'none' }, []],
  ])('%s', (_, environment, exporters) => {
    expect(readOpenTelemetrySettings(environment)).toMatchObject({ exporters, warnings: [] });
  });
});

describe('a mistake', () => {
  it.each([
    [{ OTEL_TRACES_EXPORTER: 'zipkin' }, 'OTEL_TRACES_EXPORTER'],
    [{ ...ENDPOINT, OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' }, 'OTEL_EXPORTER_OTLP_PROTOCOL'],
    [{ ...ENDPOINT, OTEL_TRACES_SAMPLER: 'hunter2' }, 'OTEL_TRACES_SAMPLER'],
    [{ ...ENDPOINT, OTEL_TRACES_SAMPLER: 'traceidratio' }, 'OTEL_TRACES_SAMPLER_ARG'],
    [
      { ...ENDPOINT, OTEL_TRACES_SAMPLER: 'traceidratio', OTEL_TRACES_SAMPLER_ARG: '2' },
      'OTEL_TRACES_SAMPLER_ARG',
    ],
    [{ ...ENDPOINT, OTEL_BSP_MAX_QUEUE_SIZE: 'hunter2' }, 'OTEL_BSP_MAX_QUEUE_SIZE'],
    [{ ...ENDPOINT, OTEL_BSP_SCHEDULE_DELAY: '0' }, 'OTEL_BSP_SCHEDULE_DELAY'],
  ])('%o is one warning that names the variable and not its value', (environment, name) => {
    const { warnings, sampler, samplingRatio, batch } = readOpenTelemetrySettings(environment);
    expect(warnings).toEqual([expect.stringContaining(`${name}:`)]);
    expect(warnings.join('')).not.toContain('hunter2');
    expect(['parentbased_always_on', 'traceidratio']).toContain(sampler);
    expect(samplingRatio).toBe(1);
    expect(Object.values(batch)).toEqual([undefined, undefined, undefined, undefined]);
  });
});

it('reads the sampler and the bounds of the batches', () => {
  const read = readOpenTelemetrySettings({
    ...ENDPOINT,
    OTEL_TRACES_SAMPLER: 'parentbased_traceidratio',
    OTEL_TRACES_SAMPLER_ARG: '0.25',
    OTEL_BSP_MAX_QUEUE_SIZE: '100',
    OTEL_BSP_MAX_EXPORT_BATCH_SIZE: '10',
    OTEL_BSP_SCHEDULE_DELAY: '500',
    OTEL_BSP_EXPORT_TIMEOUT: '1000',
  });
  expect(read).toEqual({
    exporters: ['otlp'],
    sampler: 'parentbased_traceidratio',
    samplingRatio: 0.25,
    batch: {
      maxQueueSize: 100,
      maxExportBatchSize: 10,
      scheduledDelayMillis: 500,
      exportTimeoutMillis: 1_000,
    },
    warnings: [],
  });
});
