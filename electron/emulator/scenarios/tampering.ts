/** Where a run can be made to go wrong on purpose: between a driver and NDIS, and between an adapter and its cable. Nothing of it is there otherwise. */
import type { ComponentRole } from '../../../shared/trace/records';
import type { NdisFunctions } from '../kit/ndisFunctions';
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
  /** What stands between the adapter of a driver and its cable. */
  readonly frames?: (machine: Machine, ndis: Ndis, pool: FramePool, driver: string) => FrameTamper;
}

/** A link to which its left end hands something else than it should. */
export class TamperedLink extends Link {
  constructor(
    private readonly machine: Machine,
    pool: FramePool,
    settings: LinkSettings,
    private readonly left: LinkEnd,
    right: LinkEnd,
    number: number,
    private readonly tamper: FrameTamper,
  ) {
    super(machine, pool, settings, left, right, number);
  }

  override transmit(from: LinkEnd, frame: Frame): number {
    if (from !== this.left) return super.transmit(from, frame);
    let leaves = this.machine.now;
    for (const sent of this.tamper(frame)) leaves = super.transmit(from, sent);
    return leaves;
  }
}
