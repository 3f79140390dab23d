import { describe, expect, it } from 'vitest';
import { constantValue } from '../../shared/ddi/catalogue';
import { NDIS_STATUS } from '../../shared/ddi/status';
import { recordScenario } from '../harness/recordScenario';
import { argumentOf, callersOf, callsOf, membersOf, recordOf, returnOf } from '../harness/traceQueries';

const { model } = recordScenario('first-sweep');
const registrations = callsOf(model, 'NdisSetOptionalHandlers');

describe('registration of chimney functions in a recorded run', () => {
  it('REG-007 REG-008: each driver calls NdisSetOptionalHandlers twice, generic first, then TCP', () => {
    const structures = registrations.map((call) => argumentOf(recordOf(model, call), 'structure').structure);
    expect(structures).toEqual([
      'NDIS_PROVIDER_CHIMNEY_OFFLOAD_GENERIC_CHARACTERISTICS',
      'NDIS_PROVIDER_CHIMNEY_OFFLOAD_TCP_CHARACTERISTICS',
      'NDIS_CLIENT_CHIMNEY_OFFLOAD_GENERIC_CHARACTERISTICS',
      'NDIS_CLIENT_CHIMNEY_OFFLOAD_TCP_CHARACTERISTICS',
    ]);
  });

  it('REG-001 REG-003 REG-004: the calls happen inside SetOptions, inside the registration call', () => {
    expect(registrations.map((call) => callersOf(model, call))).toEqual([
      ['MiniportSetOptions', 'NdisMRegisterMiniportDriver'],
      ['MiniportSetOptions', 'NdisMRegisterMiniportDriver'],
      ['ProtocolSetOptions', 'NdisRegisterProtocolDriver'],
      ['ProtocolSetOptions', 'NdisRegisterProtocolDriver'],
    ]);
  });

  it('REG-002 REG-023: SetOptions and NdisSetOptionalHandlers run at PASSIVE_LEVEL', () => {
    for (const name of ['MiniportSetOptions', 'ProtocolSetOptions', 'NdisSetOptionalHandlers'] as const) {
      for (const call of callsOf(model, name)) expect(call.irql).toBe(0);
    }
  });

  it('REG-010 to REG-013: every handler of all four structures is supplied', () => {
    for (const call of registrations) {
      const { structure, bytes } = argumentOf(recordOf(model, call), 'structure');
      for (const [member, value] of Object.entries(membersOf(structure, bytes))) {
        if (member.endsWith('Handler')) expect(value, `${structure}.${member}`).not.toBe(0n);
      }
    }
  });

  it('REG-014 REG-015: OffloadType is NdisTcpChimneyOffload', () => {
    for (const call of registrations) {
      const { structure, bytes } = argumentOf(recordOf(model, call), 'structure');
      if (!structure.includes('_TCP_')) continue;
      expect(membersOf(structure, bytes)['OffloadType']).toBe(constantValue('NdisTcpChimneyOffload'));
    }
  });

  it('REG-016 REG-017: headers state revision and size', () => {
    const headers = registrations.map((call) => {
      const { structure, bytes } = argumentOf(recordOf(model, call), 'structure');
      return membersOf(structure, bytes)['Header'];
    });
    expect(headers).toMatchObject([
      { Type: 0x8f, Revision: 1, Size: 48 },
      { Type: 0x94, Revision: 1, Size: 56 },
      { Type: 0x8e, Revision: 1, Size: 56 },
      { Type: 0x93, Revision: 1, Size: 64 },
    ]);
  });

  it('REG-024: NdisSetOptionalHandlers reports NDIS_STATUS_SUCCESS', () => {
    expect(registrations.map((call) => call.status)).toEqual(Array(4).fill(NDIS_STATUS.SUCCESS));
  });

  it('INZ-002 INZ-007: attributes are set and the offload handlers fetched from MiniportInitializeEx, after registration', () => {
    const initialize = callsOf(model, 'MiniportInitializeEx');
    expect(initialize).toHaveLength(1);
    expect(initialize[0]!.event).toBeGreaterThan(registrations[1]!.event);
    for (const name of ['NdisMSetMiniportAttributes', 'NdisMGetOffloadHandlers'] as const) {
      for (const call of callsOf(model, name))
        expect(callersOf(model, call)).toContain('MiniportInitializeEx');
    }
  });

  it('INZ-012 INZ-015: the table of NdisMGetOffloadHandlers has all six entry points and the chimney type in its header', () => {
    const call = callsOf(model, 'NdisMGetOffloadHandlers')[0]!;
    const table = returnOf(model, call).outputs.find((output) => output.kind === 'structure')!;
    const members = membersOf('NDIS_TCP_OFFLOAD_EVENT_HANDLERS', table.bytes);
    expect(members['Header']).toMatchObject({ Type: constantValue('NdisTcpChimneyOffload') });
    const entryPoints = Object.entries(members).filter(([name]) => name.startsWith('NdisTcpOffload'));
    expect(entryPoints).toHaveLength(6);
    for (const [name, value] of entryPoints) expect(value, name).not.toBe(0n);
  });

  it('CAP-002: parameters are set before the first initiate', () => {
    const oid = constantValue('OID_TCP_CONNECTION_OFFLOAD_PARAMETERS');
    const set = callsOf(model, 'MiniportOidRequest').find((call) =>
      recordOf(model, call).arguments.some(
        (argument) => argument.kind === 'number' && argument.group === 'OID' && argument.value === oid,
      ),
    )!;
    expect(set.status).toBe(NDIS_STATUS.SUCCESS);
    expect(set.event).toBeLessThan(callsOf(model, 'NdisInitiateOffload')[0]!.event);
  });
});
