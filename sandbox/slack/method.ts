import type { Fault } from './block-kit/faults.ts';
import type { Directory } from './directory.ts';
import { type JsonObject, parseJson } from './json.ts';
import type { Tier } from './rate-limits.ts';
import type { SocketConnections } from './socket-connections.ts';
import type { Store } from './store.ts';
import type { Triggers } from './triggers.ts';
import type { Uploads } from './uploads.ts';

/** What the methods of the Web API work on. */
export interface MethodContext {
  readonly directory: Directory;
  readonly store: Store;
  readonly triggers: Triggers;
  readonly uploads: Uploads;
  readonly sockets: SocketConnections;
}

export type MethodAnswer = JsonObject & { readonly ok: boolean };

/** One method of the Web API. */
export interface Method {
  /** The scope it needs; none where Slack asks for none. */
  readonly scope?: string;
  /** `app`: an app-level token (`xapp-…`) instead of the bot's. */
  readonly token: 'bot' | 'app';
  readonly tier: Tier;
  readonly run: (context: MethodContext, args: JsonObject) => MethodAnswer;
}

export const accept = (body: JsonObject = {}): MethodAnswer => ({ ok: true, ...body });

export const refuse = (error: string, more: JsonObject = {}): MethodAnswer => ({ ok: false, error, ...more });

/** Slack's answer to a payload with faults; `prefix` is where the payload sits in the arguments. */
export function refuseFaults(faults: readonly Fault[], prefix = ''): MethodAnswer {
  const detailed = faults.filter(({ code }) => code === 'invalid_blocks' || code === 'invalid_arguments');
  const error = detailed[0]?.code ?? faults[0]?.code ?? 'invalid_arguments';
  const lines = (detailed.length > 0 ? detailed : faults).map(
    ({ text, pointer }) => `${text} [json-pointer:${prefix}${pointer}]`,
  );
  return refuse(error, {
    errors: lines,
    response_metadata: { messages: lines.map((line) => `[ERROR] ${line}`) },
  });
}

/** An argument that is JSON: as it is from a JSON body, parsed from a form field. */
export function readJsonArgument(args: JsonObject, name: string): unknown {
  const value = args[name];
  if (typeof value !== 'string') return value ?? undefined;
  return parseJson(value) ?? null;
}
