/** Captures of scenarios as Wireshark judges them, and what they say about the run. */
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { ScenarioId } from '../../shared/contract/scenarios';
import { readCapture } from '../harness/readCapture';
import { recordCapture } from '../harness/recordCapture';
import { hardErrors, hasTshark, lossErrors, tsharkRows } from '../harness/tshark';

/** Scenarios in which no frame gets lost. */
const lossless: readonly ScenarioId[] = [
  'first-sweep',
  'transfer',
  'neighbor-invalidated',
  'no-tcp-entries',
  'many-connections',
  'query-everything',
  'terminate-with-data',
  'upload-all',
];

/** Scenarios that lose frames by themselves: to an old Ethernet address, or with a cable or an adapter. */
const losing: readonly ScenarioId[] = [
  'update-everything',
  'address-and-mtu-change',
  'link-loss',
  'power-down',
  'failover',
  'load-balancing',
  'stacked-drivers',
];

describe('a capture at the adapters', () => {
  it('holds every frame of the run once, with the event id of its record', () => {
    const { capture, model } = recordCapture('transfer', { fileBytes: 100_000 });
    const { interfaces, packets, end } = readCapture(capture);
    expect(end.ok).toBe(true);
    expect(interfaces.map(({ name }) => name)).toEqual(['Offload target']);
    const events = packets.map(({ comments }) => Number(/^event (\d+)/.exec(comments[0]!)![1]));
    expect([...events].sort((one, other) => one - other)).toEqual(
      model.frames.frames.map(({ event }) => event),
    );
    packets.forEach(({ time, length, direction, bytes }, index) => {
      const frame = model.frames.at(events[index]!)!;
      const isOwn = frame.path !== 'peer';
      expect(direction).toBe(isOwn ? 'outbound' : 'inbound');
      expect(time).toBe(BigInt(isOwn ? frame.sent : frame.fateTime!));
      expect(length).toBe(frame.length);
      expect(bytes.length).toBe(frame.length);
    });
  });

  it('names path, connection and the call that led to a frame', () => {
    const { capture } = recordCapture('transfer', { loss: 0.02 });
    const comments = readCapture(capture).packets.map((packet) => packet.comments[0]!);
    expect(comments).toContainEqual(
      expect.stringMatching(/^event \d+, host path, .*caused by event \d+ \(MiniportSendNetBufferLists\)$/),
    );
    expect(comments).toContainEqual(
      expect.stringMatching(/^event \d+, chimney, connection 0, .*\(Miniport\w+\)$/),
    );
    expect(comments).toContainEqual(expect.stringContaining(', retransmission'));
  });

  it('shows frames as they arrive: flipped bits, copies, and in the order of arrival', () => {
    const link = { duplicate: 0.02, reorder: 0.05, corrupt: 0.02, corruptPastFcs: 1 };
    const { capture, model } = recordCapture('transfer', { fileBytes: 200_000, link });
    const { packets } = readCapture(capture);
    const inbound = packets.filter(({ direction }) => direction === 'inbound');
    const marked = (mark: string): number =>
      inbound.filter(({ comments }) => comments[0]!.endsWith(`, ${mark}`)).length;
    const peers = model.frames.frames.filter(({ path }) => path === 'peer');
    expect(marked('duplicated')).toBe(peers.reduce((sum, { duplicates }) => sum + duplicates, 0));
    expect(marked('reordered')).toBe(peers.filter(({ fate }) => fate === 'reordered').length);
    expect(marked('corrupted')).toBe(peers.filter(({ fate }) => fate === 'corrupted').length);
    expect(Math.min(marked('duplicated'), marked('reordered'), marked('corrupted'))).toBeGreaterThan(0);
  });
});

describe('taps', () => {
  it('see the same frames at a peer, later by the way through the link', () => {
    const { capture, model } = recordCapture('transfer', { fileBytes: 50_000, taps: ['echo server'] });
    const { interfaces, packets } = readCapture(capture);
    expect(interfaces.map(({ name }) => name)).toEqual(['Echo server']);
    expect(packets.length).toBe(model.frames.frames.length);
    const [first] = packets;
    expect(first!.direction).toBe('inbound');
    expect(first!.time).toBe(BigInt(model.frames.frames[0]!.fateTime!));
  });

  it('above a miniport see the ordinary path alone: offloaded traffic passes by', () => {
    const taps = ['Offload target adapter', 'Offload target'];
    const { capture } = recordCapture('transfer', { fileBytes: 300_000, taps });
    const { interfaces, packets } = readCapture(capture);
    const above = interfaces.findIndex(({ name }) => name === 'Offload target adapter');
    const inside = packets.filter(({ interfaceNumber }) => interfaceNumber === above);
    const wire = packets.filter(({ interfaceNumber }) => interfaceNumber !== above);
    expect(inside.length).toBeGreaterThan(50);
    const sent = (mark: string): number =>
      wire.filter(({ direction, comments }) => direction === 'outbound' && comments[0]!.includes(mark))
        .length;
    expect(sent(', chimney')).toBeGreaterThan(50);
    expect(inside.filter(({ direction }) => direction === 'outbound').length).toBe(sent(', host path'));
    for (const { comments } of inside)
      expect(comments[0]).toMatch(
        /^event \d+ \((MiniportSendNetBufferLists|NdisMIndicateReceiveNetBufferLists)\)/,
      );
  });

  it('above an intermediate driver and below it see the same packets, at each adapter its own', () => {
    const taps = ['Teaming driver adapter', 'Offload target 1 adapter', 'Offload target 2 adapter'];
    const { capture } = recordCapture('failover', { fileBytes: 200_000, taps });
    const { interfaces, packets } = readCapture(capture);
    const at = (name: string): number => {
      const number = interfaces.findIndex((one) => one.name === name);
      return packets.filter(({ interfaceNumber }) => interfaceNumber === number).length;
    };
    expect(at(taps[0]!)).toBeGreaterThan(50);
    expect(at(taps[0]!)).toBe(at(taps[1]!) + at(taps[2]!));
  });
});

describe.skipIf(!hasTshark)('tshark, where it is installed,', () => {
  it.each(lossless)('finds nothing wrong in a capture of %s', (scenario) => {
    const { capture } = recordCapture(scenario);
    expect(tsharkRows(capture, `${hardErrors} || ${lossErrors}`, ['frame.number', '_ws.col.Info'])).toEqual(
      [],
    );
    expect(tsharkRows(capture, 'tcp', ['frame.number']).length).toBeGreaterThan(100);
  });

  it.each(losing)('finds no malformed frame and no bad checksum in a capture of %s', (scenario) => {
    const { capture } = recordCapture(scenario, { fileBytes: 700_000 });
    expect(tsharkRows(capture, hardErrors, ['frame.number', '_ws.col.Info'])).toEqual([]);
  });

  it('reads interfaces, directions, comments and nanoseconds as they were written', () => {
    const { capture } = recordCapture('transfer', { fileBytes: 20_000 });
    const fields = [
      'frame.time_epoch',
      'frame.interface_name',
      'frame.packet_flags_direction',
      'frame.comment',
    ];
    const rows = tsharkRows(capture, '', fields);
    expect(rows).toEqual(
      readCapture(capture).packets.map(({ time, direction, comments }) => [
        `${time! / 1_000_000_000n}.${String(time! % 1_000_000_000n).padStart(9, '0')}`,
        'Offload target',
        direction === 'inbound' ? '0x00000001' : '0x00000002',
        comments[0],
      ]),
    );
  });

  it('finds as many retransmissions at the sender as the emulator has counted', () => {
    for (const seed of [1, 2, 3]) {
      const { capture, model } = recordCapture('transfer', { seed, loss: 0.01 });
      // Where data and losses go one way, what the sender sends again is a retransmission and nothing else.
      const filter =
        'frame.packet_flags_direction==2 && (tcp.analysis.retransmission || tcp.analysis.fast_retransmission || ' +
        'tcp.analysis.spurious_retransmission || tcp.analysis.out_of_order)';
      const own = model.frames.frames.filter(({ path, retransmission }) => path !== 'peer' && retransmission);
      expect(own.length).toBeGreaterThan(5);
      expect(tsharkRows(capture, filter, ['frame.number']).length).toBe(own.length);
      expect(tsharkRows(capture, hardErrors, ['frame.number'])).toEqual([]);
    }
  });

  it('gives the bytes of a stream back whose hash is that of the file', () => {
    const { capture, report } = recordCapture('transfer', { fileBytes: 300_000, loss: 0.01, seed: 3 });
    const rows = tsharkRows(capture, 'tcp.len>0 && tcp.dstport==7', ['tcp.seq', 'tcp.payload']);
    const stream = new Map<number, string>();
    for (const [sequence, payload] of rows) stream.set(Number(sequence), payload!.replaceAll(':', ''));
    const bytes = new Uint8Array(report.fileBytes);
    for (const [sequence, payload] of stream) bytes.set(Buffer.from(payload, 'hex'), sequence - 1);
    expect(sha256Of(bytes)).toBe(report.sha256.source);
  });
});

function sha256Of(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
