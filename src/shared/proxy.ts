/** The proxy on the way out, as undici's EnvHttpProxyAgent takes it. Absent: none. */
export interface ProxyAddresses {
  readonly httpProxy?: string;
  readonly httpsProxy?: string;
  readonly noProxy?: string;
}
