import { describe, expect, it } from 'vitest';
import { startService } from '../../../../electron/emulator/services/hostServices';
import {
  mostOpened,
  RecordedTraffic,
  type RecordedFrame,
} from '../../../../electron/emulator/wired/recordedTraffic';
import { ForeignReplay, isOwnRecording, Repetition } from '../../../../electron/emulator/wired/replay';
import { WiredHost, type ServiceStart } from '../../../../electron/emulator/wired/wiredHost';
import { Frame } from '../../../../electron/emulator/wire/frame';
import { arpFrameLength, writeArpFrame } from '../../../../electron/emulator/wire/arp';
import { silentProbe } from '../../../harness/silentProbe';
import { carry } from '../../../harness/streamClient';
import { WiredPair, wiredSettings } from '../../../harness/wiredPair';

const echo: ServiceStart = (host, accepted) => {
  startService(host, 'echo', 7, accepted);
};

const recordedAddress = Uint8Array.from([192, 0, 2, 2]);
const streamLength = 200_000;

/** What a client sent to an echo server, when. */
function recording(): RecordedFrame[] {
  const pair = new WiredPair(echo);
  expect(carry(pair, streamLength).returned).toBe(streamLength);
  return pair.toServer;
}

const frames = recording();

describe('a replay of what others have sent', () => {
  it('names the address to which most connections are opened', () => {
    expect(mostOpened(frames)).toEqual(recordedAddress);
    expect(mostOpened([])).toBeUndefined();
  });

  it.each([[{ kind: 'never' }], [{ kind: 'every-bytes', bytes: 10_000 }]] as const)(
    'carries the recorded stream to a host with other sequence numbers and another address, hand-overs: $kind',
    (handOvers) => {
      const settings = wiredSettings(9, { handOvers });
      const traffic = new RecordedTraffic(recordedAddress, settings.mac, settings.address);
      const foreign = new ForeignReplay(frames, traffic, () => undefined);
      const host: WiredHost = new WiredHost(silentProbe(), settings, echo, (frame) => {
        foreign.deliver(frame, host);
      });
      foreign.play(host, 1_000_000_000);
      const { bytesReceived } = host.report('wire', true, '');
      expect(bytesReceived.hostPath + bytesReceived.chimney).toBe(streamLength);
      expect(traffic.counts.used).toBeGreaterThan(streamLength / 1460);
      expect(traffic.counts.withoutBeginning).toBe(0);
      expect(host.pool.outstanding).toBe(0);
    },
  );

  it('leaves out connections whose beginning is not in the recording, and what is for others', () => {
    const { mac, address } = wiredSettings(9);
    const frame = new Frame();
    const late = new RecordedTraffic(recordedAddress, mac, address);
    const adapted = frames.slice(frames.length / 2).filter((recorded) => late.adapt(recorded, frame));
    expect(adapted).toEqual([]);
    expect(late.counts.withoutBeginning).toBeGreaterThan(0);
    const other = new RecordedTraffic(Uint8Array.from([198, 51, 100, 7]), mac, address);
    expect(frames.some((recorded) => other.adapt(recorded, frame))).toBe(false);
    expect(other.counts.foreign).toBe(frames.length);
  });

  it('takes bytes that are no frames for frames of others', () => {
    const { mac, address } = wiredSettings(9);
    const traffic = new RecordedTraffic(recordedAddress, mac, address);
    const damaged = frames.map(({ bytes, time }) => ({ bytes: bytes.slice(0, bytes.length - 30), time }));
    for (const recorded of damaged) traffic.adapt(recorded, new Frame());
    expect(traffic.counts.used).toBe(0);
  });
});

describe('a repetition of a session of our own', () => {
  const { mac, address } = wiredSettings(2);

  it('is one when the host is among the senders', () => {
    expect(isOwnRecording(frames, mac)).toBe(false);
    const bytes = new Uint8Array(arpFrameLength);
    const nobody = new Uint8Array(6);
    writeArpFrame(bytes, nobody, {
      operation: 1,
      senderMac: mac,
      senderAddress: address,
      targetMac: nobody,
      targetAddress: address,
    });
    expect(isOwnRecording([...frames, { bytes, time: 0 }], mac)).toBe(true);
  });

  /** A session with its own frames; the moments of those do not matter. */
  function session(): RecordedFrame[] {
    const sent: RecordedFrame[] = [];
    const host = new WiredHost(silentProbe(), wiredSettings(2), echo, (frame) => {
      sent.push({ bytes: frame.bytes.slice(0, frame.length), time: host.now });
    });
    const collecting = new Repetition(frames, mac, () => undefined);
    collecting.play(host);
    return [...frames, ...sent].sort((left, right) => left.time - right.time);
  }

  it.each([
    ['with the same seed sends the same frames', 2, true],
    ['with another seed says that they differ', 3, false],
  ])('%s', (_title, seed, same) => {
    const own = session();
    const repetition = new Repetition(own, mac, () => undefined);
    const host: WiredHost = new WiredHost(silentProbe(), wiredSettings(2, { seed }), echo, (frame) => {
      repetition.deliver(frame, host.now);
    });
    repetition.play(host);
    expect(repetition.counts.used).toBe(frames.length);
    expect(repetition.counts.repeated + repetition.counts.different).toBeGreaterThan(0);
    expect(repetition.counts.different === 0).toBe(same);
  });
});
