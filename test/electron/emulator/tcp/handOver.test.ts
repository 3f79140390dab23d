import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  exportCached,
  exportConst,
  exportDelegated,
  importEngine,
  isOffloadableState,
} from '../../../../electron/emulator/tcp/offloadState';
import type { SendQueue } from '../../../../electron/emulator/tcp/sendQueue';
import { TcpEngine, type SegmentOutput, type TcpUser } from '../../../../electron/emulator/tcp/tcpEngine';
import { defaultTcpSettings, type TcpSettings } from '../../../../electron/emulator/tcp/tcpSettings';
import { TcpConnectionState } from '../../../../electron/emulator/tcp/tcpVariables';
import { TcpSegment } from '../../../../electron/emulator/wire/tcpSegment';
import { Random } from '../../../../shared/base/random';
import { property } from '../../../harness/property';
import { streamByte, streamBytes } from '../../../harness/segmentNotation';

const millisecond = 1e6;
const hops = { TtlOrHopLimit: 128, TosOrTrafficClass: 0 };

/** How a walk goes. */
interface WalkOptions {
  readonly seed: number;
  /** Bytes that each side sends. */
  readonly bytes: number;
  readonly settings: Partial<TcpSettings>;
  /** Probability that a segment is lost. */
  readonly loss: number;
  /** Largest further delay of a segment in ms; more than 0 reorders. */
  readonly jitter: number;
  /** Whether the right side reads slowly, so that its window closes. */
  readonly readsSlowly: boolean;
  /** Probability of a hand-over of either side at each step. */
  readonly handOvers: number;
}

interface Flying {
  readonly at: number;
  readonly order: number;
  readonly to: 0 | 1;
  readonly segment: TcpSegment;
}

/** One side: an engine that is replaced at each hand-over, and its user. */
class Side {
  engine: TcpEngine;
  received = 0;
  unread = 0;
  readAt = Infinity;
  private wantsClose = true;

  constructor(
    private readonly walk: WalkOptions,
    readonly settings: TcpSettings,
    private readonly readsSlowly: boolean,
  ) {
    this.engine = new TcpEngine(settings, this.user(), 1000, 2000);
    this.engine.send(streamBytes(0, walk.bytes), { onAcknowledged: () => undefined }, true);
    this.engine.shutdown();
  }

  /** Hands the connection over to a new engine, and checks that nothing of it is lost or changed on the way. */
  handOver(now: number, settings: TcpSettings, output: SegmentOutput): void {
    this.engine.flushAcknowledgment();
    this.engine.dispatch(now, output);
    const { engine } = this;
    if (!isOffloadableState(engine.variables.State)) return;
    const constState = exportConst(engine, 77);
    const cached = exportCached(engine, hops);
    const delegated = exportDelegated(engine, now);
    const successor = importEngine(settings, this.user(), constState, cached, delegated, now);
    expect(exportConst(successor, 77)).toEqual(constState);
    expect(exportCached(successor, hops)).toEqual(cached);
    expect(exportDelegated(successor, now)).toEqual(delegated);
    const rest = new Uint8Array(engine.queue.length);
    if (rest.length > 0) {
      engine.queue.copyOut(0, rest.length, rest, 0);
      successor.restore(rest, { onAcknowledged: () => undefined }, true);
    }
    if (this.wantsClose) successor.shutdown();
    this.engine = successor;
  }

  private user(): TcpUser {
    return {
      receiveSpace: () => this.settings.receiveBuffer - this.unread,
      onData: (bytes, start, length) => {
        for (let index = 0; index < length; index++) {
          if (bytes[start + index] !== streamByte(this.received + index))
            throw new Error(`wrong byte at ${this.received + index}`);
        }
        this.received += length;
        if (this.readsSlowly) this.unread += length;
      },
      onEstablished: () => undefined,
      onPeerClosed: () => undefined,
      onFinAcknowledged: () => {
        this.wantsClose = false;
      },
      onReset: () => {
        throw new Error('reset');
      },
      onTimeout: () => {
        throw new Error('timeout');
      },
      onClosed: () => undefined,
    };
  }
}

/** Two engines exchange their streams and close. Answers what the left side sent, and how many hand-overs there were. */
function walkThrough(options: WalkOptions): { readonly sent: readonly string[]; readonly handOvers: number } {
  const random = new Random(options.seed);
  const sent: string[] = [];
  const flying: Flying[] = [];
  let [now, order, handOvers] = [0, 0, 0];
  const settings = (clockOffset: number): TcpSettings => ({
    ...defaultTcpSettings,
    maximumRetransmissions: 60,
    maximumRetransmissionTimeout: 4e9,
    ...options.settings,
    clockOffset,
  });
  const homes = [
    [settings(5), settings(77_000)],
    [settings(900), settings(0xffff_0000)],
  ] as const;
  const sides = [
    new Side(options, homes[0][0], false),
    new Side(options, homes[1][0], options.readsSlowly),
  ] as const;
  const output = (from: 0 | 1): SegmentOutput => ({
    emit: (segment: TcpSegment, queue: SendQueue, offset: number) => {
      const copy = new TcpSegment();
      const { sackBlocks, ...fields } = segment;
      Object.assign(copy, fields);
      copy.sackBlocks.set(sackBlocks);
      copy.bytes = new Uint8Array(segment.payloadLength);
      if (segment.payloadLength > 0) queue.copyOut(offset, segment.payloadLength, copy.bytes, 0);
      copy.payloadStart = 0;
      if (from === 0) sent.push(`${now} ${JSON.stringify({ ...fields, bytes: [...copy.bytes] })}`);
      if (random.nextChance(options.loss)) return;
      const jitter = options.jitter === 0 ? 0 : random.nextBelow(options.jitter * millisecond);
      flying.push({
        at: now + 2 * millisecond + jitter,
        order: order++,
        to: from === 0 ? 1 : 0,
        segment: copy,
      });
    },
  });
  sides[1].engine.listen(0xffff_ff00);
  sides[0].engine.connect(0xffff_f000);
  for (let step = 0; step < 60_000; step++) {
    for (const index of [0, 1] as const) {
      const side = sides[index];
      if (isOffloadableState(side.engine.variables.State) && random.nextChance(options.handOvers))
        side.handOver(now, homes[index][++handOvers % 2]!, output(index));
      if (now >= side.readAt) {
        side.readAt = Infinity;
        side.unread = 0;
        side.engine.receiveSpaceGrew();
      }
      side.engine.dispatch(now, output(index));
      if (side.unread > 0 && side.readAt === Infinity) side.readAt = now + 700 * millisecond;
    }
    flying.sort((a, b) => a.at - b.at || a.order - b.order);
    const next = Math.min(
      flying[0]?.at ?? Infinity,
      ...sides.flatMap((side) => [side.engine.nextAt(), side.readAt]),
    );
    const states = sides.map((side) => side.engine.variables.State);
    if (states.every((State) => State === TcpConnectionState.Closed) || next === Infinity) break;
    now = Math.max(now, next);
    if (flying[0] !== undefined && flying[0].at <= now) {
      const { segment, to } = flying.shift()!;
      sides[to].engine.process(segment, now);
    }
  }
  for (const side of sides) {
    expect(side.received).toBe(options.bytes);
    expect(side.engine.variables.State).toBe(TcpConnectionState.Closed);
  }
  return { sent, handOvers };
}

const settings = fc.record({
  timestamps: fc.boolean(),
  sack: fc.boolean(),
  nagle: fc.boolean(),
  RcvWindScale: fc.nat({ max: 4 }),
  localMss: fc.constantFrom(200, 536, 1460),
  receiveBuffer: fc.integer({ min: 2000, max: 60_000 }),
  ticksPerSecond: fc.constantFrom(10, 100, 1000),
  initialWindow: fc.constantFrom('RFC 3390' as const, 'RFC 6928' as const),
  keepAlive: fc.constantFrom(defaultTcpSettings.keepAlive, {
    enabled: true,
    time: 3e9,
    interval: 1e9,
    probes: 200,
  }),
});

describe('a connection that is handed over at random moments', () => {
  it('property: exports what it imported, variable for variable, and delivers both streams', () => {
    let total = 0;
    fc.assert(
      fc.property(
        fc.record({
          seed: fc.nat(0xffff_ffff),
          bytes: fc.integer({ min: 1, max: 40_000 }),
          settings,
          loss: fc.double({ min: 0, max: 0.1, noNaN: true }),
          jitter: fc.constantFrom(0, 0, 5),
          readsSlowly: fc.boolean(),
          handOvers: fc.constantFrom(0.02, 0.2, 1),
        }),
        (options) => {
          total += walkThrough(options).handOvers;
        },
      ),
      property(120),
    );
    expect(total).toBeGreaterThan(1000);
  });

  it('property: the peer can’t tell: on a wire without loss each segment is the same, bit for bit, at the same time', () => {
    fc.assert(
      fc.property(
        fc.nat(0xffff_ffff),
        fc.integer({ min: 1, max: 60_000 }),
        settings,
        (seed, bytes, chosen) => {
          // A hand-over sends the acknowledgment that is being delayed: without delays there is none.
          const options = {
            seed,
            bytes,
            settings: { ...chosen, ackFrequency: 1 },
            loss: 0,
            jitter: 0,
            readsSlowly: false,
          };
          const alone = walkThrough({ ...options, handOvers: 0 });
          const handedOver = walkThrough({ ...options, handOvers: 1 });
          expect(handedOver.handOvers).toBeGreaterThan(0);
          expect(handedOver.sent).toEqual(alone.sent);
        },
      ),
      property(40),
    );
  });
});
