/** Ethernet frames with TCP inside, with correct lengths; checksums are left zero. */

/** What goes into the headers. */
export interface TcpFrameFields {
  readonly fromPeer: boolean;
  readonly sequence: number;
  readonly acknowledgment: number;
  readonly payloadLength: number;
}

/** The bytes of one frame: Ethernet II, IPv4 and TCP without options, then zero payload. */
export function tcpFrame(fields: TcpFrameFields): Uint8Array {
  const bytes = new Uint8Array(54 + fields.payloadLength);
  const view = new DataView(bytes.buffer);
  const host = [2, 0, 0, 0, 0, 1];
  const peer = [2, 0, 0, 0, 0, 2];
  bytes.set(fields.fromPeer ? [...host, ...peer] : [...peer, ...host]);
  view.setUint16(12, 0x0800);
  bytes[14] = 0x45;
  view.setUint16(16, 40 + fields.payloadLength);
  view.setUint16(20, 0x4000);
  bytes[22] = 64;
  bytes[23] = 6;
  const hostAddress = [192, 0, 2, 1];
  const peerAddress = [192, 0, 2, 2];
  bytes.set(fields.fromPeer ? [...peerAddress, ...hostAddress] : [...hostAddress, ...peerAddress], 26);
  view.setUint16(34, fields.fromPeer ? 7 : 49_152);
  view.setUint16(36, fields.fromPeer ? 49_152 : 7);
  view.setUint32(38, fields.sequence);
  view.setUint32(42, fields.acknowledgment);
  bytes[46] = 0x50;
  bytes[47] = fields.payloadLength > 0 ? 0x18 : 0x10;
  view.setUint16(48, 65_535);
  return bytes;
}
