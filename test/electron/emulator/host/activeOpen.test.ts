import { describe, expect, it } from 'vitest';
import { LocalPorts } from '../../../../electron/emulator/host/localPorts';
import { OffloadBench } from '../../../harness/offloadBench';
import { ClientBench, RecordingHostUser, patternBytes } from '../../../harness/clientBench';

const clientAddress = Uint8Array.from([192, 0, 2, 2]);

describe('the reasons for which a connect fails', () => {
  it('refused: a RST answers the SYN', () => {
    const bench = new ClientBench();
    const user = new RecordingHostUser();
    bench.passively(() => {
      bench.host.connect(clientAddress, 9, user);
    });
    expect(user.ended).toBe('refused');
    expect(bench.host.connections).toEqual([]);
  });

  it('reset: a RST comes after the handshake', () => {
    const bench = new OffloadBench();
    bench.peer.reset(clientAddress, Uint8Array.from([192, 0, 2, 1]), bench.connection.localPort);
    bench.runFor(1e9);
    expect(bench.ended).toBe('reset');
    expect(bench.host.connections).toEqual([]);
  });

  it('timeout: nobody answers the SYN', () => {
    const bench = new OffloadBench();
    bench.peerHears = 'arp';
    const user = new RecordingHostUser();
    bench.passively(() => {
      bench.host.connect(clientAddress, 7, user);
    });
    bench.runFor(400e9);
    expect(user.ended).toBe('timeout');
  });

  it('unreachable: nobody answers ARP', () => {
    const bench = new ClientBench();
    const user = new RecordingHostUser();
    bench.passively(() => {
      bench.host.connect(Uint8Array.from([192, 0, 2, 99]), 9, user);
    });
    bench.runFor(10e9);
    expect(user.ended).toBe('unreachable');
    expect(bench.host.connections).toEqual([]);
  });

  it('no-port: the local port that the application names is in use with that peer', () => {
    const bench = new ClientBench();
    const first = new RecordingHostUser();
    const second = new RecordingHostUser();
    bench.passively(() => {
      bench.host.connect(clientAddress, 9, first, { localPort: 5000 });
      bench.host.connect(clientAddress, 9, second, { localPort: 5000 });
    }, 1000);
    expect(first.ended).toBeUndefined();
    expect(second.ended).toBe('no-port');
    expect(bench.host.connections).toHaveLength(1);
  });
});

describe('LocalPorts', () => {
  it('RFC 6335 section 6: hands out 49152 to 65535 in turn and begins anew', () => {
    const ports = new LocalPorts();
    const all = Array.from({ length: 16_385 }, () => ports.allocate(() => true));
    expect(all[0]).toBe(49_152);
    expect(all[16_383]).toBe(65_535);
    expect(all[16_384]).toBe(49_152);
  });

  it('passes over ports in use, and says when there is none', () => {
    const ports = new LocalPorts();
    expect(ports.allocate((port) => port === 49_155)).toBe(49_155);
    expect(ports.allocate(() => false)).toBeUndefined();
  });
});

describe('abort', () => {
  function connected() {
    const bench = new OffloadBench();
    return { bench, connection: bench.connection };
  }

  it('RFC 9293 section 3.10.5: a RST leaves, the application hears of its own abort, and nothing is left', () => {
    const { bench, connection } = connected();
    const from = bench.frames.length;
    bench.passively(() => {
      connection.abort();
    });
    expect(bench.frames.slice(from).map(({ bytes }) => bytes[47])).toEqual([0x14]);
    expect(bench.ended).toBe('aborted');
    expect(bench.host.connections).toEqual([]);
  });

  it('DSC-005 DSC-022: while offloaded it is an abortive disconnect without data, and then the offload is terminated', () => {
    const { bench, connection } = connected();
    bench.offload();
    const from = bench.calls.length;
    const frames = bench.frames.length;
    bench.passively(() => {
      connection.abort();
    });
    const [disconnect] = bench.callsOf('MiniportTcpOffloadDisconnect', from);
    expect(disconnect).toBeDefined();
    expect(bench.callsOf('NdisTerminateOffload', from)).toHaveLength(1);
    const sent = bench.frames.slice(frames);
    expect(sent.map(({ path, bytes }) => [path, bytes[47]])).toEqual([['chimney', 0x14]]);
    expect(bench.ended).toBe('aborted');
    expect(bench.host.connections).toEqual([]);
  });

  it('while the offload is being made it waits for its end', () => {
    const { bench, connection } = connected();
    bench.passively(() => {
      connection.send(patternBytes(3000), () => undefined);
      connection.offload();
      connection.abort();
    }, 20e6);
    expect(bench.ended).toBe('aborted');
    expect(bench.host.connections).toEqual([]);
    expect(Object.values(bench.host.outstanding).every((count) => count === 0)).toBe(true);
  });

  it('a second abort does nothing', () => {
    const { bench, connection } = connected();
    bench.passively(() => {
      connection.abort();
    });
    const from = bench.frames.length;
    bench.passively(() => {
      connection.abort();
    });
    expect(bench.frames.length).toBe(from);
  });
});
