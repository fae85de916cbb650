/** What a view gives: text that says everything essential (screen readers and notifications read it), and blocks. */
import type { HomeView, KnownBlock, ModalView } from '@slack/types';

export interface Message {
  readonly text: string;
  readonly blocks: readonly KnownBlock[];
  /** The same in older blocks, for a Slack that refuses these with `invalid_blocks`. */
  readonly plainer?: Message;
}

export type Modal = ModalView;
export type Home = HomeView;
