/** Texts of a trace without addresses, names and hashes that tell where it comes from. */
import { ipAddressText } from '../ddi/addressText';
import type { AddressRewriter } from './addressMap';
import { parseHexPairs, parseIpv4, parseIpv6 } from './ipText';

/** What replaces addresses. */
export interface AddressReplacement {
  /** Addresses that stand where addresses stand. */
  readonly rewriter: AddressRewriter;
  /** Addresses that are known from elsewhere, wherever they stand among bytes; the same bytes where there is none. */
  readonly anywhere: (bytes: Uint8Array) => Uint8Array;
}

/** What is replaced in texts. */
export interface TextRules {
  /** Undefined keeps addresses. */
  readonly addresses: AddressReplacement | undefined;
  /** What stands in the place of each name, longer names first. */
  readonly names: readonly (readonly [string, string])[];
  /** What stands in the place of a SHA-256 hash; undefined keeps hashes. */
  readonly hash: ((hash: string) => string) | undefined;
}

const ipv4Pattern = /(?<!\d)(?<!\d\.)\d{1,3}(?:\.\d{1,3}){3}(?!\d)/g;
const ipv6Pattern = /(?<![\w:])(?:[0-9a-f]{0,4}:){2,8}(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9a-f]{0,4})(?![\w:])/gi;
const macPattern = /(?<![0-9a-f:-])[0-9a-f]{2}(?:(?::[0-9a-f]{2}){5,}|(?:-[0-9a-f]{2}){5,})(?![0-9a-f:-])/gi;
const dumpPattern =
  /(?<![0-9a-z])[0-9a-f]{2}(?: [0-9a-f]{2}){3,}(?![0-9a-z])|(?<![0-9a-z])(?:[0-9a-f]{2}){4,}(?![0-9a-z])/gi;
const hashPattern = /(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])/gi;

/** Writes bytes in the way in which `like` has them: the same separator, the same case. */
function hexLike(bytes: Uint8Array, like: string): string {
  const separator = /[^0-9a-f]/i.exec(like)?.[0] ?? '';
  const text = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(separator);
  return /[A-F]/.test(like) ? text.toUpperCase() : text;
}

/** Pairs of bytes with colons or hyphens: an Ethernet address, perhaps with zeros behind it to fill 32 bytes. */
function linkAddressText(found: string, addresses: AddressRewriter): string {
  const bytes = parseHexPairs(found);
  const made = bytes.slice();
  made.set(addresses.mac(bytes.subarray(0, 6)));
  return hexLike(made, found);
}

function replaceAddresses(text: string, { rewriter, anywhere }: AddressReplacement): string {
  return text
    .replace(macPattern, (found) => linkAddressText(found, rewriter))
    .replace(ipv6Pattern, (found) => {
      // A colon behind it may belong to the sentence.
      const whole = parseIpv6(found);
      const address = whole ?? (found.endsWith(':') ? parseIpv6(found.slice(0, -1)) : undefined);
      if (address === undefined) return found;
      return ipAddressText(rewriter.ipv6(address)) + (whole === undefined ? ':' : '');
    })
    .replace(ipv4Pattern, (found) => {
      const bytes = parseIpv4(found);
      return bytes === undefined ? found : ipAddressText(rewriter.ipv4(bytes));
    })
    .replace(dumpPattern, (found) => {
      const bytes = parseHexPairs(found);
      const made = anywhere(bytes);
      return made === bytes ? found : hexLike(made, found);
    });
}

/** A text with everything replaced that `rules` replaces. */
export function sanitizeText(text: string, rules: TextRules): string {
  let made = text;
  for (const [name, substitute] of rules.names) made = made.replaceAll(name, substitute);
  const { hash } = rules;
  // Hashes first: what stands in their place has no address in it.
  if (hash !== undefined) made = made.replace(hashPattern, (found) => hash(found.toLowerCase()));
  return rules.addresses === undefined ? made : replaceAddresses(made, rules.addresses);
}
