/** `npm run docs`: writes docs/commands.md. */
import { writeFile } from 'node:fs/promises';
import { writeTranscript } from './transcript/transcript.ts';

const target = new URL('../docs/commands.md', import.meta.url);
await writeFile(target, await writeTranscript());
