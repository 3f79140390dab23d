import { describe, expect, it } from 'vitest';
import { scenarioIds } from '../../shared/contract/scenarios';
import { recordScenario } from '../harness/recordScenario';
import { callsOf } from '../harness/traceQueries';

/** Fields of an IPv4/TCP frame at their fixed places: untagged Ethernet, no IP options. */
function fields(bytes: Uint8Array) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return {
    etherType: view.getUint16(12),
    identification: view.getUint16(18),
    doNotFragment: (view.getUint8(20) & 0x40) !== 0,
    flags: view.getUint8(47),
  };
}

describe.each(scenarioIds)('frames on the wire in scenario %s', (scenario) => {
  const { model } = recordScenario(scenario, scenario === 'transfer' ? { loss: 0.02 } : {});
  const segments = model.frames.frames.flatMap((frame) => {
    const record = model.store!.record(frame.event);
    if (record.kind !== 'frame') return [];
    const decoded = fields(record.bytes);
    return decoded.etherType === 0x0800 ? [{ frame, ...decoded }] : [];
  });

  it('there are segments to look at', () => {
    expect(segments.length).toBeGreaterThan(100);
  });

  it('section 3 of the data digest: DF is always set', () => {
    expect(segments.filter((segment) => !segment.doNotFragment)).toEqual([]);
  });

  it('section 3 of the data digest: the target uses the upper half of the IPv4 identifications, the host the lower', () => {
    for (const { frame, identification } of segments) {
      if (frame.path === 'chimney') expect(identification).toBeGreaterThanOrEqual(0x8000);
      if (frame.path === 'host') expect(identification).toBeLessThan(0x8000);
    }
  });

  it('SND-012: the target never sets URG', () => {
    expect(segments.filter(({ frame, flags }) => frame.path === 'chimney' && (flags & 0x20) !== 0)).toEqual(
      [],
    );
  });

  it('DSC-023: the target sends no RST without an abortive disconnect', () => {
    expect(segments.filter(({ frame, flags }) => frame.path === 'chimney' && (flags & 0x04) !== 0)).toEqual(
      [],
    );
  });

  it('TRM-040: while the connection is offloaded only the target sends on it, and after the upload only the host', () => {
    const begun = callsOf(model, 'NdisInitiateOffload');
    const ended = callsOf(model, 'NdisMTerminateOffloadComplete');
    const taken = model.states.ownershipSpans(2).some((span) => span.owner === 'target');
    const stays = begun.map((call) => ({
      from: call.start,
      until: ended.find((end) => end.start > call.start)!.start,
    }));
    for (const { frame } of segments) {
      if (frame.path !== 'chimney' && !(frame.path === 'host' && taken)) continue;
      const stay = stays.find(({ from, until }) => frame.sent > from && frame.sent <= until);
      expect(stay !== undefined, `${frame.path} frame at ${frame.sent}`).toBe(frame.path === 'chimney');
    }
  });

  it('INV-004: a target sends nothing on a connection whose neighbor is invalid', () => {
    const invalidated = callsOf(model, 'NdisMInvalidateOffloadComplete')[0];
    if (invalidated === undefined) return;
    expect(
      segments.filter(({ frame }) => frame.path === 'chimney' && frame.sent > invalidated.start),
    ).toEqual([]);
  });
});
