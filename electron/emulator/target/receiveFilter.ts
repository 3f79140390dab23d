/** The address filter of the hardware: which frames an adapter takes from the wire (OID_GEN_CURRENT_PACKET_FILTER). */
import { packetTypes } from '../kit';
import type { MacAddress } from '../wire/address';

/** Bytes of an Ethernet address. */
const macAddressLength = 6;

/** What kind of destination a frame has. */
export type DestinationKind = 'directed' | 'multicast' | 'broadcast';

/** The kind of the destination at the start of a frame. */
export function destinationKind(bytes: Uint8Array): DestinationKind {
  if ((bytes[0]! & 1) === 0) return 'directed';
  for (let index = 0; index < macAddressLength; index++) if (bytes[index] !== 0xff) return 'multicast';
  return 'broadcast';
}

function startsWith(bytes: Uint8Array, address: Uint8Array, at = 0): boolean {
  for (let index = 0; index < macAddressLength; index++)
    if (bytes[index] !== address[at + index]) return false;
  return true;
}

/** See the file's head. It begins closed: nothing passes until a protocol driver has set a filter. */
export class ReceiveFilter {
  /** NDIS_PACKET_TYPE_ bits. */
  packetFilter = 0;
  /** Group addresses, one after the other. */
  multicastList: Uint8Array = new Uint8Array(0);

  constructor(private readonly mac: MacAddress) {}

  /** Whether a frame passes; `kind` is that of its destination. */
  accepts(bytes: Uint8Array, kind: DestinationKind): boolean {
    const { packetFilter } = this;
    if ((packetFilter & packetTypes.PROMISCUOUS) !== 0) return true;
    switch (kind) {
      case 'directed':
        return (packetFilter & packetTypes.DIRECTED) !== 0 && startsWith(bytes, this.mac);
      case 'broadcast':
        return (packetFilter & packetTypes.BROADCAST) !== 0;
      case 'multicast':
        if ((packetFilter & packetTypes.ALL_MULTICAST) !== 0) return true;
        return (packetFilter & packetTypes.MULTICAST) !== 0 && this.isMember(bytes);
    }
  }

  private isMember(bytes: Uint8Array): boolean {
    for (let at = 0; at < this.multicastList.length; at += macAddressLength)
      if (startsWith(bytes, this.multicastList, at)) return true;
    return false;
  }
}
