/** Payloads that are compressed as one: codec (u8), length (varint), and that many bytes once decompressed. Checkpoints and the index are such. */
import { ByteReader, MalformedBytes } from './byteReader';
import { ByteWriter } from './byteWriter';
import { codecNumbers, type TraceCodec } from './codec';
import { withinLimit } from './limits';

/** The payload around `raw`; plain without a codec. */
export function packPayload(raw: Uint8Array, codec: TraceCodec | undefined): Uint8Array {
  const compressed = codec?.deflate(raw);
  const out = new ByteWriter(16);
  out.u8(compressed === undefined ? codecNumbers.plain : codecNumbers.deflate);
  out.varint(raw.length);
  out.raw(compressed ?? raw);
  return out.bytes.slice(0, out.length);
}

/**
 * What a payload holds.
 * @throws MalformedBytes where it is none
 */
export function unpackPayload(payload: Uint8Array, codec: TraceCodec): Uint8Array {
  const head = new ByteReader(payload, 0, payload.length);
  const number = head.u8();
  const length = withinLimit(head.varint(), 'bytes of a block');
  const body = payload.subarray(head.position);
  if (number !== codecNumbers.plain && number !== codecNumbers.deflate)
    throw new MalformedBytes(`unknown codec ${number}`);
  return number === codecNumbers.deflate ? codec.inflate(body, length) : body;
}
