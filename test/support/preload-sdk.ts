/** `node --import` this: the process has an SDK that delivers every five seconds, as theirs do by default. */
import { startSdk } from './open-telemetry-sdk.ts';

startSdk(5_000);
