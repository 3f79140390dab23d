import { describe, expect, it } from 'vitest';
import { defaultTargetSettings } from '../../electron/emulator/target/targetSettings';
import { TcpConnectionState } from '../../electron/emulator/tcp/tcpVariables';
import { tcpFlags } from '../../electron/emulator/wire/tcpSegment';
import { OffloadBench, type InjectedSegment } from '../harness/offloadBench';
import { reasonsIn } from '../harness/tcpEvents';

const second = 1e9;
const syn = { flags: tcpFlags.SYN };
const rst = { flags: tcpFlags.RST };

/** An offloaded connection that is idle, and a peer that hears no more of it. */
function idle(): OffloadBench {
  const bench = new OffloadBench();
  bench.offload();
  bench.runFor(second);
  bench.peerHears = 'arp';
  return bench;
}

/** Frames that the target sends after a segment in the peer's name. */
function answers(bench: OffloadBench, segment: InjectedSegment, time = 1e6): number {
  const from = bench.frames.length;
  bench.inject(segment, time);
  return bench.frames.slice(from).filter((frame) => frame.path === 'chimney').length;
}

describe('a SYN for an offloaded connection', () => {
  it('WIR-037: at RcvNxt leads to the upload of the connection in CLOSED, and nobody is answered', () => {
    const bench = idle();
    expect(answers(bench, syn, second)).toBe(0);
    expect(reasonsIn(bench.calls)).toEqual(['UploadRequested']);
    expect(bench.connection.place).toBe('InHost');
    expect(bench.connection.engine.variables.State).toBe(TcpConnectionState.Closed);
    expect(bench.ended).toBeDefined();
  });

  it('WIR-037: ends the requests that are open', () => {
    const bench = idle();
    bench.send(1000);
    bench.inject(syn, second);
    expect(bench.connection.place).toBe('InHost');
    expect(bench.connection.engine.variables.State).toBe(TcpConnectionState.Closed);
  });

  it('WIR-038 WIR-039: elsewhere in the window is challenged, once in 3 s', () => {
    const bench = idle();
    expect(answers(bench, { ...syn, offset: 10 })).toBe(1);
    expect(answers(bench, { ...syn, offset: 10 }, 2 * second)).toBe(0);
    bench.runFor(second);
    expect(answers(bench, { ...syn, offset: 10 })).toBe(1);
    expect(reasonsIn(bench.calls)).toEqual([]);
  });

  it('WIR-040: outside the window is acknowledged each time', () => {
    const bench = idle();
    expect(answers(bench, { ...syn, offset: -10 })).toBe(1);
    expect(answers(bench, { ...syn, offset: -10 })).toBe(1);
  });
});

describe('a RST for an offloaded connection', () => {
  it('WIR-041: outside the window is dropped in silence', () => {
    const bench = idle();
    expect(answers(bench, { ...rst, offset: -1 })).toBe(0);
    expect(bench.connection.place).toBe('Offloaded');
  });

  it('WIR-042 WIR-043: elsewhere in the window is challenged once, and does not abort', () => {
    const bench = idle();
    expect(answers(bench, { ...rst, offset: 10 })).toBe(1);
    expect(answers(bench, { ...rst, offset: 10 })).toBe(0);
    expect(bench.callsOf('NdisTcpOffloadEventHandler')).toEqual([]);
  });
});

describe('the validation that follows', () => {
  it('WIR-044 WIR-048: ends with the upload in CLOSED when the peer answers no probe', () => {
    const bench = idle();
    bench.inject({ ...rst, offset: 10 });
    const from = bench.frames.length;
    bench.runFor(330 * second);
    expect(reasonsIn(bench.calls)).toEqual(['TimeoutExpiration']);
    expect(bench.connection.engine.variables.State).toBe(TcpConnectionState.Closed);
    expect(bench.frames.slice(from).filter((frame) => frame.path === 'chimney')).toHaveLength(10);
  });

  it('WIR-050: ends with the answer of a peer that lives', () => {
    const bench = idle();
    bench.inject({ ...rst, offset: 10 });
    bench.peerHears = 'everything';
    const from = bench.frames.length;
    bench.runFor(600 * second);
    expect(bench.frames.slice(from).filter((frame) => frame.path === 'chimney')).toHaveLength(1);
    expect(bench.connection.place).toBe('Offloaded');
    bench.send(100);
    bench.runFor(second);
    expect(bench.returned).toBe(100);
  });

  it('WIR-049: goes on in the host stack after an upload', () => {
    const bench = idle();
    bench.inject({ ...rst, offset: 10 });
    bench.runFor(100 * second);
    bench.passively(() => {
      bench.connection.upload();
    });
    expect(bench.connection.place).toBe('InHost');
    const { keepAliveDeadline } = bench.connection.engine.variables;
    expect(keepAliveDeadline - bench.machine.now).toBeGreaterThan(199 * second);
    expect(keepAliveDeadline - bench.machine.now).toBeLessThan(200 * second);
  });
});

describe('SACK of an offloaded connection', () => {
  const sackIn = (bytes: Uint8Array): boolean => {
    const options = bytes.subarray(54, 14 + 20 + (bytes[46]! >>> 4) * 4);
    for (let at = 0; at < options.length; at += options[at] === 1 ? 1 : Math.max(1, options[at + 1]!))
      if (options[at] === 5) return true;
    return false;
  };
  const gap = { flags: tcpFlags.ACK, offset: 100, payload: new Uint8Array(50) };
  const blocksAfterGap = (bench: OffloadBench): boolean[] => {
    const from = bench.frames.length;
    bench.inject(gap);
    return bench.frames
      .slice(from)
      .filter((frame) => frame.path === 'chimney')
      .map((frame) => sackIn(frame.bytes));
  };

  it('WIR-014 WIR-015: a target with SupportSack reports what has come ahead of a gap', () => {
    expect(blocksAfterGap(idle())).toEqual([true]);
  });

  it('CAP-014 WIR-014: a target without it is not told of SACK, and sends no blocks', () => {
    const { tcp } = defaultTargetSettings;
    const bench = new OffloadBench({ target: { tcp: { ...tcp, sack: false } } });
    bench.offload();
    bench.peerHears = 'nothing';
    expect(bench.connection.engine.variables.sackEnabled).toBe(true);
    expect(blocksAfterGap(bench)).toEqual([false]);
  });
});
