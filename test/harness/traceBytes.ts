/** Trace files made by hand, right or wrong on purpose, and the shortest way to read one. */
import { crc32 } from '../../shared/base/crc32';
import type { Result } from '../../shared/base/result';
import { encodeUtf8 } from '../../shared/base/utf8';
import { ByteWriter } from '../../shared/trace/byteWriter';
import type { TraceCodec } from '../../shared/trace/codec';
import { frameTags, magic } from '../../shared/trace/layout';
import type { TraceHeader, TraceRecord } from '../../shared/trace/records';
import { TraceEncoder } from '../../shared/trace/traceEncoder';
import type { TraceEnding, TraceError } from '../../shared/trace/traceError';
import { TraceReader, type TraceListener } from '../../shared/trace/traceReader';
import type { UnknownRecord } from '../../shared/trace/rowDecoder';

/** A header that every reader accepts. */
export const plainHeader: TraceHeader = {
  format: 'chimneysweep-trace',
  version: 2,
  application: 'chimneysweep test',
  scenario: 'transfer',
  title: 'Transfer',
  seed: 1,
  settings: { loss: 0.01, name: 'é', offload: true },
  snapLength: 64,
};

/** A record and when it happened. */
export interface TimedRecord {
  readonly time: number;
  readonly record: TraceRecord;
}

/** Puts pieces behind each other. */
export function concatenate(pieces: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}

/** What the encoder hands to its sink, write by write: magic, header, then one frame each (definitions, chunks). */
export function encodePieces(
  records: readonly TimedRecord[],
  header = plainHeader,
  flushAfter: (index: number) => boolean = () => false,
): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  const encoder = new TraceEncoder(header, { write: (bytes) => void pieces.push(bytes.slice()) });
  records.forEach(({ time, record }, index) => {
    encoder.write(time, record);
    if (flushAfter(index)) encoder.flush();
  });
  encoder.flush();
  return pieces;
}

/** The bytes of a trace with these records. */
export function encodeTrace(records: readonly TimedRecord[], header = plainHeader): Uint8Array {
  return concatenate(encodePieces(records, header));
}

/** A complete trace with an index; many chunks where `flushEvery` is small, compressed where there is a codec. */
export function completeTrace(
  records: readonly TimedRecord[],
  flushEvery = Infinity,
  codec?: TraceCodec,
): Uint8Array {
  const pieces: Uint8Array[] = [];
  const encoder = new TraceEncoder(
    plainHeader,
    { write: (bytes) => void pieces.push(bytes.slice()) },
    { codec },
  );
  records.forEach(({ time, record }, index) => {
    encoder.write(time, record);
    if (index % flushEvery === flushEvery - 1) encoder.flush();
  });
  encoder.finish();
  return concatenate(pieces);
}

/** What came out of a file. */
export interface Reading {
  readonly header: TraceHeader | undefined;
  readonly records: readonly (TraceRecord | UnknownRecord)[];
  readonly times: readonly number[];
  readonly unknownRecords: number;
  readonly report: string | undefined;
  /** Sum of what `push` answered. */
  readonly counted: number;
  readonly end: Result<TraceEnding, TraceError>;
}

/** Reads a file that arrives in these pieces. */
export function readPieces(pieces: Iterable<Uint8Array>, listeners: readonly TraceListener[] = []): Reading {
  const reader = new TraceReader(listeners);
  let counted = 0;
  for (const piece of pieces) {
    const pushed = reader.push(piece);
    if (!pushed.ok) break;
    counted += pushed.value;
  }
  const { store } = reader;
  const events = Array.from({ length: store?.length ?? 0 }, (_, event) => event);
  return {
    header: store?.header,
    records: events.map((event) => store!.record(event)),
    times: events.map((event) => store!.time(event)),
    unknownRecords: store?.unknownRecords ?? 0,
    report: store?.report,
    counted,
    end: reader.close(),
  };
}

/** Reads a file at once. */
export function readTrace(bytes: Uint8Array, listeners: readonly TraceListener[] = []): Reading {
  return readPieces([bytes], listeners);
}

/** The file's first bytes. */
export const magicBytes: Uint8Array = Uint8Array.from(magic);

/** A frame with a right checksum around any payload; `declaredLength` may lie. */
export function frameOf(tag: number, payload: Uint8Array, declaredLength = payload.length): Uint8Array {
  const out = new ByteWriter(16);
  out.u32(tag);
  out.u32(declaredLength);
  out.u32(crc32(payload));
  out.raw(payload);
  return out.bytes.slice(0, out.length);
}

/** A head frame with any JSON. */
export function headFrame(header: unknown = plainHeader): Uint8Array {
  return frameOf(frameTags.head, encodeUtf8(JSON.stringify(header)));
}

/** A whole file of frames behind a good header. */
export function traceOf(...frames: readonly Uint8Array[]): Uint8Array {
  return concatenate([magicBytes, headFrame(), ...frames]);
}
