/**
 * NDIS_OBJECT_HEADER of structures whose layout the catalogue does not have (the general OIDs lie outside of the chimney DDI). Their
 * layouts are those of ntddndis.h of the Windows 7 WDK.
 */
import type { ObjectHeaderValues } from '../../../shared/ddi/structureCodec';

/** Bytes for a structure of `header.Size`, zero behind its header. */
export function beginObject(header: ObjectHeaderValues, length = header.Size): DataView {
  const view = new DataView(new ArrayBuffer(length));
  view.setUint8(0, header.Type);
  view.setUint8(1, header.Revision);
  view.setUint16(2, header.Size, true);
  return view;
}

/** A view of a structure, or undefined if it is shorter than `header.Size` or its header states something else. */
export function readObject(header: ObjectHeaderValues, bytes: Uint8Array): DataView | undefined {
  if (bytes.length < header.Size) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const matches =
    view.getUint8(0) === header.Type &&
    view.getUint8(1) === header.Revision &&
    view.getUint16(2, true) >= header.Size;
  return matches ? view : undefined;
}

/** The bytes of a view. */
export function bytesOf(view: DataView): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
}
