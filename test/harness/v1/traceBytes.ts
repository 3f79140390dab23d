/** Trace files of format version 1 made by hand, right or wrong on purpose. */
import { encodeUtf8 } from '../../../shared/base/utf8';
import { ByteWriter } from '../../../shared/trace/byteWriter';
import { recordKinds, type TraceHeader } from '../../../shared/trace/records';
import { dataPreambleLength, frameTags, stringDefinitionKind } from '../../../shared/trace/v1/layout';
import * as today from '../traceBytes';
import type { TimedRecord } from '../traceBytes';
import { TraceEncoder, type VersionOneRecord } from './traceEncoder';

/** A header that every reader accepts. */
export const plainHeader: TraceHeader = { ...today.plainHeader, version: 1 };

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
  return today.concatenate(encodePieces(records, header));
}

/** A head frame with any JSON. */
export function headFrame(header: unknown = plainHeader): Uint8Array {
  return today.headFrame(header);
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
  return today.frameOf(frameTags.data, out.bytes.slice(0, out.length));
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
  return today.concatenate([today.magicBytes, headFrame(), ...frames]);
}
