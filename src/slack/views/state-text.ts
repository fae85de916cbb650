/** States, levels and fields of a request in words. The word "closed" belongs to one state alone. */
import type { CloseRequest } from '../../domain/close/close-request.ts';
import type { CloseState } from '../../domain/close/close-state.ts';
import type { Level } from '../../domain/unit/risk-unit.ts';

const STATES: Readonly<Record<CloseState, string>> = {
  pending: 'waiting for approvals',
  approved: 'approved, not sent yet',
  sending: 'being carried out',
  unknown: 'outcome not known',
  closed: 'closed',
  rehearsed: 'rehearsed (dry run), nothing sent',
  failed: 'failed',
  rejected: 'rejected',
  withdrawn: 'withdrawn',
  expired: 'expired',
  superseded: 'superseded by a close made elsewhere',
};

export function stateText(state: CloseState): string {
  return STATES[state];
}

/** The same for a record: an end that two people stated is never shown as one that was read. */
export function stateOf({ state, ending }: Pick<CloseRequest, 'state' | 'ending'>): string {
  return stateWhenRefused({ state, settled: ending?.kind === 'settled' });
}

/** The same for a refusal that names the state of its request. */
export function stateWhenRefused({ state, settled }: { state: CloseState; settled?: boolean }): string {
  return settled === true ? `${stateText(state)} (resolved manually)` : stateText(state);
}

const LEVELS: Readonly<Record<Level, string>> = {
  normal: 'Normal',
  initial: 'Above initial LTV',
  'transfer-out': 'Above transfer-out LTV',
  'margin-call': 'MARGIN CALL',
  liquidation: 'LIQUIDATION',
  'undefined-ltv': 'LTV UNDEFINED (no net collateral)',
};

export function levelText(level: Level): string {
  return LEVELS[level];
}
