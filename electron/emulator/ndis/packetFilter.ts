/** NDIS_PACKET_TYPE_ bits, for OID_GEN_CURRENT_PACKET_FILTER: which frames an adapter hands up. */

/** See the file's head. */
export const packetTypes = {
  DIRECTED: 0x01,
  MULTICAST: 0x02,
  ALL_MULTICAST: 0x04,
  BROADCAST: 0x08,
  PROMISCUOUS: 0x20,
} as const;

/** Every bit above. */
export const everyPacketType = Object.values(packetTypes).reduce((all: number, bit) => all | bit, 0);
