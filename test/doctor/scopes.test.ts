import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { NEEDED_SCOPES, OPTIONAL_SCOPES } from '../../src/doctor/scopes.ts';

it('knows the scopes of the manifest', () => {
  const manifest = parse(readFileSync(new URL('../../manifest.yml', import.meta.url), 'utf8'));
  expect([...NEEDED_SCOPES.keys()]).toEqual(manifest.oauth_config.scopes.bot);
  expect([...OPTIONAL_SCOPES.keys()]).toEqual(manifest.oauth_config.scopes.bot_optional);
});
