/**
 * Seals for what is in Redis besides the audit trail. Somebody who can write to Redis but has no audit key can then
 * only put back what was sealed before. Each kind has a key of its own, derived from the audit key
 * (HKDF-SHA-256, no salt, the kind as info, 32 bytes), so that no seal of one kind fits another kind or the trail.
 */
import { createHmac, createSecretKey, hkdfSync, type KeyObject, timingSafeEqual } from 'node:crypto';
import type { AuditKeys } from '../domain/audit-chain.ts';

export class Seals {
  readonly #current: KeyObject;
  readonly #all: readonly KeyObject[];

  constructor({ current, previous }: AuditKeys, kind: 'record' | 'outbox' | 'read') {
    // With a key object a seal costs a seventh of what it costs with the key's bytes.
    const derived = (key: Uint8Array) => createSecretKey(Buffer.from(hkdfSync('sha256', key, '', kind, 32)));
    this.#current = derived(current);
    this.#all = [this.#current, ...previous.map(derived)];
  }

  /** 64 hex digits over what it is about (a request's id) and the text; the first may hold no line break. */
  seal(requestId: string, text: string): string {
    return hmac(this.#current, requestId, text);
  }

  fits(seal: string, requestId: string, text: string): boolean {
    const given = Buffer.from(seal);
    return this.#all.some((key) => {
      const right = Buffer.from(hmac(key, requestId, text));
      return given.length === right.length && timingSafeEqual(given, right);
    });
  }
}

function hmac(key: KeyObject, requestId: string, text: string): string {
  return createHmac('sha256', key).update(`${requestId}\n${text}`).digest('hex');
}
