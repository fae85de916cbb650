/** What the browser loads: the style sheet as it is, the scripts with their types stripped, as Node runs them itself. */
import { readdir, readFile } from 'node:fs/promises';
import { stripTypeScriptTypes } from 'node:module';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { z } from 'zod';
import type { SlashCommand } from './draw-shell.ts';

export interface Asset {
  readonly type: string;
  readonly body: string | Buffer;
}

export interface Assets {
  /** By path. */
  readonly files: ReadonlyMap<string, Asset>;
  /** The slash commands of the manifest, for the composer. */
  readonly commands: readonly SlashCommand[];
}

const HERE = new URL('./', import.meta.url);
const MANIFEST = new URL('../../manifest.yml', import.meta.url);

const manifest = z.object({
  features: z.object({
    slash_commands: z.array(
      z.object({ command: z.string(), description: z.string(), usage_hint: z.string().default('') }),
    ),
  }),
});

export async function loadAssets(): Promise<Assets> {
  const files = new Map<string, Asset>();
  const css = await readFile(new URL('page.css', HERE), 'utf8');
  files.set('/page.css', { type: 'text/css; charset=utf-8', body: css });
  for (const name of await readdir(new URL('browser/', HERE))) {
    if (!name.endsWith('.ts')) continue;
    const source = await readFile(new URL(`browser/${name}`, HERE), 'utf8');
    files.set(`/browser/${name}`, { type: 'text/javascript; charset=utf-8', body: stripTypes(source) });
  }
  const idiomorph = await readFile(fileURLToPath(import.meta.resolve('idiomorph')), 'utf8');
  files.set('/idiomorph.js', { type: 'text/javascript; charset=utf-8', body: idiomorph });
  const { features } = manifest.parse(parse(await readFile(MANIFEST, 'utf8')));
  return { files, commands: features.slash_commands };
}

/** Types stripped, the one package by its path here. Node warns that its function is new: nobody needs to read that. */
function stripTypes(source: string): string {
  const { emitWarning } = process;
  process.emitWarning = () => {};
  try {
    return stripTypeScriptTypes(source).replace("from 'idiomorph'", "from '/idiomorph.js'");
  } finally {
    process.emitWarning = emitWarning;
  }
}
