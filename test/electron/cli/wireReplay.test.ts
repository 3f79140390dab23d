import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { replay } from '../../../electron/cli/wireReplay';
import { macAddress } from '../../../electron/emulator/scenarios/topology';
import { startService } from '../../../electron/emulator/services/hostServices';
import { Frame, largeFrameCapacity } from '../../../electron/emulator/wire/frame';
import type { ServiceStart, WiredHostSettings } from '../../../electron/emulator/wired/wiredHost';
import { TraceFileSink } from '../../../electron/files/traceFileSink';
import { readRecordedFrames } from '../../../electron/realwire/recordedFrames';
import { WireCapture } from '../../../electron/realwire/wireCapture';
import { carry } from '../../harness/streamClient';
import { WiredPair, wiredSettings, type CarriedFrame } from '../../harness/wiredPair';

const folders: string[] = [];

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

const echo: ServiceStart = (host, accepted) => {
  startService(host, 'echo', 7, accepted);
};

const choices: Partial<WiredHostSettings> = {
  mac: macAddress(1),
  handOvers: { kind: 'every-bytes', bytes: 100_000 },
};

function copyOf({ bytes, segmentSize, checksum }: CarriedFrame): Frame {
  const frame = new Frame(largeFrameCapacity);
  frame.bytes.set(bytes);
  frame.length = bytes.length;
  frame.segmentSize = segmentSize;
  frame.checksum = checksum;
  return frame;
}

/** A capture of a session with frames that are larger than the MTU, as `--large-frames --pcapng` writes it. */
function captured(): string {
  const pair = new WiredPair(echo, { ...choices, largeFrames: true }, { largeFrames: true });
  expect(carry(pair, 600_000).returned).toBe(600_000);
  const folder = mkdtempSync(path.join(tmpdir(), 'chimneysweep-replay-'));
  folders.push(folder);
  const file = path.join(folder, 'wire.pcapng');
  const sink = new TraceFileSink(file);
  const capture = new WireCapture(sink, 'test', 'a session', 'test');
  for (const carried of pair.toServer) capture.pass(copyOf(carried), carried.time, 'inbound');
  // When the host's own frames left does not matter, only in which order.
  for (const carried of pair.fromServer) capture.pass(copyOf(carried), pair.server.now, 'outbound');
  capture.finish(pair.server.now);
  sink.close();
  return file;
}

describe('the replay of a capture with frames larger than the MTU', () => {
  it.each([true, false])(
    'repeats the session exactly; --large-frames on the command line: %s',
    (largeFrames) => {
      const file = captured();
      const sizes = readRecordedFrames(file);
      expect(sizes.ok && Math.max(...sizes.value.frames.map(({ bytes }) => bytes.length))).toBeGreaterThan(
        16_000,
      );
      const played = replay(
        { file, as: undefined, rest: undefined },
        {
          host: wiredSettings(2, { ...choices, largeFrames }),
          services: echo,
          application: 'test',
          otherEnd: 'wire.pcapng',
        },
      );
      if (!played.ok) throw new Error(played.error);
      expect(played.value.summary).toMatch(/all \d+ frames that left then have left again, byte for byte/);
      expect(played.value.success).toBe(true);
      const { bytesReceived } = played.value.session.host.report('wire', true, '');
      expect(bytesReceived.hostPath + bytesReceived.chimney).toBe(600_000);
    },
  );
});
