/** Where a card was posted. */
export interface CardLocation {
  readonly channelId: string;
  readonly messageTs: string;
  /** The message in whose thread it is; absent: it is in the channel itself. */
  readonly threadTs?: string | undefined;
}
