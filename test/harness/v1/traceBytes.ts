/** Trace files of format version 1 made by hand, right or wrong on purpose, and the shortest way to read one. */
import { crc32 } from '../../../shared/base/crc32';
import type { Result } from '../../../shared/base/result';
import { encodeUtf8 } from '../../../shared/base/utf8';
import { ByteWriter } from '../../../shared/trace/byteWriter';
import { dataPreambleLength, frameTags, magic, stringDefinitionKind } from '../../../shared/trace/v1/layout';
import { recordKinds, type TraceHeader, type TraceRecord } from '../../../shared/trace/records';
import { TraceEncoder, type VersionOneRecord } from './traceEncoder';
import type { TraceEnding, TraceError } from '../../../shared/trace/traceError';
import { TraceReader, type TraceListener } from '../../../shared/trace/traceReader';
import type { UnknownRecord } from '../../../shared/trace/rowDecoder';

/** A header that every reader accepts. */
export const plainHeader: TraceHeader = {
  format: 'chimneysweep-trace',
  version: 1,
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

/** What the encoder hands to its sink, write by write: magic, header, then one frame each. */
export function encodePieces(
  records: readonly TimedRecord[],
  header = plainHeader,
  flushAfter: (index: number) => boolean = () => false,
): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  const encoder = new TraceEncoder(header, { write: (bytes) => void pieces.push(bytes.slice()) });
  records.forEach(({ time, record }, index) => {
    encoder.write(time, record as VersionOneRecord);
    if (flushAfter(index)) encoder.flush();
  });
  encoder.flush();
  return pieces;
}

/** The bytes of a trace with these records. */
export function encodeTrace(records: readonly TimedRecord[], header = plainHeader): Uint8Array {
  return concatenate(encodePieces(records, header));
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

/** A record of any kind number: `after` ns after the one before it, with a body that `fill` writes. */
export function rawRecord(
  kind: number | (typeof recordKinds)[number],
  after: number,
  fill: (body: ByteWriter) => void,
): Uint8Array {
  const body = new ByteWriter(16);
  body.varint(after);
  fill(body);
  const out = new ByteWriter(16);
  out.u8(typeof kind === 'number' ? kind : recordKinds.indexOf(kind));
  out.u24(body.length);
  out.raw(body.bytes, 0, body.length);
  return out.bytes.slice(0, out.length);
}

/** A data frame around records; what it says of itself may lie. */
export function dataFrame(
  records: readonly Uint8Array[],
  said: { readonly firstTime?: number; readonly firstEvent?: number; readonly recordCount?: number } = {},
): Uint8Array {
  const out = new ByteWriter(dataPreambleLength);
  out.f64(said.firstTime ?? 0);
  out.u32(said.firstEvent ?? 0);
  out.u32(said.recordCount ?? records.filter((record) => record[0] !== stringDefinitionKind).length);
  for (const record of records) out.raw(record);
  return frameOf(frameTags.data, out.bytes.slice(0, out.length));
}

/** A component record, which most others need before them. */
export function rawComponent(id: number, name = 'tcpip.sys'): Uint8Array {
  return rawRecord('component', 0, (body) => {
    body.varint(id);
    body.u8(1);
    body.raw(encodeUtf8(name));
  });
}

/** A whole file of data frames behind a good header. */
export function traceOf(...frames: readonly Uint8Array[]): Uint8Array {
  return concatenate([magicBytes, headFrame(), ...frames]);
}
