/** Writes the wire format of Protocol Buffers (protobuf.dev, "Encoding"): the few kinds of fields that we need. */
import { encodeUtf8 } from '../base/utf8';
import { ByteWriter } from '../trace/byteWriter';

const [varintType, fixed64Type, lengthType] = [0, 1, 2] as const;

/** A message being written. */
export class ProtobufWriter {
  private readonly out = new ByteWriter(256);
  private inner: ProtobufWriter | undefined;

  /** Bytes so far; valid until the next write. */
  get bytes(): Uint8Array {
    return this.out.bytes.subarray(0, this.out.length);
  }

  /** Begins anew. */
  clear(): void {
    this.out.length = 0;
  }

  /** uint32, uint64, int64 that is not negative, enum: whole numbers up to 2^53 - 1. */
  unsigned(field: number, value: number): void {
    this.tag(field, varintType);
    this.out.varint(value);
  }

  bool(field: number, value: boolean): void {
    this.unsigned(field, value ? 1 : 0);
  }

  /** fixed64. */
  fixed64(field: number, value: number): void {
    this.tag(field, fixed64Type);
    this.out.u32(value >>> 0);
    this.out.u32(Math.floor(value / 0x1_0000_0000));
  }

  double(field: number, value: number): void {
    this.tag(field, fixed64Type);
    this.out.f64(value);
  }

  string(field: number, value: string): void {
    this.raw(field, encodeUtf8(value));
  }

  /** A message inside this one. */
  message(field: number, fill: (message: ProtobufWriter) => void): void {
    const inner = (this.inner ??= new ProtobufWriter());
    inner.clear();
    fill(inner);
    this.raw(field, inner.bytes);
  }

  /** A message that stands in another writer. */
  embed(field: number, message: ProtobufWriter): void {
    this.raw(field, message.bytes);
  }

  private raw(field: number, bytes: Uint8Array): void {
    this.tag(field, lengthType);
    this.out.block(bytes);
  }

  private tag(field: number, type: number): void {
    this.out.varint(field * 8 + type);
  }
}
