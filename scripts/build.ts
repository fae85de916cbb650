/** `npm run build`: the bot's programs as few files of plain JavaScript, into dist/. The image does this; a clone need not. */
import { fileURLToPath } from 'node:url';
import { buildBundle } from './bundle.ts';

const startedAtMs = performance.now();
const { packages } = await buildBundle(fileURLToPath(new URL('../dist', import.meta.url)));
const tookMs = Math.round(performance.now() - startedAtMs);
console.log(`dist/ holds the bot and ${packages.length} packages (${tookMs} ms)`);
