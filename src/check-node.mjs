/**
 * Loaded before everything else (`node --import`), and plain JavaScript: an old Node could not even read the message
 * if it were in TypeScript. Ends the process with what to do when this Node is too old.
 */

/** The first Node that runs TypeScript without a flag and has what the libraries need. */
const OLDEST = { major: 22, minor: 19 };
/** sysexits(3): EX_CONFIG. */
const EXIT_BAD_SETTINGS = 78;

/**
 * @param {string} version as in process.versions.node
 * @returns {string | null} what is wrong and what to do, or null
 */
export function whyTooOld(version) {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major > OLDEST.major || (major === OLDEST.major && minor >= OLDEST.minor)) return null;
  return (
    `Loandesk needs Node ${OLDEST.major}.${OLDEST.minor} or newer; this is ${version}.\n` +
    'Start it through npm ("npm start"): npm finds the Node 24 that "npm ci" puts into node_modules/.bin.\n' +
    'If "npm ci" ran with --omit=optional, or on a machine for which there is no such package, install a newer Node.\n'
  );
}

const why = whyTooOld(process.versions.node);
if (why !== null) {
  process.stderr.write(why);
  process.exit(EXIT_BAD_SETTINGS);
}
