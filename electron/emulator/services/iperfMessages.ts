/**
 * What iperf3 and its server say to each other on the control connection: states of one byte, and JSON with its length of 4 bytes, big
 * endian, before it. Every connection of a test begins with the test's cookie. What comes from a client is bounded and checked.
 */

/** States of a test, as the control connection names them. */
export const iperfState = {
  testStart: 1,
  testRunning: 2,
  testEnd: 4,
  parameterExchange: 9,
  createStreams: 10,
  serverTerminate: 11,
  clientTerminate: 12,
  exchangeResults: 13,
  displayResults: 14,
  done: 16,
  /** -2: two error numbers of 4 bytes follow, iperf3's own and the system's. */
  serverError: 0xfe,
  /** -1: another test is running. */
  accessDenied: 0xff,
} as const;

/** iperf3's number for "an option you are trying to set is not implemented yet". */
export const unsupportedOption = 13;

/** Bytes of a cookie: 36 characters and a zero. */
export const cookieBytes = 37;

/** Most streams of a test in each direction, and most bytes of JSON that a client may send. */
export const iperfLimits = { streams: 128, jsonBytes: 256 * 1024 } as const;

/** What a client wants. */
export interface IperfParameters {
  /** Streams in each direction that the test has. */
  readonly parallel: number;
  /** Who sends: the client, the server (`-R`), or both (`--bidir`). */
  readonly senders: 'client' | 'server' | 'both';
  /** How long counting waits after the start, virtual ns. */
  readonly omit: number;
  /** Most bits per second of each stream that the server sends; undefined: as fast as it goes. */
  readonly bitsPerSecond: number | undefined;
}

/** Outcome of a stream, times from the beginning of the counting. */
export interface IperfStreamResult {
  readonly id: number;
  readonly bytes: number;
  /** Virtual ns. */
  readonly duration: number;
}

/** The text of a cookie; undefined if it is none. */
export function cookieOf(bytes: Uint8Array): string | undefined {
  if (bytes.length !== cookieBytes || bytes[cookieBytes - 1] !== 0) return undefined;
  const text = textOf(bytes.subarray(0, cookieBytes - 1));
  return /^[\x21-\x7e]+$/.test(text) ? text : undefined;
}

/** Number of stream `index`, counted from 0: iperf3 leaves out the 2. */
export function streamId(index: number): number {
  return index === 0 ? 1 : index + 2;
}

function textOf(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
}

function objectOf(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, unknown>>)
    : undefined;
}

/** An object out of JSON bytes; undefined if they are something else. */
export function parseObject(bytes: Uint8Array): Readonly<Record<string, unknown>> | undefined {
  try {
    return objectOf(JSON.parse(textOf(bytes)));
  } catch {
    return undefined;
  }
}

/** A finite number from 0 on; `absent` where there is none; undefined if it is something else. */
function amount(value: unknown, absent: number): number | undefined {
  if (value === undefined) return absent;
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : undefined;
}

/** Parameters of a test; `malformed` if they break the protocol, `unsupported` if they ask for what this server cannot do. */
export function parametersOf(
  object: Readonly<Record<string, unknown>>,
): IperfParameters | 'malformed' | 'unsupported' {
  const parallel = amount(object['parallel'], 1);
  const omit = amount(object['omit'], 0);
  const bandwidth = amount(object['bandwidth'], 0);
  if (parallel === undefined || omit === undefined || bandwidth === undefined) return 'malformed';
  if (!Number.isInteger(parallel) || parallel < 1) return 'malformed';
  if (object['tcp'] !== true || parallel > iperfLimits.streams || omit > 600) return 'unsupported';
  const both = object['bidirectional'] === true;
  const server = object['reverse'] === true;
  return {
    parallel,
    senders: both ? 'both' : server ? 'server' : 'client',
    omit: omit * 1e9,
    bitsPerSecond: bandwidth > 0 ? bandwidth : undefined,
  };
}

/** Bytes of each stream, by its number, as the results of a client tell them; undefined if they break the protocol. */
export function clientBytesOf(
  object: Readonly<Record<string, unknown>>,
): ReadonlyMap<number, number> | undefined {
  const { streams } = object;
  if (!Array.isArray(streams) || streams.length > 2 * iperfLimits.streams) return undefined;
  const bytesOf = new Map<number, number>();
  for (const stream of streams as readonly unknown[]) {
    const fields = objectOf(stream);
    const id = fields?.['id'];
    const bytes = amount(fields?.['bytes'], 0);
    if (typeof id !== 'number' || bytes === undefined) return undefined;
    bytesOf.set(id, bytes);
  }
  return bytesOf;
}

/** JSON with its length before it. */
function framed(value: unknown): Uint8Array {
  const text = JSON.stringify(value);
  const bytes = new Uint8Array(4 + text.length);
  new DataView(bytes.buffer).setUint32(0, text.length);
  for (let at = 0; at < text.length; at++) bytes[4 + at] = text.charCodeAt(at);
  return bytes;
}

/** The results of the server, as they are sent. A host in virtual time uses no processor, and counts no retransmissions here (-1). */
export function serverResults(results: readonly IperfStreamResult[]): Uint8Array {
  return framed({
    cpu_util_total: 0,
    cpu_util_user: 0,
    cpu_util_system: 0,
    sender_has_retransmits: 0,
    streams: results.map(({ id, bytes, duration }) => ({
      id,
      bytes,
      retransmits: -1,
      jitter: 0,
      errors: 0,
      packets: 0,
      start_time: 0,
      end_time: duration / 1e9,
    })),
  });
}

/** Something that a client has said on the control connection. */
export type ControlMessage =
  | { readonly kind: 'state'; readonly state: number }
  | { readonly kind: 'object'; readonly object: Readonly<Record<string, unknown>> }
  | { readonly kind: 'error' };

/** Collects the bytes of a connection until they are what is awaited. */
export class IperfReader {
  private pending = new Uint8Array(0);

  /** Takes bytes, and copies them. */
  push(bytes: Uint8Array): void {
    const joined = new Uint8Array(this.pending.length + bytes.length);
    joined.set(this.pending);
    joined.set(bytes, this.pending.length);
    this.pending = joined;
  }

  /** The next `count` bytes; undefined until they are there. */
  take(count: number): Uint8Array | undefined {
    if (this.pending.length < count) return undefined;
    const bytes = this.pending.slice(0, count);
    this.pending = this.pending.slice(count);
    return bytes;
  }

  /** Everything that is there. */
  takeRest(): Uint8Array {
    return this.take(this.pending.length)!;
  }

  /** The next message of a kind; undefined until it is complete. */
  next(kind: 'state' | 'object'): ControlMessage | undefined {
    if (kind === 'state') {
      const state = this.take(1)?.[0];
      return state === undefined ? undefined : { kind, state };
    }
    if (this.pending.length < 4) return undefined;
    const length = new DataView(this.pending.buffer, this.pending.byteOffset).getUint32(0);
    if (length > iperfLimits.jsonBytes) return { kind: 'error' };
    const bytes = this.take(4 + length);
    if (bytes === undefined) return undefined;
    const object = parseObject(bytes.subarray(4));
    return object === undefined ? { kind: 'error' } : { kind, object };
  }
}
