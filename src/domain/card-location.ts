/** Where a card was posted. */
export interface CardLocation {
  readonly channelId: string;
  readonly messageTs: string;
}
