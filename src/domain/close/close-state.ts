/** The states of a close request; docs/design.md has the diagram. */

export type CloseState =
  | 'pending'
  | 'approved'
  /** Claimed by one process; `sent` shows whether the DELETE may have been sent. */
  | 'sending'
  | 'unknown'
  | 'closed'
  /** The end of a dry run: everything but the DELETE. */
  | 'rehearsed'
  | 'failed'
  | 'rejected'
  | 'withdrawn'
  | 'expired'
  | 'superseded';

export const TERMINAL_STATES = [
  'closed',
  'rehearsed',
  'failed',
  'rejected',
  'withdrawn',
  'expired',
  'superseded',
] as const satisfies readonly CloseState[];

export function isTerminal(state: CloseState): boolean {
  return (TERMINAL_STATES as readonly CloseState[]).includes(state);
}
