/** Traces if they are asked for and their packages are there. Whatever fails here is a warning: the bot starts. */
import type { Log } from '../../usecases/ports.ts';
import type { OpenTelemetrySettings } from './open-telemetry-settings.ts';
import { createTracing } from './spans.ts';
import { NO_TRACING, type Tracing } from './tracing.ts';

/** Optional peers in package.json, with the same versions (a test compares): nobody who wants no traces has them. */
export const OPEN_TELEMETRY_PACKAGES = {
  '@opentelemetry/api': '1.10.0',
  '@opentelemetry/exporter-trace-otlp-proto': '0.301.1',
  '@opentelemetry/resources': '3.1.1',
  '@opentelemetry/sdk-trace': '3.1.1',
} as const;

/** Without `--save-prod` npm would take them for what they are to a checkout, development tools, and leave them out. */
export const INSTALL_OPEN_TELEMETRY = `npm install --no-save --save-prod --omit=dev ${Object.entries(
  OPEN_TELEMETRY_PACKAGES,
)
  .map(([name, version]) => `${name}@${version}`)
  .join(' ')}`;

export type LoadOpenTelemetry = () => Promise<
  Pick<typeof import('./open-telemetry.ts'), 'startOpenTelemetry'>
>;

// biome-ignore lint/style/noRestrictedImports: the one place that loads it, when it is asked for
export const loadOpenTelemetry: LoadOpenTelemetry = () => import('./open-telemetry.ts');

export interface StartTracingParts {
  readonly version: string;
  readonly log: Log;
  /** Default: `loadOpenTelemetry`. */
  readonly load?: LoadOpenTelemetry;
}

/** Never rejects. Without a wish for traces nothing of OpenTelemetry is loaded. */
export async function startTracing(
  settings: OpenTelemetrySettings,
  parts: StartTracingParts,
): Promise<Tracing> {
  const { log, load = loadOpenTelemetry } = parts;
  for (const warning of settings.warnings) log.warn({ warning }, 'settings of OpenTelemetry');
  if (settings.exporters.length === 0) return NO_TRACING;
  try {
    const { startOpenTelemetry } = await load();
    return createTracing(startOpenTelemetry(settings, parts));
  } catch (error) {
    if (arePackagesMissing(error))
      log.warn(
        { install: INSTALL_OPEN_TELEMETRY },
        'no traces: the packages of OpenTelemetry are not installed',
      );
    else log.warn({ err: error }, 'no traces: OpenTelemetry could not be started');
    return NO_TRACING;
  }
}

export function arePackagesMissing(error: unknown): boolean {
  if (!(error instanceof Error) || !('code' in error)) return false;
  const notFound = error.code === 'ERR_MODULE_NOT_FOUND' || error.code === 'MODULE_NOT_FOUND';
  return notFound && error.message.includes('@opentelemetry/');
}
