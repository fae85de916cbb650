/** What every listener is given. */
import type { Desk } from '../usecases/desk.ts';
import type { HomeWatch } from './home-watch.ts';

export interface ListenerParts {
  readonly desk: Desk;
  /** For links to cards; null until Slack has told it. */
  readonly workspaceUrl: () => string | null;
  /** Id of the approvals channel: buttons that act on a request count there only. */
  readonly closeChannel: string;
  /** Ids of channels in which commands are answered; empty: all. */
  readonly allowedChannels: readonly string[];
  /** Remembers who opened App Home. */
  readonly homes: Pick<HomeWatch, 'opened'>;
}
