import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { amount } from '../../../src/domain/amount.ts';
import { knownTimeZone } from '../../../src/domain/person.ts';
import { parseClosedFilter } from '../../../src/domain/unit/closed-filter.ts';
import {
  account,
  amountText,
  cardLink,
  countdownToken,
  dateToken,
  durationText,
  maskEmail,
  maskEmails,
  mention,
  moneyText,
  utcText,
  zonedText,
} from '../../../src/slack/views/format.ts';
import { nearestExample } from '../../../src/slack/views/help-view.ts';
import { anyAmount } from '../support/arbitraries.ts';

describe('amounts', () => {
  it.each([
    ['1234567.00000001', '1,234,567.00000001'],
    ['0', '0'],
    ['999', '999'],
    ['1000', '1,000'],
    ['-1234.5', '-1,234.5'],
    ['0.00000001', '0.00000001'],
    ['12345678901234567890.12345678', '12,345,678,901,234,567,890.12345678'],
  ])('%s reads %s', (value, text) => {
    expect(amountText(amount(value))).toBe(text);
    expect(amountText(value)).toBe(text);
  });

  it('never lose a digit', () => {
    fc.assert(
      fc.property(anyAmount, (value) => {
        expect(amount(amountText(value).replaceAll(',', '')).eq(value)).toBe(true);
      }),
    );
  });

  it.each([
    ['1234567.89', '1,234,568'],
    ['1000', '1,000'],
    ['999.996', '1,000'],
    ['999.994', '999.99'],
    ['26.35196946', '26.35'],
    ['0.5', '0.5'],
    ['0.009', '0.009'],
    ['0', '0'],
    ['-53017.2', '-53,017'],
    ['no number', 'no number'],
  ])('%s is read as %s', (value, text) => {
    expect(moneyText(value)).toBe(text);
  });
});

describe('times', () => {
  const at = Date.UTC(2026, 10, 20, 14, 5, 9);

  it('say UTC where tokens are not rendered', () => {
    expect(utcText(at)).toBe('2026-11-20 14:05 UTC');
    expect(utcText(at, 'seconds')).toBe('2026-11-20 14:05:09 UTC');
    expect(utcText(Number.NaN)).toBe('an unreadable time');
  });

  it('give tokens with a fallback', () => {
    expect(dateToken(at)).toBe('<!date^1795183509^{date_short_pretty} {time}|2026-11-20 14:05 UTC>');
    expect(countdownToken(at)).toBe(
      '<!date^1795183509^{date_short_pretty} {time} ({ago})|2026-11-20 14:05 UTC>',
    );
  });

  it.each([
    [0, '0 s'],
    [59_999, '59 s'],
    [61_000, '1 min 1 s'],
    [4 * 3_600_000, '4 h'],
    [26 * 3_600_000 + 5_000, '1 d 2 h'],
    [Number.NaN, 'an unknown time'],
  ])('%s ms last %s', (ms, text) => {
    expect(durationText(ms)).toBe(text);
  });

  it("read in the asker's time zone, or in UTC where it is not known", () => {
    expect(zonedText(at, 'Asia/Singapore')).toBe('2026-11-20 22:05');
    expect(zonedText(at, 'Mars/Base')).toBe('2026-11-20 14:05');
  });

  /** Old names, and the new ones that Intl lists in their place or not at all. */
  it.each([
    ['fault W7', 'Asia/Calcutta', 'Asia/Kolkata', '2026-11-20 19:35'],
    ['fault W7, relative', 'Europe/Kiev', 'Europe/Kyiv', '2026-11-20 16:05'],
    ['fault W7, relative', 'Asia/Saigon', 'Asia/Ho_Chi_Minh', '2026-11-20 21:05'],
    ['fault W7, relative', 'Asia/Katmandu', 'Asia/Kathmandu', '2026-11-20 19:50'],
    ['fault W7, relative', 'America/Buenos_Aires', 'America/Argentina/Buenos_Aires', '2026-11-20 11:05'],
    ['fault W7, relative', 'US/Eastern', 'America/New_York', '2026-11-20 09:05'],
    ['fault W7, relative', 'GMT', 'Etc/UTC', '2026-11-20 14:05'],
  ])('%s: %s and %s are one zone, in times and in days', (_, old, current, text) => {
    for (const zone of [old, current]) {
      expect(zonedText(at, zone)).toBe(text);
      expect(knownTimeZone(zone)).toBe(zone);
    }
    const days = [old, current].map((zone) => parseClosedFilter('2026-11-20', at, knownTimeZone(zone)));
    expect(days[0]).toEqual(days[1]);
    expect(days[0]).toMatchObject({ ok: true });
  });
});

describe('people', () => {
  it.each([
    ['tst20241120@test.com', 't***0@test.com'],
    ['ab@test.com', 'a***@test.com'],
    ['no-address', 'n***'],
    ['', '***'],
  ])('%s is masked as %s', (email, masked) => {
    expect(maskEmail(email)).toBe(masked);
  });

  it.each([
    ["row 3 of o'brien@x.com: no amount", 'row 3 of o***n@x.com: no amount'],
    ["a.b!#$%&'*+-/=?^_`{|}~z@x.com", 'a***z@x.com'],
    ['tst1@x.com, müller@bücher.example', 't***1@x.com, m***r@bücher.example'],
    ['"email":"tst1@x.com"', '"email":"t***1@x.com"'],
  ])('text with an address is masked to its first and last character: %s', (text, masked) => {
    expect(maskEmails(text)).toBe(masked);
  });

  it('are in full in private only, escaped for both', () => {
    expect(account('a<b@test.com', 'private')).toBe('a&lt;b@test.com');
    expect(account('a<b@test.com', 'channel')).toBe('a***b@test.com');
  });

  it('are mentioned by id, and never by anything else', () => {
    expect(mention('U0ALICE')).toBe('<@U0ALICE>');
    expect(mention('!here> <@U1')).toBe('!here&gt; &lt;@U1');
  });
});

describe('links and hints', () => {
  it('lead to the card', () => {
    const card = { channelId: 'C0DESK', messageTs: '1700000000.000100' };
    expect(cardLink('https://acme.slack.com/', card)).toBe(
      'https://acme.slack.com/archives/C0DESK/p1700000000000100',
    );
    expect(cardLink(null, card)).toBeNull();
    expect(cardLink('https://acme.slack.com/', { ...card, messageTs: 'x' })).toBeNull();
  });

  it.each([
    ['reqests', '/loandesk requests'],
    ['stauts', '/loandesk status'],
    ['hlep', '/loandesk help'],
    ['verfy all', '/loandesk audit verify'],
  ])('%s suggests %s', (typed, example) => {
    expect(nearestExample(typed)).toBe(example);
  });
});
