/** Two TCP engines in virtual time over a channel that loses, repeats and reorders segments, by seed. */
import { Machine } from '../../electron/emulator/machine/machine';
import { Timer } from '../../electron/emulator/machine/timer';
import { TcpEngine } from '../../electron/emulator/tcp/tcpEngine';
import type { TcpSettings } from '../../electron/emulator/tcp/tcpSettings';
import { TcpConnectionState } from '../../electron/emulator/tcp/tcpVariables';
import {
  headerLengthOf,
  readTcpSegment,
  TcpSegment,
  writeTcpSegment,
} from '../../electron/emulator/wire/tcpSegment';
import type { Random } from '../../shared/base/random';
import { streamByte, streamBytes } from './segmentNotation';
import { silentProbe } from './silentProbe';

/** One side of the pair. */
export interface SideOptions {
  readonly settings: TcpSettings;
  readonly iss: number;
  /** Lengths of the messages that it sends. */
  readonly messages: readonly number[];
  /** Time between the user's reads, ns; 0 reads at once. */
  readonly readInterval: number;
  /** Whether it closes only after the peer has. */
  readonly closesLast: boolean;
}

/** The way between them; probabilities from 0 to 1, times in ns. */
export interface ChannelOptions {
  readonly loss: number;
  readonly duplication: number;
  /** Probability that a bit of a segment is turned round: its receiver drops it by its checksum. */
  readonly corruption?: number;
  readonly delay: number;
  /** Largest further delay of a segment: above the distance of two segments it reorders. */
  readonly jitter: number;
}

const leftAddress = Uint8Array.of(192, 0, 2, 1);
const rightAddress = Uint8Array.of(192, 0, 2, 2);
const headerRoom = 60;

/** A copy with one bit turned round. */
function damaged(bytes: Uint8Array, random: Random): Uint8Array {
  const copy = bytes.slice();
  copy[random.nextBelow(copy.length)]! ^= 1 << random.nextBelow(8);
  return copy;
}

/** One engine with its user. */
export class Side {
  readonly engine: TcpEngine;
  receivedBytes = 0;
  acknowledgedBytes = 0;
  segmentsSent = 0;
  retransmissions = 0;
  /** Segments that the channel had damaged. */
  dropped = 0;
  /** Anything that no working connection tells its user. */
  readonly troubles: string[] = [];
  private unread = 0;
  private readTimer: Timer;
  private readonly timer: Timer;
  private readonly arrived = new TcpSegment();

  constructor(
    private readonly machine: Machine,
    private readonly options: SideOptions,
    private readonly transmit: (bytes: Uint8Array) => void,
    private readonly addresses: readonly [own: Uint8Array, other: Uint8Array],
    ports: readonly [own: number, other: number],
  ) {
    const trouble = (what: string) => () => void this.troubles.push(what);
    this.engine = new TcpEngine(
      options.settings,
      {
        receiveSpace: () => options.settings.receiveBuffer - this.unread,
        onData: (bytes, start, length) => {
          this.take(bytes, start, length);
        },
        onEstablished: () => undefined,
        onPeerClosed: () => {
          if (options.closesLast) this.engine.shutdown();
        },
        onFinAcknowledged: () => undefined,
        onReset: trouble('reset'),
        onTimeout: trouble('timeout'),
        onClosed: () => undefined,
      },
      ...ports,
    );
    this.timer = new Timer(machine, () => {
      this.dispatch();
    });
    this.readTimer = new Timer(machine, () => {
      this.unread = 0;
      this.engine.receiveSpaceGrew();
      this.dispatch();
    });
  }

  /** Queues everything and opens. */
  start(actively: boolean): void {
    if (actively) this.engine.connect(this.options.iss);
    else this.engine.listen(this.options.iss);
    let position = 0;
    for (const length of this.options.messages) {
      const owner = { onAcknowledged: (count: number) => void (this.acknowledgedBytes += count) };
      this.engine.send(streamBytes(position, length), owner, true);
      position += length;
    }
    if (!this.options.closesLast) this.engine.shutdown();
    this.dispatch();
  }

  /** Bytes that it wants to send in all. */
  get streamLength(): number {
    return this.options.messages.reduce((sum, length) => sum + length, 0);
  }

  /** Takes the bytes of a segment from the channel. */
  receive(bytes: Uint8Array): void {
    const [own, other] = this.addresses;
    const problem = readTcpSegment(this.arrived, bytes, 0, bytes.length, other, own);
    if (problem !== undefined) {
      this.dropped++;
      return;
    }
    this.engine.process(this.arrived, this.machine.now);
    this.dispatch();
  }

  private take(bytes: Uint8Array, start: number, length: number): void {
    for (let index = 0; index < length; index++) {
      if (bytes[start + index] !== streamByte(this.receivedBytes + index)) {
        throw new Error(`wrong byte at ${this.receivedBytes + index}`);
      }
    }
    this.receivedBytes += length;
    if (this.options.readInterval === 0) return;
    if (this.unread === 0) this.readTimer.set(this.machine.now + this.options.readInterval);
    this.unread += length;
    if (this.unread > this.options.settings.receiveBuffer) throw new Error('the window was exceeded');
  }

  private dispatch(): void {
    const [own, other] = this.addresses;
    this.engine.dispatch(this.machine.now, {
      emit: (segment, queue, offset, retransmission) => {
        const bytes = new Uint8Array(headerRoom + segment.payloadLength);
        queue.copyOut(offset, segment.payloadLength, bytes, headerLengthOf(segment));
        const length = writeTcpSegment(bytes, 0, segment, own, other);
        this.segmentsSent++;
        if (retransmission) this.retransmissions++;
        this.transmit(bytes.slice(0, length));
      },
    });
    this.timer.set(this.engine.nextAt());
  }
}

/** Both sides and the channel; `run` plays until both are closed. */
export class LossyPair {
  readonly machine: Machine;
  readonly left: Side;
  readonly right: Side;

  constructor(seed: number, left: SideOptions, right: SideOptions, channel: ChannelOptions) {
    this.machine = new Machine(silentProbe(), seed);
    const carry = (stream: number, to: () => Side): ((bytes: Uint8Array) => void) => {
      const random = this.machine.random(stream);
      return (bytes) => {
        const copies = random.nextChance(channel.duplication) ? 2 : 1;
        for (let copy = 0; copy < copies; copy++) {
          if (random.nextChance(channel.loss)) continue;
          const carried = random.nextChance(channel.corruption ?? 0) ? damaged(bytes, random) : bytes;
          const jitter = channel.jitter === 0 ? 0 : random.nextBelow(channel.jitter);
          this.machine.schedule(this.machine.now + channel.delay + jitter, {
            onEvent: () => {
              to().receive(carried);
            },
          });
        }
      };
    };
    this.left = new Side(
      this.machine,
      left,
      carry(1, () => this.right),
      [leftAddress, rightAddress],
      [49_152, 7],
    );
    this.right = new Side(
      this.machine,
      right,
      carry(2, () => this.left),
      [rightAddress, leftAddress],
      [7, 49_152],
    );
  }

  /** Runs until both sides are closed, or until `limit` of virtual time (ns) or `segments` sent: then it answers false. */
  run(limit: number, segments: number): boolean {
    this.right.start(false);
    this.left.start(true);
    const closed = (side: Side): boolean => side.engine.variables.State === TcpConnectionState.Closed;
    while (!(closed(this.left) && closed(this.right))) {
      const tooMany = this.left.segmentsSent + this.right.segmentsSent > segments;
      if (tooMany || this.machine.now > limit || !this.machine.step()) return false;
    }
    return true;
  }
}
