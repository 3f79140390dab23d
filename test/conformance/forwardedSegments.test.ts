/** What a target does not process itself: IP options, extension headers and fragments (WIR-029, WIR-030, FWD-008, FWD-009). */
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { TargetAdapter } from '../../electron/emulator/target/targetAdapter';
import { fragmentFrame } from '../../electron/emulator/wire/fragmentation';
import { finishChecksum, sumWords } from '../../electron/emulator/wire/internetChecksum';
import { nextHeaders } from '../../electron/emulator/wire/ipv6';
import { tcpFlags } from '../../electron/emulator/wire/tcpSegment';
import { OffloadBench } from '../harness/offloadBench';

const payload = Uint8Array.from({ length: 1000 }, (_, index) => index % 251);

/** A segment of the peer's with 1000 bytes, the next that the target expects. */
function segment(bench: OffloadBench): Uint8Array {
  return bench.segmentFromPeer({ flags: tcpFlags.ACK | tcpFlags.PSH, payload });
}

/** The same with eight bytes of options or extension headers that say nothing. */
function withOptions(bytes: Uint8Array, version: 'ipv4' | 'ipv6'): Uint8Array {
  const at = 14 + (version === 'ipv4' ? 20 : 40);
  const frame = new Uint8Array(bytes.length + 8);
  frame.set(bytes.subarray(0, at));
  frame.set(bytes.subarray(at), at + 8);
  if (version === 'ipv6') {
    frame.set([nextHeaders.tcp, 0, 1, 4, 0, 0, 0, 0], at);
    frame[14 + 6] = nextHeaders.destinationOptions;
    const length = frame.length - 54;
    frame.set([length >>> 8, length & 0xff], 18);
    return frame;
  }
  frame.set([1, 1, 1, 1, 1, 1, 1, 0], at);
  frame[14] = 0x47;
  const length = frame.length - 14;
  frame.set([length >>> 8, length & 0xff, ...frame.subarray(18, 24), 0, 0], 16);
  const checksum = finishChecksum(sumWords(0, frame, 14, at + 8));
  frame.set([checksum >>> 8, checksum & 0xff], 24);
  return frame;
}

describe.each(['ipv4', 'ipv6'] as const)('an offloaded connection over %s', (version) => {
  it('WIR-029, FWD-004, FWD-008, FWD-012: a segment behind options goes up, comes back as forward, and is delivered', () => {
    const bench = new OffloadBench({ version });
    bench.offload();
    const from = bench.calls.length;
    const { RcvNxt } = bench.offloaded.engine.variables;
    bench.injectFrame(withOptions(segment(bench), version));
    bench.runFor(600e6);
    const names = bench.namesSince(from);
    expect(names[0]).toBe('NdisMIndicateReceiveNetBufferLists');
    expect(names).toContain('MiniportTcpOffloadForward');
    expect(names).toContain('NdisTcpOffloadForwardComplete');
    expect(bench.offloaded.engine.variables.RcvNxt).toBe((RcvNxt + payload.length) >>> 0);
    expect(bench.returnedBytes).toEqual([...payload]);
  });

  it('WIR-030, FWD-009: fragments go up one by one, and the segment comes back whole', () => {
    const bench = new OffloadBench({ version });
    bench.offload();
    const from = bench.calls.length;
    const pieces = fragmentFrame(segment(bench), 400, 0x1234_5678);
    expect(pieces.length).toBeGreaterThan(2);
    for (const piece of [...pieces].reverse()) bench.injectFrame(piece);
    bench.runFor(600e6);
    const names = bench.namesSince(from);
    expect(names.filter((name) => name === 'NdisMIndicateReceiveNetBufferLists')).toHaveLength(pieces.length);
    expect(names.filter((name) => name === 'MiniportTcpOffloadForward')).toHaveLength(1);
    expect(bench.returnedBytes).toEqual([...payload]);
    expect(bench.host.ip.reassembly.pending).toBe(0);
  });

  it('RFC 1122 section 3.3.2, RFC 8200 section 4.5: what lacks a piece is forgotten after a minute', () => {
    const bench = new OffloadBench({ version });
    bench.offload();
    const from = bench.frames.length;
    bench.injectFrame(fragmentFrame(segment(bench), 400, 7)[0]!);
    bench.runFor(1e9);
    expect(bench.host.ip.reassembly.pending).toBe(1);
    bench.runFor(60e9);
    expect(bench.host.ip.reassembly.pending).toBe(0);
    expect(bench.host.ip.reassembly.counts.expired).toBe(1);
    // Time Exceeded, code 1, goes back to the sender.
    const error = bench.frames.slice(from).find(({ path, bytes }) => {
      const protocol = version === 'ipv4' ? bytes[23] : bytes[20];
      return path === 'host' && protocol === (version === 'ipv4' ? 1 : nextHeaders.icmpv6);
    });
    const at = version === 'ipv4' ? 34 : 54;
    expect([...error!.bytes.subarray(at, at + 2)]).toEqual([version === 'ipv4' ? 11 : 3, 1]);
  });

  it('RFC 9293 section 3.10.7.1: the host answers a segment to a port where nobody is with RST', () => {
    const bench = new OffloadBench({ version });
    bench.offload();
    const from = bench.frames.length;
    const frame = segment(bench);
    const portAt = (version === 'ipv4' ? 34 : 54) + 2;
    // Port 49152 becomes 32768: the checksum grows by as much, with its carry.
    frame[portAt] = 0x80;
    const checksum = ((frame[portAt + 14]! << 8) | frame[portAt + 15]!) + 0x4000;
    const folded = checksum > 0xffff ? checksum - 0xffff : checksum;
    frame.set([folded >>> 8, folded & 0xff], portAt + 14);
    bench.injectFrame(frame);
    bench.runFor(1e6);
    const answers = bench.frames.slice(from).filter(({ path }) => path === 'host');
    expect(answers.map(({ bytes }) => bytes[portAt + 11])).toEqual([tcpFlags.RST]);
    expect(bench.host.ip.counts.segmentErrors).toBe(0);
  });

  it('WIR-035: urgent frames that were held keep their tags when they go up', () => {
    const indicateFrame = vi.spyOn(TargetAdapter.prototype, 'indicateFrame');
    onTestFinished(() => {
      indicateFrame.mockRestore();
    });
    const bench = new OffloadBench({ version });
    bench.offload();
    indicateFrame.mockClear();
    const flags = tcpFlags.ACK | tcpFlags.URG;
    const tag = { VlanId: 0, UserPriority: 5 };
    bench.injectFrame(bench.segmentFromPeer({ flags, payload: payload.subarray(0, 10), tag }));
    bench.runFor(600e6);
    expect(bench.connection.place).toBe('InHost');
    expect(indicateFrame.mock.calls[0]![2]).toEqual(tag);
  });
});
