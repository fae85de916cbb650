/** Says nothing at all; `leaks.test.ts` runs it in a vitest of its own. */
import { it } from 'vitest';

it('says nothing', () => {});
