import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { scenarioIds } from '../../../shared/contract/scenarios';
import { carryingScenarios } from '../../harness/carryingScenarios';
import { recordScenario } from '../../harness/recordScenario';

describe('a recording', () => {
  it.each(scenarioIds)('of %s is the same, byte for byte, for the same settings and seed', (scenario) => {
    const first = recordScenario(scenario, { seed: 42, loss: 0.02, fileBytes: 200_000 });
    const second = recordScenario(scenario, { seed: 42, loss: 0.02, fileBytes: 200_000 });
    expect(Buffer.compare(first.bytes, second.bytes)).toBe(0);
  });

  it('differs for another seed', () => {
    const first = recordScenario('transfer', { seed: 1, fileBytes: 50_000 });
    const second = recordScenario('transfer', { seed: 2, fileBytes: 50_000 });
    expect(Buffer.compare(first.bytes, second.bytes)).not.toBe(0);
  });

  it('ends with its report and reads as complete', () => {
    const { model, report } = recordScenario('first-sweep');
    expect(model.close()).toEqual({ ok: true, value: { kind: 'complete' } });
    expect(JSON.parse(model.store!.report!)).toEqual(report);
  });

  it('counts what it records', () => {
    const { model, report } = recordScenario('first-sweep');
    expect(report.callsRecorded).toBe(model.calls.calls.length);
    expect(report.frames.sent).toBe(model.frames.frames.length);
    expect(report.frames.lost).toBe(model.frames.frames.filter((frame) => frame.fate !== 'delivered').length);
    expect(report.optionalHandlersCalls).toBe(4);
  });

  it('property: any file, any seed, loss up to 5 %: three equal hashes, and each byte left by exactly one path', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...carryingScenarios),
        fc.integer({ min: 1, max: 300_000 }),
        fc.integer({ min: 0, max: 0xffff_ffff }),
        fc.double({ min: 0, max: 0.05, noNaN: true }),
        (scenario, fileBytes, seed, loss) => {
          const { report } = recordScenario(scenario, { seed, loss, fileBytes });
          expect(report.summary).toMatch(/came back unchanged/);
          expect(report.sha256.peer).toBe(report.sha256.source);
          expect(report.sha256.returned).toBe(report.sha256.source);
          expect(report.bytesSent.hostPath + report.bytesSent.chimney).toBe(fileBytes);
          expect(report.bytesReceived.hostPath + report.bytesReceived.chimney).toBe(fileBytes);
        },
      ),
      { seed: 20081122, numRuns: 60 },
    );
  });
});

describe('the scenarios show what they promise', () => {
  it('first-sweep: host path first, then the chimney, and the connection comes back', () => {
    const { report, model } = recordScenario('first-sweep');
    expect(report.bytesSent.hostPath).toBeGreaterThan(0);
    expect(report.bytesSent.chimney).toBeGreaterThan(report.bytesSent.hostPath);
    const owners = model.states.ownershipSpans(2).map((span) => span.owner);
    expect(owners).toEqual(['host', 'offloading', 'target', 'uploading', 'host']);
  });

  it('neighbor-invalidated: the host finishes by itself after an upload for InvalidState', () => {
    const { model } = recordScenario('neighbor-invalidated');
    const notes = model.notes.notes.map((note) => note.text);
    expect(notes).toContain('The target asks for the upload: InvalidState');
    expect(notes.indexOf('The host path has the connection again')).toBeLessThan(
      notes.indexOf('The connection is closed'),
    );
    const lastChimneyFrame = model.frames.frames.findLast((frame) => frame.path === 'chimney')!;
    const lastHostFrame = model.frames.frames.findLast(
      (frame) => frame.path === 'host' && frame.payloadLength > 0,
    )!;
    expect(lastHostFrame.sent).toBeGreaterThan(lastChimneyFrame.sent);
  });

  it('no-tcp-entries: the chimney carries nothing', () => {
    const { report, model } = recordScenario('no-tcp-entries');
    expect(report.bytesSent.chimney).toBe(0);
    expect(model.frames.totals.chimney.frames).toBe(0);
    expect(model.notes.notes.map((note) => note.text)).toContain(
      'The offload was refused: NDIS_STATUS_OFFLOAD_TCP_ENTRIES',
    );
  });
});
