import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FrameIndex } from '../../../shared/analysis/frameIndex';
import { framePaths, type FrameFate, type FramePath, type TraceRecord } from '../../../shared/trace/records';
import { property } from '../../harness/property';

interface Sent {
  readonly after: number;
  readonly path: FramePath;
  readonly payloadLength: number;
  readonly retransmission: boolean;
  readonly fate: FrameFate | undefined;
}

const sent: fc.Arbitrary<Sent> = fc.record({
  after: fc.nat({ max: 20_000 }),
  path: fc.constantFrom(...framePaths),
  payloadLength: fc.nat({ max: 1460 }),
  retransmission: fc.boolean(),
  fate: fc.constantFrom<FrameFate | undefined>('delivered', 'lost', 'queue-overflow', undefined),
});

function frame({ path, payloadLength, retransmission }: Sent): TraceRecord {
  const length = 54 + payloadLength;
  return {
    kind: 'frame',
    sender: 2,
    path,
    connection: 0,
    cause: undefined,
    length,
    payloadLength,
    retransmission,
    bytes: new Uint8Array(0),
  };
}

/** Frames one after the other, each with its fate 500 ns later. */
function indexOf(frames: readonly Sent[]): FrameIndex {
  const index = new FrameIndex();
  let time = 0;
  let event = 0;
  for (const item of frames) {
    time += item.after + 500;
    const id = event++;
    index.onRecord(frame(item), id, time);
    if (item.fate === undefined) continue;
    time += 500;
    index.onRecord({ kind: 'frame-fate', frame: id, fate: item.fate, receiver: 4 }, event++, time);
  }
  return index;
}

function sum(values: Iterable<number>): number {
  let total = 0;
  for (const value of values) total += value;
  return total;
}

describe('FrameIndex', () => {
  it('gives every frame its fate, when it came and who received it', () => {
    const index = indexOf([
      { after: 500, path: 'chimney', payloadLength: 10, retransmission: false, fate: 'lost' },
      { after: 0, path: 'peer', payloadLength: 0, retransmission: false, fate: undefined },
    ]);
    expect(index.at(0)).toMatchObject({ sent: 1000, fate: 'lost', fateTime: 1500, receiver: 4, length: 64 });
    expect(index.at(2)).toMatchObject({
      sent: 2000,
      fate: undefined,
      fateTime: undefined,
      receiver: undefined,
    });
    expect(index.at(1)).toBeUndefined();
  });

  it('totals frames, new and repeated bytes, and losses for each path', () => {
    fc.assert(
      fc.property(fc.array(sent, { maxLength: 60 }), (frames) => {
        const { totals } = indexOf(frames);
        for (const path of framePaths) {
          const own = frames.filter((item) => item.path === path);
          const repeated = own.filter(({ retransmission }) => retransmission);
          const fresh = own.filter(({ retransmission }) => !retransmission);
          expect(totals[path]).toEqual({
            frames: own.length,
            newBytes: sum(fresh.map(({ payloadLength }) => payloadLength)),
            retransmittedBytes: sum(repeated.map(({ payloadLength }) => payloadLength)),
            retransmissions: repeated.length,
            lost: own.filter(({ fate }) => fate === 'lost' || fate === 'queue-overflow').length,
          });
        }
      }),
      property(),
    );
  });

  it('finds the first frame sent at or after any time', () => {
    fc.assert(
      fc.property(fc.array(sent, { maxLength: 40 }), fc.nat({ max: 500_000 }), (frames, time) => {
        const index = indexOf(frames);
        const expected = index.frames.findIndex((item) => item.sent >= time);
        expect(index.firstSentAt(time)).toBe(expected < 0 ? index.frames.length : expected);
      }),
      property(),
    );
  });
});

describe('throughput', () => {
  it('adds up, bin by bin, to the new bytes sent in the range', () => {
    fc.assert(
      fc.property(
        fc.array(sent, { maxLength: 60 }),
        fc.nat({ max: 400_000 }),
        fc.nat({ max: 400_000 }),
        fc.integer({ min: 1, max: 50 }),
        (frames, from, span, bins) => {
          const index = indexOf(frames);
          const series = index.throughput(from, from + span, bins);
          for (const path of framePaths) {
            const expected = index.frames.filter(
              (item) =>
                item.path === path && !item.retransmission && item.sent >= from && item.sent <= from + span,
            );
            const bytes = (sum(series[path]) * series.binWidth) / 8e9;
            expect(series[path].length).toBe(bins);
            expect(bytes).toBeCloseTo(sum(expected.map(({ payloadLength }) => payloadLength)), 6);
          }
        },
      ),
      property(300),
    );
  });

  it('puts each frame into the bin in which it was sent, in bits per second', () => {
    const index = new FrameIndex();
    const item: Sent = { after: 0, path: 'host', payloadLength: 125, retransmission: false, fate: undefined };
    index.onRecord(frame(item), 0, 0);
    index.onRecord(frame({ ...item, retransmission: true }), 1, 100);
    index.onRecord(frame({ ...item, path: 'chimney', payloadLength: 250 }), 2, 1000);
    index.onRecord(frame({ ...item, path: 'chimney' }), 3, 2999);
    const series = index.throughput(0, 3000, 3);
    expect(series.binWidth).toBe(1000);
    expect([...series.host]).toEqual([1e9, 0, 0]);
    expect([...series.chimney]).toEqual([0, 2e9, 1e9]);
    expect([...series.peer]).toEqual([0, 0, 0]);
  });

  it('is finite even over an instant', () => {
    const index = indexOf([
      { after: 0, path: 'host', payloadLength: 100, retransmission: false, fate: undefined },
    ]);
    const series = index.throughput(500, 500, 4);
    expect((sum(series.host) * series.binWidth) / 8e9).toBe(100);
    for (const rate of series.host) expect(Number.isFinite(rate)).toBe(true);
  });
});
