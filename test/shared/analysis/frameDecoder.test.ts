import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeFrame, type DecodedFrame } from '../../../shared/analysis/frameDecoder';
import { tcpFrame } from '../../harness/tcpFrame';

const field = (frame: DecodedFrame, protocol: string, name: string): string | undefined =>
  frame.layers.find((layer) => layer.protocol === protocol)?.fields.find((one) => one.name === name)?.text;

const segment = tcpFrame({
  fromPeer: false,
  sequence: 4_000_000_000,
  acknowledgment: 77,
  payloadLength: 100,
});

test('a TCP segment shows the fields of all its headers', () => {
  const decoded = decodeFrame(segment);
  expect(decoded.layers.map((layer) => layer.protocol)).toEqual(['Ethernet II', 'IPv4', 'TCP', 'Payload']);
  expect(field(decoded, 'Ethernet II', 'Destination')).toBe('02:00:00:00:00:02');
  expect(field(decoded, 'Ethernet II', 'EtherType')).toBe('0x0800 (IPv4)');
  expect(field(decoded, 'IPv4', 'Source')).toBe('192.0.2.1');
  expect(field(decoded, 'IPv4', 'Total length')).toBe('140 bytes');
  expect(field(decoded, 'IPv4', 'Flags and fragment offset')).toBe('0x4000 (DF)');
  expect(field(decoded, 'TCP', 'Sequence number')).toBe('4000000000');
  expect(field(decoded, 'TCP', 'Flags')).toBe('PSH, ACK');
  expect(decoded.summary).toBe('TCP: 49152 → 7 [PSH, ACK] Seq 4000000000, Ack 77, 100 bytes');
  expect(decoded.layers.every((layer) => !layer.cut)).toBe(true);
});

test('fields say where their bytes stand', () => {
  const tcp = decodeFrame(segment).layers[2]!;
  expect(tcp.offset).toBe(34);
  expect(tcp.fields.find((one) => one.name === 'Sequence number')).toMatchObject({ offset: 38, length: 4 });
});

test('an ARP request reads as one', () => {
  const arp = new Uint8Array(42);
  const view = new DataView(arp.buffer);
  arp.fill(0xff, 0, 6);
  arp.set([2, 0, 0, 0, 0, 1], 6);
  view.setUint16(12, 0x0806);
  view.setUint16(14, 1);
  view.setUint16(16, 0x0800);
  arp.set([6, 4], 18);
  view.setUint16(20, 1);
  arp.set([2, 0, 0, 0, 0, 1, 192, 0, 2, 1], 22);
  arp.set([192, 0, 2, 2], 38);
  expect(decodeFrame(arp).summary).toBe('ARP: who has 192.0.2.2? Tell 192.0.2.1');
  view.setUint16(20, 2);
  expect(decodeFrame(arp).summary).toBe('ARP: 192.0.2.1 is at 02:00:00:00:00:01');
});

test('TCP options are decoded, with padding and unknown kinds', () => {
  const bytes = new Uint8Array(54 + 28);
  bytes.set(segment.subarray(0, 54));
  const options = [2, 4, 5, 180, 1, 3, 3, 8, 4, 2, 8, 10, 0, 0, 0, 9, 0, 0, 0, 7, 254, 4, 1, 2, 0, 0, 0, 0];
  bytes.set(options, 54);
  bytes[46] = ((20 + options.length) / 4) << 4;
  new DataView(bytes.buffer).setUint16(16, 40 + options.length);
  const decoded = decodeFrame(bytes);
  expect(field(decoded, 'TCP', 'Maximum segment size')).toBe('1460 bytes');
  expect(field(decoded, 'TCP', 'Window scale')).toBe('8 (times 256)');
  expect(field(decoded, 'TCP', 'SACK permitted')).toBe('yes');
  expect(field(decoded, 'TCP', 'Timestamps')).toBe('9, echo 7');
  expect(field(decoded, 'TCP', 'Option 254')).toBe('4 bytes');
  expect(decoded.layers.map((layer) => layer.protocol)).not.toContain('Payload');
});

test('a frame that was cut says so and keeps what it has', () => {
  const decoded = decodeFrame(segment.subarray(0, 60), segment.length);
  const payload = decoded.layers.at(-1)!;
  expect(payload).toMatchObject({ protocol: 'Payload', cut: true, length: 6, summary: '100 bytes' });
  const half = decodeFrame(segment.subarray(0, 40), segment.length);
  expect(half.layers.at(-1)).toMatchObject({ protocol: 'TCP', cut: true });
  expect(field(half, 'TCP', 'Source port')).toBe('49152');
  expect(field(half, 'TCP', 'Sequence number')).toBeUndefined();
});

test('an option whose data was cut off is left out', () => {
  const bytes = Uint8Array.from([...segment.subarray(0, 54), 2, 4, 5]);
  bytes[46] = 0x60;
  const decoded = decodeFrame(bytes, 58);
  expect(field(decoded, 'TCP', 'Maximum segment size')).toBeUndefined();
  expect(decoded.layers.find((layer) => layer.protocol === 'TCP')!.cut).toBe(true);
});

test('no bytes at any length make it throw, and no field lies outside of them', () => {
  const anyBytes = fc.oneof(
    fc.uint8Array({ maxLength: 120 }),
    // Bytes that get as far as the TCP options before they go wrong.
    fc.uint8Array({ maxLength: 60 }).map((tail) => Uint8Array.from([...segment.subarray(0, 46), ...tail])),
  );
  fc.assert(
    fc.property(anyBytes, fc.nat(2000), (bytes, length) => {
      for (const layer of decodeFrame(bytes, length).layers) {
        expect(layer.length).toBeGreaterThanOrEqual(0);
        for (const one of layer.fields) expect(one.offset + one.length).toBeLessThanOrEqual(bytes.length);
      }
    }),
  );
});

test('an 802.1Q tag is a layer of its own, and what it carries is decoded behind it', () => {
  const tagged = new Uint8Array(segment.length + 4);
  tagged.set(segment.subarray(0, 12));
  tagged.set([0x81, 0x00, 0x60, 0x2a], 12);
  tagged.set(segment.subarray(12), 16);
  const decoded = decodeFrame(tagged);
  expect(decoded.layers.map((layer) => layer.protocol)).toEqual([
    'Ethernet II',
    '802.1Q',
    'IPv4',
    'TCP',
    'Payload',
  ]);
  expect(decoded.layers[1]!.summary).toBe('VLAN 42, priority 3');
  expect(field(decoded, '802.1Q', 'EtherType')).toBe('0x0800 (IPv4)');
  expect(decoded.summary).toBe('TCP: 49152 → 7 [PSH, ACK] Seq 4000000000, Ack 77, 100 bytes');
  expect(decoded.layers[3]!.offset).toBe(38);
});
