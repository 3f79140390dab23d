import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readHeaderPlanes, writeHeaderPlanes } from '../../../shared/trace/headerPlanes';
import { property } from '../../harness/property';

/** Rows of headers with the numbers that they are told by. */
const headers = fc.integer({ min: 2, max: 60 }).chain((width) =>
  fc.array(
    fc.record({
      bytes: fc.uint8Array({ minLength: width, maxLength: width }),
      connection: fc.oneof(fc.nat({ max: 5 }), fc.nat({ max: 4_000_000 })),
      sender: fc.nat({ max: 100_000 }),
    }),
    { minLength: 1, maxLength: 40 },
  ),
);

describe('planes of headers', () => {
  it('give every header back, whichever connections and senders it is told by', () => {
    fc.assert(
      fc.property(headers, fc.nat({ max: 9 }), (rows, at) => {
        const width = rows[0]!.bytes.length;
        const bytes = Uint8Array.from(rows.flatMap((row) => [...row.bytes]));
        const connections = Float64Array.from(rows, ({ connection }) => connection);
        const senders = Float64Array.from(rows, ({ sender }) => sender);
        const planes = new Uint8Array(at + bytes.length);
        writeHeaderPlanes(bytes, width, rows.length, connections, senders, planes, at);
        expect(readHeaderPlanes(planes, at, width, rows.length, connections, senders)).toEqual(bytes);
      }),
      property(200),
    );
  });

  it('make zeros of what stays the same on a connection, also where another one is in between', () => {
    const bytes = Uint8Array.from([7, 1, 9, 5, 7, 2, 9, 6]);
    const planes = new Uint8Array(8);
    const connections = Float64Array.from([1, 2, 1, 2]);
    writeHeaderPlanes(bytes, 2, 4, connections, new Float64Array(4), planes, 0);
    expect([...planes]).toEqual([7, 2, 0, 0, 1, 4, 1, 1]);
  });

  it('wrap at 256', () => {
    const planes = new Uint8Array(4);
    const none = new Float64Array(2);
    writeHeaderPlanes(Uint8Array.from([250, 0, 3, 0]), 2, 2, none, none, planes, 0);
    expect([...planes]).toEqual([250, 9, 0, 0]);
  });
});
