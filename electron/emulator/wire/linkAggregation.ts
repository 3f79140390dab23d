/**
 * The far end of several links to one host. `static`: a link aggregation (IEEE 802.1AX without its protocol), where frames of one
 * neighbor take one link as long as its carrier is there. `learning`: ordinary ports of a switch, which sends to the host where it has
 * last heard of it (IEEE 802.1Q, section 8.7).
 */
import type { Frame } from './frame';
import type { Link, LinkEnd, Transmitter } from './link';

/** How the far end chooses among its links. */
export type FarEndMode = 'static' | 'learning';

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

  constructor(
    private readonly farEnd: LinkEnd,
    private readonly heard: (port: AggregatedPort) => void,
  ) {}

  get component(): number {
    return this.farEnd.component;
  }

  receive(frame: Frame): void {
    this.heard(this);
    this.farEnd.receive(frame);
  }

  frameDamaged(): void {
    this.farEnd.frameDamaged?.();
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

  /** Where the host was last heard. */
  private learned: AggregatedPort | undefined;

  constructor(
    farEnd: LinkEnd,
    count: number,
    private readonly mode: FarEndMode = 'static',
  ) {
    const heard = (port: AggregatedPort): void => {
      this.learned = port;
    };
    this.ports = this.members = Array.from({ length: count }, () => new AggregatedPort(farEnd, heard));
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

  /** The port for a frame among those with a carrier; without any the first port loses it, as a single link would. */
  private portFor(frame: Frame): AggregatedPort {
    const { members, learned } = this;
    // A single link has nothing to choose, and every frame of most scenarios comes by here.
    if (members.length === 1) return members[0]!;
    // What was learned on a port is forgotten with its carrier.
    if (this.mode === 'learning') return learned?.up === true ? learned : (firstUp(members) ?? members[0]!);
    let up = 0;
    for (const member of members) if (member.up) up++;
    if (up === 0) return members[0]!;
    let skip = aggregationHash(frame.bytes.subarray(6, 12)) % up;
    return members.find((member) => member.up && skip-- === 0)!;
  }
}

function firstUp(ports: readonly AggregatedPort[]): AggregatedPort | undefined {
  return ports.find((port) => port.up);
}
