import { DIRECTORY_METHODS } from './directory-methods.ts';
import { MESSAGE_METHODS } from './message-methods.ts';
import type { Method } from './method.ts';
import { VIEW_METHODS } from './view-methods.ts';

/** Every method that is answered; any other name is `unknown_method`, as at Slack. */
export const METHODS: Readonly<Record<string, Method>> = {
  ...DIRECTORY_METHODS,
  ...MESSAGE_METHODS,
  ...VIEW_METHODS,
};
