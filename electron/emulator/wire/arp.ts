/** Address Resolution Protocol for IPv4 over Ethernet (RFC 826). */
import { ethernetHeaderLength, etherTypes, writeEthernetHeader } from './ethernet';
import type { Ipv4Address, MacAddress } from './address';

/** Operation codes. */
export const arpOperations = { request: 1, reply: 2 } as const;

/** Bytes of an Ethernet frame with an ARP message, before padding. */
export const arpFrameLength = ethernetHeaderLength + 28;

/** A decoded ARP message. */
export interface ArpMessage {
  readonly operation: number;
  readonly senderMac: MacAddress;
  readonly senderAddress: Ipv4Address;
  readonly targetMac: MacAddress;
  readonly targetAddress: Ipv4Address;
}

/** Writes a whole ARP frame and answers its length. */
export function writeArpFrame(bytes: Uint8Array, destination: MacAddress, message: ArpMessage): number {
  writeEthernetHeader(bytes, destination, message.senderMac, etherTypes.arp);
  bytes.set(
    [0, 1, etherTypes.ipv4 >>> 8, etherTypes.ipv4 & 0xff, 6, 4, 0, message.operation],
    ethernetHeaderLength,
  );
  bytes.set(message.senderMac, ethernetHeaderLength + 8);
  bytes.set(message.senderAddress, ethernetHeaderLength + 14);
  bytes.set(message.targetMac, ethernetHeaderLength + 18);
  bytes.set(message.targetAddress, ethernetHeaderLength + 24);
  return arpFrameLength;
}

/** Decodes the ARP message of a frame, or answers undefined if it is none for IPv4 over Ethernet. */
export function readArpFrame(bytes: Uint8Array, length: number): ArpMessage | undefined {
  if (length < arpFrameLength) return undefined;
  const at = ethernetHeaderLength;
  const expected = [0, 1, etherTypes.ipv4 >>> 8, etherTypes.ipv4 & 0xff, 6, 4, 0];
  for (let index = 0; index < expected.length; index++)
    if (bytes[at + index] !== expected[index]) return undefined;
  return {
    operation: bytes[at + 7]!,
    senderMac: bytes.slice(at + 8, at + 14),
    senderAddress: bytes.slice(at + 14, at + 18),
    targetMac: bytes.slice(at + 18, at + 24),
    targetAddress: bytes.slice(at + 24, at + 28),
  };
}
