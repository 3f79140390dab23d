import { describe, expect, it } from 'vitest';
import { AddressMap } from '../../../shared/sanitize/addressMap';
import { parseIpv4, parseIpv6 } from '../../../shared/sanitize/ipText';
import { sanitizeText } from '../../../shared/sanitize/sanitizeText';
import { keyedHash } from '../../harness/keyedHash';

/** Addresses become words, so that a test shows what was found. */
function replaced(text: string, names: readonly (readonly [string, string])[] = []): string {
  const map = new AddressMap(keyedHash('key'));
  map.collector.ipv4(Uint8Array.from([192, 0, 2, 1]));
  map.collector.mac(Uint8Array.from([2, 0, 0, 0, 0, 9]));
  const rewriter = {
    ipv4: () => Uint8Array.from([10, 9, 9, 9]),
    ipv6: () => parseIpv6('2001:db8::9')!,
    mac: () => Uint8Array.from([2, 9, 9, 9, 9, 9]),
  };
  return sanitizeText(text, {
    addresses: { rewriter, anywhere: (bytes) => map.replaceCollected(bytes) },
    names,
    hash: (hash) => `hash of ${hash.length}`,
  });
}

describe('addresses in a text', () => {
  it.each([
    ['192.0.2.1:49152', '10.9.9.9:49152'],
    ['from 192.0.2.1, to 192.0.2.2.', 'from 10.9.9.9, to 10.9.9.9.'],
    ['192.0.2.0/24', '10.9.9.9/24'],
    ['[2001:db8:1::7]:443', '[2001:db8::9]:443'],
    ['fe80::1: no answer', '2001:db8::9: no answer'],
    ['fe80::1%eth0', '2001:db8::9%eth0'],
    ['::ffff:192.0.2.1', '2001:db8::9'],
    ['02-00-5E-10-00-01', '02-09-09-09-09-09'],
    ['at 02:00:5e:10:00:01.', 'at 02:09:09:09:09:09.'],
  ])('are found: %s', (text, expected) => {
    expect(replaced(text)).toBe(expected);
  });

  it.each([['12:34:56'], ['NDIS 6.20'], ['999.1.1.1'], ['10:00'], ['std::vector'], ['0x12345678']])(
    'are not seen in %s',
    (text) => {
      expect(replaced(text)).toBe(text);
    },
  );

  it('are found in dumps of bytes, where they are known from elsewhere', () => {
    expect(replaced('ff 02 00 00 00 00 09 ff')).not.toContain('02 00 00 00 00 09');
    expect(replaced('C0000201')).not.toBe('C0000201');
    expect(replaced('01 02 03 04 05 06')).toBe('01 02 03 04 05 06');
  });

  it('are read in every form of RFC 4291 section 2.2', () => {
    expect([...parseIpv6('2001:db8::1')!]).toEqual([0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
    expect([...parseIpv6('::')!]).toEqual(new Array<number>(16).fill(0));
    expect([...parseIpv6('1:2:3:4:5:6:1.2.3.4')!].slice(12)).toEqual([1, 2, 3, 4]);
    for (const wrong of ['1:2', '1::2::3', '12345::', '1:2:3:4:5:6:7:8:9', 'g::'])
      expect(parseIpv6(wrong)).toBeUndefined();
    expect(parseIpv4('256.1.1.1')).toBeUndefined();
  });
});

describe('names and hashes in a text', () => {
  it('are replaced wherever they stand', () => {
    expect(replaced('sends secret-plan.pdf', [['secret-plan.pdf', 'file']])).toBe('sends file');
    expect(replaced(`sha ${'ab'.repeat(32)}.`)).toBe('sha hash of 64.');
  });
});
