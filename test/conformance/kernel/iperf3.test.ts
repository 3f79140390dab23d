/** The real iperf3 as client of the emulated host, over connections that change hands again and again. */
import { afterEach, describe, expect, it } from 'vitest';
import type { HostConnection } from '../../../electron/emulator/host/hostConnection';
import { emulatedAddress, whyNoKernelNetwork } from '../../harness/kernelNetwork';
import { KernelPeer } from '../../harness/kernelPeer';

/** Seconds after which a client is ended: a limit against hanging. */
const patience = '100';

const reason = whyNoKernelNetwork('iperf3', 'timeout');

let peer: KernelPeer | undefined;

afterEach(async () => {
  await peer?.end();
  peer = undefined;
});

interface End {
  readonly socket: number;
  readonly bytes: number;
}

/** What is looked at of the client's JSON. */
interface Report {
  readonly error?: string;
  readonly end: {
    readonly streams: readonly { readonly sender: End; readonly receiver: End }[];
    readonly sum_sent: { readonly bytes: number };
    readonly sum_received: { readonly bytes: number };
  };
}

async function client(of: KernelPeer, ...args: readonly string[]): Promise<Report> {
  const all = [patience, 'iperf3', '--json', '-c', emulatedAddress, ...args];
  const { stdout } = await of.network.run('timeout', all);
  return JSON.parse(stdout.toString()) as Report;
}

/** Bytes that a connection has carried, both directions together. */
function carriedBy({ received, acknowledgedBytes }: HostConnection): number {
  return received.hostPath + received.chimney + acknowledgedBytes;
}

describe.skipIf(reason !== undefined)(
  `iperf3 as peer${reason === undefined ? '' : ` (skipped: ${reason})`}`,
  () => {
    it('measures both directions, one stream and four, over connections that change hands', async () => {
      peer = await KernelPeer.begin({ handOvers: { kind: 'every-bytes', bytes: 250_000 } });
      const bytes = 20 * 1024 * 1024;
      for (const parallel of [1, 4]) {
        const before = peer.session.host.connections.length;
        const up = await client(peer, '-n', String(bytes), '-P', String(parallel));
        expect(up.error).toBeUndefined();
        expect(up.end.streams).toHaveLength(parallel);
        for (const { sender, receiver } of up.end.streams) expect(receiver.bytes).toBe(sender.bytes);
        expect(up.end.sum_received.bytes).toBeGreaterThanOrEqual(bytes);

        const down = await client(peer, '-R', '-n', String(bytes), '-P', String(parallel));
        expect(down.error).toBeUndefined();
        expect(down.end.streams).toHaveLength(parallel);
        for (const { sender, receiver } of down.end.streams) {
          expect(receiver.bytes).toBeGreaterThan(0);
          expect(sender.bytes).toBeGreaterThanOrEqual(receiver.bytes);
        }
        expect(down.end.sum_received.bytes).toBeGreaterThanOrEqual(bytes);

        // How the streams share the bytes is up to the kernel: one may get hardly any.
        const carriers = peer.session.host.connections
          .slice(before)
          .filter((connection) => carriedBy(connection) > 3_000_000);
        expect(carriers.length).toBeGreaterThanOrEqual(2);
        for (const { handOvers } of carriers) {
          expect(handOvers.offloads).toBeGreaterThan(1);
          expect(handOvers.uploads).toBeGreaterThan(1);
        }
      }
    });

    it('measures for a time, and both directions at once', async () => {
      peer = await KernelPeer.begin({ handOvers: { kind: 'every-time', interval: 50_000_000 } });
      for (const args of [
        ['-t', '1'],
        ['-t', '1', '-R'],
        ['-t', '1', '--bidir', '-P', '2'],
      ]) {
        const { error, end } = await client(peer, ...args);
        expect(error).toBeUndefined();
        expect(end.sum_sent.bytes).toBeGreaterThan(0);
        expect(end.sum_received.bytes).toBeGreaterThan(0);
      }
    });

    it('tells a client that wants UDP, which it does not serve', async () => {
      peer = await KernelPeer.begin();
      const { error } = await client(peer, '-u', '-t', '1');
      expect(error).toContain('an option you are trying to set is not implemented');
    });
  },
);
