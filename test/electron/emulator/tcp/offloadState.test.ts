import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { timerNotRunning } from '../../../../electron/emulator/ndis/offloadState';
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
import { TcpConnectionState, TcpVariables } from '../../../../electron/emulator/tcp/tcpVariables';
import { TcpSegment } from '../../../../electron/emulator/wire/tcpSegment';
import { Random } from '../../../../shared/base/random';

const tick = 1_000_000;
const hops = { TtlOrHopLimit: 128, TosOrTrafficClass: 0 };

const idleUser: TcpUser = {
  receiveSpace: () => 65_536,
  onData: () => undefined,
  onEstablished: () => undefined,
  onPeerClosed: () => undefined,
  onFinAcknowledged: () => undefined,
  onReset: () => undefined,
  onTimeout: () => undefined,
  onClosed: () => undefined,
};

/** Hands an engine over to a machine with other settings, as initiate and terminate do. */
function handOver(engine: TcpEngine, settings: TcpSettings, user: TcpUser, now: number): TcpEngine {
  const delegated = exportDelegated(engine, now);
  const successor = importEngine(
    settings,
    user,
    exportConst(engine, 0),
    exportCached(engine, hops),
    delegated,
    now,
  );
  const rest = new Uint8Array(engine.queue.length);
  if (rest.length > 0) {
    engine.queue.copyOut(0, rest.length, rest, 0);
    successor.restore(rest, { onAcknowledged: () => undefined }, true);
  }
  return successor;
}

const clock = (clockOffset: number): TcpSettings => ({ ...defaultTcpSettings, clockOffset });

function established(settings: TcpSettings): TcpEngine {
  const variables = new TcpVariables();
  variables.State = TcpConnectionState.Established;
  variables.timestampsEnabled = true;
  return new TcpEngine(settings, idleUser, 1000, 2000, variables);
}

describe('timestamps over hand-overs (WDK "Calculating the Timestamp Delta", section 10 of the data digest)', () => {
  it('TMS: the worked values: stack 100, NIC 200, back at NIC 250 / stack 150, and again at stack 400, NIC 320', () => {
    const stack = established(clock(100));
    expect(exportDelegated(stack, 0).TsTime).toBe(100);

    const nic = handOver(stack, clock(200), idleUser, 0);
    expect(nic.variables.timestampDelta).toBe(-100);
    expect(nic.timestamp(50 * tick)).toBe(150);

    const back = handOver(nic, clock(100), idleUser, 50 * tick);
    expect(back.variables.timestampDelta).toBe(0);

    // The NIC's clock stood still for 50 ticks against the stack's: the delta grows by them.
    const late = handOver(nic, clock(150), idleUser, 50 * tick);
    expect(late.ticks(50 * tick)).toBe(200);
    expect(late.variables.timestampDelta).toBe(-50);

    const again = handOver(late, clock(70), idleUser, 250 * tick);
    expect(late.timestamp(250 * tick)).toBe(350);
    expect(again.ticks(250 * tick)).toBe(320);
    expect(again.variables.timestampDelta).toBe(30);
  });

  it('property: the stamp never goes backwards, whatever the clocks of the two machines show', () => {
    fc.assert(
      fc.property(
        fc.nat(0xffff_ffff),
        fc.nat(0xffff_ffff),
        fc.nat(1_000_000),
        (left, right, milliseconds) => {
          const now = milliseconds * tick;
          const engine = established(clock(left));
          expect(handOver(engine, clock(right), idleUser, now).timestamp(now)).toBe(engine.timestamp(now));
        },
      ),
      { seed: 20081122 },
    );
  });
});

describe('delegated state', () => {
  it('property: what is imported is exported again, member for member', () => {
    const sequence = fc.nat(0xffff_ffff);
    fc.assert(
      fc.property(
        fc.record({
          State: fc.integer({ min: TcpConnectionState.Established, max: TcpConnectionState.LastAck }),
          RcvNxt: sequence,
          RcvWnd: fc.nat(1_000_000),
          SndUna: sequence,
          flight: fc.nat(100_000),
          resent: fc.nat(100_000),
          SndWnd: fc.integer({ min: 1, max: 1_000_000 }),
          MaxSndWnd: fc.nat(1_000_000),
          SendWL1: sequence,
          CWnd: fc.nat(1_000_000),
          SsThresh: fc.nat(1_000_000),
          SRtt: fc.nat(0xffff),
          RttVar: fc.nat(0xffff),
          TsRecent: sequence,
          TsRecentAge: fc.nat(100_000),
          TsTime: sequence,
          TotalRT: fc.nat(100_000),
          DupAckCount: fc.nat(255),
          SndWndProbeCount: fc.nat(255),
          KeepAliveProbeCount: fc.nat(255),
          RetransmitCount: fc.nat(255),
          RetransmitTimeoutDelta: fc.oneof(fc.nat(100_000), fc.constant(timerNotRunning)),
        }),
        fc.option(fc.nat(100_000), { nil: undefined }),
        fc.nat(0xffff_ffff),
        fc.nat(1_000_000),
        ({ flight, resent, ...members }, keepAliveDelta, clockOffset, milliseconds) => {
          const now = 1e12 + milliseconds * tick;
          const SndMax = (members.SndUna + flight) >>> 0;
          const delegated = {
            ...members,
            SndMax,
            SndNxt: (members.SndUna + Math.min(flight, resent)) >>> 0,
            KeepAliveTimeoutDelta: keepAliveDelta ?? timerNotRunning,
            SendDataHead: null,
            SendDataTail: null,
            BufferedData: null,
            SendBacklogSize: undefined,
            ReceiveBacklogSize: undefined,
          };
          const keepAlive = { ...defaultTcpSettings.keepAlive, enabled: keepAliveDelta !== undefined };
          const source = established({ ...clock(1), keepAlive });
          const constState = exportConst(source, 7);
          const cached = exportCached(source, hops);
          const engine = importEngine(clock(clockOffset), idleUser, constState, cached, delegated, now);
          expect(exportDelegated(engine, now)).toEqual(delegated);
          expect(exportConst(engine, 7)).toEqual(constState);
        },
      ),
      { seed: 20081122 },
    );
  });

  it('INI-001: only synchronized states before TIME-WAIT may be offloaded', () => {
    const offloadable = Object.entries(TcpConnectionState)
      .filter(([, state]) => isOffloadableState(state))
      .map(([name]) => name);
    expect(offloadable).toEqual(['Established', 'FinWait1', 'FinWait2', 'CloseWait', 'Closing', 'LastAck']);
  });

  it('a retransmission limit that is used up travels as "expires at once"', () => {
    const engine = established(defaultTcpSettings);
    engine.gaveUp = 'retransmission';
    expect(exportDelegated(engine, 0).RetransmitTimeoutDelta).toBe(0);
  });

  it('TMR-039: so does keepalive that has used up its probes', () => {
    const engine = established(defaultTcpSettings);
    engine.gaveUp = 'keep-alive';
    expect(exportDelegated(engine, 0).KeepAliveTimeoutDelta).toBe(0);
    expect(exportDelegated(engine, 0).RetransmitTimeoutDelta).toBe(timerNotRunning);
  });

  it.each([
    [undefined, 0],
    [Infinity, 0xffff_ffff],
    [90_000 * tick, 90_000],
  ])('TMR-010 TMR-011: a time limit of %s ns is a MaxRT of %i ticks, and back', (limit, MaxRT) => {
    const engine = established({ ...defaultTcpSettings, retransmissionTimeLimit: limit });
    const cached = exportCached(engine, hops);
    expect(cached.MaxRT).toBe(MaxRT);
    const successor = handOver(engine, defaultTcpSettings, idleUser, 0);
    expect(successor.settings.retransmissionTimeLimit).toBe(limit);
  });
});

/** A segment in flight between the two ends of the walk below. */
interface Flying {
  readonly at: number;
  readonly order: number;
  readonly toLeft: boolean;
  readonly segment: TcpSegment;
}

/** Two engines exchange `bytes` each; the left one is handed over again and again. Answers what each side received. */
function walk(seed: number, bytes: number, loss: number, handOverChance: number) {
  const random = new Random(seed);
  const streams = [new Uint8Array(bytes), new Uint8Array(bytes)] as const;
  random.fill(streams[0]);
  random.fill(streams[1]);
  const received: [number[], number[]] = [[], []];
  const flying: Flying[] = [];
  let order = 0;
  let now = 0;
  let handOvers = 0;
  const user = (side: 0 | 1): TcpUser => ({
    ...idleUser,
    onData: (data, start, length) => received[side].push(...data.subarray(start, start + length)),
  });
  const output = (toLeft: boolean): SegmentOutput => ({
    emit: (segment: TcpSegment, queue: SendQueue, offset: number) => {
      if (random.nextChance(loss)) return;
      const copy = new TcpSegment();
      const { sackBlocks, ...fields } = segment;
      Object.assign(copy, fields);
      copy.sackBlocks.set(sackBlocks);
      copy.bytes = new Uint8Array(segment.payloadLength);
      if (segment.payloadLength > 0) queue.copyOut(offset, segment.payloadLength, copy.bytes, 0);
      copy.payloadStart = 0;
      flying.push({ at: now + 2 * tick, order: order++, toLeft, segment: copy });
    },
  });
  const settings = [clock(5), clock(77_000)] as const;
  let left = new TcpEngine(settings[0], user(0), 1000, 2000);
  const right = new TcpEngine(clock(900), user(1), 2000, 1000);
  right.listen(0xffff_ff00);
  left.connect(0xffff_f000);
  const owner = { onAcknowledged: () => undefined };
  left.send(streams[0], owner, true);
  right.send(streams[1], owner, true);
  left.shutdown();
  right.shutdown();
  let finWanted = true;
  for (let step = 0; step < 40_000; step++) {
    if (isOffloadableState(left.variables.State) && random.nextChance(handOverChance)) {
      left.flushAcknowledgment();
      left.dispatch(now, output(false));
      const finSent =
        left.variables.State >= TcpConnectionState.FinWait1 &&
        left.variables.State !== TcpConnectionState.CloseWait;
      finWanted = finWanted && !finSent;
      left = handOver(left, settings[handOvers++ % 2]!, user(0), now);
      if (finWanted) left.shutdown();
    }
    left.dispatch(now, output(false));
    right.dispatch(now, output(true));
    flying.sort((a, b) => a.at - b.at || a.order - b.order);
    const next = Math.min(flying[0]?.at ?? Infinity, left.nextAt(), right.nextAt());
    const done =
      (left.variables.State === TcpConnectionState.Closed ||
        left.variables.State === TcpConnectionState.TimeWait) &&
      right.variables.State === TcpConnectionState.Closed;
    if (done || next === Infinity) break;
    now = Math.max(now, next);
    if (flying[0] !== undefined && flying[0].at <= now) {
      const { segment, toLeft } = flying.shift()!;
      (toLeft ? left : right).process(segment, now);
    }
  }
  return { streams, received, handOvers, states: [left.variables.State, right.variables.State] };
}

describe('hand-overs in mid-stream', () => {
  it('property: with loss and any number of hand-overs, both streams arrive whole and both sides close', () => {
    let total = 0;
    fc.assert(
      fc.property(
        fc.nat(0xffff_ffff),
        fc.integer({ min: 1, max: 60_000 }),
        fc.double({ min: 0, max: 0.1, noNaN: true }),
        fc.double({ min: 0.02, max: 1, noNaN: true }),
        (seed, bytes, loss, handOverChance) => {
          const { streams, received, handOvers } = walk(seed, bytes, loss, handOverChance);
          total += handOvers;
          expect(received[1].length).toBe(bytes);
          expect(received[0].length).toBe(bytes);
          expect(Buffer.compare(Buffer.from(received[1]), streams[0])).toBe(0);
          expect(Buffer.compare(Buffer.from(received[0]), streams[1])).toBe(0);
        },
      ),
      { seed: 20081122, numRuns: 150 },
    );
    expect(total).toBeGreaterThan(500);
  });
});
