import { DIRECTORY_METHODS } from './directory-methods.ts';
import { MESSAGE_METHODS } from './message-methods.ts';
import type { Method } from './method.ts';
import { VIEW_METHODS } from './view-methods.ts';

/** Every method that is answered. A test holds `COVERAGE` against it. */
export const METHODS: Readonly<Record<string, Method>> = {
  ...DIRECTORY_METHODS,
  ...MESSAGE_METHODS,
  ...VIEW_METHODS,
};

/**
 * What of the Web API is here. `partly` says what is missing; a method that is not listed is answered
 * with `unknown_method`, as Slack answers a name it does not know.
 */
export const COVERAGE: Readonly<Record<string, 'yes' | 'no' | `partly: ${string}`>> = {
  'auth.test': 'yes',
  'apps.connections.open': 'partly: see the head of workspace.ts for what Slack keeps to itself',
  'chat.postMessage': 'partly: no attachments, markdown_text, reply_broadcast, unfurling',
  'chat.update': 'partly: no attachments, no edit window',
  'chat.postEphemeral': 'partly: no attachments; a thread need not be active',
  'chat.getPermalink': 'yes',
  'views.open': 'yes',
  'views.push': 'yes',
  'views.update': 'yes',
  'views.publish': 'yes',
  'users.info': 'partly: no locale, pictures, e-mail',
  'usergroups.users.list': 'partly: no disabled groups',
  'usergroups.list': 'partly: no disabled groups',
  'conversations.info': 'partly: public channels and direct messages only',
  'conversations.members': 'partly: one page',
  'conversations.open': 'partly: one person',
  'files.getUploadURLExternal': 'yes',
  'files.completeUploadExternal': 'partly: no blocks, one channel',
  'blocks.validate': 'no',
  'conversations.history': 'no',
  'conversations.replies': 'no',
  'conversations.list': 'no',
  'users.list': 'no',
  'chat.scheduleMessage': 'no',
  'oauth.v2.access': 'no',
};
