/**
 * One TCP engine against a scripted peer in virtual time, in a notation like packetdrill's: `P. 1:1001(1000) ack 1` is a
 * segment with PSH and ACK, sequence numbers 1 to 1001 relative to its sender's initial one, and 1000 bytes of payload.
 * Flags are S, F, R, P, U and `.` for ACK; `win` and options in <> follow where they matter.
 */
import { TcpEngine, type TcpUser } from '../../electron/emulator/tcp/tcpEngine';
import type { SendQueue } from '../../electron/emulator/tcp/sendQueue';
import { advance, distance } from '../../electron/emulator/tcp/sequenceNumber';
import { defaultTcpSettings, type TcpSettings } from '../../electron/emulator/tcp/tcpSettings';
import { TcpConnectionState } from '../../electron/emulator/tcp/tcpVariables';
import { tcpFlags, TcpSegment } from '../../electron/emulator/wire/tcpSegment';

const millisecond = 1e6;

const flagLetters = [
  ['S', tcpFlags.SYN],
  ['F', tcpFlags.FIN],
  ['R', tcpFlags.RST],
  ['P', tcpFlags.PSH],
  ['U', tcpFlags.URG],
  ['.', tcpFlags.ACK],
] as const;

/** What each byte of a stream is, by its position: a wrong byte shows wherever it lands. */
export function streamByte(position: number): number {
  return (position * 31 + (position >>> 8) * 7 + 5) & 0xff;
}

/** Bytes [from, from + count) of the stream. */
export function streamBytes(from: number, count: number): Uint8Array {
  return Uint8Array.from({ length: count }, (_, index) => streamByte(from + index));
}

/** Round numbers: segments of 1000 bytes, no options but the maximum segment size, windows as they are. */
export const plainSettings: TcpSettings = {
  ...defaultTcpSettings,
  localMss: 1000,
  receiveBuffer: 20_000,
  RcvWindScale: 0,
  timestamps: false,
  sack: false,
  maximumRetransmissions: 5,
};

/** How a conversation starts. */
export interface ConversationOptions {
  readonly settings?: Partial<TcpSettings>;
  /** Initial sequence numbers. */
  readonly iss?: number;
  readonly peerIss?: number;
  /** Window that a peer's segment offers if its line names none. */
  readonly peerWindow?: number;
  /** Prints the window of every segment. */
  readonly showWindows?: boolean;
  /** Prints the timestamps of every segment. */
  readonly showStamps?: boolean;
}

const linePattern = /^([SFRPU]*\.?) (-?\d+):(-?\d+)\((\d+)\)(?: ack (-?\d+))?(?: win (\d+))?(?: <([^>]*)>)?$/;

/** See the file's head. Every method that makes the engine act answers the segments that it sent. */
export class Conversation {
  /** Virtual time in ns. */
  now = 0;
  readonly engine: TcpEngine;
  /** What the user was told, in order. */
  readonly events: string[] = [];
  /** Whether the user takes bytes out of the receive buffer as they come. */
  reads = true;
  /** Bytes in the receive buffer. */
  unread = 0;
  /** Bytes received in all, in order. */
  receivedBytes = 0;
  /** Bytes of the user's chunks that the engine has reported as acknowledged. */
  acknowledgedBytes = 0;

  private sent: string[] = [];
  private queuedBytes = 0;
  private readonly iss: number;
  private readonly peerIss: number;

  constructor(private readonly options: ConversationOptions = {}) {
    this.iss = options.iss ?? 0x1000_0000;
    this.peerIss = options.peerIss ?? 0x2000_0000;
    this.engine = new TcpEngine({ ...plainSettings, ...options.settings }, this.user(), 49_152, 7);
  }

  /** An established connection whose handshake is over; the peer takes segments of 1000 bytes. */
  static established(options: ConversationOptions & { readonly synOptions?: string } = {}): Conversation {
    const conversation = new Conversation(options);
    conversation.connect();
    conversation.peer(`S. 0:0(0) ack 1 <${options.synOptions ?? 'mss 1000'}>`);
    if (conversation.state !== 'Established') throw new Error('the handshake failed');
    conversation.events.length = 0;
    return conversation;
  }

  /** Name of the engine's state. */
  get state(): string {
    const { State } = this.engine.variables;
    return Object.entries(TcpConnectionState).find(([, value]) => value === State)![0];
  }

  /** Opens actively. */
  connect(): string[] {
    this.engine.connect(this.iss);
    return this.dispatch();
  }

  /** Opens passively. */
  listen(): string[] {
    this.engine.listen(this.iss);
    return this.dispatch();
  }

  /** Queues bytes of the stream. */
  send(count: number, push = true): string[] {
    const bytes = streamBytes(this.queuedBytes, count);
    this.queuedBytes += count;
    this.engine.send(
      bytes,
      { onAcknowledged: (acknowledged) => (this.acknowledgedBytes += acknowledged) },
      push,
    );
    return this.dispatch();
  }

  /** Says that nothing more will be sent. */
  close(): string[] {
    this.engine.shutdown();
    return this.dispatch();
  }

  /** Closes at once. */
  abort(): string[] {
    this.engine.abort();
    return this.dispatch();
  }

  /** The user takes bytes out of the receive buffer: all, if no count is given. */
  read(count = this.unread): string[] {
    this.unread -= count;
    this.engine.receiveSpaceGrew();
    return this.dispatch();
  }

  /** Segments of the peer arrive; the engine may answer each. */
  peer(...lines: readonly string[]): string[] {
    const answers: string[] = [];
    for (const line of lines) {
      this.engine.process(this.parse(line), this.now);
      answers.push(...this.dispatch());
    }
    return answers;
  }

  /** Segments of the peer arrive together; the engine answers them at once. */
  burst(...lines: readonly string[]): string[] {
    for (const line of lines) this.engine.process(this.parse(line), this.now);
    return this.dispatch();
  }

  /** Lets time pass and answers what the engine's timers sent, with the time since the call in ms: `+200 . 1:1(0)`. */
  wait(milliseconds: number): string[] {
    const begin = this.now;
    const end = begin + milliseconds * millisecond;
    const answers: string[] = [];
    for (let due = this.engine.nextAt(); due <= end; due = this.engine.nextAt()) {
      if (due < this.now) throw new Error(`a timer is due at ${due}, before ${this.now}`);
      this.now = due;
      const emitted = this.dispatch();
      answers.push(...emitted.map((line) => `+${(due - begin) / millisecond} ${line}`));
      if (emitted.length === 0 && this.engine.nextAt() === due)
        throw new Error('a timer never stops being due');
    }
    this.now = end;
    return answers;
  }

  private dispatch(): string[] {
    this.engine.dispatch(this.now, { emit: this.emit });
    const { sent } = this;
    this.sent = [];
    return sent;
  }

  private readonly emit = (segment: TcpSegment, queue: SendQueue, offset: number): void => {
    const relative = distance(this.iss, segment.SequenceNumber);
    if (segment.sourcePort !== 49_152 || segment.destinationPort !== 7) throw new Error('wrong ports');
    if (segment.payloadLength > this.engine.mss) throw new Error('a segment larger than the MSS');
    const payload = new Uint8Array(segment.payloadLength);
    queue.copyOut(offset, payload.length, payload, 0);
    payload.forEach((byte, index) => {
      if (byte !== streamByte(relative - 1 + index)) throw new Error(`wrong byte at ${relative + index}`);
    });
    this.sent.push(this.print(segment, relative));
  };

  private print(segment: TcpSegment, relative: number): string {
    const flags = flagLetters.map(([letter, bit]) => (segment.has(bit) ? letter : '')).join('');
    const parts = [flags, `${relative}:${relative + segment.payloadLength}(${segment.payloadLength})`];
    if (segment.has(tcpFlags.ACK)) parts.push(`ack ${distance(this.peerIss, segment.AcknowledgmentNumber)}`);
    if (this.options.showWindows === true) parts.push(`win ${segment.window}`);
    const options: string[] = [];
    if (segment.maximumSegmentSize !== undefined) options.push(`mss ${segment.maximumSegmentSize}`);
    if (segment.windowScale !== undefined) options.push(`wscale ${segment.windowScale}`);
    if (segment.sackPermitted) options.push('sackOK');
    if (segment.sackBlockCount > 0) {
      const edges = Array.from(segment.sackBlocks.subarray(0, 2 * segment.sackBlockCount), (edge) =>
        distance(this.peerIss, edge),
      );
      const blocks = edges.filter((_, index) => index % 2 === 0);
      options.push(`sack ${blocks.map((left, block) => `${left}:${edges[2 * block + 1]}`).join(' ')}`);
    }
    if (segment.timestampValue !== undefined && this.options.showStamps === true) {
      options.push(`TS val ${segment.timestampValue} ecr ${segment.timestampEcho}`);
    }
    if (options.length > 0) parts.push(`<${options.join(',')}>`);
    return parts.join(' ');
  }

  private parse(line: string): TcpSegment {
    const match = linePattern.exec(line);
    if (match === null) throw new Error(`no segment: ${line}`);
    const [, flags, from, to, length, acknowledgment, window, options] = match;
    const count = Number(length);
    if (Number(to) - Number(from) !== count) throw new Error(`lengths differ: ${line}`);
    const segment = new TcpSegment();
    segment.sourcePort = 7;
    segment.destinationPort = 49_152;
    for (const [letter, bit] of flagLetters) if (flags!.includes(letter)) segment.flags |= bit;
    segment.SequenceNumber = advance(this.peerIss, Number(from));
    segment.AcknowledgmentNumber =
      acknowledgment === undefined ? 0 : advance(this.iss, Number(acknowledgment));
    segment.window = window === undefined ? (this.options.peerWindow ?? 60_000) : Number(window);
    // Bytes around the payload show a wrong start or length.
    segment.bytes = new Uint8Array(count + 20).fill(0xee);
    segment.bytes.set(streamBytes(Number(from) - 1, count), 10);
    segment.payloadStart = 10;
    segment.payloadLength = count;
    for (const option of options?.split(',') ?? []) {
      const [name, ...values] = option.split(' ');
      if (name === 'mss') segment.maximumSegmentSize = Number(values[0]);
      else if (name === 'wscale') segment.windowScale = Number(values[0]);
      else if (name === 'sackOK') segment.sackPermitted = true;
      else if (name === 'sack') {
        for (const block of values) {
          const [left, right] = block.split(':');
          segment.sackBlocks[2 * segment.sackBlockCount] = advance(this.iss, Number(left));
          segment.sackBlocks[2 * segment.sackBlockCount + 1] = advance(this.iss, Number(right));
          segment.sackBlockCount++;
        }
      } else if (name === 'TS') {
        segment.timestampValue = Number(values[1]);
        segment.timestampEcho = Number(values[3]);
      } else if (name !== 'nothing') throw new Error(`unknown option: ${option}`);
    }
    return segment;
  }

  private user(): TcpUser {
    const note = (event: string) => () => void this.events.push(event);
    return {
      receiveSpace: () => this.engine.settings.receiveBuffer - this.unread,
      onData: (bytes, start, length, push) => {
        for (let index = 0; index < length; index++) {
          if (bytes[start + index] !== streamByte(this.receivedBytes + index)) {
            throw new Error(`wrong byte received at ${this.receivedBytes + index}`);
          }
        }
        this.receivedBytes += length;
        if (!this.reads) this.unread += length;
        this.events.push(`data ${length}${push ? ' push' : ''}`);
      },
      onEstablished: note('established'),
      onPeerClosed: note('peer closed'),
      onFinAcknowledged: note('fin acknowledged'),
      onReset: note('reset'),
      onPeerRestarted: note('peer restarted'),
      onTimeout: note('timeout'),
      onClosed: note('closed'),
    };
  }
}
