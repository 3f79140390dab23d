import { describe, expect, it } from 'vitest';
import { DISPATCH_LEVEL } from '../../electron/emulator/machine/machine';
import { OffloadBench } from '../harness/offloadBench';
import { runPlan } from '../harness/runPlan';
import { eventsIn, type SeenEvent } from '../harness/tcpEvents';

const second = 1e9;
const feature = { smallest: 16 * 1024, largest: 128 * 1024, interval: 0.5e6 };

/** SendBacklogSize as a query answers it. */
function queried(bench: OffloadBench): number | undefined {
  let size: number | undefined;
  bench.passively(() => {
    bench.host.offloads.query(bench.connection, 'delegated', (state) => {
      if (state?.layer === 'tcp') size = state.delegated?.SendBacklogSize;
    });
  });
  return size;
}

function backlogEvents(bench: OffloadBench): SeenEvent[] {
  return eventsIn(bench.calls).filter((event) => event.type === 'TcpIndicateSendBacklogChange');
}

/** Bytes of sends that have been posted to the target and not completed, at their most. */
function mostOutstanding(bench: OffloadBench, from: number): number {
  let outstanding = 0;
  let most = 0;
  const open = new Map<number, number>();
  for (const call of bench.calls.slice(from)) {
    const posts = call.functionName === 'MiniportTcpOffloadSend';
    if (!posts && call.functionName !== 'NdisTcpOffloadSendComplete') continue;
    for (const argument of call.arguments) {
      if (argument.kind !== 'net-buffer-lists') continue;
      for (const list of argument.lists) {
        if (posts) open.set(list.address, list.dataLength);
        outstanding += posts ? list.dataLength : -(open.get(list.address) ?? 0);
      }
    }
    most = Math.max(most, outstanding);
  }
  return most;
}

describe('a target without the send-backlog feature', () => {
  const bench = new OffloadBench();
  bench.offload();
  bench.send(100_000);
  bench.runFor(second);

  it('QRY-007: answers 0xFFFFFFFF', () => {
    expect(queried(bench)).toBe(0xffff_ffff);
  });

  it('EVT-032: never indicates a change, and the host posts everything', () => {
    const from = bench.calls.length;
    for (let index = 0; index < 20; index++) bench.send(32 * 1024);
    bench.runFor(second);
    expect(backlogEvents(bench)).toEqual([]);
    expect(mostOutstanding(bench, from)).toBe(20 * 32 * 1024);
  });
});

describe('a target with the send-backlog feature', () => {
  const bench = new OffloadBench({ target: { sendBacklog: feature } });
  bench.offload();
  bench.runFor(20e6);
  const from = bench.calls.length;
  for (let index = 0; index < 64; index++) bench.send(16 * 1024);
  bench.runFor(5 * second);

  it('EVT-002 EVT-032 EVT-034: indicates every change at DISPATCH_LEVEL, each a new value', () => {
    const events = backlogEvents(bench);
    expect(events.length).toBeGreaterThan(1);
    events.forEach((event, index) => {
      expect(event.irql).toBe(DISPATCH_LEVEL);
      expect(event.information).not.toBe(events[index - 1]?.information);
      if (index > 0) expect(event.time - events[index - 1]!.time).toBeGreaterThanOrEqual(feature.interval);
    });
  });

  it('SND-013: the host keeps about as much posted as the target wants', () => {
    const largest = Math.max(...backlogEvents(bench).map((event) => event.information));
    const most = mostOutstanding(bench, from);
    expect(most).toBeLessThan(largest + 16 * 1024);
    expect(most).toBeGreaterThanOrEqual(largest);
    expect(bench.acknowledged).toBe(64 * 16 * 1024);
    expect(bench.returned).toBe(64 * 16 * 1024);
  });

  it('EVT-033: a query answers what was indicated, whatever is posted', () => {
    const last = backlogEvents(bench).at(-1)!.information;
    expect(queried(bench)).toBe(last);
    bench.peerHears = 'nothing';
    bench.send(60_000);
    expect(queried(bench)).toBe(last);
    bench.peerHears = 'everything';
    bench.runFor(5 * second);
  });

  it('SND-015: what the host holds back leaves in order after an upload, the FIN behind it', () => {
    const held = new OffloadBench({ target: { sendBacklog: feature } });
    held.offload();
    held.runFor(20e6);
    for (let index = 0; index < 64; index++) held.send(16 * 1024);
    held.connection.shutdown();
    held.passively(() => {
      held.connection.upload();
    });
    held.runFor(20 * second);
    expect(held.connection.place).toBe('InHost');
    expect(held.acknowledged).toBe(64 * 16 * 1024);
    expect(held.returned).toBe(64 * 16 * 1024);
    expect(held.peerClosed).toBe(true);
  });
});

describe('a target with every feature at once, on a wire that loses frames', () => {
  it.each([1, 2, 3])('seed %i: every byte comes back, whoever carries it', (seed) => {
    const target = {
      sendBacklog: feature,
      uploadPolicy: {
        lowActivity: 60 * second,
        highDropRate: { sample: 50, share: 0.2 },
        highOutOfOrderPackets: { sample: 50, share: 0.2 },
        smallIo: { bytes: 100, count: 100 },
        noBufferPreposting: { count: 100 },
      },
    };
    const { report } = runPlan({ target }, { fileBytes: 512 * 1024, seed, loss: 0.02 });
    expect(report.success).toBe(true);
  });
});
