/** Scenarios over links that do everything to frames that links can do. */
import { describe, expect, it } from 'vitest';
import { hashesAgree, type RunReport } from '../../shared/analysis/runReport';
import { TraceModel } from '../../shared/analysis/traceModel';
import type { LinkRequest } from '../../shared/contract/linkRequest';
import { inventFile } from '../../electron/emulator/scenarios/scenarioRun';
import { Recording } from '../../electron/recorder/recording';

const everything: LinkRequest = {
  duplicate: 0.02,
  reorder: 0.02,
  reorderDelay: 300_000,
  corrupt: 0.01,
  corruptPastFcs: 0.5,
  jitter: 20_000,
  burstLoss: { goodToBad: 0.01, badToGood: 0.5 },
};

function record(
  link: LinkRequest | undefined,
  seed: number,
): { readonly bytes: Uint8Array; readonly report: RunReport; readonly model: TraceModel } {
  const pieces: Uint8Array[] = [];
  const settings = { scenario: 'transfer', seed, loss: 0, link, file: inventFile(seed, 256 * 1024) } as const;
  const recording = new Recording('test', settings, 'made up', {
    write: (bytes) => pieces.push(bytes.slice()),
  });
  while (recording.advance(100_000));
  const report = recording.finish(false);
  const model = new TraceModel();
  for (const piece of pieces) model.push(piece);
  return { bytes: Buffer.concat(pieces), report, model };
}

describe('a transfer over an impaired link', () => {
  it.each([1, 2, 3, 4, 5, 6])('brings every byte back, offloaded in between: seed %i', (seed) => {
    const { report, model } = record(everything, seed);
    expect(hashesAgree(report)).toBe(true);
    expect(report.bytesSent.chimney).toBeGreaterThan(0);
    const fates = new Set(model.frames.frames.map(({ fate }) => fate));
    expect(fates).toEqual(new Set(['delivered', 'lost', 'reordered', 'corrupted', 'fcs-error']));
    expect(model.frames.frames.some(({ duplicates }) => duplicates > 0)).toBe(true);
  });

  it('gives the same trace for the same seed, byte for byte, and another for another', () => {
    expect(record(everything, 7).bytes).toEqual(record(everything, 7).bytes);
    expect(record(everything, 7).bytes).not.toEqual(record(everything, 8).bytes);
  });

  it('gives the trace of an unimpaired link where all impairments are 0', () => {
    const nothing = { duplicate: 0, reorder: 0, corrupt: 0, jitter: 0 };
    expect(record(nothing, 7).bytes).toEqual(record(undefined, 7).bytes);
  });

  it('names the impairments in the header of the trace', () => {
    expect(record(everything, 1).model.store?.header.settings).toMatchObject({
      duplicate: 0.02,
      reorder: 0.02,
      reorderDelayNs: 300_000,
      corrupt: 0.01,
      corruptPastFcs: 0.5,
      jitterNs: 20_000,
      burstLossGoodToBad: 0.01,
      burstLossBadToGood: 0.5,
    });
  });
});
