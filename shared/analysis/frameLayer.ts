/** One header of a recorded frame, read byte by byte without ever leaving what was recorded. */

/** One field of a header. */
export interface HeaderField {
  readonly name: string;
  /** The value for people. */
  readonly text: string;
  /** Where its bytes stand in the frame. */
  readonly offset: number;
  readonly length: number;
}

/** One header of a frame, or its payload. */
export interface HeaderLayer {
  readonly protocol:
    'Ethernet II' | '802.1Q' | 'ARP' | 'IPv4' | 'IPv6' | 'ICMP' | 'ICMPv6' | 'TCP' | 'Payload';
  /** The layer in one line. */
  readonly summary: string;
  readonly offset: number;
  /** Bytes of it that were recorded. */
  readonly length: number;
  readonly fields: readonly HeaderField[];
  /** Whether bytes of it are missing from the recording. */
  readonly cut: boolean;
}

/** A decoded frame. */
export interface DecodedFrame {
  readonly layers: readonly HeaderLayer[];
  /** The innermost layer that says most, in one line. */
  readonly summary: string;
}

/** See the file's head. */
export class FrameLayer {
  readonly fields: HeaderField[] = [];
  cut = false;

  constructor(
    private readonly bytes: Uint8Array,
    readonly offset: number,
  ) {}

  /** A big-endian number of 1 to 4 bytes; undefined beyond the end of the recording. */
  number(at: number, length: number): number | undefined {
    if (!this.present(at, length)) return undefined;
    let value = 0;
    for (let index = 0; index < length; index++) value = value * 256 + this.bytes[this.offset + at + index]!;
    return value;
  }

  slice(at: number, length: number): Uint8Array | undefined {
    return this.present(at, length)
      ? this.bytes.subarray(this.offset + at, this.offset + at + length)
      : undefined;
  }

  /** Adds a field unless its bytes are missing; answers its number. */
  field(
    name: string,
    at: number,
    length: number,
    text: (value: number) => string = String,
  ): number | undefined {
    const value = this.number(at, length);
    if (value !== undefined) this.push(name, at, length, text(value));
    return value;
  }

  push(name: string, at: number, length: number, text: string): void {
    this.fields.push({ name, text, offset: this.offset + at, length });
  }

  /** Adds an address unless its bytes are missing; answers it as text. */
  address(
    name: string,
    at: number,
    length: number,
    write: (bytes: Uint8Array) => string,
  ): string | undefined {
    const bytes = this.slice(at, length);
    if (bytes === undefined) return undefined;
    const text = write(bytes);
    this.push(name, at, length, text);
    return text;
  }

  done(protocol: HeaderLayer['protocol'], summary: string, length: number): HeaderLayer {
    const recorded = Math.max(0, Math.min(length, this.bytes.length - this.offset));
    const cut = this.cut || recorded < length;
    return { protocol, summary, offset: this.offset, length: recorded, fields: this.fields, cut };
  }

  private present(at: number, length: number): boolean {
    const there = this.offset + at + length <= this.bytes.length;
    if (!there) this.cut = true;
    return there;
  }
}

/** A number as hexadecimal digits, at least so many. */
export function hexText(digits: number): (value: number) => string {
  return (value) => `0x${value.toString(16).padStart(digits, '0')}`;
}

/** An Ethernet address for people. */
export function linkAddress(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(':');
}
