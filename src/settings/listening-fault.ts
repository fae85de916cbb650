/** HOST and PORT are judged by the system, when it is asked for a socket. */
import { ConfigFaults } from './config.ts';

/** Why the system refuses a socket, as a fault of the settings that name it. */
const LISTENING_FAULTS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'PORT: another process listens there already',
  EACCES: 'PORT: this user may not listen there (below 1024 the system asks for more rights)',
  EADDRNOTAVAIL: 'HOST: this machine has no such address',
  EAFNOSUPPORT: 'HOST: this machine has no addresses of this kind (IPv6?)',
  EINVAL: 'HOST: this machine cannot listen on this address',
  ENOTFOUND: 'HOST: expected a name or an address of this machine; the name is not known',
  EAI_AGAIN: 'HOST: the name could not be looked up',
};

/** Throws ConfigFaults where the settings are why, else the same error. */
export function throwListeningFault(error: unknown): never {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const fault = LISTENING_FAULTS[code];
  throw fault === undefined ? error : new ConfigFaults([`${fault} (${code})`]);
}
