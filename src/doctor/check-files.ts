/** Whether secret files are readable by their owner only. */
import { stat } from 'node:fs/promises';
import type { AccountsResult } from '../binance/accounts.ts';
import type { Config } from '../settings/config.ts';
import { type Finding, findingsAbout } from './finding.ts';

const { ok, warning, fault } = findingsAbout('Files');
const OTHERS = 0o077;

/** The files of NAME_FILE settings; their contents were read with the settings. */
export async function checkSecretFiles(
  files: Config['secretFiles'],
  platform: NodeJS.Platform,
): Promise<Finding[]> {
  if (platform === 'win32') return [];
  return Promise.all(
    [...files].map(async ([name, path]) => {
      try {
        const mode = (await stat(path)).mode & 0o777;
        if ((mode & OTHERS) === 0) return ok(`${name}_FILE is readable by its owner only`);
        return warning(
          `${name}_FILE (${path}) is open to other users of this machine (mode ${mode.toString(8)})`,
          `chmod 600 ${path}`,
        );
      } catch {
        return fault(`${name}_FILE (${path}) can't be checked`, 'Check the permissions of its folder.');
      }
    }),
  );
}

/** The result of loading the accounts file and its key files. */
export function judgeAccountsFile(loaded: AccountsResult): Finding[] {
  const warnings = loaded.warnings.map((text) =>
    warning(
      text,
      'See “The accounts file” in docs/settings.md. Key files should be readable by one user only: chmod 600.',
    ),
  );
  if (!loaded.ok) {
    const faults = loaded.faults.map((text) => fault(text, 'Correct BINANCE_ACCOUNTS_FILE or the key file.'));
    return [...warnings, ...faults];
  }
  const credit = loaded.accounts.filter(({ role }) => role === 'credit').length;
  return [...warnings, ok(`accounts file: one parent key, ${credit} credit key${credit === 1 ? '' : 's'}`)];
}
