/** Whether the audit trail was found whole, and when that was last looked at. */
import { Gauge, type Registry } from 'prom-client';

export interface AuditMetrics {
  /** The whole trail was read to its end. A reading that failed is not told: it shows nothing. */
  auditVerified(isWhole: boolean, atMs: number): void;
}

export function auditMetrics(registry: Registry): AuditMetrics {
  const registers = [registry];
  const whole = new Gauge({
    name: 'loandesk_audit_whole',
    help: '1 if the audit trail was whole when it was last verified, 0 if not; absent until then',
    registers,
  });
  const verified = new Gauge({
    name: 'loandesk_audit_verified_timestamp_seconds',
    help: 'When this process last read the whole audit trail; 0: not since the start',
    registers,
  });
  // A gauge without a value shows 0.
  whole.remove();
  return {
    auditVerified(isWhole, atMs) {
      whole.set(isWhole ? 1 : 0);
      verified.set(atMs / 1000);
    },
  };
}
