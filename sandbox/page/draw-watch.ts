/** Five guided minutes with the watch: from calm to a cured margin call. */
import type { Exchange } from '../binance/exchange.ts';
import { drawLtv } from './draw-units.ts';
import { postButton } from './form-parts.ts';
import { html, toHtml } from './html.ts';

const UNIT = '30';
const OWES = '1000000';
const REPAID = { groupId: UNIT, assetName: 'USDT', amount: '150000' };

export function watchHtml(exchange: Exchange): string {
  const unit = exchange.units().find(({ groupId }) => groupId === UNIT);
  const isThere = unit !== undefined;
  const steps = [
    html`<strong>Calm.</strong> Unit ${UNIT} owes 1,000,000 USDT at LTV 66.7%. Nothing is said.
      ${!isThere && postButton(`Add unit ${UNIT}`, '/world/add-unit', { groupId: UNIT, owes: OWES })}`,
    html`<strong>Prices fall.</strong> In 20 seconds LTV goes to 86%. The levels at 80% and 83% must hold for minutes
      before they count; the margin call at 85% counts at once.
      ${isThere && postButton('Prices fall to 86%', '/exchange/startPath', { groupId: UNIT, kind: 'crash' })}`,
    html`<strong>The alert.</strong> Open #loan-alerts: within seconds one card says how bad it is, what to do and how
      sure that is, and mentions the group. It is edited in place; reminders come in its thread.`,
    html`<strong>Who acts?</strong> As Ada, click “I have it”. Everybody sees that the case has an owner, and reminders
      stop going to all. To see what happens without one, skip 5 minutes under Break it: direct messages come.`,
    html`<strong>The cure.</strong> The card names three amounts. Repay from outside the unit: each reading shows what is
      left to do. ${isThere && postButton('Repay 150,000 USDT from outside', '/exchange/repay', REPAID)}`,
    html`<strong>Recovered.</strong> Worse is said at once, better only after five minutes of fresh readings below the
      level. ${postButton('Skip 6 minutes, a reading in each', '/world/skip-watched', { minutes: 6 })}
      The case ends with its timeline in the thread.`,
    html`<strong>The evidence.</strong> <code>/loandesk case</code> with the id on the card shows each step from the sealed
      trail. <code>/loandesk drill ${UNIT}</code> rehearses all this with marked messages.`,
  ];
  return toHtml(html`<div>
    <p class="quiet">Five minutes, from calm to a cured margin call. Each button here does something to Binance or the clock;
      what the bot makes of it is in Slack.</p>
    ${isThere && html`<p>Unit ${UNIT}: LTV ${unit.ltv}</p>${drawLtv(UNIT, exchange.prices.served(UNIT))}`}
    <ol class="steps">${steps.map((step) => html`<li>${step}</li>`)}</ol>
  </div>`);
}
