/** One line of the doctor's report. Never holds a secret. */
export interface Finding {
  readonly level: 'ok' | 'warning' | 'fault';
  /** What was looked at: "Slack", "Exchange", … */
  readonly about: string;
  readonly text: string;
  /** What to do; empty when all is well. */
  readonly advice: string;
}

/** Makes findings about one thing. */
export function findingsAbout(about: string) {
  return {
    ok: (text: string): Finding => ({ level: 'ok', about, text, advice: '' }),
    warning: (text: string, advice: string): Finding => ({ level: 'warning', about, text, advice }),
    fault: (text: string, advice: string): Finding => ({ level: 'fault', about, text, advice }),
  };
}
