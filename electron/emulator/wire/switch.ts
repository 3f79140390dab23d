/**
 * An Ethernet switch that is faster than its links: it joins several hosts to the far end of one link. Frames keep their own
 * sender and receiver in what the probe is told.
 */
import { isGroupMac, type MacAddress } from './address';
import type { Frame } from './frame';
import type { LinkEnd, Transmitter } from './link';

/** A host behind the switch. */
export interface SwitchedHost extends LinkEnd {
  /** Whether a frame with this destination is for it. */
  takes(destination: MacAddress): boolean;
  /** Plugs the cable in. */
  connect(link: Transmitter): void;
}

/** See the file's head. */
export class Switch implements LinkEnd, Transmitter {
  private uplink: Transmitter | undefined;

  constructor(private readonly hosts: readonly SwitchedHost[]) {
    if (hosts.length === 0) throw new Error('a switch without hosts');
  }

  /** The first host's: what is for a group is everybody's. */
  get component(): number {
    return this.hosts[0]!.component;
  }

  /** Plugs the cable in that leads to the other end of the link. */
  connect(link: Transmitter): void {
    this.uplink = link;
    for (const host of this.hosts) host.connect(this);
  }

  transmit(from: LinkEnd, frame: Frame): number {
    if (this.uplink === undefined) throw new Error('the switch is not connected');
    frame.sender = from.component;
    return this.uplink.transmit(this, frame);
  }

  receive(frame: Frame): void {
    const destination = frame.bytes.subarray(0, 6);
    const everybody = isGroupMac(destination);
    for (const host of this.hosts) if (everybody || host.takes(destination)) host.receive(frame);
  }

  receiverOf(frame: Frame): number {
    const destination = frame.bytes.subarray(0, 6);
    return this.hosts.find((host) => host.takes(destination))?.component ?? this.component;
  }
}
