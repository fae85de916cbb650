import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { escapeMrkdwn, shorten } from '../../../src/slack/views/limits.ts';

/** Text rich in what can go wrong: specials, emoji, right-to-left, line breaks, ready-made tokens. */
const trickyText = fc
  .array(
    fc.oneof(
      fc.string({ unit: 'grapheme', maxLength: 6 }),
      fc.constantFrom('&', '<', '>', '&amp;', '🏦', '👩‍💻', 'שלום', '\n', ' ', '<@U0123>', '<!here>'),
    ),
    { maxLength: 40 },
  )
  .map((parts) => parts.join(''));

const loneSurrogate = /[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/;

const unescaped = (text: string) =>
  text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');

describe('escapeMrkdwn', () => {
  it.each([
    ['a & b', 'a &amp; b'],
    ['<@U1> <!channel>', '&lt;@U1&gt; &lt;!channel&gt;'],
    ['&lt;', '&amp;lt;'],
    ['*bold* _it_ `code` "quote"', '*bold* _it_ `code` "quote"'],
  ])('%s', (text, escaped) => {
    expect(escapeMrkdwn(text)).toBe(escaped);
  });

  it('is reversible and escapes every special character', () => {
    fc.assert(
      fc.property(trickyText, (text) => {
        const escaped = escapeMrkdwn(text);
        expect(escaped).not.toMatch(/[<>]|&(?!amp;|lt;|gt;)/);
        expect(unescaped(escaped)).toBe(text);
      }),
    );
  });
});

describe('shorten', () => {
  it.each([
    ['short', 5, 'short'],
    ['longer', 5, 'long…'],
    ['ab &amp; cd', 6, 'ab…'],
    ['ab &amp; cd', 9, 'ab &amp;…'],
    ['🏦🏦🏦', 4, '🏦…'],
    ['to <@U0123ABC> now', 10, 'to…'],
    ['at <!date^1|x> now', 16, 'at <!date^1|x>…'],
    ['a < b and more', 8, 'a < b a…'],
    ['abc', 1, '…'],
    ['abc', 0, ''],
    ['', 0, ''],
  ])('%s to %d', (text, max, expected) => {
    expect(shorten(text, max)).toBe(expected);
  });

  it('never exceeds the maximum, never breaks an entity or a surrogate pair, and says that it cut', () => {
    fc.assert(
      fc.property(trickyText, fc.integer({ min: 1, max: 120 }), (text, max) => {
        const escaped = escapeMrkdwn(text);
        const short = shorten(escaped, max);
        expect(short.length).toBeLessThanOrEqual(max);
        expect(short).not.toMatch(/&(?!amp;|lt;|gt;)/);
        expect(short).not.toMatch(loneSurrogate);
        if (escaped.length <= max) expect(short).toBe(escaped);
        else expect(short.endsWith('…')).toBe(true);
        expect(escaped.startsWith(short.replace(/…$/, '').trimEnd())).toBe(true);
      }),
    );
  });
});
