/** Says an exchange failure in the words of a refusal. */
import type { Refusal } from '../domain/refusal.ts';
import type { ExchangeFailure } from './ports.ts';

export function exchangeRefusal(failure: ExchangeFailure): Refusal {
  switch (failure.kind) {
    case 'busy':
      return { code: 'exchange-busy', why: failure.meaning, retryAtMs: failure.retryAtMs };
    case 'refused':
    case 'no-account':
    case 'region-blocked':
      return {
        code: 'exchange-refused',
        exchangeCode: failure.exchangeCode,
        meaning: failure.meaning,
        advice: failure.advice,
      };
    case 'unavailable':
    case 'maintenance':
      return { code: 'exchange-unavailable', why: failure.meaning, retryAtMs: failure.retryAtMs };
  }
}
