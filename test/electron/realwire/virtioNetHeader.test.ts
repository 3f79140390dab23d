import { describe, expect, it } from 'vitest';
import { Frame } from '../../../electron/emulator/wire/frame';
import {
  readVirtioNetHeader,
  virtioNetHeaderLength,
  writeVirtioNetHeader,
} from '../../../electron/realwire/virtioNetHeader';

/** An untagged TCP frame over IPv4 whose TCP header has `options` bytes of options. */
function tcpFrame(options: number, etherType = 0x0800): Frame {
  const frame = new Frame();
  const { bytes } = frame;
  bytes[12] = etherType >>> 8;
  bytes[13] = etherType & 0xff;
  bytes[14] = 0x45;
  const tcpAt = etherType === 0x0800 ? 34 : 54;
  bytes[tcpAt + 12] = ((20 + options) / 4) << 4;
  frame.length = tcpAt + 20 + options + 100;
  return frame;
}

function written(frame: Frame): number[] {
  const header = new Uint8Array(virtioNetHeaderLength).fill(0xee);
  writeVirtioNetHeader(header, frame);
  return [...header];
}

function read(header: readonly number[]): Pick<Frame, 'segmentSize' | 'checksum'> {
  const frame = new Frame();
  readVirtioNetHeader(Uint8Array.from(header), frame);
  return { segmentSize: frame.segmentSize, checksum: frame.checksum };
}

describe('the virtio-net header', () => {
  it('is all zero for a frame that leaves nothing to others', () => {
    expect(written(tcpFrame(12))).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
  });

  it('names checksum start and offset of a partial TCP checksum', () => {
    const frame = tcpFrame(12);
    frame.checksum = 'partial';
    expect(written(frame)).toEqual([1, 0, 0, 0, 0, 0, 34, 0, 16, 0]);
  });

  it('names header length and segment size of a large frame over IPv4', () => {
    const frame = tcpFrame(12);
    frame.checksum = 'partial';
    frame.segmentSize = 1448;
    expect(written(frame)).toEqual([1, 1, 66, 0, 1448 & 0xff, 1448 >>> 8, 34, 0, 16, 0]);
  });

  it('names those of a large frame over IPv6', () => {
    const frame = tcpFrame(12, 0x86dd);
    frame.checksum = 'partial';
    frame.segmentSize = 1428;
    expect(written(frame)).toEqual([1, 4, 86, 0, 1428 & 0xff, 1428 >>> 8, 54, 0, 16, 0]);
  });

  it('says of a verified frame that its data is valid', () => {
    const frame = tcpFrame(0);
    frame.checksum = 'verified';
    expect(written(frame)).toEqual([2, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
  });

  it('is read into what the frame leaves to others', () => {
    expect(read([0, 0, 0, 0, 0, 0, 0, 0, 0, 0])).toEqual({ segmentSize: 0, checksum: 'in-frame' });
    expect(read([1, 0, 0, 0, 0, 0, 34, 0, 16, 0])).toEqual({ segmentSize: 0, checksum: 'partial' });
    expect(read([1, 0x81, 66, 0, 0xa8, 5, 34, 0, 16, 0])).toEqual({ segmentSize: 1448, checksum: 'partial' });
    expect(read([2, 0, 0, 0, 0, 0, 0, 0, 0, 0])).toEqual({ segmentSize: 0, checksum: 'verified' });
  });

  it('leaves partial checksums of other protocols and other kinds of segmentation alone', () => {
    const udpChecksumOffset = 6;
    expect(read([1, 3, 42, 0, 200, 5, 34, 0, udpChecksumOffset, 0])).toEqual({
      segmentSize: 0,
      checksum: 'in-frame',
    });
  });
});
