/** A turn that notes what its person was told; everything else succeeds. */
import type { Turn } from '../../../src/slack/listener.ts';
import { ALICE } from '../../support/close-requests.ts';

export function notingTurn(told: string[]): Turn {
  return {
    by: { teamId: ALICE.teamId, userId: ALICE.userId },
    channelId: 'C0DESK',
    messageTs: null,
    hasModal: false,
    input: '',
    fields: new Map(),
    metadata: '',
    tell: async ({ text }) => told.push(text) > 0,
    sayStillWorking: (text) => void told.push(text),
    whenLate: () => {},
    replace: async () => true,
    share: async () => true,
    openModal: async () => true,
    updateModal: async () => true,
    publishHome: async () => true,
    sendFile: async () => 'sent',
  };
}
