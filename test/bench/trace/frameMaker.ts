/** Frames of one connection: Ethernet, IPv4 and TCP with timestamps, and text as payload. */
import type { Chance } from './chance';

/** Ethernet, IPv4, TCP with the timestamps option, bytes. */
const headerLength = 14 + 20 + 32;

/** Makes a frame; its bytes belong to the caller until the next one of any connection. */
export type FrameMaker = (
  sequence: number,
  acknowledgment: number,
  payload: number,
  isOut: boolean,
) => Uint8Array;

const words =
  'the offload target transmits segments of a connection and indicates what it receives to the host stack which posts buffers of its own'.split(
    ' ',
  );

/** What connections carry: words in an order of chance. */
function inventText(chance: Chance, bytes: number): Uint8Array {
  let text = '';
  while (text.length < bytes) text += `${words[chance.below(words.length)]!} `;
  return new TextEncoder().encode(text.slice(0, bytes));
}

let text: Uint8Array | undefined;
const frames = new Map<number, Uint8Array>();

/** A maker of the frames of connection `index`. */
export function frameMaker(index: number, chance: Chance): FrameMaker {
  const content = (text ??= inventText(chance, 64 * 1024));
  const header = new Uint8Array(headerLength);
  const view = new DataView(header.buffer);
  header.set([2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0, 0x45, 0]);
  header.set([0x40, 0, 64, 6], 20);
  header.set([192, 0, 2, 1, 192, 0, 2, 2], 26);
  header.set([0x80, 0x18, 0xff, 0xff], 46);
  header.set([1, 1, 8, 10], 54);
  let identification = chance.below(0x1_0000);
  let clock = chance.below(0x1000_0000);
  return (sequence, acknowledgment, payload, isOut) => {
    const length = headerLength + payload;
    let frame = frames.get(length);
    if (frame === undefined) frames.set(length, (frame = new Uint8Array(length)));
    view.setUint16(16, length - 14);
    view.setUint16(18, (identification = (identification + 1) & 0xffff));
    view.setUint16(24, identification ^ 0x5a5a);
    view.setUint16(34, isOut ? 49_152 + index : 80);
    view.setUint16(36, isOut ? 80 : 49_152 + index);
    view.setUint32(38, sequence >>> 0);
    view.setUint32(42, acknowledgment >>> 0);
    // A checksum looks like chance.
    view.setUint16(50, chance.below(0x1_0000));
    view.setUint32(58, (clock += chance.below(3)));
    view.setUint32(62, clock - 40);
    frame.set(header);
    const from = sequence % (content.length - 2048);
    if (payload > 0) frame.set(content.subarray(from, from + Math.min(payload, 2048)), headerLength);
    return frame;
  };
}
