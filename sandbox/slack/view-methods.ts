import { LIMITS } from '../../src/slack/views/limits.ts';
import { findBlockKitFaults, type Surface } from './block-kit/faults.ts';
import { isObject, type JsonObject, readString } from './json.ts';
import {
  accept,
  type Method,
  type MethodAnswer,
  type MethodContext,
  readJsonArgument,
  refuse,
  refuseFaults,
} from './method.ts';
import type { StoredView } from './store.ts';
import { toSlackView } from './view-payload.ts';

/** docs.slack.dev/reference/methods/views.open: `view_too_large` above 250 kB. */
const MAX_VIEW_BYTES = 250_000;

type ViewAnswer = { readonly view: JsonObject } | { readonly refusal: MethodAnswer };

function readView(
  context: MethodContext,
  args: JsonObject,
  surface: Surface,
  current?: StoredView,
): ViewAnswer {
  const view = readJsonArgument(args, 'view');
  if (!isObject(view)) return { refusal: refuseFaults([missing('view')]) };
  const faults = findBlockKitFaults(surface, view);
  if (faults.length > 0) return { refusal: refuseFaults(faults, '/view') };
  if (Buffer.byteLength(JSON.stringify(view)) > MAX_VIEW_BYTES) return { refusal: refuse('view_too_large') };
  const externalId = readString(view, 'external_id');
  const isTaken = context.store
    .views()
    .some((other) => other.isOpen && other.id !== current?.id && other.payload.external_id === externalId);
  if (externalId !== undefined && isTaken) return { refusal: refuse('duplicate_external_id') };
  return { view };
}

const missing = (name: string) => ({
  pointer: '',
  code: 'invalid_arguments' as const,
  text: `missing required field: ${name}`,
});

const answer = (context: MethodContext, view: StoredView): MethodAnswer =>
  accept({ view: toSlackView(view, context.directory) });

function open(context: MethodContext, args: JsonObject): MethodAnswer {
  const read = readView(context, args, 'modal');
  if ('refusal' in read) return read.refusal;
  const trigger = context.triggers.exchange(readString(args, 'trigger_id') ?? '');
  if (!trigger.ok) return refuse(trigger.error);
  for (const old of context.store.modals(trigger.userId).toReversed()) context.store.closeView(old);
  return answer(context, context.store.addView(trigger.userId, read.view));
}

function push(context: MethodContext, args: JsonObject): MethodAnswer {
  const read = readView(context, args, 'modal');
  if ('refusal' in read) return read.refusal;
  const trigger = context.triggers.exchange(readString(args, 'trigger_id') ?? '');
  if (!trigger.ok) return refuse(trigger.error);
  const stack = context.store.modals(trigger.userId);
  const top = stack.at(-1);
  // Slack pushes onto the modal that the trigger came from; from elsewhere there is nothing to push onto.
  if (top === undefined || trigger.viewId === undefined) return refuse('invalid_trigger_id');
  if (stack.length >= LIMITS.view.stack) return refuse('push_limit_reached');
  return answer(context, context.store.addView(trigger.userId, read.view, top));
}

function update(context: MethodContext, args: JsonObject): MethodAnswer {
  const id = readString(args, 'view_id');
  const externalId = readString(args, 'external_id');
  const current = context.store
    .views()
    .find(
      (view) => view.isOpen && (id === undefined ? view.payload.external_id === externalId : view.id === id),
    );
  if (current === undefined || (id === undefined && externalId === undefined)) return refuse('not_found');
  const read = readView(context, args, current.payload.type === 'home' ? 'home' : 'modal', current);
  if ('refusal' in read) return read.refusal;
  const hash = readString(args, 'hash');
  if (hash !== undefined && hash !== current.hash) return refuse('hash_conflict');
  return answer(context, context.store.changeView(current, read.view));
}

function publish(context: MethodContext, args: JsonObject): MethodAnswer {
  const person = context.directory.people.get(readString(args, 'user_id') ?? '');
  if (person === undefined || person.deleted === true) return refuse('user_not_found');
  const current = context.store.home(person.id);
  const read = readView(context, args, 'home', current);
  if ('refusal' in read) return read.refusal;
  const hash = readString(args, 'hash');
  if (hash !== undefined && hash !== current?.hash) return refuse('hash_conflict');
  const stored =
    current === undefined
      ? context.store.addView(person.id, read.view)
      : context.store.changeView(current, read.view);
  return answer(context, stored);
}

/** views.* : no scope is needed; tier 4. */
export const VIEW_METHODS: Readonly<Record<string, Method>> = {
  'views.open': { token: 'bot', tier: 4, run: open },
  'views.push': { token: 'bot', tier: 4, run: push },
  'views.update': { token: 'bot', tier: 4, run: update },
  'views.publish': { token: 'bot', tier: 4, run: publish },
};
