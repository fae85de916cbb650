import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findBlockKitFaults } from '../../../sandbox/slack/block-kit/check-blocks.ts';
import { refusalMessage } from '../../../src/slack/views/notice-message.ts';
import { REFUSAL_CODES, refusalText } from '../../../src/slack/views/refusal-text.ts';
import { refusalExamples } from '../../golden/refusal-examples.ts';
import { START_MS } from '../../support/close-requests.ts';
import { factChange, wildText } from '../support/arbitraries.ts';

const examples = (text: string) => refusalExamples({ typed: text, why: text, atMs: START_MS });

/** What a refusal may end with: whether anything changed. */
const ENDINGS =
  /(?:Nothing was changed\.|Nothing was shown\.|Your approval was not counted\.|check `\/loandesk requests` before you repeat it\.)$/;

describe('refusal texts', () => {
  it.each(Object.values(examples('72; DROP')))(
    '$code says what was wrong and ends with what changed',
    (refusal) => {
      expect(refusalText(refusal)).toMatch(/^\S.{20,}/);
      expect(refusalText(refusal)).toMatch(ENDINGS);
    },
  );

  it('has an example of every code here', () => {
    expect(Object.keys(examples('')).sort()).toEqual([...REFUSAL_CODES].sort());
  });

  it('states what is owed to the last digit', () => {
    expect(refusalText(examples('').owes)).toBe(
      [
        'Unit 7 still owes, and Binance closes repaid units only. Total liability 15.30718772 as valued by Binance.',
        '• *USDT*: principal 15.30718771, interest 0.00000001',
        'Repay it in full, including interest, then try again. `/ltv 7` shows the unit. Nothing was changed.',
      ].join('\n'),
    );
  });

  it('neither pings nor breaks on what was typed', () => {
    expect(refusalText({ code: 'unknown-unit', input: '<!here> & <@U1>' })).toContain(
      '“&lt;!here&gt; &amp; &lt;@U1&gt;”',
    );
  });

  it('fits Slack whatever was typed', () => {
    fc.assert(
      fc.property(wildText(3_000), fc.array(factChange, { maxLength: 50 }), (text, changes) => {
        const all = examples(text);
        for (const refusal of [...Object.values(all), { ...all['facts-changed'], changes }]) {
          expect(findBlockKitFaults('message', refusalMessage(refusal))).toEqual([]);
          expect(refusalText(refusal)).toMatch(ENDINGS);
        }
      }),
      { numRuns: 50 },
    );
  });
});
