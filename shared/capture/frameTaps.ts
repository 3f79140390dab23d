/**
 * Taps at interfaces: every frame that passes a tapped one goes into a capture, outbound when its first bit leaves and inbound when its
 * last one has arrived, with the id of its record as a comment. Fed by a running recording, or by a trace that is read.
 */
import type { ComponentRole, EventId, FrameFate, FramePath } from '../trace/records';
import { fateDelivers } from '../trace/frameFates';
import type { PcapngWriter } from './pcapngWriter';

/** Which interfaces are tapped, and how much of each frame is kept. */
export interface TapChoice {
  /** Names of interfaces; undefined: the wire side of every adapter of the host. */
  readonly names?: readonly string[] | undefined;
  /** Bytes kept of each frame; 0: all that is known. */
  readonly snapLength: number;
}

/** A frame between its ends. */
interface FrameInFlight {
  readonly bytes: Uint8Array;
  readonly length: number;
  readonly comment: string;
}

/** Frames that have arrived and are kept a little longer: a copy may follow. */
const mostKept = 4096;

/** Roles that have an interface on the wire. */
const roles: readonly ComponentRole[] = ['offload-target', 'peer', 'wire'];

const descriptions: Readonly<Partial<Record<ComponentRole, string>>> = {
  'offload-target': 'wire side of the adapter: offloaded and other traffic, checksums filled in',
  peer: 'interface of a remote host',
  wire: 'port of a switch',
};

/** What a capture says about where it comes from. */
export function captureComment(scenario: string, seed: number): string {
  return `scenario ${scenario}, seed ${seed}; time 0 is the start of the run, in virtual time`;
}

/** Names are compared without regard to case. */
function same(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase();
}

/** See the file's head. */
export class FrameTaps {
  /** Interfaces that can be tapped, by name. */
  readonly available: string[] = [];
  /** Frames that went into the capture cut shorter than they were on the wire, and all that did. */
  cut = 0;
  written = 0;
  private readonly tapOf = new Map<number, number>();
  private readonly packetTaps = new Map<string, number>();
  private readonly callNames: (string | undefined)[] = [];
  private readonly inFlight = new Map<EventId, FrameInFlight>();
  private readonly settled: EventId[] = [];
  private readonly dropped: number[] = [];

  constructor(
    private readonly writer: PcapngWriter,
    private readonly choice: TapChoice,
  ) {}

  /** Names that were asked for and have turned out to be none of an interface. */
  get unknown(): string[] {
    const { names = [] } = this.choice;
    return names.filter((name) => !this.available.some((one) => same(one, name)));
  }

  /** A component has been declared. */
  component(id: number, role: ComponentRole, name: string): void {
    if (!roles.includes(role)) return;
    this.available.push(name);
    const { names, snapLength } = this.choice;
    if (names === undefined ? role !== 'offload-target' : !names.some((one) => same(one, name))) return;
    this.tapOf.set(id, this.add(name, descriptions[role]!, snapLength));
  }

  /** A miniport has come up whose packets to and from the driver above can be seen; answers whether they are wanted. */
  packetInterface(name: string): boolean {
    if (!this.available.includes(name)) {
      this.available.push(name);
      if (this.choice.names?.some((one) => same(one, name)) === true) {
        const description =
          'between miniport and protocol driver: checksums may be left to hardware, the chimney passes by';
        this.packetTaps.set(name, this.add(name, description, this.choice.snapLength));
      }
    }
    return this.packetTaps.has(name);
  }

  /** A call has been recorded: frames that it leads to name it. */
  call(event: EventId, functionName: string): void {
    this.callNames[event] = functionName;
  }

  /** The first bit of a frame leaves. `bytes` may be longer than `length`, and are reused by the caller. */
  frame(
    event: EventId,
    time: number,
    sender: number,
    path: FramePath,
    connection: number | undefined,
    cause: EventId | undefined,
    length: number,
    retransmission: boolean,
    bytes: Uint8Array,
  ): void {
    if (this.tapOf.size === 0) return;
    const origin = path === 'peer' ? '' : `, ${path === 'host' ? 'host path' : 'chimney'}`;
    const own = connection === undefined ? '' : `, connection ${connection}`;
    const again = retransmission ? ', retransmission' : '';
    const comment = `event ${event}${origin}${own}${again}${this.causeText(cause)}`;
    const kept = bytes.slice(0, Math.min(length, bytes.length));
    this.inFlight.set(event, { bytes: kept, length, comment });
    const tap = this.tapOf.get(sender);
    if (tap !== undefined) this.write(tap, time, length, kept, 'outbound', comment);
  }

  /** A frame has arrived, or has not. */
  frameFate(
    time: number,
    event: EventId,
    fate: FrameFate,
    receiver: number,
    flippedBits: readonly number[] | undefined,
  ): void {
    const frame = this.inFlight.get(event);
    if (frame === undefined) return;
    if (fate !== 'duplicated') this.forgetLater(event);
    const tap = this.tapOf.get(receiver);
    if (tap === undefined) return;
    if (!fateDelivers(fate)) {
      if (fate === 'fcs-error') this.dropped[tap] = (this.dropped[tap] ?? 0) + 1;
      return;
    }
    const { length, comment } = frame;
    let { bytes } = frame;
    if (flippedBits !== undefined) {
      bytes = bytes.slice();
      for (const bit of flippedBits) if (bit >>> 3 < bytes.length) bytes[bit >>> 3]! ^= 0x80 >>> (bit & 7);
    }
    this.write(tap, time, length, bytes, 'inbound', fate === 'delivered' ? comment : `${comment}, ${fate}`);
  }

  /** A packet crosses the edge between a miniport and what is bound to it. */
  packet(
    time: number,
    name: string,
    direction: 'inbound' | 'outbound',
    call: EventId,
    connection: number | undefined,
    bytes: Uint8Array,
  ): void {
    const tap = this.packetTaps.get(name);
    if (tap === undefined) return;
    const own = connection === undefined ? '' : `, connection ${connection}`;
    const comment = `event ${call} (${this.callNames[call] ?? 'call'})${own}`;
    this.write(tap, time, bytes.length, bytes, direction, comment);
  }

  /** Ends the capture. */
  finish(time: number): void {
    this.writer.finish(time, this.dropped);
  }

  private add(name: string, description: string, snapLength: number): number {
    return this.writer.addInterface({ name, description, snapLength });
  }

  private write(
    tap: number,
    time: number,
    length: number,
    bytes: Uint8Array,
    direction: 'inbound' | 'outbound',
    comment: string,
  ): void {
    const dropped = this.dropped[tap] ?? 0;
    this.dropped[tap] = 0;
    this.writer.packet({ interfaceNumber: tap, time, length, bytes, direction, comment, dropped });
    this.written++;
    const { snapLength } = this.choice;
    if (bytes.length < length || (snapLength > 0 && snapLength < length)) this.cut++;
  }

  private causeText(cause: EventId | undefined): string {
    if (cause === undefined) return '';
    const name = this.callNames[cause];
    return `, caused by event ${cause}${name === undefined ? '' : ` (${name})`}`;
  }

  private forgetLater(event: EventId): void {
    this.settled.push(event);
    if (this.settled.length < 2 * mostKept) return;
    for (const old of this.settled.splice(0, mostKept)) this.inFlight.delete(old);
  }
}
