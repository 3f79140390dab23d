/** Mutants for the rules of the area "capabilities" (CAP). */
import { constantValue } from '../../../../shared/ddi/catalogue';
import { NDIS_STATUS } from '../../../../shared/ddi/status';
import type { CallRecord } from '../../../../shared/trace/records';
import type { NDIS_HANDLE, NDIS_OID_REQUEST } from '../../ndis/characteristics';
import { adapterFrom } from '../../ndis/drivers';
import { walkBlocks } from '../../ndis/offloadBlockList';
import { allocateOidRequest, chimneyOids } from '../../ndis/oidRequests';
import { writeTaskOffloadHeader } from '../../ndis/olderTaskOffload';
import { writeOffloadParameters } from '../../ndis/taskOffload';
import { defaultTargetSettings } from '../../target/targetSettings';
import { edited, offloadAttributes } from '../badAttributes';
import type { BadDriver } from '../badDriver';
import { calling } from '../badRecords';
import { answering, editingStructure } from '../badReturns';
import type { LegalOddity, Mutant } from '../mutant';
import type { MutantTools } from '../mutantTools';
import { after, offloaded, steps, targetOf } from '../steps';
import { tickMutants } from './capabilities/ticks';

const structure = 'NDIS_TCP_CONNECTION_OFFLOAD';
const parameters = 'NDIS_TCP_CONNECTION_OFFLOAD_PARAMETERS';
const { OID_TCP_CONNECTION_OFFLOAD_PARAMETERS: parametersOid } = chimneyOids;
const olderOid = constantValue('OID_TCP_TASK_OFFLOAD');

/** Offsets in NDIS_TCP_CONNECTION_OFFLOAD. */
const at = { revision: 1, encapsulation: 4, supports: 8, capacity: 12, flags: 16 } as const;

const sackEnabled = constantValue('TCP_FLAG_SACK_ENABLED');
const bothEncapsulations =
  constantValue('NDIS_ENCAPSULATION_IEEE_802_3') | constantValue('NDIS_ENCAPSULATION_IEEE_LLC_SNAP_ROUTED');

/** A target that reports another configuration than it should; `hardware`: the same in the other structure. */
function reporting(edit: (view: DataView) => void, which: 'configuration' | 'hardware' | 'both'): BadDriver {
  return offloadAttributes((attributes) => {
    const { DefaultTcpConnectionOffloadConfiguration: on, TcpConnectionOffloadHardwareCapabilities: can } =
      attributes;
    return {
      ...attributes,
      DefaultTcpConnectionOffloadConfiguration: which === 'hardware' ? on : edited(on, edit),
      TcpConnectionOffloadHardwareCapabilities: which === 'configuration' ? can : edited(can, edit),
    };
  });
}

function setsParameters({ Oid, RequestType }: NDIS_OID_REQUEST): boolean {
  return Oid === parametersOid && RequestType === 'NdisRequestSetInformation';
}

/** A host stack that sets other parameters than it should. */
function setting(edit: (view: DataView) => void): BadDriver {
  return {
    functions: {
      NdisOidRequest: (next) => (binding, request) => {
        const { buffer, byteOffset, length } = request.InformationBuffer;
        if (setsParameters(request)) edit(new DataView(buffer, byteOffset, length));
        return next(binding, request);
      },
    },
  };
}

/** NDIS asks a miniport something on its own account. */
function asking(tools: MutantTools, adapter: NDIS_HANDLE, oid: number, buffer: Uint8Array): void {
  const request = allocateOidRequest(tools.machine.addresses, 'NdisRequestQueryInformation', oid, buffer);
  tools.ndis.oids.deliver(adapterFrom(adapter), request, () => undefined);
}

/** Records in which a structure of capabilities is another one. */
function recordedWith(edit: (view: DataView) => void) {
  return (call: Omit<CallRecord, 'kind'>): Omit<CallRecord, 'kind'> => ({
    ...call,
    arguments: editingStructure(call.arguments, structure, edit),
  });
}

/** Room for the answer to a query of OID_TCP_TASK_OFFLOAD, with the header that a query brings. */
const olderBuffer = (): Uint8Array => writeTaskOffloadHeader(0, 256);

/** See the file's head. */
export const capabilitiesMutants: readonly Mutant[] = [
  {
    breaks: 'CAP-001',
    how: 'NDIS asks the target what it offloads before MiniportInitializeEx has returned.',
    in: 'offload-target',
    driver: {
      handlers: {
        InitializeHandlerEx:
          (next, tools) =>
          (adapter, ...others) => {
            const status = next(adapter, ...others);
            asking(tools, adapter, olderOid, olderBuffer());
            return status;
          },
      },
    },
  },
  {
    breaks: 'CAP-002',
    how: 'The host stack offloads without ever having set the parameters.',
    in: 'host-stack',
    driver: {
      functions: {
        NdisOidRequest: (next) => (binding, request) =>
          setsParameters(request) ? NDIS_STATUS.SUCCESS : next(binding, request),
      },
    },
  },
  {
    breaks: 'CAP-003',
    how: 'The target answers the older OID without an entry for connection offload.',
    situation: { plan: { host: { capabilityPath: 'task-offload' } } },
    in: 'offload-target',
    driver: {
      handlers: {
        OidRequestHandler: (next) => (context, request) => {
          const status = next(context, request);
          if (request.Oid === olderOid && request.RequestType === 'NdisRequestQueryInformation')
            request.InformationBuffer.set(writeTaskOffloadHeader());
          return status;
        },
      },
    },
  },
  {
    breaks: 'CAP-004',
    how: 'The target states revision 0 in the header of its current configuration.',
    in: 'offload-target',
    driver: reporting((view) => {
      view.setUint8(at.revision, 0);
    }, 'configuration'),
  },
  {
    breaks: 'CAP-005',
    how: 'The target reports a current configuration without an encapsulation.',
    in: 'offload-target',
    driver: reporting((view) => {
      view.setUint32(at.encapsulation, 0, true);
    }, 'configuration'),
  },
  {
    breaks: 'CAP-006',
    how: 'NDIS lets initiates through to an adapter whose encapsulation it does not recognize.',
    entails: { 'CAP-005': 'The adapter has to report such an encapsulation.' },
    records: (inner) => {
      const change = recordedWith((view) => {
        view.setUint32(at.encapsulation, 0, true);
      });
      return calling('NdisMSetMiniportAttributes', change)(calling('ProtocolBindAdapterEx', change)(inner));
    },
  },
  {
    breaks: 'CAP-007',
    how: 'The target reports hardware that supports neither IPv4 nor IPv6.',
    entails: { 'INZ-005': 'What is on is more than that.' },
    in: 'offload-target',
    driver: reporting((view) => {
      view.setUint8(at.supports, view.getUint8(at.supports) & 0xf0);
    }, 'hardware'),
  },
  {
    breaks: 'CAP-008',
    how: 'The target leaves its capacity 0.',
    entails: { 'CAP-013': 'Every connection that it takes is beyond that.' },
    in: 'offload-target',
    driver: reporting((view) => {
      view.setUint32(at.capacity, 0, true);
    }, 'both'),
  },
  {
    breaks: 'CAP-009',
    how: 'The target sets the reserved Flags.',
    in: 'offload-target',
    driver: reporting((view) => {
      view.setUint32(at.flags, 1, true);
    }, 'configuration'),
  },
  {
    breaks: 'CAP-010',
    how: 'NDIS passes the query of the hardware capabilities on to the miniport.',
    in: 'offload-target',
    driver: {
      handlers: {
        InitializeHandlerEx:
          (next, tools) =>
          (adapter, ...others) => {
            tools.memory.set('adapter', adapter);
            return next(adapter, ...others);
          },
        RestartHandler: (next, tools) => (context) => {
          const oid = chimneyOids.OID_TCP_CONNECTION_OFFLOAD_HARDWARE_CAPABILITIES;
          asking(tools, tools.memory.get('adapter') as NDIS_HANDLE, oid, new Uint8Array(20));
          return next(context);
        },
      },
    },
  },
  {
    breaks: 'CAP-011',
    how: 'NDIS answers the query of the hardware capabilities with two encapsulations.',
    in: 'offload-target',
    driver: reporting((view) => {
      view.setUint32(at.encapsulation, bothEncapsulations, true);
    }, 'hardware'),
  },
  {
    breaks: 'CAP-012',
    how: 'NDIS gives the protocol driver another capacity in the bind parameters.',
    records: calling(
      'ProtocolBindAdapterEx',
      recordedWith((view) => {
        view.setUint32(at.capacity, 77, true);
      }),
    ),
  },
  {
    breaks: 'CAP-013',
    how: 'The target takes two connections although it has said that it can hold one.',
    situation: { plan: { connections: 2 } },
    in: 'offload-target',
    driver: reporting((view) => {
      view.setUint32(at.capacity, 1, true);
    }, 'configuration'),
  },
  {
    breaks: 'CAP-014',
    how: 'The host stack offers a connection with SACK to a target that has none.',
    situation: {
      plan: { target: { tcp: { ...defaultTargetSettings.tcp, sack: false } } },
    },
    in: 'host-stack',
    driver: {
      functions: {
        NdisInitiateOffload: (next) => (binding, tree) => {
          walkBlocks(tree, ({ state }) => {
            if (state?.layer === 'tcp' && state.const !== undefined)
              Object.assign(state.const, { Flags: state.const.Flags | sackEnabled });
          });
          next(binding, tree);
        },
      },
    },
  },
  {
    breaks: 'CAP-015',
    how: 'The target resumes with another capacity without having paused.',
    situation: {
      act: steps(
        {
          due: offloaded(0.2),
          act: (run) => {
            targetOf(run).pauseOffload();
          },
        },
        {
          due: after(100_000),
          act: (run) => {
            targetOf(run).resumeOffload(7);
          },
        },
      ),
    },
    in: 'offload-target',
    driver: {
      functions: {
        NdisMIndicateStatusEx: (next) => (handle, indication) => {
          if (indication.StatusCode !== NDIS_STATUS.OFFLOAD_PAUSE) next(handle, indication);
        },
      },
    },
  },
  {
    breaks: 'CAP-016',
    how: 'The host stack leaves the size in the header of its parameters 0.',
    in: 'host-stack',
    driver: setting((view) => {
      view.setUint16(2, 0, true);
    }),
  },
  {
    breaks: 'CAP-017',
    how: 'The target does not know the OID of the parameters.',
    in: 'offload-target',
    driver: {
      handlers: {
        OidRequestHandler: (next) => (context, request) =>
          setsParameters(request) ? NDIS_STATUS.NOT_SUPPORTED : next(context, request),
      },
    },
  },
  {
    breaks: 'CAP-018',
    how: 'The host stack asks for 250 ticks a second.',
    in: 'host-stack',
    driver: setting((view) => {
      view.setUint32(32, 250, true);
    }),
  },
  ...tickMutants,
  {
    breaks: 'CAP-021',
    how: 'NDIS answers another TcpPushTicks than was set.',
    situation: {
      besides: {
        in: 'host-stack',
        driver: {
          functions: {
            NdisOidRequest: (next, tools) => (binding, request) => {
              const status = next(binding, request);
              if (!setsParameters(request)) return status;
              const room = new Uint8Array(request.InformationBuffer.length);
              const { addresses } = tools.machine;
              next(
                binding,
                allocateOidRequest(addresses, 'NdisRequestQueryInformation', parametersOid, room),
              );
              return status;
            },
          },
        },
      },
    },
    records: answering('NdisOidRequest', (exit) => ({
      ...exit,
      outputs: editingStructure(exit.outputs, parameters, (view) => {
        view.setUint32(48, 1, true);
      }),
    })),
  },
  {
    breaks: 'CAP-023',
    how: 'The host stack turns connection offload over IPv4 off while a connection is offloaded.',
    in: 'host-stack',
    driver: {
      functions: {
        NdisInitiateOffload: (next, tools) => (binding, tree) => {
          next(binding, tree);
          if (!tools.once()) return;
          const off = constantValue('NDIS_OFFLOAD_PARAMETERS_CONNECTION_OFFLOAD_DISABLED');
          const bytes = writeOffloadParameters({ TcpConnectionIPv4: off });
          tools.laterPassive(200_000, () => {
            tools.functions!.NdisOidRequest(
              binding,
              allocateOidRequest(
                tools.machine.addresses,
                'NdisRequestSetInformation',
                constantValue('OID_TCP_OFFLOAD_PARAMETERS'),
                bytes,
              ),
            );
          });
        },
      },
    },
  },
];

/** What looks odd in the area and is legal. */
export const capabilitiesOddities: readonly LegalOddity[] = [];
