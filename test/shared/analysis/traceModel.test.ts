import { describe, expect, it } from 'vitest';
import { parseRunReport } from '../../../shared/analysis/runReport';
import { TraceModel } from '../../../shared/analysis/traceModel';
import { syntheticTrace } from '../../harness/syntheticTrace';

function modelOf(bytes: Uint8Array, pieceLength = bytes.length): TraceModel {
  const model = new TraceModel();
  for (let at = 0; at < bytes.length; at += pieceLength) {
    const pushed = model.push(bytes.slice(at, at + pieceLength));
    if (!pushed.ok) throw new Error(pushed.error.message);
  }
  return model;
}

describe('TraceModel', () => {
  it('derives calls, frames, notes and states in one pass', () => {
    const model = modelOf(syntheticTrace({ sends: 20 }));
    const count = (kind: string): number =>
      Array.from({ length: model.store!.length }, (_, event) => model.store!.kind(event)).filter(
        (name) => name === kind,
      ).length;
    expect(model.calls.calls.length).toBe(count('call'));
    expect(model.frames.frames.length).toBe(count('frame'));
    expect(model.notes.notes.length).toBe(count('note'));
    expect(model.states.ownershipSpans(2).map(({ owner }) => owner)).toEqual([
      'offloading',
      'target',
      'uploading',
      'host',
    ]);
    expect(model.close()).toEqual({ ok: true, value: { kind: 'complete' } });
  });

  it('derives the same from small pieces', () => {
    const bytes = syntheticTrace({ sends: 20 });
    const [whole, pieces] = [modelOf(bytes), modelOf(bytes, 777)];
    expect(pieces.calls.calls).toEqual(whole.calls.calls);
    expect(pieces.frames.frames).toEqual(whole.frames.frames);
    expect(pieces.notes.notes).toEqual(whole.notes.notes);
    const last = whole.store!.length - 1;
    expect(pieces.states.objectAt(2, last)).toEqual(whole.states.objectAt(2, last));
  });

  it('agrees with what the scenario reports of itself', () => {
    const model = modelOf(syntheticTrace({ sends: 40 }));
    const report = parseRunReport(model.store!.report!)!;
    const { host, chimney } = model.frames.totals;
    expect(report.bytesSent).toEqual({ hostPath: host.newBytes, chimney: chimney.newBytes });
    expect(report.frames.sent).toBe(model.frames.frames.length);
    expect(report.frames.lost).toBe(host.lost + chimney.lost);
    expect(report.frames.retransmitted).toBe(host.retransmissions + chimney.retransmissions);
    expect(report.callsRecorded).toBe(model.calls.calls.length);
  });

  it('has no store before the header and refuses what is no trace', () => {
    const model = new TraceModel();
    expect(model.store).toBeUndefined();
    expect(model.push(Uint8Array.of(1, 2, 3))).toMatchObject({ ok: false, error: { code: 'not-a-trace' } });
  });
});

describe('a run report', () => {
  const model = modelOf(syntheticTrace());
  const text = model.store!.report!;
  const fields = JSON.parse(text) as Record<string, unknown>;

  it('is read from the end record', () => {
    expect(parseRunReport(text)).toEqual(fields);
  });

  it.each(Object.keys(fields))('without %s is none of ours', (name) => {
    expect(parseRunReport(JSON.stringify({ ...fields, [name]: undefined }))).toBeUndefined();
  });

  it.each(['', '{', 'null', '[]', '{"scenario":7}'])('is not made of %j', (other) => {
    expect(parseRunReport(other)).toBeUndefined();
  });
});
