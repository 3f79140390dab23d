import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { defaultTcpSettings, type TcpSettings } from '../../../../electron/emulator/tcp/tcpSettings';
import { LossyPair, type ChannelOptions, type SideOptions } from '../../../harness/lossyPair';
import { property } from '../../../harness/property';

const hour = 3600e9;

const settings: fc.Arbitrary<TcpSettings> = fc
  .record({
    localMss: fc.integer({ min: 100, max: 1460 }),
    receiveBuffer: fc.integer({ min: 300, max: 40_000 }),
    RcvWindScale: fc.nat({ max: 4 }),
    timestamps: fc.boolean(),
    sack: fc.boolean(),
    initialWindow: fc.constantFrom('RFC 3390' as const, 'RFC 6928' as const),
    appropriateByteCounting: fc.nat({ max: 2 }),
    restartsAfterIdle: fc.boolean(),
    blindReset: fc.constantFrom('challenge' as const, 'validate' as const),
    nagle: fc.boolean(),
    ticksPerSecond: fc.constantFrom(10, 100, 1000),
    clockOffset: fc.nat({ max: 0xffff_ffff }),
    ackFrequency: fc.integer({ min: 1, max: 4 }),
  })
  // Patient, so that only a mistake can end a connection early: 20 % loss each way spoils every third exchange.
  .map((chosen) => ({
    ...defaultTcpSettings,
    ...chosen,
    maximumRetransmissions: 60,
    maximumRetransmissionTimeout: 4e9,
  }));

const side: fc.Arbitrary<SideOptions> = fc.record({
  settings,
  iss: fc.oneof(fc.nat({ max: 0xffff_ffff }), fc.integer({ min: 0xffff_0000, max: 0xffff_ffff })),
  messages: fc.array(fc.integer({ min: 1, max: 9000 }), { maxLength: 8 }),
  readInterval: fc.constantFrom(0, 0, 1e6, 300e6, 3e9),
  closesLast: fc.constant(false),
});

const channel = (loss: number): fc.Arbitrary<ChannelOptions> =>
  fc.record({
    loss: fc.double({ min: 0, max: loss, noNaN: true }),
    duplication: fc.constantFrom(0, 0.1),
    corruption: fc.constantFrom(0, 0.05),
    delay: fc.integer({ min: 1000, max: 40_000_000 }),
    jitter: fc.constantFrom(0, 1e6, 50e6),
  });

/** At most one side may wait for the other with its close. */
const pair = fc
  .tuple(side, side, fc.constantFrom('both', 'left last', 'right last'))
  .map(([left, right, order]): readonly [SideOptions, SideOptions] => [
    { ...left, closesLast: order === 'left last' },
    { ...right, closesLast: order === 'right last' },
  ]);

const seed = fc.nat({ max: 0xffff_ffff });

/** Room for a retransmission of everything many times over, and none for a storm of acknowledgments. */
function mostSegments([left, right]: readonly [SideOptions, SideOptions]): number {
  const smallest = Math.min(
    left.settings.localMss,
    right.settings.localMss,
    left.settings.receiveBuffer / 4,
    right.settings.receiveBuffer / 4,
  );
  const bytes = [...left.messages, ...right.messages].reduce((sum, length) => sum + length, 0);
  return 600 + (20 * bytes) / Math.max(20, smallest - 12);
}

function expectDelivered(run: LossyPair): void {
  const { left, right } = run;
  expect([...left.troubles, ...right.troubles]).toEqual([]);
  expect(right.receivedBytes).toBe(left.streamLength);
  expect(left.receivedBytes).toBe(right.streamLength);
  expect(left.acknowledgedBytes).toBe(left.streamLength);
  expect(right.acknowledgedBytes).toBe(right.streamLength);
  expect(left.engine.newBytesSent).toBe(left.streamLength);
  expect(right.engine.newBytesSent).toBe(right.streamLength);
}

describe('two engines', () => {
  it('deliver both streams intact and close, whatever the channel loses (up to 20 %), damages, repeats and reorders', () => {
    fc.assert(
      fc.property(seed, pair, channel(0.2), (chance, sides, way) => {
        const run = new LossyPair(chance, ...sides, way);
        expect(run.run(hour, mostSegments(sides))).toBe(true);
        expectDelivered(run);
      }),
      property(300),
    );
  });

  it('send no byte twice over a channel that loses nothing and keeps the order', () => {
    const prompt = side.map((options): SideOptions => ({ ...options, readInterval: 0 }));
    fc.assert(
      fc.property(
        seed,
        prompt,
        prompt,
        fc.integer({ min: 1000, max: 20_000_000 }),
        (chance, left, right, delay) => {
          const sides = [left, right] as const;
          const run = new LossyPair(chance, ...sides, { loss: 0, duplication: 0, delay, jitter: 0 });
          expect(run.run(hour, mostSegments(sides))).toBe(true);
          expectDelivered(run);
          expect([run.left.retransmissions, run.right.retransmissions]).toEqual([0, 0]);
        },
      ),
      property(100),
    );
  });

  it('do not answer each other for ever when both have closed their windows and probe', () => {
    const slow = (receiveBuffer: number, RcvWindScale: number, message: number): SideOptions => ({
      settings: {
        ...defaultTcpSettings,
        localMss: 100,
        receiveBuffer,
        RcvWindScale,
        timestamps: false,
        nagle: false,
        ticksPerSecond: 10,
        ackFrequency: receiveBuffer === 300 ? 2 : 1,
      },
      iss: 0,
      messages: [message],
      readInterval: 3e9,
      closesLast: false,
    });
    const sides = [slow(300, 3, 2620), slow(1310, 2, 597)] as const;
    const run = new LossyPair(0, ...sides, { loss: 0, duplication: 0, delay: 1000, jitter: 0 });
    expect(run.run(hour, 300)).toBe(true);
    expectDelivered(run);
  });

  it('do the same again for the same seed', () => {
    const [[chance, sides, way]] = fc.sample(fc.tuple(seed, pair, channel(0.2)), property(5)) as [
      [number, readonly [SideOptions, SideOptions], ChannelOptions],
    ];
    const trail = (): unknown => {
      const run = new LossyPair(chance, ...sides, way);
      run.run(hour, mostSegments(sides));
      return [run.machine.now, run.left.segmentsSent, run.right.segmentsSent, run.left.retransmissions];
    };
    expect(trail()).toEqual(trail());
  });
});
