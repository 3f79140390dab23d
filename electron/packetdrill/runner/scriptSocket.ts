/**
 * A TCP socket with the meaning that POSIX gives it, on top of the host stack's connections: what is buffered, who waits, which
 * errno is due. Every call is an attempt: it answers its result, or undefined while it would block.
 */
import type { ConnectionEnd, ConnectionUser } from '../../emulator/host/connectionUser';
import type { HostConnection } from '../../emulator/host/hostConnection';
import type { HostListener } from '../../emulator/host/listener';
import type { Errno } from './constants';
import type { SocketOptions } from './socketOptions';

/** What a call returns. */
export interface CallResult {
  readonly value: number;
  readonly errno?: Errno | undefined;
  /** What it writes into an argument and the script does not expect. */
  readonly mismatch?: string;
}

/** A call that fails. */
export function failure(errno: Errno): CallResult {
  return { value: -1, errno };
}

/** What becomes of a connection, as errno; undefined: an orderly end. */
const endErrors: Readonly<Record<ConnectionEnd, Errno | undefined>> = {
  closed: undefined,
  reset: 'ECONNRESET',
  refused: 'ECONNREFUSED',
  timeout: 'ETIMEDOUT',
  unreachable: 'EHOSTUNREACH',
  aborted: undefined,
  'no-port': 'EADDRNOTAVAIL',
};

/** Most bytes that are asked of a connection at a time: an offloaded one gets a buffer for all of them. */
const largestRequest = 1024 * 1024;

/** Byte of a stream at a position, so that both ends can tell where a byte belongs. */
export function patternByte(position: number): number {
  return (position * 31 + (position >>> 8)) & 0xff;
}

/** A part of the pattern. */
export function patternBytes(start: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let index = 0; index < length; index++) bytes[index] = patternByte(start + index);
  return bytes;
}

/** See the file's head. */
export class ScriptSocket implements ConnectionUser {
  readonly reading = 'on-request';
  state: 'new' | 'listening' | 'connecting' | 'connected' | 'over' = 'new';
  connection: HostConnection | undefined;
  listener: HostListener | undefined;
  /** Connections that nobody has accepted yet. */
  readonly backlog: ScriptSocket[] = [];
  readonly options: SocketOptions;
  localPort: number | undefined;
  nonBlocking = false;
  /** Whether the next call may learn of the error that `error` says. */
  error: Errno | undefined;
  peerClosed = false;
  readClosed = false;
  writeClosed = false;
  /** Whether a call has told the script that it is connected. */
  connectReported = false;
  /** Whether the script has closed it: nobody reads any more. */
  released = false;
  /** Bytes that the script has read. */
  bytesRead = 0;
  /** What has been written, for comparison with the wire. */
  readonly written: Uint8Array[] = [];
  writtenLength = 0;
  /** Positions in the stream at which a write ends. */
  readonly writeEnds = new Set<number>();
  private readonly arrived: Uint8Array[] = [];
  private readPending = false;
  private endOfStream = false;

  constructor(
    options: SocketOptions,
    /** Something has changed that a blocked call may wait for. */
    private readonly changed: () => void,
    /** Data has come after the script has closed the socket. */
    private readonly refuseData: (socket: ScriptSocket) => void,
  ) {
    this.options = { ...options };
  }

  onConnected(): void {
    this.state = 'connected';
    this.changed();
  }

  onData(): void {
    throw new Error('bytes are read on request');
  }

  /** Who uses its connection once the script has closed it: nobody reads any more. */
  abandoned(): ConnectionUser {
    return {
      onConnected: () => undefined,
      onData: () => {
        this.refuseData(this);
      },
      onPeerClosed: () => undefined,
      onClosed: () => {
        this.state = 'over';
      },
    };
  }

  onPeerClosed(): void {
    this.peerClosed = true;
    this.changed();
  }

  onClosed(reason: ConnectionEnd): void {
    this.error ??= endErrors[reason];
    this.state = 'over';
    this.changed();
  }

  /** Takes the error that is due, if there is one. */
  takeError(): Errno | undefined {
    const { error } = this;
    this.error = undefined;
    return error;
  }

  /** Bytes that have been read from the connection and not by the script. */
  get arrivedBytes(): number {
    return this.arrived.reduce((sum, { length }) => sum + length, 0);
  }

  /**
   * read() of up to `count` bytes; undefined: it would block. `unread` tells what waits in the connection, `blocks` whether more may
   * be waited for.
   */
  read(count: number, unread: () => number, blocks: boolean): CallResult | undefined {
    if (this.state === 'new' || this.state === 'listening' || this.state === 'connecting') {
      if (this.state !== 'connecting') return failure('ENOTCONN');
      return this.nonBlocking ? failure('EAGAIN') : undefined;
    }
    if (count === 0) return { value: 0 };
    // After SHUT_RD what is there can still be read; nothing is waited for.
    this.request(count, unread, blocks && !this.readClosed);
    const ready = this.arrivedBytes;
    if (ready > 0) {
      const value = Math.min(count, ready);
      this.consume(value);
      return { value };
    }
    if (this.error !== undefined) return failure(this.takeError()!);
    const isEnd = this.endOfStream || (this.state === 'over' && !this.readPending);
    if (isEnd || (this.readClosed && !this.readPending)) return { value: 0 };
    return undefined;
  }

  /** Asks the connection for bytes, at most as many as are there unless the call may wait. */
  private request(count: number, unread: () => number, blocks: boolean): void {
    const { connection } = this;
    while (connection !== undefined && !this.readPending && !this.endOfStream) {
      const wanted = count - this.arrivedBytes;
      const waiting = unread();
      const mayWait = this.arrivedBytes === 0 && (blocks || this.peerClosed);
      if (wanted <= 0 || (waiting === 0 && !mayWait)) return;
      this.readPending = true;
      connection.read(Math.min(waiting > 0 ? waiting : largestRequest, wanted), (bytes) => {
        this.readPending = false;
        if (bytes.length === 0) this.endOfStream = true;
        else this.arrived.push(bytes.slice());
        this.changed();
      });
    }
  }

  /** Whether a request for bytes is with the connection. */
  get isReading(): boolean {
    return this.readPending;
  }

  private consume(count: number): void {
    for (let left = count; left > 0;) {
      const first = this.arrived[0]!;
      const taken = Math.min(left, first.length);
      for (let index = 0; index < taken; index++) {
        if (first[index] !== patternByte(this.bytesRead + index)) this.corrupted ??= this.bytesRead + index;
      }
      this.bytesRead += taken;
      left -= taken;
      if (taken === first.length) this.arrived.shift();
      else this.arrived[0] = first.subarray(taken);
    }
  }

  /** Position of the first byte that came out different from what the script has sent. */
  corrupted: number | undefined;

  /** write(): the connection takes all of it. */
  write(bytes: Uint8Array): CallResult | undefined {
    if (this.error !== undefined && this.error !== 'EPIPE') return failure(this.takeError()!);
    if (this.writeClosed || this.state === 'over') return failure('EPIPE');
    if (this.state === 'connecting') return this.nonBlocking ? failure('EAGAIN') : undefined;
    const { connection } = this;
    if (this.state !== 'connected' || connection === undefined) return failure('EPIPE');
    if (bytes.length === 0) return { value: 0 };
    this.written.push(bytes);
    this.writtenLength += bytes.length;
    this.writeEnds.add(this.writtenLength);
    connection.send(bytes, () => {
      this.changed();
    });
    return { value: bytes.length };
  }

  /** Whether some bytes of the stream are what was written there; what lies beyond is not looked at. */
  matchesWritten(position: number, payload: Uint8Array): boolean {
    let start = 0;
    for (const bytes of this.written) {
      const end = start + bytes.length;
      const from = Math.max(start, position);
      const to = Math.min(end, position + payload.length);
      for (let at = from; at < to; at++) if (bytes[at - start] !== payload[at - position]) return false;
      start = end;
    }
    return position + payload.length <= start;
  }
}
