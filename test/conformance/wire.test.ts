import { describe, expect, it } from 'vitest';
import { carryingScenarios } from '../harness/carryingScenarios';
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

describe.each(carryingScenarios)('frames on the wire in scenario %s', (scenario) => {
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
    for (const object of model.store!.stateObjects) {
      if (object.layer !== 'tcp') continue;
      const spans = model.states.ownershipSpans(object.id);
      const stays = spans.flatMap((span, index) => {
        if (span.owner !== 'offloading' || spans[index + 1]?.owner !== 'target') return [];
        const until = spans.slice(index).find((later) => later.owner === 'host')?.from ?? Infinity;
        return [{ from: span.from, until }];
      });
      for (const { frame } of segments) {
        if (frame.connection !== object.connection || frame.path === 'peer') continue;
        const stay = stays.find(({ from, until }) => frame.sent > from && frame.sent < until);
        expect(stay !== undefined, `${frame.path} frame at ${frame.sent}`).toBe(frame.path === 'chimney');
      }
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
