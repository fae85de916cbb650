/** docs/commands.md is what the bot says now. */
import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { steadyIds, steadyText } from '../../sandbox/transcript/steady-text.ts';
import { writeTranscript } from '../../sandbox/transcript/transcript.ts';

it('docs/commands.md is current; `npm run docs` writes it anew', async () => {
  const written = await readFile(new URL('../../docs/commands.md', import.meta.url), 'utf8');
  expect((await writeTranscript()).split('\n')).toEqual(written.split('\n'));
}, 60_000);

it.each([
  ['As of Nov 21, 2026 06:38:13 UTC.', 'As of Nov 20, 2026 12:00:00 UTC.'],
  ['closed 2025-07-25 07:05', 'closed 2025-07-25 07:05'],
  ['(2027-01-02 03:04:05 UTC)', '(2026-11-20 12:00:00 UTC)'],
  ['0.2 ms from the exchange', '2 ms from the exchange'],
])('"%s" is written as "%s"', (said, steady) => {
  expect(steadyText(said)).toBe(steady);
});

it('numbers request ids in the order in which they appear', () => {
  expect(steadyIds('`ED2WFSEP4X`, `0A1B2C3D4E`, `ED2WFSEP4X`')).toBe(
    '`R000000001`, `R000000002`, `R000000001`',
  );
});
