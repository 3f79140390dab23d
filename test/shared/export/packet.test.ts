import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readPacket, tcpFlagsText } from '../../../shared/export/packet';
import { FrameTaps } from '../../../shared/capture/frameTaps';
import { PcapngWriter } from '../../../shared/capture/pcapngWriter';
import { TraceTaps } from '../../../shared/capture/traceTaps';
import { readCapture } from '../../harness/readCapture';
import { property } from '../../harness/property';
import { recordScenario } from '../../harness/recordScenario';
import { concatenate, readTrace } from '../../harness/traceBytes';
import { hasTshark, tsharkRows } from '../../harness/tshark';

describe('readPacket', () => {
  it('never throws, whatever the bytes and wherever they end', () => {
    const start = fc.constantFrom(
      [0x08, 0x00, 0x45],
      [0x86, 0xdd, 0x60],
      [0x81, 0x00, 0x20, 1, 0x08, 0x00, 0x4f],
    );
    fc.assert(
      fc.property(start, fc.uint8Array({ maxLength: 120 }), fc.nat({ max: 140 }), (type, rest, length) => {
        const bytes = Uint8Array.of(...new Uint8Array(12), ...type, ...rest).subarray(0, length);
        expect(() => readPacket(bytes)).not.toThrow();
      }),
      property(500),
    );
  });

  it('names flags in the order of RFC 9293', () => {
    expect(tcpFlagsText(0)).toBe('');
    expect(tcpFlagsText(0x12)).toBe('SYN ACK');
    expect(tcpFlagsText(0xff)).toBe('FIN SYN RST PSH ACK URG ECE CWR');
  });

  it.skipIf(!hasTshark)('reads of every frame of a run what tshark reads', () => {
    const { bytes } = recordScenario('transfer', { seed: 3, fileBytes: 60_000, loss: 0.05 });
    const pieces: Uint8Array[] = [];
    const taps = new TraceTaps(
      ({ application }) =>
        new FrameTaps(
          new PcapngWriter(
            { write: (piece) => void pieces.push(piece.slice()) },
            { application, comment: '' },
          ),
          { names: undefined, snapLength: 0 },
        ),
    );
    const { header } = readTrace(bytes, [taps]);
    taps.finish(header!);
    const capture = concatenate(pieces);
    const fields = [
      'ip.src',
      'ip.dst',
      'ip.ttl',
      'tcp.srcport',
      'tcp.seq_raw',
      'tcp.ack_raw',
      'tcp.flags',
      'tcp.window_size_value',
      'tcp.options.mss_val',
      'tcp.options.wscale.shift',
      'tcp.options.timestamp.tsval',
      'tcp.options.timestamp.tsecr',
    ];
    const theirs = tsharkRows(capture, '', ['frame.number', ...fields]).map((row) => row.slice(1));
    const ours = readCapture(capture).packets.map(({ bytes: frame }) => {
      const { tcp, ...packet } = readPacket(frame);
      const flags = tcp === undefined ? undefined : `0x${tcp.flags.toString(16).padStart(4, '0')}`;
      return [
        packet.source,
        packet.destination,
        packet.ttl,
        tcp?.sourcePort,
        tcp?.sequence,
        tcp?.acknowledgment,
        flags,
        tcp?.window,
        tcp?.maximumSegmentSize,
        tcp?.windowScale,
        tcp?.timestamp,
        tcp?.timestampEcho,
      ].map((value) => (value === undefined ? '' : String(value)));
    });
    expect(ours.length).toBeGreaterThan(50);
    expect(ours).toEqual(theirs.map((row) => fields.map((_, index) => row[index] ?? '')));
  });
});
