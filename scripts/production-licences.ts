/** Which licences the production dependencies are under, and which of them nobody has looked at. */
import { readFileSync } from 'node:fs';
import { z } from 'zod';

/** Permissive: use, change and pass on, with the notice kept. None obliges us to publish anything of ours. */
const EXPECTED: ReadonlySet<string> = new Set([
  'MIT',
  'ISC',
  '0BSD',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'Apache-2.0',
  'BlueOak-1.0.0',
  // Public domain.
  'Unlicense',
]);

export interface LicensedPackage {
  /** Where it lies: `node_modules/…` */
  readonly folder: string;
  readonly name: string;
  readonly version: string;
  readonly licence: string;
}

const lockSchema = z.object({
  packages: z.record(z.string(), z.object({ dev: z.boolean().optional(), optional: z.boolean().optional() })),
});

const manifestSchema = z.object({
  name: z.string(),
  version: z.string(),
  // Old packages name an object, or a list of them.
  license: z.union([z.string(), z.object({ type: z.string() }).transform(({ type }) => type)]).optional(),
  licenses: z.array(z.object({ type: z.string() })).optional(),
});

/** Those that `npm ci --omit=dev --omit=optional` installs, read from node_modules under `root`. */
export function readProductionLicences(root: URL): LicensedPackage[] {
  const read = (path: string): unknown => JSON.parse(readFileSync(new URL(path, root), 'utf8'));
  const { packages } = lockSchema.parse(read('package-lock.json'));
  return Object.entries(packages).flatMap(([path, { dev, optional }]) => {
    if (path === '' || dev === true || optional === true) return [];
    const { name, version, license, licenses } = manifestSchema.parse(read(`${path}/package.json`));
    const licence = license ?? licenses?.map(({ type }) => type).join(' OR ') ?? 'none stated';
    return [{ folder: path, name, version, licence }];
  });
}

/** A choice between licences is fine when one of them is expected. */
export function unexpectedLicences(packages: readonly LicensedPackage[]): LicensedPackage[] {
  return packages.filter(
    ({ licence }) =>
      !licence
        .replace(/[()]/g, '')
        .split(' OR ')
        .some((one) => EXPECTED.has(one)),
  );
}
