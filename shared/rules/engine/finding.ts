/** A broken rule with its proof. Everything else that an explanation needs follows from it, the catalogue and the trace. */
import type { EventId, VirtualTime } from '../../trace/records';
import type { RuleId, RuleSeverity } from '../catalogue';

/** See the file's head. */
export interface Finding {
  readonly rule: RuleId;
  readonly severity: RuleSeverity;
  /** When the last of its events happened, virtual ns. */
  readonly time: VirtualTime;
  /** The records that contradict each other, the one that breaks the rule last. */
  readonly events: readonly EventId[];
  readonly component: number | undefined;
  readonly connection: number | undefined;
  /** State object. */
  readonly object: number | undefined;
  readonly found: string;
  readonly expected: string;
  /** Equal in every run in which the same thing happens: what baselines know a finding by. */
  readonly fingerprint: string;
}

/** What a fingerprint is made of: nothing that moves with time, seed or event numbers. */
export interface FingerprintParts {
  readonly rule: RuleId;
  /** Name of the driver at fault. */
  readonly driver: string;
  /** `found`, from which numbers are left out. */
  readonly found: string;
}

/** 64 bits of FNV-1a over the parts, as 16 hexadecimal digits. */
export function fingerprintOf({ rule, driver, found }: FingerprintParts): string {
  const text = [rule, driver, found.replaceAll(/0x[0-9a-f]+|\d+/gi, '#')].join('\n');
  let high = 0xcbf2_9ce4;
  let low = 0x8422_2325;
  for (let index = 0; index < text.length; index++) {
    low ^= text.charCodeAt(index);
    // Times the prime 2^40 + 0x1b3, in halves of 32 bits.
    const product = (low >>> 0) * 0x1b3;
    const carry = Math.floor(product / 2 ** 32);
    high = (Math.imul(high, 0x1b3) + carry + (low << 8)) >>> 0;
    low = product >>> 0;
  }
  return high.toString(16).padStart(8, '0') + (low >>> 0).toString(16).padStart(8, '0');
}
