import { describe, expect, it } from 'vitest';
import { constantValue } from '../../shared/ddi/catalogue';
import { NDIS_STATUS } from '../../shared/ddi/status';
import { DISPATCH_LEVEL } from '../../electron/emulator/machine/machine';
import { TcpConnectionState } from '../../electron/emulator/tcp/tcpVariables';
import { defaultTargetLimits } from '../../electron/emulator/target/targetLimits';
import type { UploadPolicy } from '../../electron/emulator/target/uploadPolicy';
import { finishChecksum, sumWords } from '../../electron/emulator/wire/internetChecksum';
import { tcpFlags } from '../../electron/emulator/wire/tcpSegment';
import { OffloadBench, type BenchChoices } from '../harness/offloadBench';
import { blockMember } from '../harness/traceQueries';
import { eventsIn, reasonsIn, statusesIn } from '../harness/tcpEvents';

const second = 1e9;

/** An offloaded connection with a target that asks for uploads. */
function watched(uploadPolicy: UploadPolicy, host: BenchChoices['host'] = {}): OffloadBench {
  const bench = new OffloadBench({ target: { uploadPolicy }, host });
  bench.offload();
  bench.runFor(1e6);
  return bench;
}

/** A first fragment of a datagram with a segment of the connection. */
function fragment(bench: OffloadBench): Uint8Array {
  const bytes = bench.segmentFromPeer({ flags: tcpFlags.ACK, payload: new Uint8Array(8) });
  bytes[20] = 0x20;
  bytes[24] = bytes[25] = 0;
  const checksum = finishChecksum(sumWords(0, bytes, 14, 34));
  bytes[24] = checksum >>> 8;
  bytes[25] = checksum & 0xff;
  return bytes;
}

/** How each optional reason comes about. */
const optional: readonly {
  readonly reason: string;
  readonly policy: UploadPolicy;
  readonly host?: BenchChoices['host'];
  /** Makes the reason apply. */
  readonly provoke: (bench: OffloadBench) => void;
  /** As much of everything, and no reason to complain. */
  readonly behave: (bench: OffloadBench) => void;
}[] = [
  {
    reason: 'LowActivity',
    policy: { lowActivity: 2 * second },
    provoke: (bench) => {
      bench.runFor(3 * second);
    },
    behave: (bench) => {
      for (let round = 0; round < 4; round++) {
        bench.send(100);
        bench.runFor(1.5 * second);
      }
    },
  },
  {
    reason: 'HighDropRate',
    policy: { highDropRate: { sample: 6, share: 0.5 } },
    provoke: (bench) => {
      bench.peerHears = 'nothing';
      bench.send(2000);
      bench.runFor(20 * second);
      bench.peerHears = 'everything';
    },
    behave: (bench) => {
      bench.send(20_000);
      bench.runFor(second);
    },
  },
  {
    reason: 'HighOutOfOrderPackets',
    policy: { highOutOfOrderPackets: { sample: 4, share: 0.5 } },
    provoke: (bench) => {
      for (let index = 1; index <= 4; index++)
        bench.inject({ flags: tcpFlags.ACK, offset: index * 100, payload: new Uint8Array(10) });
    },
    behave: (bench) => {
      bench.send(20_000);
      bench.runFor(second);
    },
  },
  {
    reason: 'HighFragmentation',
    policy: { highFragmentation: { sample: 4, share: 0.5 } },
    provoke: (bench) => {
      for (let index = 0; index < 4; index++) {
        bench.injectFrame(fragment(bench));
        bench.runFor(1e6);
      }
    },
    behave: (bench) => {
      bench.injectFrame(fragment(bench));
      bench.send(20_000);
      bench.runFor(second);
    },
  },
  {
    reason: 'SmallIO',
    policy: { smallIo: { bytes: 1024, count: 6 } },
    host: { postedReceiveBytes: 512 },
    provoke: (bench) => {
      bench.send(2000);
      bench.runFor(second);
    },
    behave: () => undefined,
  },
  {
    reason: 'NoBufferProposting',
    policy: { noBufferPreposting: { count: 3 } },
    host: { postedReceives: 0 },
    provoke: (bench) => {
      for (let round = 0; round < 3; round++) {
        bench.send(100);
        bench.runFor(second);
      }
    },
    behave: (bench) => {
      bench.send(100);
      bench.runFor(second);
    },
  },
];

describe.each(optional)('TCP_UPLOAD_REASON $reason', ({ reason, policy, host, provoke, behave }) => {
  const refusing = { ...host, grantsOptionalUploads: false };

  it('EVT-017 EVT-029 EVT-030: is given when the traffic is like that', () => {
    const bench = watched(policy, refusing);
    provoke(bench);
    expect(reasonsIn(bench.calls)[0]).toBe(reason);
    expect(eventsIn(bench.calls)[0]).toMatchObject({ type: 'TcpIndicateRetrieve', irql: DISPATCH_LEVEL });
  });

  it('EVT-030: is not given without such traffic', () => {
    const bench = watched(policy, refusing);
    behave(bench);
    expect(reasonsIn(bench.calls)).toEqual([]);
  });

  it('EVT-022 EVT-024: the host may leave the connection, which goes on working', () => {
    const bench = watched(policy, refusing);
    provoke(bench);
    const before = bench.acknowledged;
    const from = bench.calls.length;
    bench.send(5000);
    bench.runFor(30 * second);
    expect(bench.acknowledged - before).toBeGreaterThanOrEqual(5000);
    expect(bench.connection.place).toBe('Offloaded');
    expect(statusesIn(bench.calls.slice(from), 'NdisTcpOffloadSendComplete')).not.toContain(
      NDIS_STATUS.UPLOAD_IN_PROGRESS,
    );
  });

  it('the host takes the connection back where it heeds such requests', () => {
    const bench = watched(policy, host);
    provoke(bench);
    bench.runFor(second);
    expect(bench.connection.place).toBe('InHost');
  });

  it('EVT-020: is never given while the connection is half closed', () => {
    const bench = watched(policy, refusing);
    bench.peerHears = 'nothing';
    bench.connection.shutdown();
    bench.runFor(10e6);
    expect(bench.offloaded.engine.variables.State).toBe(TcpConnectionState.FinWait1);
    const from = bench.calls.length;
    bench.runFor(5 * second);
    bench.inject({ flags: tcpFlags.ACK, offset: 100, payload: new Uint8Array(10) });
    bench.injectFrame(fragment(bench));
    bench.runFor(5 * second);
    expect(reasonsIn(bench.calls.slice(from))).toEqual([]);
  });
});

describe('TCP_UPLOAD_REASON in the catalogue', () => {
  it('both spellings of the fourth reason are one value', () => {
    expect(constantValue('NoBufferPreposting')).toBe(4);
    expect(constantValue('NoBufferProposting')).toBe(4);
  });
});

describe('urgent data from the peer', () => {
  const urgent = { flags: tcpFlags.ACK | tcpFlags.PSH | tcpFlags.URG, payload: new Uint8Array(10).fill(1) };

  it('WIR-032 EVT-027: a valid segment leads to Retrieve(ReceivedUrgentData) and is not processed', () => {
    const bench = watched({});
    const { RcvNxt } = bench.offloaded.engine.variables;
    const { offloaded } = bench;
    bench.inject(urgent, 0.2e6);
    expect(reasonsIn(bench.calls)).toEqual(['ReceivedUrgentData']);
    expect(offloaded.engine.variables.RcvNxt).toBe(RcvNxt);
  });

  it.each([
    ['outside the window', { ...urgent, offset: -20 }],
    ['with an acknowledgment of nothing sent', { ...urgent, acknowledges: 100_000 }],
  ])('WIR-031: a segment %s is dropped, and work goes on', (_, segment) => {
    const bench = watched({});
    const frames = bench.frames.length;
    bench.inject(segment);
    expect(reasonsIn(bench.calls)).toEqual([]);
    expect(bench.frames.slice(frames).filter((frame) => frame.path === 'chimney')).toEqual([]);
    bench.send(1000);
    bench.runFor(second);
    expect(bench.returned).toBe(1000);
  });

  it('WIR-033: from then on the target acknowledges nothing', () => {
    const bench = watched({});
    bench.injectFrame(bench.segmentFromPeer(urgent));
    const later = bench.segmentFromPeer({ flags: tcpFlags.ACK, offset: 10, payload: new Uint8Array(10) });
    bench.injectFrame(later);
    const frames = bench.frames.length;
    bench.runFor(second);
    expect(bench.frames.slice(frames).filter((frame) => frame.path === 'chimney')).toEqual([]);
  });

  it('WIR-034 WIR-035: it and all that follows go up the ordinary path at the terminate, in order', () => {
    const bench = watched({});
    const arriving = [
      bench.segmentFromPeer(urgent),
      bench.segmentFromPeer({ flags: tcpFlags.ACK, offset: 10, payload: new Uint8Array(20).fill(2) }),
      bench.segmentFromPeer({ flags: tcpFlags.ACK, offset: 30, payload: new Uint8Array(30).fill(3) }),
    ];
    for (const bytes of arriving) bench.injectFrame(bytes);
    // The peer has sent none of it, and would dispute the acknowledgments.
    bench.peerHears = 'nothing';
    const from = bench.calls.length;
    bench.runFor(second);
    const names = bench
      .namesSince(from)
      .filter((name) =>
        [
          'MiniportTerminateOffload',
          'NdisMIndicateReceiveNetBufferLists',
          'NdisMTerminateOffloadComplete',
        ].includes(name),
      );
    expect(names).toEqual([
      'MiniportTerminateOffload',
      'NdisMIndicateReceiveNetBufferLists',
      'NdisMIndicateReceiveNetBufferLists',
      'NdisMIndicateReceiveNetBufferLists',
      'NdisMTerminateOffloadComplete',
    ]);
    const lengths = bench
      .callsOf('NdisMIndicateReceiveNetBufferLists', from)
      .flatMap((call) =>
        call.arguments.flatMap((argument) =>
          argument.kind === 'net-buffer-lists' ? argument.lists.map((list) => list.dataLength) : [],
        ),
      );
    expect(lengths).toEqual(arriving.map((bytes) => Math.max(60, bytes.length)));
    expect(bench.returned).toBe(60);
  });
});

describe('an upload that the target insists on', () => {
  it('EVT-028 TMR-015: TimeoutExpiration when retransmission has used up its limit', () => {
    const bench = watched({});
    // It answers ARP, so that the neighbor stays valid.
    bench.peerHears = 'arp';
    bench.send(1000);
    bench.runFor(400 * second);
    expect(reasonsIn(bench.calls)).toContain('TimeoutExpiration');
    expect(bench.connection.place).toBe('InHost');
    expect(bench.ended).toBe('timeout');
  });

  it('INV-003 EVT-017: InvalidState when what the connection depends on has become invalid', () => {
    const bench = watched({});
    bench.passively(() => {
      bench.host.offloads.invalidate(bench.connection.path.neighbor);
    });
    bench.runFor(second);
    expect(reasonsIn(bench.calls)).toEqual(['InvalidState']);
    expect(bench.connection.place).toBe('InHost');
  });

  it('EVT-025 EVT-026: UploadRequested when no scatter/gather list can be had, and no byte is lost', () => {
    const limits = { ...defaultTargetLimits, scatterGatherLists: 2 };
    const bench = new OffloadBench({ target: { limits } });
    bench.offload();
    const from = bench.calls.length;
    bench.passively(() => {
      for (let index = 0; index < 5; index++) bench.send(3000);
    }, 0);
    bench.runFor(20 * second);
    expect(reasonsIn(bench.calls.slice(from))).toEqual(['UploadRequested']);
    const statuses = statusesIn(bench.calls.slice(from), 'NdisTcpOffloadSendComplete');
    expect(statuses).toContain(NDIS_STATUS.UPLOAD_IN_PROGRESS);
    expect(bench.connection.place).toBe('InHost');
    expect(bench.acknowledged).toBe(15_000);
    expect(bench.returned).toBe(15_000);
  });
});

describe('hardware that fails', () => {
  const requests = {
    query: (bench: OffloadBench) => {
      bench.host.offloads.query(bench.connection, 'delegated', () => undefined);
    },
    invalidate: (bench: OffloadBench) => {
      bench.host.offloads.invalidate(bench.connection.path.neighbor);
    },
    terminate: (bench: OffloadBench) => {
      bench.connection.upload();
    },
  } as const;
  const completions = {
    query: 'NdisMQueryOffloadStateComplete',
    invalidate: 'NdisMInvalidateOffloadComplete',
    terminate: 'NdisMTerminateOffloadComplete',
  } as const;

  describe.each(['query', 'invalidate', 'terminate'] as const)('during a %s', (operation) => {
    const bench = watched({});
    bench.peerHears = 'nothing';
    bench.target.breakHardwareDuring(operation);
    bench.send(3000);
    bench.runFor(1e6);
    const from = bench.calls.length;
    bench.passively(() => {
      requests[operation](bench);
    });
    bench.runFor(second);
    const names = bench.namesSince(from);

    it('QRY-011 INV-002 TRM-036: FAILURE, then Retrieve(HardwareFailure), then Abort', () => {
      expect(eventsIn(bench.calls.slice(from)).map(({ type, reason }) => reason ?? type)).toEqual([
        'HardwareFailure',
        'TcpIndicateAbort',
      ]);
      expect(names.indexOf(completions[operation])).toBeLessThan(names.indexOf('NdisTcpOffloadEventHandler'));
      const completed = bench.callsOf(completions[operation], from)[0]!;
      const blocks = completed.arguments.find((argument) => argument.kind === 'block-list');
      if (blocks?.kind !== 'block-list') throw new Error('no block list');
      const statuses = blocks.blocks.map((block) => blockMember('miniport', block, 'Status'));
      expect(new Set(statuses)).toEqual(new Set([NDIS_STATUS.FAILURE]));
    });

    it('TRM-037: the terminate that follows aborts sends and receives before it is completed', () => {
      const after = bench.calls.slice(from);
      expect(statusesIn(after, 'NdisTcpOffloadSendComplete')).toEqual([NDIS_STATUS.REQUEST_ABORTED]);
      const receives = statusesIn(after, 'NdisTcpOffloadReceiveComplete');
      expect(receives).toHaveLength(4);
      expect(new Set(receives)).toEqual(new Set([NDIS_STATUS.REQUEST_ABORTED]));
      const terminate = names.lastIndexOf('MiniportTerminateOffload');
      for (const name of ['NdisTcpOffloadSendComplete', 'NdisTcpOffloadReceiveComplete']) {
        expect(names.indexOf(name)).toBeGreaterThan(terminate);
        expect(names.indexOf(name)).toBeLessThan(names.lastIndexOf('NdisMTerminateOffloadComplete'));
      }
    });

    it('TRM-038: the host terminates until it succeeds, and the connection ends in a reset', () => {
      expect(names.filter((name) => name === 'MiniportTerminateOffload')).toHaveLength(
        operation === 'terminate' ? 2 : 1,
      );
      expect(bench.connection.place).toBe('InHost');
      expect(bench.connection.path.record.place).toBe('InHost');
      expect(bench.connection.path.neighbor.record.place).toBe('InHost');
      expect(bench.ended).toBe('reset');
    });

    it('EVT-011: the connection comes back CLOSED, and nothing more is sent on it', () => {
      expect(bench.connection.engine.variables.State).toBe(TcpConnectionState.Closed);
      const frames = bench.frames.length;
      bench.runFor(10 * second);
      expect(bench.frames.slice(frames)).toEqual([]);
    });
  });
});
