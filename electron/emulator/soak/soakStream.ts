/**
 * The application of one connection in a soak: posts its bytes in pieces of any size at any time, reads in a way of its own, and
 * compares what comes back byte by byte.
 */
import { sha256 } from '@noble/hashes/sha2.js';
import type { Random } from '../../../shared/base/random';
import type { ConnectionEnd, ConnectionUser } from '../host/connectionUser';
import type { HostConnection } from '../host/hostConnection';
import type { HostStack } from '../host/hostStack';
import type { ReceivePolicy } from '../host/receivePolicy';
import type { Machine } from '../machine/machine';
import { echoPort, type EchoHost } from '../peer/echoHost';
import type { IpAddress } from '../wire/address';
import { hexOf } from '../wire/hex';

/** Bytes of a stream. */
const shortestStream = 4 * 1024;
const longestStream = 40 * 1024;

/** The least that the largest post of a stream may be: Nagle's algorithm sends one small post for each delayed acknowledgment. */
const leastLargestPost = 256;

/** Longest pause between two posts, and before the half-close, virtual ns. */
const longestPause = 30_000_000;

/** Longest time until an application reads what it has left, virtual ns. */
const longestPostDelay = 10_000_000;

/** A doomed application goes on posting until its peer is gone; it then has a pause after each post. */
const doomedPause = 10_000_000;

/** A way of reading, drawn from chance: with several requests posted, with indications alone, or refusing parts of them. */
function drawReceivePolicy(random: Random): ReceivePolicy {
  const bytes = 1 + random.nextBelow(16 * 1024);
  const postDelay = random.nextBelow(random.nextChance(0.7) ? 100_000 : longestPostDelay);
  switch (random.nextBelow(3)) {
    case 0:
      return { posted: 1 + random.nextBelow(4), bytes, postDelay, consume: (length) => length };
    case 1:
      return { posted: 0, bytes, postDelay, consume: (length) => length };
    default:
      return {
        posted: random.nextBelow(2),
        bytes,
        postDelay,
        consume: (length) => [0, length, random.nextBelow(length + 1)][random.nextBelow(3)]!,
      };
  }
}

/** See the file's head. */
export class SoakStream implements ConnectionUser {
  readonly receives: ReceivePolicy;
  connection: HostConnection | undefined;
  /** Why the connection ended; undefined while it lasts. */
  ended: ConnectionEnd | undefined;
  private readonly source: Uint8Array;
  private readonly largestPost: number;
  private readonly mostOutstanding: number;
  private posted = 0;
  private acknowledged = 0;
  private returned = 0;
  private outstanding = 0;
  private peerClosed = false;
  private connected = false;
  private problem: string | undefined;

  constructor(
    private readonly machine: Machine,
    private readonly host: HostStack,
    private readonly random: Random,
    private readonly destination: { readonly address: IpAddress; readonly peer: EchoHost },
    /** Whether its peer is going to reset the connection: it posts without end until then. */
    readonly isDoomed: boolean,
  ) {
    this.receives = drawReceivePolicy(random);
    this.source = new Uint8Array(shortestStream + random.nextBelow(longestStream - shortestStream));
    random.fill(this.source);
    this.largestPost = isDoomed ? 1024 : leastLargestPost + random.nextBelow(8 * 1024);
    this.mostOutstanding = 1 + random.nextBelow(8);
  }

  /** The application connects. */
  connect(): HostConnection {
    this.connection = this.host.connect(this.destination.address, echoPort, this);
    return this.connection;
  }

  /** The peer resets the connection, once there is one. */
  resetByPeer(): void {
    const { connection, destination } = this;
    if (connection !== undefined && this.connected)
      destination.peer.reset(destination.address, connection.path.source, connection.localPort);
  }

  /** Bytes that it is to send. */
  get length(): number {
    return this.source.length;
  }

  /** Bytes that have been acknowledged or have come back, to see whether anything moves. */
  get progress(): number {
    return this.acknowledged + this.returned;
  }

  /** Whether it has ended and the host has the connection. */
  get isOver(): boolean {
    return this.ended !== undefined && this.connection?.place === 'InHost';
  }

  /** What differs from what must have become of the stream; undefined if nothing does. */
  finding(): string | undefined {
    const { connection, source } = this;
    const name = `connection ${connection?.id ?? '(never made)'}`;
    if (this.problem !== undefined) return `${name}: ${this.problem}`;
    const expected = this.isDoomed ? 'reset' : 'closed';
    if (this.ended !== expected) {
      const where = connection === undefined ? '' : ` (${connection.place})`;
      const bytes = `${this.acknowledged} acknowledged, ${this.returned} returned of ${source.length}`;
      return `${name}: expected ${expected}, is ${this.ended ?? 'still open'}${where}, ${bytes}`;
    }
    if (this.isDoomed) return undefined;
    if (this.acknowledged !== source.length) return `${name}: ${this.acknowledged} bytes acknowledged`;
    if (this.returned !== source.length || !this.peerClosed)
      return `${name}: ${this.returned} of ${source.length} bytes came back`;
    const { peer, address } = this.destination;
    const digest = peer.application(address, connection!.path.source, connection!.localPort)?.digest;
    return digest === hexOf(sha256(source)) ? undefined : `${name}: the peer has received other bytes`;
  }

  onConnected(): void {
    this.connected = true;
    this.post();
  }

  onData(bytes: Uint8Array): void {
    const { source } = this;
    for (const byte of bytes) {
      if (byte !== source[this.returned % source.length])
        this.problem ??= `byte ${this.returned} came back changed`;
      this.returned++;
    }
    if (this.returned > this.posted) this.problem ??= `${this.returned} bytes came back of ${this.posted}`;
    if (this.peerClosed) this.problem ??= 'bytes came after the end of the stream';
  }

  onPeerClosed(): void {
    this.peerClosed = true;
  }

  onClosed(reason: ConnectionEnd): void {
    this.ended = reason;
  }

  /** Posts a piece, and the next one soon. */
  private post(): void {
    const { random, source } = this;
    if (this.ended !== undefined) return;
    const left = this.isDoomed ? Infinity : source.length - this.posted;
    if (left === 0) {
      this.machine.queueWorkItem(this.pause(), () => {
        if (this.ended === undefined) this.connection!.shutdown();
      });
      return;
    }
    if (this.outstanding < this.mostOutstanding) {
      const from = this.posted % source.length;
      const length = Math.min(1 + random.nextBelow(this.largestPost), left, source.length - from);
      this.posted += length;
      this.outstanding++;
      this.connection!.send(source.subarray(from, from + length), () => {
        this.outstanding--;
        this.acknowledged += length;
      });
    }
    this.machine.queueWorkItem(this.pause(), () => {
      this.post();
    });
  }

  private pause(): number {
    const { random } = this;
    if (this.isDoomed) return random.nextBelow(doomedPause);
    return random.nextChance(0.5) ? random.nextBelow(100_000) : random.nextBelow(longestPause);
  }
}
