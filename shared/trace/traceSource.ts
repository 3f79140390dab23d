/** Where the bytes of a trace come from when they are read here and there: a file, a Blob, a server that knows ranges, memory. */

/** Random access to bytes that don't change. */
export interface TraceSource {
  /** Length in bytes. */
  readonly size: number;
  /** Exactly `length` bytes from `offset` on, both within `size`; may reject with an Error that says why not. */
  read(offset: number, length: number): Uint8Array | Promise<Uint8Array>;
}

/** A trace that is in memory already. */
export function memorySource(bytes: Uint8Array): TraceSource {
  return { size: bytes.length, read: (offset, length) => bytes.subarray(offset, offset + length) };
}

/** A File or Blob of a page. */
export function blobSource(blob: {
  readonly size: number;
  slice(start: number, end: number): { arrayBuffer(): Promise<ArrayBuffer> };
}): TraceSource {
  return {
    size: blob.size,
    read: async (offset, length) => new Uint8Array(await blob.slice(offset, offset + length).arrayBuffer()),
  };
}
