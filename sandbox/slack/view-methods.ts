import { findBlockKitFaults } from './block-kit/check-blocks.ts';
import { isObject, type JsonObject, readString } from './json.ts';
import { type Method, type MethodContext, readJsonArgument } from './method.ts';
import { Refused, refuseFaults } from './refused.ts';
import type { StoredView } from './store.ts';
import { toSlackView } from './view-payload.ts';

/** docs.slack.dev/reference/methods/views.open: `view_too_large` above 250 kB. */
const MAX_VIEW_BYTES = 250_000;

function readView(args: JsonObject, surface: 'modal' | 'home'): JsonObject {
  const view = readJsonArgument(args, 'view');
  if (!isObject(view))
    throw refuseFaults([{ pointer: '', code: 'invalid_arguments', text: 'missing required field: view' }]);
  const faults = findBlockKitFaults(surface, view);
  if (faults.length > 0) throw refuseFaults(faults, '/view');
  if (Buffer.byteLength(JSON.stringify(view)) > MAX_VIEW_BYTES) throw new Refused('view_too_large');
  return view;
}

const answer = ({ directory }: MethodContext, view: StoredView) => ({ view: toSlackView(view, directory) });

function open(context: MethodContext, args: JsonObject): JsonObject {
  const { store, triggers } = context;
  const view = readView(args, 'modal');
  const userId = triggers.exchange(readString(args, 'trigger_id') ?? '');
  for (const old of store.modals(userId).toReversed()) store.closeView(old);
  return answer(context, store.addView(userId, view));
}

function checkHash(args: JsonObject, current: StoredView | undefined): void {
  const hash = readString(args, 'hash');
  if (hash !== undefined && hash !== current?.hash) throw new Refused('hash_conflict');
}

function update(context: MethodContext, args: JsonObject): JsonObject {
  const { store } = context;
  const current = store.view(readString(args, 'view_id') ?? '');
  if (current?.isOpen !== true) throw new Refused('not_found');
  const view = readView(args, current.payload.type === 'home' ? 'home' : 'modal');
  checkHash(args, current);
  return answer(context, store.changeView(current, view));
}

function publish(context: MethodContext, args: JsonObject): JsonObject {
  const { store } = context;
  const person = context.directory.people.get(readString(args, 'user_id') ?? '');
  if (person === undefined || person.deleted === true) throw new Refused('user_not_found');
  const current = store.home(person.id);
  const view = readView(args, 'home');
  checkHash(args, current);
  const stored = current === undefined ? store.addView(person.id, view) : store.changeView(current, view);
  return answer(context, stored);
}

/** views.* : no scope is needed; tier 4. */
export const VIEW_METHODS: Readonly<Record<string, Method>> = {
  'views.open': { token: 'bot', tier: 4, run: open },
  'views.update': { token: 'bot', tier: 4, run: update },
  'views.publish': { token: 'bot', tier: 4, run: publish },
};
