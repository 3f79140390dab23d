/**
 * The far end of the cable: instead of a peer, whatever a script puts onto the wire, and a list of what the stack has sent. It
 * answers address resolution, and nothing else.
 */
import type { Machine } from '../../emulator/machine/machine';
import { sameAddress, type MacAddress } from '../../emulator/wire/address';
import { icmpFrame, readIcmpFrame } from '../../emulator/wire/icmp';
import {
  neighborAdvertisement,
  neighborDiscoveryHopLimit,
  readNeighborMessage,
} from '../../emulator/wire/neighborDiscovery';
import { arpFrameLength, arpOperations, readArpFrame, writeArpFrame } from '../../emulator/wire/arp';
import type { Frame, FramePool } from '../../emulator/wire/frame';
import type { LinkEnd, Transmitter } from '../../emulator/wire/link';
import { decodeFrame, encodeEthernet, type IpVersion, type LiveSegment } from './liveSegment';

/** A segment of the stack, or what is wrong with a frame of it, as it has come out. */
export interface CapturedSegment {
  /** Virtual time, ns. */
  readonly at: number;
  readonly segment: LiveSegment | string;
}

/** Addresses of the two ends of the cable. */
export interface WireAddresses {
  readonly mac: MacAddress;
  readonly address: Uint8Array;
  readonly hostMac: MacAddress;
  readonly hostAddress: Uint8Array;
}

/** See the file's head. */
export class ScriptWire implements LinkEnd {
  readonly component: number;
  /** What no script has taken yet, oldest first. */
  readonly captured: CapturedSegment[] = [];
  /** TCP segments that have passed, in both directions. */
  segmentCount = 0;
  private link: Transmitter | undefined;

  constructor(
    private readonly machine: Machine,
    private readonly pool: FramePool,
    readonly addresses: WireAddresses,
  ) {
    this.component = machine.probe.component('peer', 'packetdrill script');
  }

  /** Plugs the cable in. */
  connect(link: Transmitter): void {
    this.link = link;
  }

  receive(frame: Frame): void {
    const bytes = frame.bytes.subarray(0, frame.length);
    const request = readArpFrame(bytes, bytes.length);
    if (request !== undefined) {
      if (
        request.operation === arpOperations.request &&
        sameAddress(request.targetAddress, this.addresses.address)
      )
        this.sendArp(arpOperations.reply);
      return;
    }
    const segment = decodeFrame(bytes);
    if (segment === undefined) {
      this.answerSolicitation(bytes);
      return;
    }
    this.segmentCount++;
    this.captured.push({ at: this.machine.now, segment });
  }

  private sendArp(operation: number): void {
    const { mac, address, hostMac, hostAddress } = this.addresses;
    const bytes = new Uint8Array(arpFrameLength);
    writeArpFrame(bytes, hostMac, {
      operation,
      senderMac: mac,
      senderAddress: address,
      targetMac: hostMac,
      targetAddress: hostAddress,
    });
    this.transmit(bytes, 0);
  }

  /** Neighbor discovery (RFC 4861 section 7.2.4). */
  private answerSolicitation(bytes: Uint8Array): void {
    const message = readIcmpFrame(bytes, bytes.length);
    if (typeof message === 'string') return;
    const solicitation = readNeighborMessage(message);
    const { mac, address, hostMac, hostAddress } = this.addresses;
    if (solicitation?.kind !== 'solicitation' || !sameAddress(solicitation.target, address)) return;
    const answer = neighborAdvertisement(address, mac, { solicited: true, overrides: true });
    const addressing = {
      sourceMac: mac,
      destinationMac: hostMac,
      source: address,
      destination: hostAddress,
      timeToLive: neighborDiscoveryHopLimit,
      identification: 0,
    };
    this.transmit(icmpFrame(addressing, answer), 0);
  }

  /** Puts a datagram onto the wire; `payloadLength` is what of it is application data. */
  inject(version: IpVersion, datagram: Uint8Array, payloadLength: number, isSegment: boolean): void {
    const { mac, hostMac } = this.addresses;
    this.transmit(encodeEthernet(hostMac, mac, version, datagram), payloadLength);
    if (isSegment) this.segmentCount++;
  }

  private transmit(bytes: Uint8Array, payloadLength: number): void {
    const frame = this.pool.take('peer');
    frame.bytes.set(bytes);
    frame.length = bytes.length;
    frame.payloadLength = payloadLength;
    if (this.link === undefined) this.pool.release(frame);
    else this.link.transmit(this, frame);
  }
}
