/** The outgoing proxy, from the usual environment variables. */
import type { ProxyAddresses } from '../shared/proxy.ts';
import { hasNothingAfterHost, hasReadableCredentials, PERCENT_ENCODED } from './fields.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** Lower-case names win, as in curl. Adds unusable ones to `faults` by name, without their value. */
export function readProxy(environment: Environment, faults: string[]): ProxyAddresses {
  const given = (name: string) => {
    const used = environment[name.toLowerCase()]?.trim() ? name.toLowerCase() : name;
    return { used, text: environment[used]?.trim() ?? '' };
  };
  const address = (key: 'httpProxy' | 'httpsProxy', name: string): ProxyAddresses => {
    const { used, text } = given(name);
    if (text === '') return {};
    const url = proxyUrl(text);
    if (url !== null) return { [key]: url };
    faults.push(`${used}: expected http://host:port or http://user:password@host:port, ${PERCENT_ENCODED}`);
    return {};
  };
  const { text: noProxy } = given('NO_PROXY');
  return {
    ...address('httpProxy', 'HTTP_PROXY'),
    ...address('httpsProxy', 'HTTPS_PROXY'),
    ...(noProxy === '' ? {} : { noProxy }),
  };
}

/** `proxy.example.com:3128` means http://. Null: not usable. */
function proxyUrl(text: string): string | null {
  const written = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `http://${text}`;
  if (!URL.canParse(written)) return null;
  const url = new URL(written);
  const isProxy = url.protocol === 'http:' || url.protocol === 'https:';
  return isProxy && hasNothingAfterHost(url) && hasReadableCredentials(url) ? written : null;
}
