/**
 * A static link aggregation (IEEE 802.1AX without its protocol) at the far end: several links to one host look like one. Frames of one
 * neighbor take one link as long as its carrier is there.
 */
import type { Frame } from './frame';
import type { Link, LinkEnd, Transmitter } from './link';

/** Which of several links a neighbor's frames take: both ends compute it of the neighbor's Ethernet address. */
export function aggregationHash(neighbor: Uint8Array): number {
  let hash = 0;
  for (let index = 0; index < 6; index++) hash ^= neighbor[index] ?? 0;
  return hash;
}

/** One port of the aggregation. */
class AggregatedPort implements LinkEnd {
  up = true;
  link: Link | undefined;

  constructor(private readonly farEnd: LinkEnd) {}

  get component(): number {
    return this.farEnd.component;
  }

  receive(frame: Frame): void {
    this.farEnd.receive(frame);
  }

  receiverOf(frame: Frame): number {
    return this.farEnd.receiverOf?.(frame) ?? this.farEnd.component;
  }

  linkChanged(up: boolean): void {
    this.up = up;
  }
}

/** See the file's head. */
export class LinkAggregation implements Transmitter {
  readonly ports: readonly LinkEnd[];
  private readonly members: readonly AggregatedPort[];

  constructor(farEnd: LinkEnd, count: number) {
    this.ports = this.members = Array.from({ length: count }, () => new AggregatedPort(farEnd));
  }

  /** Plugs the cable of a port in. */
  connect(port: number, link: Link): void {
    const member = this.members[port];
    if (member !== undefined) member.link = link;
  }

  transmit(_from: LinkEnd, frame: Frame): number {
    const member = this.portFor(frame);
    if (member.link === undefined) throw new Error('a port of the aggregation has no link');
    return member.link.transmit(member, frame);
  }

  /** The port of a frame's neighbor among those with a carrier; without any the first port loses it, as a single link would. */
  private portFor(frame: Frame): AggregatedPort {
    const { members } = this;
    let up = 0;
    for (const member of members) if (member.up) up++;
    if (up === 0) return members[0]!;
    let skip = aggregationHash(frame.bytes.subarray(6, 12)) % up;
    return members.find((member) => member.up && skip-- === 0)!;
  }
}
