/** Keyed hashes for tests of what replaces addresses. */
import { createHmac } from 'node:crypto';
import type { KeyedHash } from '../../shared/sanitize/keyedNumbers';

/** HMAC-SHA256 with a key in words. */
export function keyedHash(key: string): KeyedHash {
  return (text) => new Uint8Array(createHmac('sha256', key).update(text).digest());
}
