/** Reads the wire format of Protocol Buffers without a schema: what a decoder that knows nothing of our writer sees. */

/** A field of a message, in the order of the bytes. */
export interface ProtobufField {
  readonly field: number;
  /** A varint or fixed64 as a number. */
  readonly number: number;
  /** Bytes of a text, or of a message inside. */
  readonly bytes: Uint8Array;
}

/** Fields of a message. @throws Error where the bytes are none. */
export function readProtobuf(bytes: Uint8Array): ProtobufField[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const none = new Uint8Array(0);
  const fields: ProtobufField[] = [];
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = bytes[at++];
      if (byte === undefined) throw new Error('a varint runs out of its message');
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
  };
  while (at < bytes.length) {
    const tag = varint();
    const field = Math.floor(tag / 8);
    const type = tag % 8;
    if (type === 0) fields.push({ field, number: varint(), bytes: none });
    else if (type === 1) {
      fields.push({ field, number: Number(view.getBigUint64(at, true)), bytes: bytes.subarray(at, at + 8) });
      at += 8;
    } else if (type === 2) {
      const length = varint();
      if (at + length > bytes.length) throw new Error('a field runs out of its message');
      fields.push({ field, number: length, bytes: bytes.subarray(at, at + length) });
      at += length;
    } else throw new Error(`field ${field} has wire type ${type}`);
  }
  return fields;
}

/** The first field with a number. */
export function fieldOf(fields: readonly ProtobufField[], field: number): ProtobufField | undefined {
  return fields.find((candidate) => candidate.field === field);
}
