/** Plays recorded frames to an emulated host in virtual time. Equal recordings and settings give equal traces. */
import type { CaptureDirection } from '../../../shared/capture/captureFormat';
import type { MacAddress } from '../wire/address';
import { sameAddress } from '../wire/address';
import type { Frame } from '../wire/frame';
import { completeTcpChecksum } from '../wire/segmentFrame';
import type { RecordedFrame, RecordedTraffic } from './recordedTraffic';
import type { WiredHost } from './wiredHost';

/** When the first frame of somebody else's recording comes, virtual ns: drivers and adapter are ready by then. */
const beginning = 10_000_000;

/** How long a recorded peer takes to answer ARP, ns. */
const arpDelay = 1_000;

/** Whether frames were recorded at the emulated host's own wire: it is among the senders. */
export function isOwnRecording(frames: readonly RecordedFrame[], mac: MacAddress): boolean {
  return frames.some(({ bytes }) => sameAddress(bytes.subarray(6, 12), mac));
}

/** Sees every frame that passes the wire. */
export type PassingFrame = (frame: Frame, time: number, direction: CaptureDirection) => void;

/** What a replay of the host's own session came to. */
export interface RepetitionCounts {
  used: number;
  /** Frames that left then and have left again, the same bytes. */
  repeated: number;
  /** Frames that left and should not have, or with other bytes. */
  different: number;
}

/**
 * Repeats a session of the emulated host: the frames that came in then come in at the same moments. With the settings of the session the
 * host does the same again; the counts tell.
 */
export class Repetition {
  readonly counts: RepetitionCounts = { used: 0, repeated: 0, different: 0 };
  private readonly expected: readonly RecordedFrame[];
  private next = 0;

  constructor(
    private readonly frames: readonly RecordedFrame[],
    private readonly mac: MacAddress,
    private readonly pass: PassingFrame,
  ) {
    this.expected = frames.filter((frame) => this.isOurs(frame));
  }

  /** Takes what the host sends. */
  deliver(frame: Frame, time: number): void {
    completeTcpChecksum(frame);
    this.pass(frame, time, 'outbound');
    const expected = this.expected[this.next++];
    const same = expected !== undefined && sameAddress(expected.bytes, frame.bytes.subarray(0, frame.length));
    if (same) this.counts.repeated++;
    else this.counts.different++;
  }

  /** Plays all frames, and what the host does until the last one of the recording. */
  play(host: WiredHost): void {
    for (const recorded of this.frames) {
      if (this.isOurs(recorded)) continue;
      const frame = host.takeFrame();
      if (recorded.bytes.length > frame.bytes.length) {
        host.putBack(frame);
        continue;
      }
      frame.bytes.set(recorded.bytes);
      frame.length = recorded.bytes.length;
      inject(host, frame, recorded.time, this.pass);
      this.counts.used++;
    }
    host.advanceTo(this.frames.at(-1)?.time ?? 0);
  }

  private isOurs({ bytes }: RecordedFrame): boolean {
    return sameAddress(bytes.subarray(6, 12), this.mac);
  }
}

/** Plays what others have sent to another host, to the emulated one. */
export class ForeignReplay {
  constructor(
    private readonly frames: readonly RecordedFrame[],
    private readonly traffic: RecordedTraffic,
    private readonly pass: PassingFrame,
  ) {}

  /** Takes what the host sends. */
  deliver(frame: Frame, host: WiredHost): void {
    this.pass(frame, host.now, 'outbound');
    const answer = this.traffic.heard(frame);
    if (answer === undefined) return;
    const returned = host.takeFrame();
    returned.bytes.set(answer);
    returned.length = answer.length;
    const at = host.now + arpDelay;
    this.pass(returned, at, 'inbound');
    host.inject(returned, at);
  }

  /** Plays all frames, and lets the host go on for `rest` ns. */
  play(host: WiredHost, rest: number): void {
    const first = this.frames[0]?.time ?? 0;
    let last = beginning;
    for (const recorded of this.frames) {
      last = Math.max(last, recorded.time - first + beginning);
      // What has happened until then decides what the frame acknowledges.
      host.advanceTo(last);
      const frame = host.takeFrame();
      if (this.traffic.adapt(recorded, frame)) inject(host, frame, last, this.pass);
      else host.putBack(frame);
    }
    host.advanceTo(last + rest);
  }
}

function inject(host: WiredHost, frame: Frame, time: number, pass: PassingFrame): void {
  host.advanceTo(time);
  const at = Math.max(time, host.now);
  pass(frame, at, 'inbound');
  host.inject(frame, at);
}
