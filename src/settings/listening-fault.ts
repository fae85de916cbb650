/** Faults of HOST and PORT that only show when the socket is opened. */
import { ConfigFaults } from './config.ts';

const LISTENING_FAULTS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'PORT: already in use by another process',
  EACCES: 'PORT: this user may not listen there (ports below 1024 need more rights)',
  EADDRNOTAVAIL: 'HOST: this machine has no such address',
  EAFNOSUPPORT: 'HOST: this machine has no addresses of this kind (IPv6?)',
  EINVAL: "HOST: this machine can't listen on this address",
  ENOTFOUND: 'HOST: unknown name; expected a name or an address of this machine',
  EAI_AGAIN: "HOST: the name couldn't be looked up",
};

/** Throws ConfigFaults if the settings are the cause, else the same error. */
export function throwListeningFault(error: unknown): never {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const fault = LISTENING_FAULTS[code];
  throw fault === undefined ? error : new ConfigFaults([`${fault} (${code})`]);
}
