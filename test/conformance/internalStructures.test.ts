import { describe, expect, it } from 'vitest';
import { constantValue } from '../../shared/ddi/catalogue';
import { pointerOf } from '../../shared/base/address';
import type { StructureName } from '../../shared/ddi/catalogue';
import type { CallArgument } from '../../shared/trace/records';
import { recordScenario } from '../harness/recordScenario';
import { argumentOf, blocksOf, callsOf, membersOf, recordOf, returnOf } from '../harness/traceQueries';

const { model } = recordScenario('first-sweep');

type StructureArgument = Extract<CallArgument, { kind: 'structure' }>;

function outputsOf(name: Parameters<typeof callsOf>[1], structure: StructureName): StructureArgument[] {
  return callsOf(model, name).flatMap((call) =>
    returnOf(model, call).outputs.flatMap((output) =>
      output.kind === 'structure' && output.structure === structure ? [output] : [],
    ),
  );
}

describe('structures of ndischimney.h that NDIS keeps for itself', () => {
  it('NDIS_TCP_OFFLOAD_CLIENT_HANDLERS: the six handlers of the client structure, at the same addresses', () => {
    const registration = callsOf(model, 'NdisSetOptionalHandlers').find(
      (call) =>
        argumentOf(recordOf(model, call), 'structure').structure ===
        'NDIS_CLIENT_CHIMNEY_OFFLOAD_TCP_CHARACTERISTICS',
    )!;
    const given = argumentOf(recordOf(model, registration), 'structure');
    const registered = membersOf(given.structure, given.bytes);
    const [table] = outputsOf('NdisSetOptionalHandlers', 'NDIS_TCP_OFFLOAD_CLIENT_HANDLERS');
    const kept = membersOf('NDIS_TCP_OFFLOAD_CLIENT_HANDLERS', table!.bytes);
    const handlers = Object.keys(kept).filter((name) => name.endsWith('Handler'));
    expect(handlers).toHaveLength(6);
    for (const name of handlers) expect(kept[name], name).toBe(registered[name]);
    expect(kept['Header']).toEqual({ Type: constantValue('NdisTcpChimneyOffload'), Revision: 1, Size: 56 });
  });

  it.each([
    ['NdisSetOptionalHandlers', 'NDIS_OFFLOAD_CLIENT_HANDLERS', 'NDIS_TCP_OFFLOAD_CLIENT_HANDLERS'],
    ['NdisMGetOffloadHandlers', 'NDIS_OFFLOAD_EVENT_HANDLERS', 'NDIS_TCP_OFFLOAD_EVENT_HANDLERS'],
  ] as const)('INZ-012: %s: %s is the beginning of %s', (name, base, table) => {
    const [small] = outputsOf(name, base);
    const [whole] = outputsOf(name, table);
    expect(small!.address).toBe(whole!.address);
    expect([...small!.bytes]).toEqual([...whole!.bytes.slice(0, 4)]);
  });

  it('NDIS_OFFLOAD_HANDLE_PRIVATE: one for each object taken, with the binding that indications go to', () => {
    const [initiate] = callsOf(model, 'NdisInitiateOffload');
    const cells = blocksOf(model, initiate!).length;
    const complete = callsOf(model, 'ProtocolInitiateOffloadComplete')[0]!;
    const context = argumentOf(recordOf(model, complete), 'pointer');
    const kept = outputsOf('NdisMInitiateOffloadComplete', 'NDIS_OFFLOAD_HANDLE_PRIVATE');
    expect(kept).toHaveLength(cells);
    for (const { bytes, address } of kept) {
      const members = membersOf('NDIS_OFFLOAD_HANDLE_PRIVATE', bytes);
      expect(members['ProtocolBindingContext']).toBe(pointerOf(context.value));
      expect(members['Handle']).toMatchObject({ NdisReserved: [pointerOf(address)] });
    }
  });

  it('NDIS_TCP_CONNECTION_OFFLOAD_ENCAPSULATION: what the host stack has set with its parameters', () => {
    const [kept, ...others] = outputsOf('NdisOidRequest', 'NDIS_TCP_CONNECTION_OFFLOAD_ENCAPSULATION');
    expect(others).toEqual([]);
    expect(membersOf('NDIS_TCP_CONNECTION_OFFLOAD_ENCAPSULATION', kept!.bytes)).toMatchObject({
      'V4.Enabled': 1,
      'V4.EncapsulationType': constantValue('NDIS_ENCAPSULATION_IEEE_802_3'),
      'V4.HeaderSize': 14,
    });
  });
});
