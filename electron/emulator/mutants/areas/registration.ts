/** Mutants for the rules of the area "registration" (REG). */
import type { ObjectHeaderValues } from '../../../../shared/ddi/structureCodec';
import { NDIS_STATUS } from '../../../../shared/ddi/status';
import { DISPATCH_LEVEL } from '../../machine/machine';
import { optionalHandlersHeader, type OptionalHandlers } from '../../ndis/characteristics';
import { calling, returning } from '../badRecords';
import { answering } from '../badReturns';
import type { BadDriver } from '../badDriver';
import type { LegalOddity, Mutant } from '../mutant';

const providerGeneric = 'NDIS_PROVIDER_CHIMNEY_OFFLOAD_GENERIC_CHARACTERISTICS';
const providerTcp = 'NDIS_PROVIDER_CHIMNEY_OFFLOAD_TCP_CHARACTERISTICS';
const clientGeneric = 'NDIS_CLIENT_CHIMNEY_OFFLOAD_GENERIC_CHARACTERISTICS';
const clientTcp = 'NDIS_CLIENT_CHIMNEY_OFFLOAD_TCP_CHARACTERISTICS';

const team = { scenario: 'failover' } as const;

/** Members of one structure are something else than they should be; NULL is allowed everywhere. */
function registering(
  structure: OptionalHandlers['structure'],
  members: Readonly<Record<string, unknown>>,
): BadDriver {
  return {
    optionalHandlers: (registered) =>
      registered.structure === structure
        ? ({ structure, value: { ...registered.value, ...members } } as OptionalHandlers)
        : registered,
  };
}

/** The header of a structure with members that are wrong. */
function badHeader(
  structure: OptionalHandlers['structure'],
  wrong: Partial<ObjectHeaderValues>,
): Readonly<Record<string, unknown>> {
  return { Header: { ...optionalHandlersHeader(structure), ...wrong } };
}

/** A structure of the other edge, with handlers that do nothing. */
const strangeStructure = (structure: OptionalHandlers['structure']): OptionalHandlers => {
  const value = new Proxy(
    { Header: optionalHandlersHeader(structure), Flags: 0, OffloadType: 1 },
    {
      get: (own, name) =>
        String(name).endsWith('Handler') ? doNothing : (own as Readonly<Record<PropertyKey, unknown>>)[name],
    },
  );
  return { structure, value } as unknown as OptionalHandlers;
};

const doNothing = (): void => undefined;

/** See the file's head. */
export const registrationMutants: readonly Mutant[] = [
  {
    breaks: 'REG-001',
    how: 'NDIS calls MiniportSetOptions when the registration has returned.',
    records: calling('MiniportSetOptions', (call) => ({ ...call, parent: undefined })),
  },
  {
    breaks: 'REG-002',
    how: 'NDIS calls ProtocolSetOptions at DISPATCH_LEVEL.',
    records: calling('ProtocolSetOptions', (call) => ({ ...call, irql: DISPATCH_LEVEL })),
  },
  {
    breaks: 'REG-003',
    how: 'The target registers its handlers once more from MiniportInitializeEx.',
    in: 'offload-target',
    driver: {
      functions: {
        NdisSetOptionalHandlers: (next, tools) => (handle, handlers) => {
          tools.memory.set('again', () => next(handle, handlers));
          return next(handle, handlers);
        },
      },
      handlers: {
        InitializeHandlerEx:
          (next, tools) =>
          (...values) => {
            (tools.memory.get('again') as () => void)();
            return next(...values);
          },
      },
    },
  },
  {
    breaks: 'REG-004',
    how: 'The host stack registers its TCP handlers once more from a work item.',
    in: 'host-stack',
    driver: {
      functions: {
        NdisSetOptionalHandlers: (next, tools) => (handle, handlers) => {
          if (handlers.structure === clientTcp) tools.laterPassive(1_000_000, () => next(handle, handlers));
          return next(handle, handlers);
        },
      },
    },
  },
  {
    breaks: 'REG-005',
    how: 'The host stack registers its handlers from ProtocolBindAdapterEx before it has opened the adapter.',
    in: 'host-stack',
    driver: {
      functions: {
        NdisSetOptionalHandlers: (next, tools) => (handle, handlers) => {
          tools.memory.set('again', () => next(handle, handlers));
          return next(handle, handlers);
        },
      },
      handlers: {
        BindAdapterHandlerEx:
          (next, tools) =>
          (...values) => {
            (tools.memory.get('again') as () => void)();
            return next(...values);
          },
      },
    },
  },
  {
    breaks: 'REG-007',
    how: 'The target registers its generic handlers and forgets those for TCP.',
    in: 'offload-target',
    driver: {
      functions: {
        NdisSetOptionalHandlers: (next) => (handle, handlers) =>
          handlers.structure === providerTcp ? NDIS_STATUS.SUCCESS : next(handle, handlers),
      },
    },
  },
  {
    breaks: 'REG-007',
    how: 'The target registers its TCP handlers twice.',
    in: 'offload-target',
    driver: {
      functions: {
        NdisSetOptionalHandlers: (next) => (handle, handlers) => {
          if (handlers.structure === providerTcp) next(handle, handlers);
          return next(handle, handlers);
        },
      },
    },
  },
  {
    breaks: 'REG-008',
    how: 'The teaming driver registers no generic handlers at its protocol edge.',
    entails: {
      'IMD-001': 'Of the four structures of its two edges one is missing.',
    },
    situation: team,
    in: 'intermediate-driver',
    driver: {
      functions: {
        NdisSetOptionalHandlers: (next) => (handle, handlers) =>
          handlers.structure === clientGeneric ? NDIS_STATUS.SUCCESS : next(handle, handlers),
      },
    },
  },
  {
    breaks: 'REG-009',
    how: 'The target registers handlers of a client as well.',
    entails: { 'REG-030': 'NDIS refuses them, and MiniportSetOptions does not look.' },
    in: 'offload-target',
    driver: {
      functions: {
        NdisSetOptionalHandlers: (next, tools) => (handle, handlers) => {
          if (tools.once()) next(handle, strangeStructure(clientGeneric));
          return next(handle, handlers);
        },
      },
    },
  },
  {
    breaks: 'REG-010',
    how: 'The target has no handler for queries.',
    in: 'offload-target',
    driver: registering(providerGeneric, { QueryOffloadHandler: null }),
  },
  {
    breaks: 'REG-011',
    how: 'The target has no handler for forwarded segments.',
    in: 'offload-target',
    driver: registering(providerTcp, { TcpOffloadForwardHandler: null }),
  },
  {
    breaks: 'REG-012',
    how: 'The host stack has no handler for generic events.',
    in: 'host-stack',
    driver: registering(clientGeneric, { IndicateOffloadEventHandler: null }),
  },
  {
    breaks: 'REG-013',
    how: 'The host stack has no handler for completed sends.',
    in: 'host-stack',
    driver: registering(clientTcp, { TcpOffloadSendCompleteHandler: null }),
  },
  {
    breaks: 'REG-013',
    how: 'The host stack has no handler for completed forwards.',
    in: 'host-stack',
    driver: registering(clientTcp, { TcpOffloadForwardCompleteHandler: null }),
  },
  {
    breaks: 'REG-014',
    how: 'The target registers for a reserved chimney type.',
    in: 'offload-target',
    driver: registering(providerTcp, { OffloadType: 2 }),
  },
  {
    breaks: 'REG-015',
    how: 'The host stack registers for a reserved chimney type.',
    in: 'host-stack',
    driver: registering(clientTcp, { OffloadType: 2 }),
  },
  {
    breaks: 'REG-016',
    how: 'The target leaves Header.Size of its generic structure 0.',
    in: 'offload-target',
    driver: registering(providerGeneric, badHeader(providerGeneric, { Size: 0 })),
  },
  {
    breaks: 'REG-017',
    how: 'The host stack states a revision of its TCP structure that does not exist.',
    in: 'host-stack',
    driver: registering(clientTcp, badHeader(clientTcp, { Revision: 7 })),
  },
  {
    breaks: 'REG-019',
    how: 'The target sets Flags of its generic structure.',
    in: 'offload-target',
    driver: registering(providerGeneric, { Flags: 1 }),
  },
  {
    breaks: 'REG-020',
    how: 'The host stack sets Flags of its TCP structure.',
    in: 'host-stack',
    driver: registering(clientTcp, { Flags: 1 }),
  },
  {
    breaks: 'REG-021',
    how: 'The target registers with a handle of its own making.',
    in: 'offload-target',
    driver: {
      functions: {
        NdisSetOptionalHandlers: (next) => (handle, handlers) =>
          next({ address: handle.address + 16, label: 'NdisMiniportDriverHandle' }, handlers),
      },
    },
  },
  {
    breaks: 'REG-022',
    how: 'The host stack registers with a handle of its own making.',
    in: 'host-stack',
    driver: {
      functions: {
        NdisSetOptionalHandlers: (next) => (handle, handlers) =>
          next({ address: handle.address + 16, label: 'NdisProtocolHandle' }, handlers),
      },
    },
  },
  {
    breaks: 'REG-023',
    how: 'The target calls NdisSetOptionalHandlers at DISPATCH_LEVEL.',
    in: 'offload-target',
    driver: {
      functions: {
        NdisSetOptionalHandlers: (next, tools) => (handle, handlers) =>
          tools.machine.atLeast(DISPATCH_LEVEL, () => next(handle, handlers)),
      },
    },
  },
  {
    breaks: 'REG-024',
    how: 'NDIS answers NDIS_STATUS_PENDING to a driver that registers its handlers a second time.',
    in: 'host-stack',
    driver: {
      functions: {
        NdisSetOptionalHandlers: (next) => (handle, handlers) => {
          next(handle, handlers);
          return next(handle, handlers);
        },
      },
    },
    entails: { 'REG-030': 'The driver takes PENDING for success.' },
    records: (inner) => {
      let calls = 0;
      return answering('NdisSetOptionalHandlers', (exit) =>
        ++calls === 4 ? { ...exit, status: NDIS_STATUS.PENDING } : exit,
      )(inner);
    },
  },
  {
    breaks: 'REG-025',
    how: 'NDIS takes the handlers of a miniport for NDIS 5.1.',
    in: 'offload-target',
    driver: {
      functions: {
        NdisMRegisterMiniportDriver: (next) => (context, characteristics) =>
          next(context, { ...characteristics, MajorNdisVersion: 5, MinorNdisVersion: 1 }),
      },
    },
    records: returning('NdisSetOptionalHandlers', NDIS_STATUS.SUCCESS),
  },
  {
    breaks: 'REG-027',
    how: 'NDIS refuses the TCP handlers of a client and calls them nevertheless.',
    entails: { 'REG-030': 'The driver does not look at the refusal.' },
    records: answering('NdisSetOptionalHandlers', (exit, entry) =>
      entry.arguments.some((value) => value.kind === 'structure' && value.structure === clientTcp)
        ? { ...exit, status: NDIS_STATUS.RESOURCES, outputs: [] }
        : exit,
    ),
  },
  {
    breaks: 'REG-030',
    how: 'The target reports success although NDIS had no memory for its TCP handlers.',
    situation: { plan: { ndis: { optionalHandlersCapacity: 1 } } },
    in: 'offload-target',
    driver: {
      handlers: {
        SetOptionsHandler:
          (next) =>
          (...values) => {
            next(...values);
            return NDIS_STATUS.SUCCESS;
          },
      },
    },
  },
];

/** What looks odd in the area and is legal. */
export const registrationOddities: readonly LegalOddity[] = [
  {
    shows: 'REG-018',
    how: 'The target writes another Header.Type into its generic structure.',
    in: 'offload-target',
    driver: registering(providerGeneric, badHeader(providerGeneric, { Type: 0x80 })),
  },
  {
    shows: 'REG-026',
    how: 'The host stack registers its handlers again, with the handle of the binding that it has just opened.',
    in: 'host-stack',
    driver: {
      functions: {
        NdisSetOptionalHandlers: (next, tools) => (handle, handlers) => {
          const registered = (tools.memory.get('handlers') ?? []) as OptionalHandlers[];
          tools.memory.set('handlers', [...registered, handlers]);
          return next(handle, handlers);
        },
        NdisOpenAdapterEx:
          (next, tools) =>
          (...values) => {
            const answer = next(...values);
            const binding = answer.NdisBindingHandle;
            if (binding !== null)
              for (const handlers of tools.memory.get('handlers') as OptionalHandlers[])
                tools.functions!.NdisSetOptionalHandlers(binding, handlers);
            return answer;
          },
      },
    },
  },
];
