/** Where a run can be made to go wrong on purpose: between a driver and NDIS, and between an adapter and its cable. Nothing of it is there otherwise. */
import type { ComponentRole } from '../../../shared/trace/records';
import type { NdisFunctions } from '../kit/ndisFunctions';
import type { TimerTamper } from '../kit/protocolTimer';
import type { Machine } from '../machine/machine';
import type { Ndis } from '../ndis/ndis';
import type { Frame, FramePool } from '../wire/frame';
import { Link, type LinkEnd, type LinkSettings } from '../wire/link';

/** Answers what leaves an adapter in place of a frame; it gives the frame back to its pool where it isn't among that. */
export type FrameTamper = (frame: Frame) => readonly Frame[];

/** See the file's head. */
export interface Tampering {
  /** What stands between a driver and NDIS; undefined where nothing does. */
  readonly driver?: (
    machine: Machine,
    ndis: Ndis,
    role: ComponentRole,
    name: string,
  ) => ((functions: NdisFunctions) => NdisFunctions) | undefined;
  /** What makes the timers of a driver go wrong; undefined where nothing does. */
  readonly timers?: (machine: Machine, role: ComponentRole) => TimerTamper | undefined;
  /** What stands between the adapter of a driver and its cable. */
  readonly frames?: (machine: Machine, ndis: Ndis, pool: FramePool, driver: string) => LinkTampers;
}

/** What is changed at the adapter's end of a cable; what is absent stays as it is. */
export interface LinkTampers {
  /** Frames that the adapter sends, before they leave. */
  readonly sent?: FrameTamper | undefined;
  /** Frames that have arrived, before the adapter looks at them. They stay the link's: none is given back to the pool. */
  readonly received?: FrameTamper | undefined;
  /** Frames that the other end sends, before they leave. */
  readonly remote?: FrameTamper | undefined;
}

/** The left end of a link, as the link sees it. */
function receivingOtherwise(end: LinkEnd, received: FrameTamper | undefined): LinkEnd {
  if (received === undefined) return end;
  return {
    component: end.component,
    receive: (frame) => {
      for (const one of received(frame)) end.receive(one);
    },
    ...(end.processorFor === undefined ? {} : { processorFor: (frame: Frame) => end.processorFor!(frame) }),
    ...(end.receiverOf === undefined ? {} : { receiverOf: (frame: Frame) => end.receiverOf!(frame) }),
    frameDamaged: () => end.frameDamaged?.(),
    linkChanged: (up) => end.linkChanged?.(up),
  };
}

/** A link whose ends hand over, or whose left end finds, something else than they should. */
export class TamperedLink extends Link {
  private readonly leftEnd: LinkEnd;

  constructor(
    private readonly machine: Machine,
    pool: FramePool,
    settings: LinkSettings,
    private readonly left: LinkEnd,
    right: LinkEnd,
    number: number,
    private readonly tampers: LinkTampers,
  ) {
    const leftEnd = receivingOtherwise(left, tampers.received);
    super(machine, pool, settings, leftEnd, right, number);
    this.leftEnd = leftEnd;
  }

  /** Sends a frame of the left end's as it is. */
  send(frame: Frame): void {
    super.transmit(this.leftEnd, frame);
  }

  override transmit(from: LinkEnd, frame: Frame): number {
    const fromLeft = from === this.left;
    const tamper = fromLeft ? this.tampers.sent : this.tampers.remote;
    const end = fromLeft ? this.leftEnd : from;
    if (tamper === undefined) return super.transmit(end, frame);
    let leaves = this.machine.now;
    for (const sent of tamper(frame)) leaves = super.transmit(end, sent);
    return leaves;
  }
}
