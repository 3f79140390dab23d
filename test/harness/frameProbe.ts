/** A probe that keeps the frames that it is told of, and what became of them. */
import type { FrameFate, FramePath } from '../../shared/trace/records';
import type { Probe } from '../../electron/emulator/probe';
import { silentProbe } from './silentProbe';

/** A frame as the probe saw it. */
export interface ProbedFrame {
  readonly event: number;
  readonly time: number;
  readonly sender: number;
  readonly path: FramePath;
  readonly length: number;
  readonly retransmission: boolean;
  readonly bytes: Uint8Array;
}

/** The fate of a frame as the probe was told of it. */
export interface ProbedFate {
  readonly frame: number;
  readonly time: number;
  readonly fate: FrameFate;
  readonly receiver: number;
  readonly flippedBits: readonly number[] | undefined;
}

/** The probe and what it keeps. */
export interface FrameProbe {
  readonly probe: Probe;
  readonly frames: readonly ProbedFrame[];
  readonly fates: readonly ProbedFate[];
}

/** See the file's head. */
export function frameProbe(): FrameProbe {
  const frames: ProbedFrame[] = [];
  const fates: ProbedFate[] = [];
  const probe: Probe = {
    ...silentProbe(),
    frame: (time, sender, path, _connection, _cause, length, _payloadLength, retransmission, bytes) => {
      const event = frames.length;
      frames.push({ event, time, sender, path, length, retransmission, bytes: bytes.slice(0, length) });
      return event;
    },
    frameFate: (time, frame, fate, receiver, flippedBits) =>
      void fates.push({ frame, time, fate, receiver, flippedBits }),
  };
  return { probe, frames, fates };
}
