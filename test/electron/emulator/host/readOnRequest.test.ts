import { describe, expect, it } from 'vitest';
import type { HostConnection } from '../../../../electron/emulator/host/hostConnection';
import { ReadQueue } from '../../../../electron/emulator/host/readQueue';
import { ClientBench, RecordingHostUser, patternBytes } from '../../../harness/clientBench';

const buffer = 32 * 1024;

function served(sends: number) {
  const bench = new ClientBench({
    host: {
      tcp: { ...new ClientBench().host.settings.tcp, receiveBuffer: buffer },
    },
  });
  let connection: HostConnection | undefined;
  const user = new RecordingHostUser('on-request');
  bench.host.listen(9, {}, (accepted) => {
    connection = accepted;
    return user;
  });
  const session = bench.open(9);
  const read: Uint8Array[] = [];
  session.send(patternBytes(sends));
  return {
    bench,
    session,
    user,
    connection: connection!,
    read,
    readSome: (bytes: number, time = 1e9): void => {
      bench.passively(() => {
        connection!.read(bytes, (some) => read.push(some));
      }, time);
    },
    get readBytes() {
      return Uint8Array.from(read.flatMap((piece) => [...piece]));
    },
  };
}

describe('a connection that is read on request', () => {
  it('RFC 9293 section 3.8.6: the receive buffer fills and the window closes until the application reads', () => {
    const run = served(100_000);
    run.bench.runFor(2e9);
    expect(run.connection.unreadBytes).toBe(buffer);
    expect(run.user.received).toEqual([]);
    const shut = run.bench.segments.filter(({ fromHost }) => fromHost).at(-1)!;
    expect(shut.window).toBe(0);
    while (run.readBytes.length < 100_000) run.readSome(20_000, 2e9);
    expect(run.readBytes).toEqual(patternBytes(100_000));
  });

  it('a read waits for bytes, and gets no more than it asked for', () => {
    const run = served(0 + 1);
    run.readSome(1);
    run.readSome(10);
    expect(run.read.map(({ length }) => length)).toEqual([1]);
    run.session.send(patternBytes(30));
    run.bench.runFor(1e9);
    expect(run.read.map(({ length }) => length)).toEqual([1, 10]);
    expect(run.connection.unreadBytes).toBe(20);
  });

  it('at the end of the stream a read gets nothing', () => {
    const run = served(5);
    run.session.shutdown();
    run.readSome(100);
    run.readSome(100);
    expect(run.read.map(({ length }) => length)).toEqual([5, 0]);
  });

  it('IND-010: offloaded, nothing is taken of an indication, and the window closes; each read is a posted receive', () => {
    const run = served(1);
    run.readSome(1);
    run.bench.offload(run.connection);
    const from = run.bench.calls.length;
    run.session.send(patternBytes(100_000, 1));
    run.bench.runFor(2e9);
    expect(run.bench.calls.slice(from)).not.toContain('NdisOffloadTcpReceive');
    expect(run.bench.segments.filter(({ fromHost }) => fromHost).at(-1)!.window).toBe(0);
    while (run.readBytes.length < 100_001) run.readSome(20_000, 2e9);
    expect(run.bench.calls.slice(from)).toContain('NdisOffloadTcpReceive');
    expect(run.readBytes).toEqual(patternBytes(100_001));
    expect(run.connection.received).toEqual({ hostPath: 1, chimney: 100_000 });
  });

  it('INI-024 INI-057: bytes that were not read go to the target as BufferedData, and to the first receive', () => {
    const run = served(3000);
    run.bench.runFor(1e9);
    run.bench.offload(run.connection);
    expect(run.connection.unreadBytes).toBe(0);
    run.readSome(1000);
    run.readSome(5000);
    expect(run.readBytes).toEqual(patternBytes(3000));
  });

  it('TRM-020: bytes that the target still has come back, and so do reads that wait', () => {
    const run = served(1);
    run.readSome(1);
    run.bench.offload(run.connection);
    run.session.send(patternBytes(3000, 1));
    run.bench.runFor(1e9);
    run.bench.passively(() => {
      run.connection.upload();
    });
    expect(run.connection.place).toBe('InHost');
    expect(run.connection.unreadBytes).toBe(3000);
    run.readSome(5000);
    expect(run.readBytes).toEqual(patternBytes(3001));
    run.bench.offload(run.connection);
    run.readSome(100);
    run.bench.passively(() => {
      run.connection.upload();
    });
    run.session.send(patternBytes(50, 3001));
    run.bench.runFor(1e9);
    expect(run.readBytes).toEqual(patternBytes(3051));
  });
});

describe('ReadQueue', () => {
  it('refuses a request for nothing', () => {
    expect(() => {
      new ReadQueue().request(0, () => undefined);
    }).toThrow(RangeError);
  });

  it('puts small pieces together and cuts large ones', () => {
    const queue = new ReadQueue();
    for (const piece of [3, 4, 5]) queue.supply(patternBytes(piece));
    const read: number[][] = [];
    const keep = (bytes: Uint8Array): number => read.push([...bytes]);
    queue.request(5, keep);
    queue.request(100, keep);
    expect(read).toEqual([
      [0, 1, 2, 0, 1],
      [2, 3, 0, 1, 2, 3, 4],
    ]);
  });
});
