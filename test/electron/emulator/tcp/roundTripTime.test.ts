import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { retransmissionTimeout, takeRttSample } from '../../../../electron/emulator/tcp/roundTripTime';
import { defaultTcpSettings } from '../../../../electron/emulator/tcp/tcpSettings';
import { TcpVariables } from '../../../../electron/emulator/tcp/tcpVariables';
import { property } from '../../../harness/property';

const wide = {
  ...defaultTcpSettings,
  minimumRetransmissionTimeout: 0,
  maximumRetransmissionTimeout: Infinity,
};
const second = 1e9;
const tick = 1e6;

function after(...samples: readonly number[]): TcpVariables {
  const variables = new TcpVariables();
  for (const sample of samples) takeRttSample(variables, sample);
  return variables;
}

describe('retransmission timeout (RFC 6298)', () => {
  it('is 1 s before the first sample (section 2.1)', () => {
    expect(retransmissionTimeout(after(), wide, 0)).toBe(second);
  });

  it('starts with SRTT = R and RTTVAR = R/2 (section 2.2)', () => {
    const variables = after(100);
    expect([variables.SRtt / 8, variables.RttVar / 4]).toEqual([100, 50]);
    expect(retransmissionTimeout(variables, wide, 0)).toBe((100 + 4 * 50) * tick);
  });

  it('smooths with alpha 1/8 and beta 1/4, RTTVAR first (section 2.3)', () => {
    const variables = after(100, 180);
    expect(variables.RttVar / 4).toBe(0.75 * 50 + 0.25 * 80);
    expect(variables.SRtt / 8).toBe((7 / 8) * 100 + 180 / 8);
  });

  it('follows the formulas of section 2.3 to within the rounding of the integers', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 8, max: 4000 }), { minLength: 1, maxLength: 50 }), (samples) => {
        const variables = after(...samples);
        let [smoothed, variation] = [samples[0]!, samples[0]! / 2];
        for (const sample of samples.slice(1)) {
          variation = 0.75 * variation + 0.25 * Math.abs(smoothed - sample);
          smoothed = 0.875 * smoothed + 0.125 * sample;
        }
        expect(Math.abs(variables.SRtt / 8 - smoothed)).toBeLessThanOrEqual(1);
        expect(Math.abs(variables.RttVar / 4 - variation)).toBeLessThanOrEqual(2);
      }),
      property(300),
    );
  });

  it('converges to a steady round-trip time plus one tick (section 2.3: the clock granularity)', () => {
    const variables = after(...new Array<number>(200).fill(40));
    expect(variables.SRtt >> 3).toBe(40);
    expect(retransmissionTimeout(variables, wide, 0)).toBeLessThanOrEqual(44 * tick);
    expect(retransmissionTimeout(variables, wide, 0)).toBeGreaterThanOrEqual(41 * tick);
  });

  it('is never below the minimum nor above the maximum (sections 2.4 and 2.5)', () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat({ max: 70_000 }), { maxLength: 20 }),
        fc.nat({ max: 40 }),
        (samples, backoffs) => {
          const timeout = retransmissionTimeout(after(...samples), defaultTcpSettings, backoffs);
          expect(timeout).toBeGreaterThanOrEqual(defaultTcpSettings.minimumRetransmissionTimeout);
          expect(timeout).toBeLessThanOrEqual(defaultTcpSettings.maximumRetransmissionTimeout);
        },
      ),
      property(300),
    );
  });

  it('doubles with every backoff (section 5.5)', () => {
    const variables = after(100);
    const base = retransmissionTimeout(variables, wide, 0);
    expect([1, 2, 3, 4].map((backoffs) => retransmissionTimeout(variables, wide, backoffs) / base)).toEqual([
      2, 4, 8, 16,
    ]);
  });

  it('counts in the ticks of its home', () => {
    expect(retransmissionTimeout(after(3), { ...wide, ticksPerSecond: 10 }, 0)).toBe(9 * 100 * tick);
  });

  it('takes samples of 0 ticks for samples: a fast network is no missing one', () => {
    const variables = after(0);
    expect(variables.SRtt).toBeGreaterThan(0);
    expect(retransmissionTimeout(variables, wide, 0)).toBe(tick);
  });

  it('keeps SRtt and RttVar within their 16 bits (TCP_OFFLOAD_STATE_DELEGATED)', () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 0x7fff_ffff }), { minLength: 1, maxLength: 30 }), (samples) => {
        const { SRtt, RttVar } = after(...samples);
        expect(SRtt >= 1 && SRtt <= 0xffff && RttVar >= 0 && RttVar <= 0xffff).toBe(true);
      }),
      property(),
    );
  });
});
