/** `/loandesk resume`: a person lifts the stops that the exchange's limits or bans put on Loandesk. */
import { done } from '../domain/refusal.ts';
import type { Access } from './access.ts';
import type { Desk } from './desk.ts';
import type { ExchangeStops, Log } from './ports.ts';

export interface LiftStopParts {
  readonly access: Access;
  readonly stops: ExchangeStops;
  readonly log: Log;
}

export function createLiftStop({ access, stops, log }: LiftStopParts): Pick<Desk, 'liftStop'> {
  return {
    async liftStop(by) {
      const approver = await access.admit(by, 'approver');
      if (!approver.ok) return approver;
      const inForce = await stops.list();
      if (inForce.length === 0) return done([]);
      await stops.lift();
      log.warn({ by, stops: inForce }, 'exchange stops lifted by a person');
      return done(inForce);
    },
  };
}
