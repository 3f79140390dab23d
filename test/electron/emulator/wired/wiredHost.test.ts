import { describe, expect, it } from 'vitest';
import { WiredHost, type ServiceStart } from '../../../../electron/emulator/wired/wiredHost';
import { startService } from '../../../../electron/emulator/services/hostServices';
import { TraceRecorder } from '../../../../electron/recorder/traceRecorder';
import { traceFormatVersion } from '../../../../shared/trace/records';
import { carry } from '../../../harness/streamClient';
import { WiredPair, injectInto, wiredSettings } from '../../../harness/wiredPair';

const port = 7;

/** So slow that a transfer has time for many hand-overs. */
const slowLink = { bitsPerSecond: 100e6, delay: 10_000, queueBytes: 1024 * 1024, loss: 0 } as const;

/** Sends back whatever comes. */
const echo: ServiceStart = (host, accepted) => {
  startService(host, 'echo', port, accepted);
};

/** A probe that records, and the bytes of its trace so far. */
function recorder(): { readonly probe: TraceRecorder; readonly bytes: () => Buffer } {
  const pieces: Buffer[] = [];
  const header = {
    format: 'chimneysweep-trace',
    version: traceFormatVersion,
    application: 'test',
    scenario: 'wire',
    title: 'Wire',
    seed: 2,
    settings: {},
    snapLength: 128,
  } as const;
  const probe = new TraceRecorder(header, {
    write: (bytes) => {
      pieces.push(Buffer.from(bytes));
    },
  });
  return { probe, bytes: () => Buffer.concat(pieces) };
}

describe('a host whose cable leads out of the emulator', () => {
  it('serves a connection through host path and chimney by turns, byte for byte', () => {
    const pair = new WiredPair(echo, {
      link: slowLink,
      handOvers: { kind: 'every-bytes', bytes: 20_000 },
    });
    const client = carry(pair, 1_000_000);
    expect(client.ended).toBe('closed');
    expect(client.returned).toBe(1_000_000);
    expect(client.firstWrong).toBeUndefined();
    const [accepted] = pair.server.connections;
    expect(accepted!.handOvers.offloads).toBeGreaterThanOrEqual(10);
    expect(accepted!.handOvers.uploads).toBeGreaterThanOrEqual(10);
    const { bytesReceived } = pair.server.report('wire', true, '');
    expect(bytesReceived.hostPath).toBeGreaterThan(0);
    expect(bytesReceived.chimney).toBeGreaterThan(0);
    expect(bytesReceived.hostPath + bytesReceived.chimney).toBe(1_000_000);
  });

  it('keeps a connection in the chimney once it is there', () => {
    const pair = new WiredPair(echo, { handOvers: { kind: 'offload' } });
    const client = carry(pair, 400_000);
    expect(client.returned).toBe(400_000);
    expect(pair.server.connections[0]!.handOvers).toEqual({ offloads: 1, uploads: 0 });
  });

  it('records the same trace when the same frames come in at the same moments', () => {
    const handOvers = { kind: 'every-time', interval: 700_000 } as const;
    const live = recorder();
    const pair = new WiredPair(echo, { handOvers, link: slowLink }, {}, live.probe);
    const client = carry(pair, 300_000);
    expect(client.returned).toBe(300_000);
    const end = pair.server.now + 1_000_000;
    pair.server.advanceTo(end);
    const replayed = recorder();
    const again = new WiredHost(
      replayed.probe,
      wiredSettings(2, { handOvers, link: slowLink }),
      echo,
      () => undefined,
    );
    for (const carried of pair.toServer) injectInto(again, carried);
    again.advanceTo(end);
    live.probe.finish(pair.server.report('wire', true, ''));
    replayed.probe.finish(again.report('wire', true, ''));
    expect(pair.server.connections[0]!.handOvers.offloads).toBeGreaterThan(3);
    expect(replayed.bytes().equals(live.bytes())).toBe(true);
  });

  it('leaves nothing behind in its pool of frames', () => {
    const pair = new WiredPair(echo);
    carry(pair, 100_000);
    pair.play(1_000_000_000);
    expect(pair.server.pool.outstanding).toBe(0);
  });
});

describe('a wire that carries frames larger than the MTU', () => {
  it('leaves TCP checksums to the wire while offloaded, and the peer trusts what has been on no wire', () => {
    const offloaded = { largeFrames: true, handOvers: { kind: 'offload' } } as const;
    const pair = new WiredPair(echo, offloaded, { largeFrames: true });
    const client = carry(pair, 600_000);
    expect(client.returned).toBe(600_000);
    expect(client.firstWrong).toBeUndefined();
    expect(pair.fromServer.some(({ checksum }) => checksum === 'partial')).toBe(true);
  });

  it('hands a partial checksum up the host path completed, so that the host finds it right', () => {
    const pair = new WiredPair(echo, { largeFrames: true }, { largeFrames: true });
    const client = carry(pair, 100_000);
    expect(client.returned).toBe(100_000);
  });
});
