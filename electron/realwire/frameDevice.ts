/** A device that real frames come from and go to. */
import type { Frame } from '../emulator/wire/frame';

/** See the file's head. Nothing blocks but `wait`. */
export interface FrameDevice {
  /** Name of the interface on the other side, for people. */
  readonly name: string;
  /** Whether frames larger than the MTU may come and go, with segmentation and checksums left to the other side. */
  readonly carriesLargeFrames: boolean;
  /**
   * Takes the next frame that waits into `frame`, with what its sender has left to others; false if none waits.
   * @throws DeviceProblem if the device has gone.
   */
  read(frame: Frame): boolean;
  /**
   * Gives a frame to the other side, which is free to use it again at once; false if that takes none just now, as while its interface
   * is down.
   * @throws DeviceProblem if the device has gone.
   */
  write(frame: Frame): boolean;
  /** Waits until a frame waits or so many ns have passed; Infinity: as long as it takes. */
  wait(limit: number): Promise<void>;
  close(): void;
}

/** The device can't be opened, or has gone; the message tells what to do. */
export class DeviceProblem extends Error {}
