/**
 * `npm run sandbox`: the whole desk on this machine, a page to play in, and a tour in the terminal.
 *   --open                  opens the page in the browser
 *   --port 8080             the page's port; otherwise a free one
 *   --once                  the tour alone, then ends; status 0 only if every step was as expected
 *   --log                   the bot's log on stderr
 */
import { enableCompileCache } from 'node:module';

enableCompileCache();
const { parseArgs } = await import('node:util');
const { values } = parseArgs({
  options: {
    once: { type: 'boolean', default: false },
    open: { type: 'boolean', default: false },
    log: { type: 'boolean', default: false },
    port: { type: 'string', default: '0' },
    help: { type: 'boolean', default: false },
  },
});

if (values.help) {
  console.log(
    "npm run sandbox                          everything, a page in the browser and a tour, until Ctrl-C\nnpm run sandbox -- --open                opens the page, too\nnpm run sandbox -- --port 8080           with the page on that port\nnpm run sandbox -- --once                the tour alone\nnpm run sandbox -- --log                 with the bot's log on stderr",
  );
} else if (!/^\d{1,5}$/.test(values.port) || Number(values.port) > 65_535) {
  console.error(`--port: expected a number from 0 to 65535, got "${values.port}"`);
  process.exitCode = 1;
} else {
  const { playOnce, playSandbox } = await import('./play.ts');
  const { log, open, port } = values;
  process.exitCode = values.once ? await playOnce(log) : await playSandbox({ log, open, port: Number(port) });
}
