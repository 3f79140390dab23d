import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeFrame } from '../../../shared/analysis/frameDecoder';
import { frameFields } from '../../../shared/expression/frameFields';
import { FrameHeaders } from '../../../shared/expression/frameHeaders';
import { property } from '../../harness/property';
import { recordScenario } from '../../harness/recordScenario';

/** Fields of the window's decoder that hold the same, by layer. */
const decoded: Readonly<Record<string, readonly (readonly [layer: string, field: string])[]>> = {
  'eth.src': [['Ethernet II', 'Source']],
  'eth.dst': [['Ethernet II', 'Destination']],
  'vlan.id': [['802.1Q', 'VLAN']],
  'vlan.priority': [['802.1Q', 'Priority']],
  'ip.version': [
    ['IPv4', 'Version'],
    ['IPv6', 'Version'],
  ],
  'ip.src': [
    ['IPv4', 'Source'],
    ['IPv6', 'Source'],
  ],
  'ip.dst': [
    ['IPv4', 'Destination'],
    ['IPv6', 'Destination'],
  ],
  'ip.ttl': [
    ['IPv4', 'Time to live'],
    ['IPv6', 'Hop limit'],
  ],
  'tcp.srcport': [['TCP', 'Source port']],
  'tcp.dstport': [['TCP', 'Destination port']],
  'tcp.seq': [['TCP', 'Sequence number']],
  'tcp.window': [['TCP', 'Window']],
};

const headers = new FrameHeaders();

/** What the window's decoder says, and what the fields say. */
function both(bytes: Uint8Array, length: number): readonly (readonly [unknown, unknown])[] {
  const { layers } = decodeFrame(bytes, length);
  headers.read(bytes, length);
  return Object.entries(decoded).map(([name, places]) => {
    const text = places
      .map(([layer, field]) =>
        layers
          .find(({ protocol }) => protocol === layer)
          ?.fields.find((candidate) => candidate.name === field),
      )
      .find((field) => field !== undefined)?.text;
    const number = headers.field(name);
    return [
      `${name} ${text}`,
      `${name} ${headers.address(name) ?? (number === number ? number : undefined)}`,
    ];
  });
}

/** Frames of a run over IPv4 with ARP and TCP. */
const frames = ((): { readonly bytes: Uint8Array; readonly length: number }[] => {
  const { store } = recordScenario('transfer', { fileBytes: 40_000, loss: 0 }).model;
  const list = [];
  for (let event = 0; event < store!.length; event++) {
    const record = store!.record(event);
    if (record.kind === 'frame') list.push({ bytes: record.bytes, length: record.length });
  }
  return list;
})();

describe('header fields', () => {
  it('say what the decoder of the window says, of every frame of a run', () => {
    expect(frames.length).toBeGreaterThan(50);
    for (const { bytes, length } of frames)
      for (const [text, number] of both(bytes, length)) expect(number).toBe(text);
  });

  it('say the same of frames that are cut anywhere or hold anything', () => {
    const sample = frames.slice(0, 12);
    const etherTypes = fc.constantFrom(
      [0x08, 0x00, 0x45],
      [0x86, 0xdd, 0x60],
      [0x81, 0x00, 0x00],
      [0x08, 0x06, 0x00],
    );
    const invented = fc
      .tuple(fc.uint8Array({ minLength: 12, maxLength: 12 }), etherTypes, fc.uint8Array({ maxLength: 80 }))
      .map(([addresses, type, rest]) => Uint8Array.from([...addresses, ...type, ...rest]));
    const cut = fc
      .tuple(fc.nat(sample.length - 1), fc.nat(80))
      .map(([index, length]) => sample[index]!.bytes.slice(0, length));
    fc.assert(
      fc.property(fc.oneof(invented, cut), fc.nat(200), (bytes, more) => {
        for (const [text, number] of both(bytes, bytes.length + more)) {
          // An invented version number is read as text by the one, and by the EtherType by the other.
          if (!String(text).startsWith('ip.version')) expect(number).toBe(text);
        }
      }),
      property(1000),
    );
  });

  it('are never an exception: every field of every cut frame is a number, a text or absent', () => {
    const { bytes, length } = frames.find((frame) => frame.length > 200)!;
    for (let cut = 0; cut <= bytes.length; cut++) {
      headers.read(bytes.slice(0, cut), length);
      for (const { name } of frameFields) {
        expect(typeof headers.field(name)).toBe('number');
        expect(['string', 'undefined']).toContain(typeof headers.address(name));
      }
    }
  });
});
