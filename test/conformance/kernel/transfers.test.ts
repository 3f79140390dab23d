/** The Linux kernel's TCP as the peer of connections that change hands again and again. */
import { createHash } from 'node:crypto';
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { parseIpAddress } from '../../../electron/emulator/wire/address';
import { GeneratedContent } from '../../../electron/emulator/services/generatedContent';
import {
  emulatedAddress,
  emulatedIpv6Address,
  kernelAddress,
  kernelIpv6Address,
  whyNoKernelNetwork,
} from '../../harness/kernelNetwork';
import { KernelPeer, type KernelPeerOptions } from '../../harness/kernelPeer';
import { hardErrors, hasTshark } from '../../harness/tshark';

/** Bytes of a transfer, all its connections together. */
const transferBytes = 100_000_000;

/** Times that each connection is to be offloaded and uploaded in a transfer. */
const fewestHandOvers = 20;

/** Seconds after which curl gives up: a limit against hanging. */
const patience = '240';

const reason = whyNoKernelNetwork('curl', 'sha256sum');

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

let peer: KernelPeer | undefined;

afterEach(async () => {
  await peer?.end();
  peer = undefined;
});

async function begin(options: KernelPeerOptions): Promise<KernelPeer> {
  peer = await KernelPeer.begin(options);
  return peer;
}

/** What the kernel's side got of generated content, or sent: hashes, in order of the seeds. */
async function download(of: KernelPeer, connections: number, host = emulatedAddress): Promise<string[]> {
  const bytes = transferBytes / connections;
  const fetch = (seed: number): Promise<string> => {
    const url = `http://${host}/bytes/${bytes}?seed=${seed}`;
    return of.network
      .run('sh', ['-c', `curl -g -sS -m ${patience} '${url}' | sha256sum`])
      .then(({ stdout, stderr }) => (stdout.toString().split(' ')[0] ?? '') + stderr);
  };
  return Promise.all(Array.from({ length: connections }, (_, index) => fetch(index + 1)));
}

async function upload(of: KernelPeer, connections: number, host = emulatedAddress): Promise<string[]> {
  const bytes = transferBytes / connections;
  const put = (seed: number): Promise<string> => {
    const file = path.join(of.folder, `upload-${seed}`);
    writeFileSync(file, new GeneratedContent(seed).bytes(0, bytes));
    const args = ['-g', '-sS', '-m', patience, '-T', file, `http://${host}/sha256`];
    return of.network.run('curl', args).then(({ stdout, stderr }) => stdout.toString() + stderr);
  };
  return Promise.all(Array.from({ length: connections }, (_, index) => put(index + 1)));
}

function expectedHashes(connections: number): string[] {
  const bytes = transferBytes / connections;
  return Array.from({ length: connections }, (_, index) =>
    sha256(new GeneratedContent(index + 1).bytes(0, bytes)),
  );
}

/** Hand-overs of the connections of the latest transfer. */
function expectHandOvers(of: KernelPeer, connections: number): void {
  const latest = of.session.host.connections.slice(-connections);
  expect(latest).toHaveLength(connections);
  for (const { handOvers } of latest) {
    expect(handOvers.offloads).toBeGreaterThanOrEqual(fewestHandOvers);
    expect(handOvers.uploads).toBeGreaterThanOrEqual(fewestHandOvers);
  }
}

/** The kernel writes a checksum of zero as 0xFFFF, which every receiver takes and tshark reports (RFC 1624). */
const kernelsZeroChecksum = `(tcp.checksum.ffff && (ip.src==${kernelAddress} || ipv6.src==${kernelIpv6Address}))`;

/** Packets of a capture that a display filter finds, as lines for people. */
function found(capture: string, filter: string): string[] {
  // HTTP as mere data: putting bodies of 100 MB together takes minutes, and heuristics take random bytes for broken protocols.
  const switches = [
    ...['-o', 'ip.check_checksum:TRUE', '-o', 'tcp.check_checksum:TRUE'],
    ...['-o', 'tcp.desegment_tcp_streams:FALSE', '-d', 'tcp.port==80,data'],
  ];
  const args = ['-n', '-r', capture, ...switches, '-Y', `(${filter}) && !${kernelsZeroChecksum}`];
  const { status, stdout, stderr } = spawnSync('tshark', args, { encoding: 'utf8', maxBuffer: 1 << 28 });
  if (status !== 0) throw new Error(`tshark: ${stderr}`);
  return stdout.split('\n').filter((line) => line !== '');
}

/** Findings that tell of nothing but a peer which is faster than its reader: the kernel fills the window, and is told when it opens. */
const ordinaryFindings = [
  'tcp.analysis.window_update',
  'tcp.analysis.window_full',
  'tcp.analysis.zero_window',
  'tcp.analysis.zero_window_probe',
  'tcp.analysis.zero_window_probe_ack',
].join(' || ');

describe.skipIf(reason !== undefined)(
  `the Linux kernel as peer${reason === undefined ? '' : ` (skipped: ${reason})`}`,
  () => {
    it('carries 100 MB down and 100 MB up by curl through a connection that is offloaded and uploaded all the while', async () => {
      const one = await begin({
        captures: hasTshark,
        patient: true,
        handOvers: { kind: 'every-bytes', bytes: 1_500_000 },
      });
      const [expected] = expectedHashes(1);
      expect(await download(one, 1)).toEqual([expected]);
      expectHandOvers(one, 1);
      const [answer] = await upload(one, 1);
      expect(answer).toContain(expected);
      expectHandOvers(one, 1);
      await one.stop();
      if (!hasTshark) return;
      expect(found(one.capturePath, hardErrors)).toEqual([]);
      const findings = `tcp.analysis.flags && !(${ordinaryFindings})`;
      expect(found(one.capturePath, findings)).toEqual([]);
    });

    it('carries them as frames of up to 64 KiB, whose capture has every checksum', async () => {
      const large = await begin({
        captures: hasTshark,
        largeFrames: true,
        handOvers: { kind: 'every-bytes', bytes: 1_500_000 },
      });
      const [expected] = expectedHashes(1);
      expect(await download(large, 1)).toEqual([expected]);
      expectHandOvers(large, 1);
      const [answer] = await upload(large, 1);
      expect(answer).toContain(expected);
      expectHandOvers(large, 1);
      await large.stop();
      if (!hasTshark) return;
      expect(found(large.capturePath, hardErrors)).toEqual([]);
      expect(found(large.capturePath, 'frame.len > 16000')).not.toEqual([]);
    });

    it('carries them over IPv6, behind neighbor discovery (RFC 4861)', async () => {
      const host = `[${emulatedIpv6Address}]`;
      const six = await begin({
        captures: hasTshark,
        patient: true,
        ipv6Address: parseIpAddress(emulatedIpv6Address)!,
        handOvers: { kind: 'every-bytes', bytes: 1_500_000 },
      });
      const [expected] = expectedHashes(1);
      expect(await download(six, 1, host)).toEqual([expected]);
      expectHandOvers(six, 1);
      const [answer] = await upload(six, 1, host);
      expect(answer).toContain(expected);
      expectHandOvers(six, 1);
      const { bytesSent, bytesReceived } = six.session.host.report('wire', true, '');
      expect(Math.min(bytesSent.chimney, bytesReceived.chimney)).toBeGreaterThan(10_000_000);
      await six.stop();
      if (!hasTshark) return;
      expect(found(six.capturePath, hardErrors)).toEqual([]);
      expect(found(six.capturePath, `tcp.analysis.flags && !(${ordinaryFindings})`)).toEqual([]);
      expect(found(six.capturePath, 'tcp && !ipv6')).toEqual([]);
    });

    it('carries them with 1 % of the frames lost, a delay of 20 ms and reordering, over connections that change hands', async () => {
      const connections = 16;
      const lossy = await begin({
        captures: hasTshark,
        handOvers: { kind: 'every-bytes', bytes: 50_000 },
        link: {
          bitsPerSecond: 10e9,
          delay: 20_000_000,
          queueBytes: 64 * 1024 * 1024,
          loss: 0.01,
          impairments: { reorder: 0.01, reorderDelay: 200_000 },
        },
      });
      const expected = expectedHashes(connections);
      expect(await download(lossy, connections)).toEqual(expected);
      expectHandOvers(lossy, connections);
      const answers = await upload(lossy, connections);
      answers.forEach((answer, index) => {
        expect(answer).toContain(expected[index]);
      });
      expectHandOvers(lossy, connections);
      await lossy.stop();
      const { frames } = lossy.session.host.report('wire', true, '');
      expect(frames.lost).toBeGreaterThan(0);
      expect(frames.retransmitted).toBeGreaterThan(0);
      if (hasTshark) expect(found(lossy.capturePath, hardErrors)).toEqual([]);
    });
  },
);
