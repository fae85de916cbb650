import { DIRECTORY_METHODS } from './directory-methods.ts';
import { HISTORY_METHODS } from './history-methods.ts';
import { MESSAGE_METHODS } from './message-methods.ts';
import type { Method } from './method.ts';
import { SCHEDULED_METHODS } from './scheduled-methods.ts';
import { VIEW_METHODS } from './view-methods.ts';

/** Every method that is answered; any other name is `unknown_method`, as at Slack. */
export const METHODS: Readonly<Record<string, Method>> = {
  ...DIRECTORY_METHODS,
  ...MESSAGE_METHODS,
  ...HISTORY_METHODS,
  ...SCHEDULED_METHODS,
  ...VIEW_METHODS,
};
