/**
 * Before a listener: was it asked where Loandesk may answer, and by somebody who may use it at all? Commands need both,
 * `help` included. Buttons of private answers need the place only: their verbs look the person up themselves.
 */
import type { Refusal } from '../domain/refusal.ts';
import { type Listener, type ListenerParts, refused, type Turn } from './listener.ts';

type PlaceParts = Pick<ListenerParts, 'allowedChannels' | 'closeChannel'>;

/**
 * Null: allowed. Direct messages always are: an answer there is as private as anywhere, and the person's role is
 * checked all the same. App Home and modals have no channel.
 */
export function refusePlace(
  { allowedChannels, closeChannel }: PlaceParts,
  channelId: string | null,
): Refusal | null {
  if (allowedChannels.length === 0 || channelId === null || channelId.startsWith('D')) return null;
  const known = [...new Set([closeChannel, ...allowedChannels])];
  return known.includes(channelId) ? null : { code: 'channel-not-allowed', channels: known };
}

/** For buttons that show figures. */
export function requireChannel(parts: PlaceParts, listener: Listener): Listener {
  const { prepare } = listener;
  return {
    ...listener,
    ...(prepare === undefined
      ? {}
      : {
          prepare: (turn: Turn) =>
            refusePlace(parts, turn.channelId) === null ? prepare(turn) : Promise.resolve(true),
        }),
    work: async (turn) => {
      const refusal = refusePlace(parts, turn.channelId);
      return refusal === null ? listener.work(turn) : refused(refusal);
    },
  };
}

/** For commands. */
export function requireRole(parts: ListenerParts, listener: Listener): Listener {
  return requireChannel(parts, {
    ...listener,
    work: async (turn) => {
      const roles = await parts.desk.admit(turn.by);
      return roles.ok ? listener.work(turn) : refused(roles.refusal);
    },
  });
}
