/** Which packages a bundle holds, and the text that must go with it: their licences, and the notices in their sources. */
import { readdir, readFile } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type LicensedPackage, readProductionLicences } from './production-licences.ts';

const LICENCE_FILE = /^(?:licen[cs]e|notice|copying)/i;
/** Comments that ask to be kept. */
const NOTICE = /\/\*!.*?\*\/|\/\*\*?(?:(?!\*\/).)*@(?:license|preserve)\b.*?\*\//gs;

const isOfPackage = (source: string) => source.includes(`${sep}node_modules${sep}`);

/**
 * The packages in which these sources lie. Throws at one that `npm ci --omit=dev` would not install: it was never
 * meant to ship, and nobody looked at its licence.
 */
export function packagesOf(sources: readonly string[], root: string): LicensedPackage[] {
  // The innermost first: a package may lie in another's node_modules.
  const production = readProductionLicences(pathToFileURL(root)).sort(
    (a, b) => b.folder.length - a.folder.length,
  );
  const found = sources.filter(isOfPackage).map((source) => {
    const owner = production.find(({ folder }) => source.startsWith(join(root, folder, sep)));
    if (owner === undefined) throw new Error(`${source} is not of a production dependency`);
    return owner;
  });
  return [...new Set(found)].sort((a, b) => (a.folder < b.folder ? -1 : 1));
}

/** The text of a package that leaves it in its repository: `scripts/licences/NAME.txt`. */
const KEPT_HERE = new URL('licences/', import.meta.url);

/** Throws at a package that brings no licence text and has none kept here. */
export async function licencesText(
  packages: readonly LicensedPackage[],
  sources: readonly string[],
  root: string,
): Promise<string> {
  const licences = packages.map(async ({ folder, name, version, licence }) => {
    const files = (await readdir(join(root, folder))).filter((file) => LICENCE_FILE.test(file));
    const texts = await Promise.all(files.map((file) => readFile(join(root, folder, file), 'utf8')));
    if (texts.length === 0) texts.push(await keptLicence(name));
    return section(`${name} ${version}, ${licence}`, texts);
  });
  const code = await Promise.all(sources.filter(isOfPackage).map((source) => readFile(source, 'utf8')));
  const notices = [...new Set(code.flatMap((text) => text.match(NOTICE) ?? []))];
  return [
    'Loandesk itself is under the MIT licence (LICENSE). The files beside this one also hold these packages, whole or',
    'in part, and a few helpers of rolldown, the bundler (MIT, Copyright (c) 2024-present VoidZero Inc. & Contributors).',
    ...(await Promise.all(licences)),
    section('Notices in their sources', notices),
  ].join('\n');
}

async function keptLicence(name: string): Promise<string> {
  try {
    return await readFile(new URL(`${name}.txt`, KEPT_HERE), 'utf8');
  } catch {
    throw new Error(`${name} brings no licence text`);
  }
}

function section(title: string, texts: readonly string[]): string {
  return `\n${'-'.repeat(80)}\n${title}\n\n${texts.map((text) => text.trim()).join('\n\n')}\n`;
}
