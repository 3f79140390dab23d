/**
 * A learning Ethernet switch (IEEE 802.1Q, section 8.7) whose ports have cables of their own: it sends a frame where its destination was
 * last heard, and everywhere else where it does not know. It stores and forwards; what passes it is a frame of its own on each cable.
 */
import type { Machine } from '../machine/machine';
import type { Frame, FramePool } from './frame';
import type { LinkEnd, Transmitter } from './link';

/** Addresses that are remembered at most; the oldest makes room. */
const mostAddresses = 8192;

/** What a port tells its switch. */
interface PortOwner {
  received(port: SwitchPort, frame: Frame): void;
  forget(port: SwitchPort): void;
}

/** One port; the end of its cable. */
export class SwitchPort implements LinkEnd {
  up = true;
  link: Transmitter | undefined;

  constructor(
    readonly component: number,
    private readonly owner: PortOwner,
  ) {}

  receive(frame: Frame): void {
    this.owner.received(this, frame);
  }

  linkChanged(up: boolean): void {
    this.up = up;
    if (!up) this.owner.forget(this);
  }
}

/** An Ethernet address as a number, exact below 2^53. */
function addressAt(bytes: Uint8Array, at: number): number {
  let address = 0;
  for (let index = 0; index < 6; index++) address = address * 256 + bytes[at + index]!;
  return address;
}

/** Whether the address in this place is one of a group: such an address is nobody's. */
function isGroup(bytes: Uint8Array, at: number): boolean {
  return (bytes[at]! & 1) !== 0;
}

/** See the file's head. */
export class LearningSwitch implements PortOwner {
  readonly ports: readonly SwitchPort[];
  private readonly heard = new Map<number, SwitchPort>();

  constructor(
    machine: Machine,
    private readonly pool: FramePool,
    portCount: number,
    name = 'Switch',
  ) {
    this.ports = Array.from(
      { length: portCount },
      (_, index) => new SwitchPort(machine.probe.component('wire', `${name} port ${index + 1}`), this),
    );
  }

  /** Plugs a cable into a port. */
  connect(port: number, link: Transmitter): void {
    this.ports[port]!.link = link;
  }

  received(from: SwitchPort, frame: Frame): void {
    const { bytes } = frame;
    if (!isGroup(bytes, 6)) this.learn(addressAt(bytes, 6), from);
    const known = isGroup(bytes, 0) ? undefined : this.heard.get(addressAt(bytes, 0));
    if (known !== undefined) {
      if (known !== from) this.forward(known, frame);
      return;
    }
    for (const port of this.ports) if (port !== from) this.forward(port, frame);
  }

  forget(port: SwitchPort): void {
    for (const [address, known] of this.heard) if (known === port) this.heard.delete(address);
  }

  private learn(address: number, port: SwitchPort): void {
    if (this.heard.get(address) === port) return;
    this.heard.delete(address);
    this.heard.set(address, port);
    if (this.heard.size <= mostAddresses) return;
    const [oldest] = this.heard.keys();
    if (oldest !== undefined) this.heard.delete(oldest);
  }

  private forward(port: SwitchPort, frame: Frame): void {
    const { link, up } = port;
    if (link === undefined || !up) return;
    const copy = this.pool.take(frame.path);
    copy.bytes.set(frame.bytes.subarray(0, frame.length));
    copy.length = frame.length;
    copy.connection = frame.connection;
    copy.payloadLength = frame.payloadLength;
    copy.retransmission = frame.retransmission;
    link.transmit(port, copy);
  }
}
