/** Commands worth trying now; a click puts one into the message field. */
import type { Exchange } from '../binance/exchange.ts';
import { h, toHtml } from './html.ts';

/** The shortest id of a repaid unit: the one that is easiest to type. */
function repaidUnit(exchange: Exchange): string | undefined {
  return exchange
    .units()
    .filter(({ totalLiability, liquidation }) => Number(totalLiability) === 0 && liquidation === null)
    .map(({ groupId }) => groupId)
    .sort((a, b) => a.length - b.length)[0];
}

export function examplesHtml(exchange: Exchange): string {
  const repaid = repaidUnit(exchange);
  const lines = [
    '/ltv',
    '/ltv 1',
    ...(repaid === undefined ? [] : [`/close-unit ${repaid} repaid`]),
    '/closed-units',
    '/loandesk requests',
  ];
  return toHtml([
    h('span', { key: 'try' }, 'Try'),
    lines.map((line) =>
      h('button', { key: line, type: 'button', className: 'example', 'data-example': line }, line),
    ),
  ]);
}
