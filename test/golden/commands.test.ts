/** test/golden/commands.md is what the bot says now; `npm run golden` writes it again, and git shows the difference. */
import { expect, it, vi } from 'vitest';
import { writeTranscript } from './transcript.ts';

it('says what commands.md says, word for word', async () => {
  // Only the clocks: timers, and with them the network, are real.
  vi.useFakeTimers({ toFake: ['Date', 'performance'], now: Date.UTC(2026, 10, 20, 12) });
  try {
    const text = await writeTranscript((milliseconds) => vi.setSystemTime(Date.now() + milliseconds));
    await expect(text).toMatchFileSnapshot('commands.md');
  } finally {
    vi.useRealTimers();
  }
}, 60_000);
