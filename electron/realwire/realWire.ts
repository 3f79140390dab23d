/**
 * Plays an emulated host against a device in real time: frames come in when they come, virtual time is never behind real time for
 * longer than the emulator needs to catch up, and a little ahead where it costs nothing.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { CaptureDirection } from '../../shared/capture/captureFormat';
import type { WiredHost } from '../emulator/wired/wiredHost';
import type { Frame } from '../emulator/wire/frame';
import type { FrameDevice } from './frameDevice';
import { RealTimeClock } from './realTimeClock';

/** How far virtual time may run ahead, ns: what would happen so soon happens at once instead of after a wait. */
const lead = 50_000;

/** Frames that are taken before virtual time goes on. */
const mostFramesAtOnce = 64;

/** Ns that a turn may take before timers and signals of the process get one. */
const turnTime = 10_000_000;

/** Longest wait for a frame, ns: so long it may take until a stop is noticed. */
const longestWait = 100_000_000;

/** A wait that is shorter than this costs more than it saves, ns. */
const shortestWait = 60_000;

/** What has gone through the device. */
export interface RealWireCounts {
  framesIn: number;
  framesOut: number;
  /** Frames that the other side did not take. */
  framesRefused: number;
}

/** See the file's head. */
export class RealWire {
  readonly counts: RealWireCounts = { framesIn: 0, framesOut: 0, framesRefused: 0 };
  private stopped = false;
  private host: WiredHost | undefined;

  constructor(
    private readonly device: FrameDevice,
    /** Sees every frame: those that come in before the host does, those that leave after the device has them. */
    private readonly onFrame: (frame: Frame, time: number, direction: CaptureDirection) => void = () =>
      undefined,
  ) {}

  /** Gives a frame of the emulated host to the device: what the host is made with. */
  readonly deliver = (frame: Frame): void => {
    if (this.device.write(frame)) this.counts.framesOut++;
    else this.counts.framesRefused++;
    this.onFrame(frame, this.host?.now ?? 0, 'outbound');
  };

  /** Ends `run` soon. */
  stop(): void {
    this.stopped = true;
  }

  /**
   * Plays a host that was made with `deliver`, until `stop` or for `duration` ns.
   * @throws DeviceProblem if the device goes away.
   */
  async run(host: WiredHost, duration = Infinity): Promise<void> {
    const { device } = this;
    this.host = host;
    const clock = new RealTimeClock();
    while (!this.isOver(clock.now, duration)) {
      const turnEnds = clock.now + turnTime;
      let idle = false;
      while (!idle && clock.now < turnEnds) idle = this.takeFrames(host, clock.now) === 0;
      const wait = Math.min(longestWait, host.nextTime - lead - clock.now, duration - clock.now);
      if (idle && wait > shortestWait) await device.wait(wait);
      else await nextTurn();
    }
  }

  private isOver(now: number, duration: number): boolean {
    return this.stopped || now >= duration;
  }

  /** Lets everything happen up to now and takes the frames that wait; answers their number. */
  private takeFrames(host: WiredHost, realTime: number): number {
    const { device } = this;
    let count = 0;
    host.advanceTo(realTime + lead);
    for (; count < mostFramesAtOnce; count++) {
      const frame = host.takeFrame();
      if (!device.read(frame)) {
        host.putBack(frame);
        break;
      }
      const time = settle(host, realTime);
      this.onFrame(frame, time, 'inbound');
      host.inject(frame, time);
    }
    if (count > 0) host.advanceTo(settle(host, realTime) + lead);
    this.counts.framesIn += count;
    return count;
  }
}

/**
 * Finds the moment for a frame that comes in at a real time: everything that is due by then has happened. So whoever repeats the
 * frames at their moments repeats the run.
 */
function settle(host: WiredHost, realTime: number): number {
  for (;;) {
    const time = Math.max(realTime, host.now);
    host.advanceTo(time);
    if (host.now <= time) return time;
  }
}
