/** Traces: are they asked for, and can they be made? */
import type { OpenTelemetrySettings } from '../ops/tracing/open-telemetry-settings.ts';
import {
  arePackagesMissing,
  INSTALL_OPEN_TELEMETRY,
  type LoadOpenTelemetry,
  loadOpenTelemetry,
} from '../ops/tracing/start-tracing.ts';
import { type Finding, findingsAbout } from './finding.ts';

const { ok, warning } = findingsAbout('Traces');

/** Sends nothing to the collector. */
export async function checkTraces(
  settings: OpenTelemetrySettings,
  load: LoadOpenTelemetry = loadOpenTelemetry,
): Promise<Finding[]> {
  const mistakes = settings.warnings.map((text) => warning(text, 'Correct the variable, or leave it out.'));
  if (settings.exporters.length === 0) return [...mistakes, ok('none: no OTEL_ variable asks for them')];
  try {
    await load();
    return [...mistakes, ok(`OpenTelemetry is installed; they go to: ${settings.exporters.join(', ')}`)];
  } catch (error) {
    const finding = arePackagesMissing(error)
      ? warning('the packages of OpenTelemetry are not installed: there will be none', INSTALL_OPEN_TELEMETRY)
      : warning('OpenTelemetry cannot be loaded: there will be none', INSTALL_OPEN_TELEMETRY);
    return [...mistakes, finding];
  }
}
