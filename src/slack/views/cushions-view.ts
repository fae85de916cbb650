/** The cushions of all units as bars, each also in words. */
import type { UnitsView } from '../../usecases/desk.ts';
import { chart, context, header, type Message, section, sections } from './blocks.ts';
import { dateToken } from './format.ts';
import { cushionText, ltvText, percentText } from './unit-text.ts';
import { figuresOf, shownIds, type UnitFigures } from './units-table.ts';

/** As many as Slack draws; the table has all. */
const BARS = 20;

export function cushionsMessage(view: UnitsView): Message {
  const { thresholds } = view;
  const owing = view.units
    .map((unit) => figuresOf(unit, thresholds))
    .filter(({ toMarginCall }) => toMarginCall !== null)
    .slice(0, BARS);
  const ids = shownIds(owing.map(({ unit }) => unit.groupId));
  const lines = owing.map(cushionLine);
  const asOf = `As of ${dateToken(view.asOfMs)}. Cushion: what may be lost, as valued by Binance and as a share of net equity, before margin call (${percentText(thresholds.marginCall)}) or liquidation (${percentText(thresholds.liquidation)}).`;
  const title = 'Cushion by unit';
  if (owing.length === 0) {
    const nothing = 'None of these units owes anything, so there is no cushion to draw.';
    return { text: nothing, blocks: [section(nothing)] };
  }
  const words = sections(lines, 3_000, (left) => `… and ${left} more`);
  const text = [`${title}, worst first.`, ...lines, asOf].join('\n');
  const bars = chart({
    title,
    kind: 'bar',
    labels: owing.map(({ unit }) => ids.get(unit.groupId) ?? unit.groupId),
    series: {
      'To margin call': owing.map(({ toMarginCall }) => barOf(toMarginCall)),
      'To liquidation': owing.map(({ toLiquidation }) => barOf(toLiquidation)),
    },
    unit: '% of net equity',
  });
  const around = (middle: Message['blocks']) => [header(title), ...middle, ...words, context(asOf)];
  return { text, blocks: around(bars), plainer: { text, blocks: around([]) } };
}

function cushionLine({ unit, ltv, thresholds, toMarginCall, toLiquidation }: UnitFigures): string {
  const cushions = [
    toMarginCall && cushionText(toMarginCall, 'margin call'),
    toLiquidation && cushionText(toLiquidation, 'liquidation'),
  ];
  return `*Unit ${unit.groupId}* (${ltvText(ltv, thresholds)}): ${cushions.filter(Boolean).join(', ')}`;
}

/** Percent with one decimal; none where the level is reached. */
function barOf(cushion: UnitFigures['toMarginCall']): number {
  return cushion?.ofEquity?.times(100).round(1, 0).toNumber() ?? 0;
}
