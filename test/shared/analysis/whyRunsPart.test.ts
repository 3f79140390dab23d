import { describe, expect, it } from 'vitest';
import { TraceModel } from '../../../shared/analysis/traceModel';
import { whyRunsPart } from '../../../shared/analysis/whyRunsPart';
import type { LiveEdit } from '../../../shared/contract/liveEdit';
import { inventFile } from '../../../electron/emulator/scenarios/scenarioRun';
import { Recording } from '../../../electron/recorder/recording';

function recorded(edit?: LiveEdit): TraceModel {
  const model = new TraceModel();
  const settings = { scenario: 'first-sweep', seed: 1, loss: 0, file: inventFile(1, 100_000) } as const;
  const sink = { write: (bytes: Uint8Array) => model.push(bytes.slice()) };
  const recording = new Recording('app 1', settings, 'made up', sink);
  recording.advance(500);
  if (edit !== undefined) recording.edit(edit);
  while (recording.advance(10_000));
  recording.finish(false);
  model.close();
  return model;
}

describe('why a run made again is another one', () => {
  it('is what was done by hand, first of all', () => {
    const first = recorded({ kind: 'path-mtu', connection: 0, mtu: 1280 });
    expect(whyRunsPart(first, 'app 2')).toMatch(/^Something was done by hand in the first run/);
  });

  it('is another application', () => {
    expect(whyRunsPart(recorded(), 'app 2')).toBe('The first was recorded by app 1, the second by app 2.');
  });

  it('may be that the first was ended early, where nothing else is known', () => {
    expect(whyRunsPart(recorded(), 'app 1')).toMatch(/ended early/);
  });
});
