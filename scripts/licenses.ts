/**
 * `npm run licenses`: the production dependencies of the lock file with their versions and licences, as their own
 * package.json states them. Exit status 1 when one is not on the list below.
 */
import { readProductionLicences, unexpectedLicences } from './production-licences.ts';

const found = readProductionLicences(new URL('../', import.meta.url));
const byLicence = Map.groupBy(found, ({ licence }) => licence);
for (const [licence, packages] of [...byLicence].sort(([, a], [, b]) => b.length - a.length)) {
  console.log(
    `${licence} (${packages.length}): ${packages.map(({ name, version }) => `${name} ${version}`).join(', ')}`,
  );
}
const unexpected = unexpectedLicences(found);
for (const { name, licence } of unexpected) console.error(`not on the list: ${name}, ${licence}`);
process.exitCode = unexpected.length === 0 ? 0 : 1;
