/** `/ltv 12 to 75%`, `/ltv 12 if -15%` and `/ltv 12 if borrow 500000`: arithmetic, and said to be so. */
import type { KnownBlock } from '@slack/types';
import { type Amount, ZERO } from '../../domain/amount.ts';
import { cureTo } from '../../domain/unit/cure.ts';
import { levelOf, standingOf } from '../../domain/unit/risk-unit.ts';
import { type LtvAfter, ltvAfter, type WhatIf } from '../../domain/unit/what-if.ts';
import type { WhatIfView } from '../../usecases/desk.ts';
import { writePageValue } from '../button-value.ts';
import { ACTIONS } from '../ids.ts';
import { buttons, context, header, inForms, type Message, section } from './blocks.ts';
import { moneyText, secondsToken } from './format.ts';
import { textCell, wrappedTable } from './table-cells.ts';
import { cureForms, levelEmoji, levelText, ltvText, percentText } from './unit-text.ts';
import { flawBlocks } from './units-view.ts';

export function whatIfMessage(view: WhatIfView, query: string): Message {
  const { unit, whatIf, thresholds } = view;
  const now = ltvText(standingOf(unit).ltv, thresholds);
  const title = `Unit ${unit.groupId} ${questionText(whatIf)}`;
  const answer = whatIf.kind === 'target' ? targetText(view, whatIf.target) : null;
  const after = whatIf.kind === 'target' ? [] : ltvAfter(unit, whatIf);
  const said = answer ?? afterText(view, now, after);
  const rows = after.map((each) => rowOf(view, each));
  const around = (middle: readonly KnownBlock[]): KnownBlock[] => [
    header(title),
    section(said),
    ...middle,
    ...flawBlocks(view.flaws),
    context(
      `Arithmetic on Binance's figures as of ${secondsToken(view.asOfMs)}, with the maintenance margin unchanged; when markets move, it moves too. Amounts as valued by Binance. Nothing was sent.`,
    ),
    ...buttons([
      {
        id: ACTIONS.refreshUnits,
        label: 'Refresh',
        value: writePageValue({ query, page: 1 }),
        spoken: `Refresh unit ${unit.groupId}`,
      },
    ]),
  ];
  const lines = rows.map((row) => `• ${row.join(': ').replace(/: (?=[^:]*$)/, ', ')}`);
  const text = [
    `${title}: ${said}`,
    ...lines,
    'Arithmetic with the maintenance margin unchanged; amounts as valued by Binance.',
  ].join('\n');
  if (rows.length === 0) return { text, blocks: around([]) };
  const table = wrappedTable(
    ['Net equity', 'LTV', 'Level'],
    rows.map((row) => row.map((cell) => textCell(cell))),
    [1],
  );
  return inForms(text, around([table]), around([section(lines.join('\n'))]));
}

function questionText(whatIf: WhatIf): string {
  switch (whatIf.kind) {
    case 'target':
      return `to ${percentText(whatIf.target)}`;
    case 'equity':
      return `if net equity changes by ${changeText(whatIf.change)}`;
    case 'borrow':
      return `if it borrows ${moneyText(whatIf.borrowed)}`;
  }
}

function changeText(change: Amount): string {
  return `${change.lt(ZERO) ? '−' : '+'}${percentText(change.abs())}`;
}

function targetText({ unit, thresholds }: WhatIfView, target: Amount): string {
  const standing = standingOf(unit);
  const now = ltvText(standing.ltv, thresholds);
  if (unit.totalLiability.lte(ZERO)) return 'Nothing is owed, so there is nothing to cure.';
  const cure = cureTo(unit, target, standing);
  if (cure === null) return `The LTV is *${now}*: it is under ${percentText(target)} already.`;
  const forms = cureForms(cure).map((form) => `• ${form}`);
  const only =
    cure.repayFromOutside === null
      ? ['Net equity does not exceed the maintenance margin, so repaying alone cannot do it.']
      : [];
  return [
    `From *${now}* to just under *${percentText(target)}*, one of these is enough:`,
    ...forms,
    ...only,
  ].join('\n');
}

function afterText(view: WhatIfView, now: string, [first]: readonly LtvAfter[]): string {
  if (view.unit.totalLiability.lte(ZERO) && view.whatIf.kind === 'equity')
    return 'Nothing is owed, so the LTV stays 0.';
  const after = first?.ltv ?? null;
  const level = levelAt(view, after);
  const kept = view.whatIf.kind === 'borrow' ? ' This assumes that what is borrowed stays in the unit.' : '';
  return `LTV *${now}* → *${ltvText(after, view.thresholds)}*: ${levelEmoji(level)} *${levelText(level)}*.${kept}`;
}

function levelAt({ unit, thresholds }: WhatIfView, ltv: Amount | null) {
  return levelOf(unit, thresholds, { ltv, collateral: ZERO });
}

function rowOf(view: WhatIfView, { change, ltv }: LtvAfter): readonly [string, string, string] {
  const label = change === null ? 'unchanged' : changeText(change);
  return [label, ltvText(ltv, view.thresholds), levelText(levelAt(view, ltv))];
}
