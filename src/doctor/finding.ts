/** One line of the doctor's report. Never holds a secret. */
export interface Finding {
  readonly level: 'ok' | 'warning' | 'fault';
  /** What was checked: "Slack", "Binance", … */
  readonly about: string;
  readonly text: string;
  /** What to do; empty for `ok`. */
  readonly advice: string;
}

export function findingsAbout(about: string) {
  return {
    ok: (text: string): Finding => ({ level: 'ok', about, text, advice: '' }),
    warning: (text: string, advice: string): Finding => ({ level: 'warning', about, text, advice }),
    fault: (text: string, advice: string): Finding => ({ level: 'fault', about, text, advice }),
  };
}
