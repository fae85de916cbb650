import type { Fault } from './block-kit/check-blocks.ts';
import type { JsonObject } from './json.ts';

/** Slack's `{ok: false, error, …}`. */
export class Refused extends Error {
  readonly body: JsonObject;

  constructor(error: string, more: JsonObject = {}) {
    super(error);
    this.body = { ok: false, error, ...more };
  }
}

/** Slack's answer to a payload with faults; `prefix` is where the payload sits in the arguments. */
export function refuseFaults(faults: readonly Fault[], prefix = ''): Refused {
  const detailed = faults.filter(({ code }) => code === 'invalid_blocks' || code === 'invalid_arguments');
  const told = detailed.length > 0 ? detailed : faults;
  const lines = told.map(({ text, pointer }) => `${text} [json-pointer:${prefix}${pointer}]`);
  return new Refused(told[0]?.code ?? 'invalid_arguments', {
    errors: lines,
    response_metadata: { messages: lines.map((line) => `[ERROR] ${line}`) },
  });
}
