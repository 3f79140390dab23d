import { describe, expect, it } from 'vitest';
import {
  breakEven,
  bulkWorkload,
  cyclesPerByte,
  cyclesPerIo,
  defaultHostCost,
  throughputBound,
  utilisationAt,
  type HostCostSettings,
  type Workload,
} from '../../../shared/analysis/hostCostModel';

const send = bulkWorkload;
const receive: Workload = { ...bulkWorkload, direction: 'receive' };

/** Mean of sending and receiving on a path. */
function bothWays(path: 'hostPath' | 'chimney', settings: HostCostSettings = defaultHostCost): number {
  return (cyclesPerByte(send, settings)[path] + cyclesPerByte(receive, settings)[path]) / 2;
}

/** Within 15 % of a published figure. */
function expectNear(value: number, published: number): void {
  expect(value).toBeGreaterThan(published * 0.85);
  expect(value).toBeLessThan(published * 1.15);
}

/** The 2.2 GHz Opteron of Chelsio's figures. */
const opteron: HostCostSettings = { ...defaultHostCost, clockHz: 2_200_000_000 };
const opteronStateless: HostCostSettings = { ...opteron, checksumOffload: true, largeSendOffload: true };

/** A request and an answer of a few hundred bytes: no pure acknowledgments, an interrupt for each message. */
function message(bytes: number, direction: Workload['direction']): Workload {
  return {
    ...bulkWorkload,
    direction,
    ioBytes: bytes,
    framesPerInterrupt: 1,
    segmentsPerAcknowledgment: Infinity,
  };
}

function transaction(bytes: number): { readonly hostPath: number; readonly chimney: number } {
  const asked = cyclesPerIo(message(bytes, 'receive'), defaultHostCost);
  const answered = cyclesPerIo(message(bytes, 'send'), defaultHostCost);
  // The completion of the answer finds the interrupt of the next request.
  const saved = defaultHostCost.perInterrupt;
  return { hostPath: asked.hostPath + answered.hostPath, chimney: asked.chimney + answered.chimney - saved };
}

describe('the host-cost model against the published figures (docs/host-cost-model.md)', () => {
  it('rule of thumb: 1 Hz per bit/s', () => {
    expectNear(bothWays('hostPath') / 8, 1);
  });

  it('rule of thumb: 11.7 thousand cycles per segment of 1460 bytes', () => {
    expectNear(bothWays('hostPath') * 1460, 11_700);
  });

  it('full-duplex gigabit Ethernet takes over 80 % of a Pentium 4 of 2.4 GHz', () => {
    const payload = 949e6;
    const used =
      utilisationAt(payload, send, defaultHostCost).hostPath +
      utilisationAt(payload, receive, defaultHostCost).hostPath;
    expectNear(used, 0.8);
    expect(used).toBeGreaterThan(0.8);
  });

  it('Foong 2003: the rule stops holding as processors outrun memory', () => {
    const perBit = (clockHz: number): number => bothWays('hostPath', { ...defaultHostCost, clockHz }) / 8;
    expect(perBit(800_000_000)).toBeLessThan(perBit(2_400_000_000));
    expect(perBit(4_800_000_000)).toBeGreaterThan(1.15);
  });

  it('Chelsio T110: 7.9 Gb/s at 50 % of a 2.2 GHz Opteron', () => {
    expectNear(utilisationAt(7.9e9, send, opteron).chimney, 0.5);
    expectNear(utilisationAt(7.9e9, receive, opteron).chimney, 0.5);
  });

  it('Chelsio T110: 0.14 Hz per bit/s and 1.6 thousand cycles per 1460 bytes', () => {
    expectNear(bothWays('chimney', opteron) / 8, 0.14);
    expectNear(bothWays('chimney', opteron) * 1460, 1600);
  });

  it('the best adapters without TOE: 3 to 4 Gb/s with all of the processor', () => {
    const rate = (opteronStateless.clockHz * 8) / bothWays('hostPath', opteronStateless);
    expectNear(rate, 3.5e9);
    expect(utilisationAt(4e9, receive, opteronStateless).hostPath).toBeGreaterThan(1);
  });

  it('stateless offloads: 0.55 to 1.0 Hz per bit/s', () => {
    const perBit = bothWays('hostPath', opteronStateless) / 8;
    expect(perBit).toBeGreaterThan(0.55 * 0.85);
    expect(perBit).toBeLessThan(1.0 * 1.15);
  });

  it('Microsoft SNP: 20 to 100 % less overhead by workload, from calls of 4 KiB on', () => {
    for (const ioBytes of [4096, 16_384, 65_536, 262_144]) {
      const { hostPath, chimney } = cyclesPerByte({ ...send, ioBytes }, defaultHostCost);
      expect(1 - chimney / hostPath).toBeGreaterThan(0.2);
      expect(1 - chimney / hostPath).toBeLessThan(1);
    }
  });

  it('bulk data: 4 to 7 times less of the processor', () => {
    const ratio = bothWays('hostPath') / bothWays('chimney');
    expect(ratio).toBeGreaterThan(4);
    expect(ratio).toBeLessThan(7 * 1.15);
  });

  it.each([100, 250, 500])('chatty traffic: messages of %i bytes gain little or nothing', (bytes) => {
    const { hostPath, chimney } = transaction(bytes);
    expectNear(hostPath / chimney, 1);
  });

  it('throughput: 2 to 2.6 times at 10 Gb/s, where the bus of the T110 ends at 7.9, and the same at 1 Gb/s', () => {
    const at10 = throughputBound(send, opteron, 7.9e9).chimney;
    const without = (opteronStateless.clockHz * 8) / bothWays('hostPath', opteronStateless);
    expect(at10 / without).toBeGreaterThan(2);
    expect(at10 / without).toBeLessThan(2.6);
    const at1 = throughputBound(send, defaultHostCost, 0.949e9);
    expect(at1.chimney / at1.hostPath).toBe(1);
  });

  it('automatic mode: an offload has paid before 130 KB', () => {
    const { bytes, duration } = breakEven(send, defaultHostCost, 1e9);
    expect(bytes).toBeGreaterThan(30_000);
    expect(bytes).toBeLessThan(130_000);
    expect(duration).toBeCloseTo(bytes * 8, 3);
  });

  it('messages that cost more in the chimney never pay', () => {
    expect(breakEven(message(50, 'send'), { ...defaultHostCost, perPage: 50_000 }, 1e9).bytes).toBe(Infinity);
  });
});
