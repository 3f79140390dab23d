import { describe, expect, it } from 'vitest';
import { NDIS_STATUS } from '../../shared/ddi/status';
import { DISPATCH_LEVEL } from '../../electron/emulator/machine/machine';
import { TcpConnectionState } from '../../electron/emulator/tcp/tcpVariables';
import { tcpFlags } from '../../electron/emulator/wire/tcpSegment';
import { OffloadBench, type BenchChoices } from '../harness/offloadBench';
import { eventsIn, statusesIn } from '../harness/tcpEvents';

const second = 1e9;
const fin = { flags: tcpFlags.FIN | tcpFlags.ACK } as const;
const rst = { flags: tcpFlags.RST } as const;

/** An offloaded connection whose peer hears nothing: all that arrives is injected. */
function quiet(host: BenchChoices['host'] = {}): OffloadBench {
  const bench = new OffloadBench({ host });
  bench.offload();
  bench.runFor(1e6);
  bench.peerHears = 'nothing';
  return bench;
}

const typesSince = (bench: OffloadBench, from: number): string[] =>
  eventsIn(bench.calls.slice(from)).map((event) => event.type);

describe('a RST from the peer', () => {
  it('EVT-002 EVT-010: at RcvNxt it leads to one TcpIndicateAbort, at DISPATCH_LEVEL', () => {
    const bench = quiet();
    bench.inject(rst);
    expect(eventsIn(bench.calls).filter((event) => event.type === 'TcpIndicateAbort')).toMatchObject([
      { irql: DISPATCH_LEVEL },
    ]);
  });

  it('EVT-011 EVT-015: the connection is CLOSED by then, comes back so, and ends as a reset', () => {
    const bench = quiet();
    const { offloaded } = bench;
    bench.injectFrame(bench.segmentFromPeer(rst));
    while (eventsIn(bench.calls).length === 0) bench.machine.step();
    expect(offloaded.engine.variables.State).toBe(TcpConnectionState.Closed);
    expect(offloaded.isAborted).toBe(true);
    bench.runFor(1e6);
    expect(bench.connection.place).toBe('InHost');
    expect(bench.connection.engine.variables.State).toBe(TcpConnectionState.Closed);
    expect(bench.ended).toBe('reset');
  });

  it('EVT-013 EVT-014: every send, receive and disconnect is completed with REQUEST_ABORTED before the terminate', () => {
    const bench = quiet();
    bench.send(3000);
    bench.send(2000);
    bench.connection.shutdown();
    bench.runFor(1e6);
    const from = bench.calls.length;
    bench.inject(rst);
    const after = bench.calls.slice(from);
    const aborted = NDIS_STATUS.REQUEST_ABORTED;
    expect(statusesIn(after, 'NdisTcpOffloadSendComplete')).toEqual([aborted, aborted]);
    expect(statusesIn(after, 'NdisTcpOffloadReceiveComplete')).toEqual([aborted, aborted, aborted, aborted]);
    expect(statusesIn(after, 'NdisTcpOffloadDisconnectComplete')).toEqual([aborted]);
    const names = after.map((call) => call.functionName);
    for (const name of ['Send', 'Receive', 'Disconnect'] as const) {
      const at = names.indexOf(`NdisTcpOffload${name}Complete`);
      expect(at).toBeGreaterThan(names.indexOf('NdisTcpOffloadEventHandler'));
      expect(at).toBeLessThan(names.indexOf('NdisMTerminateOffloadComplete'));
    }
  });

  it('EVT-014: a receive that holds bytes reports them', () => {
    const bench = quiet();
    bench.inject({ flags: tcpFlags.ACK, payload: new Uint8Array(10) });
    const from = bench.calls.length;
    bench.inject(rst);
    const counts = bench
      .callsOf('NdisTcpOffloadReceiveComplete', from)
      .flatMap((call) =>
        call.arguments.flatMap((argument) =>
          argument.kind === 'net-buffer-lists' ? argument.lists.map((list) => list.bytesTransferred) : [],
        ),
      );
    expect(counts).toEqual([10, 0, 0, 0]);
  });

  it('WIR-041: outside the window it is dropped silently', () => {
    const bench = quiet();
    const frames = bench.frames.length;
    bench.inject({ ...rst, offset: -1 });
    expect(eventsIn(bench.calls)).toEqual([]);
    expect(bench.frames.slice(frames).filter((frame) => frame.path === 'chimney')).toEqual([]);
  });

  it('WIR-042: elsewhere in the window it is challenged, and aborts nothing', () => {
    const bench = quiet();
    const frames = bench.frames.length;
    bench.inject({ ...rst, offset: 100 });
    expect(eventsIn(bench.calls)).toEqual([]);
    expect(bench.frames.slice(frames).filter((frame) => frame.path === 'chimney')).toHaveLength(1);
    expect(bench.offloaded.engine.variables.State).toBe(TcpConnectionState.Established);
  });

  it('EVT-016: segments for the CLOSED connection go up the ordinary path', () => {
    const bench = quiet();
    const later = bench.segmentFromPeer({ flags: tcpFlags.ACK, payload: new Uint8Array(5) });
    bench.injectFrame(bench.segmentFromPeer(rst));
    bench.injectFrame(later);
    const from = bench.calls.length;
    bench.runFor(1e6);
    expect(bench.namesSince(from)).toContain('NdisMIndicateReceiveNetBufferLists');
  });
});

describe('a FIN from the peer', () => {
  it('EVT-002 EVT-005 EVT-007 EVT-008: leads to one TcpIndicateDisconnect, at DISPATCH_LEVEL', () => {
    const bench = quiet();
    expect(eventsIn(bench.calls)).toEqual([]);
    bench.inject(fin);
    bench.inject({ ...fin, offset: -1 });
    expect(eventsIn(bench.calls)).toMatchObject([{ type: 'TcpIndicateDisconnect', irql: DISPATCH_LEVEL }]);
    expect(bench.peerClosed).toBe(true);
    expect(bench.offloaded.engine.variables.State).toBe(TcpConnectionState.CloseWait);
  });

  it('EVT-005: behind a gap it leads to nothing', () => {
    const bench = quiet();
    bench.inject({ ...fin, offset: 100 });
    expect(eventsIn(bench.calls)).toEqual([]);
  });

  it('EVT-006: waits until the data in front of it has been consumed', () => {
    const bench = quiet({ postedReceives: 0 });
    bench.connection.setOptions({ receiveIndicationSize: 100 });
    bench.runFor(1e6);
    bench.inject({ ...fin, payload: new Uint8Array(150) });
    expect(bench.returned).toBe(100);
    expect(eventsIn(bench.calls)).toEqual([]);
    bench.runFor(second);
    expect(bench.returned).toBe(150);
    expect(typesSince(bench, 0)).toEqual(['TcpIndicateDisconnect']);
  });

  it('A110: receives that are still posted are completed before the event', () => {
    const bench = quiet();
    const from = bench.calls.length;
    bench.inject({ ...fin, payload: new Uint8Array(10) });
    const names = bench.namesSince(from);
    const last = names.lastIndexOf('NdisTcpOffloadReceiveComplete');
    expect(last).toBeGreaterThanOrEqual(0);
    expect(last).toBeLessThan(names.indexOf('NdisTcpOffloadEventHandler'));
    expect(bench.returned).toBe(10);
  });

  it('EVT-009: the send half works on, and a receive is answered with INVALID_STATE', () => {
    const bench = quiet();
    bench.inject(fin);
    bench.send(500);
    bench.runFor(1e6);
    bench.inject({ flags: tcpFlags.ACK, acknowledges: 500 });
    expect(bench.acknowledged).toBe(500);
    const from = bench.calls.length;
    bench.passively(() => {
      bench.postReceive();
    });
    expect(statusesIn(bench.calls.slice(from), 'NdisTcpOffloadReceiveComplete')).toEqual([
      NDIS_STATUS.INVALID_STATE,
    ]);
  });
});
