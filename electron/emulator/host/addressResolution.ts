/** Asks and answers who is at which Ethernet address: ARP for IPv4 (RFC 826), neighbor discovery for IPv6 (RFC 4861 section 7.2). */
import { DISPATCH_LEVEL } from '../kit';
import { broadcastMac, isIpv6, sameAddress, type IpAddress, type MacAddress } from '../wire/address';
import { arpFrameLength, arpOperations, readArpFrame, writeArpFrame } from '../wire/arp';
import { icmpFrame, type IcmpContent, type ReceivedIcmp } from '../wire/icmp';
import {
  allNodes,
  multicastMac,
  neighborAdvertisement,
  neighborDiscoveryHopLimit,
  neighborSolicitation,
  readNeighborMessage,
  solicitedNodeAddress,
} from '../wire/neighborDiscovery';
import type { HostStack } from './hostStack';

/** See the file's head. */
export class AddressResolution {
  constructor(private readonly stack: HostStack) {}

  /** Asks for the Ethernet address of `target`: everybody who may have it, or as a probe the one that it is known to have. */
  request(target: IpAddress, destination?: MacAddress): void {
    const { settings } = this.stack;
    if (!isIpv6(target)) {
      this.sendArp(destination ?? broadcastMac, {
        operation: arpOperations.request,
        senderMac: settings.mac,
        senderAddress: settings.address,
        targetMac: new Uint8Array(6),
        targetAddress: target,
      });
      return;
    }
    const group = solicitedNodeAddress(target);
    const [to, mac] = destination === undefined ? [group, multicastMac(group)] : [target, destination];
    this.sendNeighborMessage(to, mac, neighborSolicitation(target, settings.mac));
  }

  /** Takes an ARP frame: learns from it and answers what is asked of this host. */
  receiveArp(bytes: Uint8Array): void {
    const message = readArpFrame(bytes, bytes.length);
    if (message === undefined) return;
    const { settings, neighbors } = this.stack;
    neighbors.learn({
      address: message.senderAddress,
      mac: message.senderMac,
      confirms: true,
      overrides: true,
    });
    const forUs = sameAddress(message.targetAddress, settings.address);
    if (!forUs || message.operation !== arpOperations.request) return;
    this.sendArp(message.senderMac, {
      operation: arpOperations.reply,
      senderMac: settings.mac,
      senderAddress: settings.address,
      targetMac: message.senderMac,
      targetAddress: message.senderAddress,
    });
  }

  /** Takes an ICMPv6 message of neighbor discovery. `senderMac` is the frame's. */
  receiveNeighborMessage(received: ReceivedIcmp, senderMac: MacAddress): void {
    const message = readNeighborMessage(received);
    if (message === undefined) return;
    const { settings, neighbors } = this.stack;
    if (message.kind === 'advertisement') {
      const { target, linkAddress, solicited, overrides } = message;
      if (linkAddress !== undefined)
        neighbors.learn({ address: target, mac: linkAddress, confirms: solicited, overrides });
      return;
    }
    const { target, sender, linkAddress } = message;
    const hasSender = sender.some((byte) => byte !== 0);
    if (hasSender && linkAddress !== undefined)
      neighbors.learn({ address: sender, mac: linkAddress, confirms: false, overrides: true });
    if (settings.ipv6Address === undefined || !sameAddress(target, settings.ipv6Address)) return;
    const flags = { solicited: hasSender, overrides: true };
    const answer = neighborAdvertisement(target, settings.mac, flags);
    // Somebody who has no address yet hears the answer with everybody (RFC 4861 section 7.2.4).
    if (hasSender) this.sendNeighborMessage(sender, linkAddress ?? senderMac, answer);
    else this.sendNeighborMessage(allNodes, multicastMac(allNodes), answer);
  }

  private sendNeighborMessage(
    destination: IpAddress,
    destinationMac: MacAddress,
    content: IcmpContent,
  ): void {
    const { settings } = this.stack;
    if (settings.ipv6Address === undefined) return;
    const addressing = {
      sourceMac: settings.mac,
      destinationMac,
      source: settings.ipv6Address,
      destination,
      timeToLive: neighborDiscoveryHopLimit,
      identification: 0,
    };
    this.send(icmpFrame(addressing, content));
  }

  private sendArp(destination: MacAddress, message: Parameters<typeof writeArpFrame>[2]): void {
    const bytes = new Uint8Array(arpFrameLength);
    writeArpFrame(bytes, destination, message);
    this.send(bytes);
  }

  private send(bytes: Uint8Array): void {
    this.stack.kernel.atLeast(DISPATCH_LEVEL, () => {
      this.stack.sendFrame(bytes);
    });
  }
}
