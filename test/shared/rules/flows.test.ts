import { describe, expect, it } from 'vitest';
import { runSituation } from '../../../electron/emulator/mutants/runMutant';
import { flows, Flow, SegmentStream, type Flows } from '../../../shared/rules/facts/flows';
import { WireFrame } from '../../../shared/rules/engine/frame';
import { rule } from '../../../shared/rules/engine/rule';
import { sequenceDistance } from '../../../shared/analysis/tcpSegment';

/** A segment over IPv4 without options. */
function segment(sequence: number, payloadLength: number, flags = 0x10, acknowledgment = 500, window = 1000) {
  const bytes = new Uint8Array(64);
  const view = new DataView(bytes.buffer);
  view.setUint16(12, 0x0800);
  bytes[14] = 0x45;
  bytes[23] = 6;
  view.setUint32(38, sequence);
  view.setUint32(42, acknowledgment);
  bytes[46] = 0x50;
  bytes[47] = flags;
  view.setUint16(48, window);
  return new WireFrame(0, 0, {
    sender: 1,
    path: 'host',
    connection: 0,
    cause: undefined,
    length: 54 + payloadLength,
    payloadLength,
    retransmission: false,
    bytes,
  });
}

describe('a stream of segments', () => {
  it('joins what fills a gap, across the wrap of sequence numbers', () => {
    const stream = new SegmentStream(() => 0);
    stream.add(segment(0xffff_ff00, 0x80), 1);
    stream.add(segment(0x10, 0x10), 2);
    stream.add(segment(0xffff_ffc0, 0x50), 3);
    expect(stream.contiguousEnd).toBe(0xffff_ff80);
    expect(stream.end).toBe(0x20);
    expect(stream.rangesAhead).toEqual([{ start: 0xffff_ffc0, end: 0x20 }]);
    expect(stream.covers(0xffff_ffd0, 0x18)).toBe(true);
    expect(stream.covers(0xffff_ff70, 0xffff_ff90)).toBe(false);
    stream.add(segment(0xffff_ff80, 0x40), 4);
    expect(stream.contiguousEnd).toBe(0x20);
    expect(stream.rangesAhead).toEqual([]);
  });

  it('leaves out segments of somebody who guesses', () => {
    const stream = new SegmentStream(() => 0);
    stream.add(segment(100, 50), 1);
    stream.add(segment(0x4000_0000, 50), 2);
    stream.add(segment(120, 0, 0x02), 3);
    stream.add(segment(1_000_000, 0, 0x04), 4);
    expect(stream.end).toBe(150);
    expect(stream.syn).toBeUndefined();
    expect(stream.reset?.sequence).toBe(1_000_000);
    expect(stream.count).toBe(1);
  });

  it('takes windows of the newest segment only, and never moves the right edge back', () => {
    const stream = new SegmentStream(() => 2);
    stream.add(segment(100, 50, 0x10, 500, 1000), 1);
    stream.add(segment(150, 0, 0x10, 600, 100), 2);
    stream.add(segment(100, 50, 0x10, 500, 2000), 3);
    expect(stream.window).toBe(100);
    expect(stream.acknowledgment).toBe(600);
    expect(stream.rightEdge).toBe(500 + 4 * 2000);
  });
});

describe('flows of a run', () => {
  it('agree with the variables that a terminate hands up', () => {
    let known: Flows | undefined;
    let decided = 0;
    const watching = rule('WIR-002', ({ facts }) => {
      known = facts.of(flows);
      return {
        call: {
          NdisMTerminateOffloadComplete: ({ connection, blocks }) => {
            const flow = known?.of(connection);
            const state = blocks
              .flatMap(({ states }) => states)
              .find(({ structure }) => structure === 'TCP_OFFLOAD_STATE_DELEGATED');
            if (flow === undefined || state === undefined) return;
            decided++;
            expect(flow).toBeInstanceOf(Flow);
            const { machine, peer } = flow;
            expect(sequenceDistance(machine.sent.end!, machine.arrived.end!)).toBeLessThanOrEqual(0);
            expect(
              sequenceDistance(peer.arrived.contiguousEnd!, machine.sent.acknowledgment!),
            ).toBeLessThanOrEqual(0);
            expect(sequenceDistance(machine.sent.end!, peer.sent.rightEdge!)).toBeGreaterThanOrEqual(0);
            expect(flow.windowShifts).toBeDefined();
          },
        },
      };
    });
    const { checker, accident } = runSituation([watching], { settings: { loss: 0.02 } });
    expect(accident).toBeUndefined();
    expect(checker.coverage()[0]?.failure).toBeUndefined();
    expect(decided).toBe(1);
    expect(known?.of(0)?.lastByTarget?.path).toBe('chimney');
  });
});
