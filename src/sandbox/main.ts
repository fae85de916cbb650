/**
 * `npm run sandbox`: the whole desk on this machine, and a tour of it.
 *   --once                  ends after the tour; status 0 only if every step was as expected
 *   --as U… "/ltv 1"        from a second terminal: types a command as that person
 *   --log                   the bot's log on stderr
 */
import { enableCompileCache } from 'node:module';

enableCompileCache();
const { parseArgs } = await import('node:util');
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    once: { type: 'boolean', default: false },
    log: { type: 'boolean', default: false },
    as: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});

if (values.help) {
  console.log(
    'npm run sandbox                          everything, with a tour, until Ctrl-C\nnpm run sandbox -- --once                ends after the tour\nnpm run sandbox -- --as U… "/ltv 1"      from a second terminal: a command as that person\nnpm run sandbox -- --log                 with the bot\'s log on stderr',
  );
} else if (values.as !== undefined) {
  const { typeCommand } = await import('./second-terminal.ts');
  process.exitCode = await typeCommand(values.as, positionals.join(' '));
} else {
  const { playSandbox } = await import('./play.ts');
  process.exitCode = await playSandbox({ once: values.once, log: values.log });
}
