/** Numbers of the capture formats: pcapng (draft-ietf-opsawg-pcapng) and classic pcap (draft-ietf-opsawg-pcap). */

/** LINKTYPE_ETHERNET. */
export const linkTypeEthernet = 1;

/** Types of blocks. */
export const blockTypes = {
  interfaceDescription: 1,
  /** Obsolete, but still found in old files. */
  packet: 2,
  simplePacket: 3,
  interfaceStatistics: 5,
  enhancedPacket: 6,
  sectionHeader: 0x0a0d0d0a,
} as const;

/** Byte-order magic of a section. */
export const byteOrderMagic = 0x1a2b3c4d;

/** Codes of options, by the kind of block that they stand in. */
export const optionCodes = {
  endOfOptions: 0,
  comment: 1,
  section: { hardware: 2, operatingSystem: 3, application: 4 },
  interface: { name: 2, description: 3, speed: 8, timeResolution: 9, timeOffset: 14 },
  packet: { flags: 2, dropCount: 4 },
  statistics: { startTime: 2, endTime: 3, received: 4, dropped: 5 },
} as const;

/** Which way a packet went through the interface at which it was seen. */
export type CaptureDirection = 'inbound' | 'outbound';

/** Bits of the flags word of a packet: direction in the lowest two, a CRC error in bit 24. */
export const packetFlags = { inbound: 1, outbound: 2, crcError: 0x0100_0000 } as const;

/** Longest packet that is believed, bytes; what libpcap and Wireshark believe. */
export const largestPacket = 262_144;

/** Longest block that is believed, bytes: a packet, and options. */
export const largestBlock = 16 * 1024 * 1024;
