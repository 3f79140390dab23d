/** What NDIS makes of a registration (REG-024, REG-025, REG-027), and what SetOptions says of it (REG-030). */
import type { FunctionName } from '../../../ddi/catalogue';
import { NDIS_STATUS, statusName } from '../../../ddi/status';
import type { Call } from '../../engine/call';
import { expectStatus } from '../../engine/commonChecks';
import { rule, type Rule } from '../../engine/rule';
import { edgeOfStructure, registrationFacts, type ChimneyStructure } from '../../facts/registrations';
import { enclosingSetOptions, isProvider, shortName, structurePassed } from './nesting';

const providerGeneric = 'NDIS_PROVIDER_CHIMNEY_OFFLOAD_GENERIC_CHARACTERISTICS';
const providerTcp = 'NDIS_PROVIDER_CHIMNEY_OFFLOAD_TCP_CHARACTERISTICS';
const clientGeneric = 'NDIS_CLIENT_CHIMNEY_OFFLOAD_GENERIC_CHARACTERISTICS';
const clientTcp = 'NDIS_CLIENT_CHIMNEY_OFFLOAD_TCP_CHARACTERISTICS';

/** Handlers that NDIS dispatches to, with the structure and the member in which each was registered. */
const slots: readonly (readonly [FunctionName, ChimneyStructure, string])[] = [
  ['MiniportInitiateOffload', providerGeneric, 'InitiateOffloadHandler'],
  ['MiniportTerminateOffload', providerGeneric, 'TerminateOffloadHandler'],
  ['MiniportUpdateOffload', providerGeneric, 'UpdateOffloadHandler'],
  ['MiniportInvalidateOffload', providerGeneric, 'InvalidateOffloadHandler'],
  ['MiniportQueryOffload', providerGeneric, 'QueryOffloadHandler'],
  ['MiniportTcpOffloadSend', providerTcp, 'TcpOffloadSendHandler'],
  ['MiniportTcpOffloadReceive', providerTcp, 'TcpOffloadReceiveHandler'],
  ['MiniportTcpOffloadDisconnect', providerTcp, 'TcpOffloadDisconnectHandler'],
  ['MiniportTcpOffloadForward', providerTcp, 'TcpOffloadForwardHandler'],
  ['MiniportTcpOffloadReceiveReturn', providerTcp, 'TcpOffloadReceiveReturnHandler'],
  ['ProtocolInitiateOffloadComplete', clientGeneric, 'InitiateOffloadCompleteHandler'],
  ['ProtocolTerminateOffloadComplete', clientGeneric, 'TerminateOffloadCompleteHandler'],
  ['ProtocolUpdateOffloadComplete', clientGeneric, 'UpdateOffloadCompleteHandler'],
  ['ProtocolInvalidateOffloadComplete', clientGeneric, 'InvalidateOffloadCompleteHandler'],
  ['ProtocolQueryOffloadComplete', clientGeneric, 'QueryOffloadCompleteHandler'],
  ['ProtocolIndicateOffloadEvent', clientGeneric, 'IndicateOffloadEventHandler'],
  ['ProtocolTcpOffloadSendComplete', clientTcp, 'TcpOffloadSendCompleteHandler'],
  ['ProtocolTcpOffloadReceiveComplete', clientTcp, 'TcpOffloadReceiveCompleteHandler'],
  ['ProtocolTcpOffloadDisconnectComplete', clientTcp, 'TcpOffloadDisconnectCompleteHandler'],
  ['ProtocolTcpOffloadForwardComplete', clientTcp, 'TcpOffloadForwardCompleteHandler'],
  ['ProtocolTcpOffloadEvent', clientTcp, 'TcpOffloadEventHandler'],
  ['ProtocolTcpOffloadReceiveIndicate', clientTcp, 'TcpOffloadReceiveIndicateHandler'],
];

/** See the file's head. */
export const registrationResultRules: readonly Rule[] = [
  rule('REG-024', ({ expect }) => ({
    returned: {
      NdisSetOptionalHandlers: (call) => {
        const { SUCCESS, RESOURCES, NOT_SUPPORTED, FAILURE } = NDIS_STATUS;
        expectStatus(expect, call, SUCCESS, RESOURCES, NOT_SUPPORTED, FAILURE);
      },
    },
  })),

  rule('REG-025', ({ expect, facts }) => {
    const registrations = facts.of(registrationFacts);
    return {
      returned: {
        NdisSetOptionalHandlers: (call) => {
          const structure = structurePassed(call);
          if (structure === undefined || !isProvider(structure)) return;
          const [driver] = registrations.drivers(call.caller, 'miniport');
          const version = driver?.characteristics?.number('MajorNdisVersion');
          if (driver === undefined || version === undefined || call.status === undefined) return;
          const refused = call.status === NDIS_STATUS.NOT_SUPPORTED;
          expect(refused === version < 6, () => ({
            events: [driver.register.event, call.returned?.event],
            found: `NdisSetOptionalHandlers returned ${statusName(call.status!)} to a miniport of NDIS version ${version}`,
            expected: version < 6 ? 'NDIS_STATUS_NOT_SUPPORTED' : 'any other status',
            component: call.callee,
          }));
        },
      },
    };
  }),

  rule('REG-027', ({ expect, facts }) => {
    const registrations = facts.of(registrationFacts);
    // Whether a component has a handler in force is asked once for each registration, not at each dispatch.
    const known = new Map<number, boolean>();
    const check =
      (index: number) =>
      (call: Call): void => {
        if (!facts.historyComplete) return;
        const [functionName, structure, member] = slots[index]!;
        const key = call.callee * slots.length + index;
        let registered = known.get(key);
        if (registered === undefined) {
          registered = registrations
            .inForce(call.callee, structure)
            .some(({ table }) => table.number(member) !== 0);
          known.set(key, registered);
        }
        expect(registered, () => ({
          events: [
            registrations.drivers(call.callee, edgeOfStructure(structure))[0]?.setOptions?.event,
            call.event,
          ],
          found: `${functionName} of a driver that has no ${shortName(structure)} handlers in force was called`,
          expected: `${member} registered with success before`,
          component: call.caller,
          connection: call.connection,
        }));
      };
    return {
      call: Object.fromEntries(slots.map(([functionName], index) => [functionName, check(index)])),
      returned: {
        NdisSetOptionalHandlers: () => {
          known.clear();
        },
      },
    };
  }),

  rule('REG-030', ({ expect }) => {
    const failed = new Map<Call, Call>();
    const decide = (call: Call): void => {
      const attempt = failed.get(call);
      failed.delete(call);
      if (call.status !== NDIS_STATUS.SUCCESS) return;
      expect(attempt === undefined, () => ({
        events: [attempt?.event, call.returned?.event],
        found: `${call.functionName} returned NDIS_STATUS_SUCCESS although NdisSetOptionalHandlers had returned ${statusName(attempt?.status ?? 0)}`,
        expected: 'a failure',
        component: call.callee,
      }));
    };
    return {
      returned: {
        NdisSetOptionalHandlers: (call) => {
          const setOptions = enclosingSetOptions(call);
          if (setOptions !== undefined && call.status !== NDIS_STATUS.SUCCESS) failed.set(setOptions, call);
        },
        MiniportSetOptions: decide,
        ProtocolSetOptions: decide,
      },
    };
  }),
];
