import { describe, expect, it } from 'vitest';
import { Machine } from '../../../../electron/emulator/machine/machine';
import {
  optionalHandlersHeader,
  type NDIS_CLIENT_CHIMNEY_OFFLOAD_GENERIC_CHARACTERISTICS,
  type NDIS_HANDLE,
  type NDIS_PROVIDER_CHIMNEY_OFFLOAD_GENERIC_CHARACTERISTICS,
  type NDIS_PROVIDER_CHIMNEY_OFFLOAD_TCP_CHARACTERISTICS,
  type OptionalHandlers,
} from '../../../../electron/emulator/ndis/characteristics';
import { Ndis } from '../../../../electron/emulator/ndis/ndis';
import {
  NDIS_MINIPORT_OFFLOAD_BLOCK_LIST,
  compositeStateTypes,
} from '../../../../electron/emulator/ndis/offloadBlockList';
import { objectHeader } from '../../../../shared/ddi/structureCodec';
import { NDIS_STATUS } from '../../../../shared/ddi/status';
import { startBareDrivers } from '../../../harness/bareDrivers';
import { silentProbe } from '../../../harness/silentProbe';

const generic: NDIS_PROVIDER_CHIMNEY_OFFLOAD_GENERIC_CHARACTERISTICS = {
  Header: optionalHandlersHeader('NDIS_PROVIDER_CHIMNEY_OFFLOAD_GENERIC_CHARACTERISTICS'),
  Flags: 0,
  InitiateOffloadHandler: () => undefined,
  TerminateOffloadHandler: () => undefined,
  UpdateOffloadHandler: () => undefined,
  InvalidateOffloadHandler: () => undefined,
  QueryOffloadHandler: () => undefined,
};

const tcp: NDIS_PROVIDER_CHIMNEY_OFFLOAD_TCP_CHARACTERISTICS = {
  Header: optionalHandlersHeader('NDIS_PROVIDER_CHIMNEY_OFFLOAD_TCP_CHARACTERISTICS'),
  Flags: 0,
  OffloadType: 1,
  TcpOffloadSendHandler: () => NDIS_STATUS.PENDING,
  TcpOffloadReceiveHandler: () => NDIS_STATUS.PENDING,
  TcpOffloadDisconnectHandler: () => NDIS_STATUS.PENDING,
  TcpOffloadForwardHandler: () => NDIS_STATUS.PENDING,
  TcpOffloadReceiveReturnHandler: () => NDIS_STATUS.SUCCESS,
};

const providerGeneric = (changes: Partial<typeof generic> = {}): OptionalHandlers => ({
  structure: 'NDIS_PROVIDER_CHIMNEY_OFFLOAD_GENERIC_CHARACTERISTICS',
  value: { ...generic, ...changes },
});

const providerTcp = (changes: Partial<typeof tcp> = {}): OptionalHandlers => ({
  structure: 'NDIS_PROVIDER_CHIMNEY_OFFLOAD_TCP_CHARACTERISTICS',
  value: { ...tcp, ...changes },
});

/** Registers a miniport driver whose MiniportSetOptions makes one call; answers that call's status. */
function statusInSetOptions(handlers: OptionalHandlers, MajorNdisVersion = 6): number {
  const machine = new Machine(silentProbe(), 1);
  const ndis = new Ndis(machine, { enter: 1, leave: 1 });
  let status = -1;
  ndis.registration.NdisMRegisterMiniportDriver(
    0,
    'Driver',
    { address: 16 },
    {
      Header: objectHeader('NDIS_MINIPORT_DRIVER_CHARACTERISTICS'),
      MajorNdisVersion,
      MinorNdisVersion: 0,
      SetOptionsHandler: (NdisDriverHandle) => {
        status = ndis.registration.NdisSetOptionalHandlers(NdisDriverHandle, handlers);
        return NDIS_STATUS.SUCCESS;
      },
      InitializeHandlerEx: () => NDIS_STATUS.SUCCESS,
      RestartHandler: () => NDIS_STATUS.SUCCESS,
      OidRequestHandler: () => NDIS_STATUS.NOT_SUPPORTED,
      SendNetBufferListsHandler: () => undefined,
      ReturnNetBufferListsHandler: () => undefined,
    },
  );
  return status;
}

describe('NdisSetOptionalHandlers', () => {
  it('takes correct provider structures from a miniport driver', () => {
    expect(statusInSetOptions(providerGeneric())).toBe(NDIS_STATUS.SUCCESS);
    expect(statusInSetOptions(providerTcp())).toBe(NDIS_STATUS.SUCCESS);
  });

  it('REG-025: refuses a driver below NDIS 6.0 with NOT_SUPPORTED', () => {
    expect(statusInSetOptions(providerGeneric(), 5)).toBe(NDIS_STATUS.NOT_SUPPORTED);
  });

  it('REG-016: refuses a wrong size or revision', () => {
    const { Header } = generic;
    expect(statusInSetOptions(providerGeneric({ Header: { ...Header, Size: Header.Size - 8 } }))).toBe(
      NDIS_STATUS.FAILURE,
    );
    expect(statusInSetOptions(providerGeneric({ Header: { ...Header, Revision: 9 } }))).toBe(
      NDIS_STATUS.FAILURE,
    );
  });

  it('REG-014: refuses another OffloadType than NdisTcpChimneyOffload', () => {
    expect(statusInSetOptions(providerTcp({ OffloadType: 2 }))).toBe(NDIS_STATUS.FAILURE);
  });

  it('REG-010: refuses a structure that lacks a handler', () => {
    const lacking = { ...generic, QueryOffloadHandler: undefined } as unknown as typeof generic;
    const handlers: OptionalHandlers = {
      structure: 'NDIS_PROVIDER_CHIMNEY_OFFLOAD_GENERIC_CHARACTERISTICS',
      value: lacking,
    };
    expect(statusInSetOptions(handlers)).toBe(NDIS_STATUS.FAILURE);
  });

  it('REG-009: refuses a client structure from the miniport edge', () => {
    const handlers: OptionalHandlers = {
      structure: 'NDIS_CLIENT_CHIMNEY_OFFLOAD_GENERIC_CHARACTERISTICS',
      value: {
        Header: optionalHandlersHeader('NDIS_CLIENT_CHIMNEY_OFFLOAD_GENERIC_CHARACTERISTICS'),
        Flags: 0,
        InitiateOffloadCompleteHandler: () => undefined,
        TerminateOffloadCompleteHandler: () => undefined,
        UpdateOffloadCompleteHandler: () => undefined,
        InvalidateOffloadCompleteHandler: () => undefined,
        QueryOffloadCompleteHandler: () => undefined,
        IndicateOffloadEventHandler: () => undefined,
      },
    };
    expect(statusInSetOptions(handlers)).toBe(NDIS_STATUS.FAILURE);
  });

  it('REG-003: refuses a call outside MiniportSetOptions', () => {
    const machine = new Machine(silentProbe(), 1);
    const ndis = new Ndis(machine, { enter: 1, leave: 1 });
    let handle: NDIS_HANDLE | undefined;
    ndis.registration.NdisMRegisterMiniportDriver(
      0,
      'Driver',
      { address: 16 },
      {
        Header: objectHeader('NDIS_MINIPORT_DRIVER_CHARACTERISTICS'),
        MajorNdisVersion: 6,
        MinorNdisVersion: 0,
        SetOptionsHandler: (NdisDriverHandle) => {
          handle = NdisDriverHandle;
          return NDIS_STATUS.SUCCESS;
        },
        InitializeHandlerEx: () => NDIS_STATUS.SUCCESS,
        RestartHandler: () => NDIS_STATUS.SUCCESS,
        OidRequestHandler: () => NDIS_STATUS.NOT_SUPPORTED,
        SendNetBufferListsHandler: () => undefined,
        ReturnNetBufferListsHandler: () => undefined,
      },
    );
    expect(ndis.registration.NdisSetOptionalHandlers(handle!, providerGeneric())).toBe(NDIS_STATUS.FAILURE);
  });
});

const clientGeneric: NDIS_CLIENT_CHIMNEY_OFFLOAD_GENERIC_CHARACTERISTICS = {
  Header: optionalHandlersHeader('NDIS_CLIENT_CHIMNEY_OFFLOAD_GENERIC_CHARACTERISTICS'),
  Flags: 0,
  InitiateOffloadCompleteHandler: () => undefined,
  TerminateOffloadCompleteHandler: () => undefined,
  UpdateOffloadCompleteHandler: () => undefined,
  InvalidateOffloadCompleteHandler: () => undefined,
  QueryOffloadCompleteHandler: () => undefined,
  IndicateOffloadEventHandler: () => undefined,
};

const client = (changes: Partial<typeof clientGeneric> = {}): OptionalHandlers => ({
  structure: 'NDIS_CLIENT_CHIMNEY_OFFLOAD_GENERIC_CHARACTERISTICS',
  value: { ...clientGeneric, ...changes },
});

/** Registers a miniport driver; `setOptions` may call NdisSetOptionalHandlers. Answers the registration's outcome. */
function registerMiniport(ndis: Ndis, setOptions: (NdisDriverHandle: NDIS_HANDLE) => number) {
  return ndis.registration.NdisMRegisterMiniportDriver(
    0,
    'Driver',
    { address: 16 },
    {
      Header: objectHeader('NDIS_MINIPORT_DRIVER_CHARACTERISTICS'),
      MajorNdisVersion: 6,
      MinorNdisVersion: 0,
      SetOptionsHandler: setOptions,
      InitializeHandlerEx: () => NDIS_STATUS.SUCCESS,
      RestartHandler: () => NDIS_STATUS.SUCCESS,
      OidRequestHandler: () => NDIS_STATUS.NOT_SUPPORTED,
      SendNetBufferListsHandler: () => undefined,
      ReturnNetBufferListsHandler: () => undefined,
    },
  );
}

describe('NdisSetOptionalHandlers with a binding handle', () => {
  it('REG-005 REG-022: a protocol driver may register from ProtocolBindAdapterEx once the adapter is open', () => {
    let status = -1;
    const { ndis } = startBareDrivers({
      protocol: {
        SetOptionsHandler: () => NDIS_STATUS.SUCCESS,
      },
      afterOpen: (binding) => {
        status = ndisOf().registration.NdisSetOptionalHandlers(binding, client());
        return NDIS_STATUS.SUCCESS;
      },
      observeNdis: (made) => (current = made),
    });
    expect(ndis).toBe(current);
    expect(status).toBe(NDIS_STATUS.SUCCESS);
  });

  it('REG-005: a pended open has no valid handle in ProtocolBindAdapterEx, but in ProtocolOpenAdapterCompleteEx', () => {
    const statuses: number[] = [];
    let handle: NDIS_HANDLE | undefined;
    startBareDrivers({
      settings: { opensPend: true },
      protocol: {
        OpenAdapterCompleteHandlerEx: (_context, Status) => {
          expect(Status).toBe(NDIS_STATUS.SUCCESS);
          statuses.push(ndisOf().registration.NdisSetOptionalHandlers(handle!, client()));
        },
      },
      afterOpen: (binding) => {
        handle = binding;
        statuses.push(ndisOf().registration.NdisSetOptionalHandlers(binding, client()));
        return NDIS_STATUS.PENDING;
      },
      observeNdis: (made) => (current = made),
    });
    expect(statuses).toEqual([NDIS_STATUS.FAILURE, NDIS_STATUS.SUCCESS]);
  });

  it('REG-005: refuses a binding handle after the bind calls', () => {
    const { ndis, binding } = startBareDrivers();
    expect(ndis.registration.NdisSetOptionalHandlers(binding, client())).toBe(NDIS_STATUS.FAILURE);
  });

  it('REG-009: refuses a provider structure with a binding handle', () => {
    let status = -1;
    startBareDrivers({
      afterOpen: (binding) => {
        status = ndisOf().registration.NdisSetOptionalHandlers(binding, providerGeneric());
        return NDIS_STATUS.SUCCESS;
      },
      observeNdis: (made) => (current = made),
    });
    expect(status).toBe(NDIS_STATUS.FAILURE);
  });

  it('REG-026 REG-027: NDIS enters the handlers of the binding, and of two registrations the later one', () => {
    const entered: string[] = [];
    const naming = (name: string): OptionalHandlers =>
      client({
        IndicateOffloadEventHandler: () => {
          entered.push(name);
        },
      });
    const drivers = startBareDrivers({
      protocol: {
        SetOptionsHandler: (handle) =>
          ndisOf().registration.NdisSetOptionalHandlers(handle, naming('driver')),
      },
      afterOpen: (binding) => {
        ndisOf().registration.NdisSetOptionalHandlers(binding, naming('first'));
        return ndisOf().registration.NdisSetOptionalHandlers(binding, naming('second'));
      },
      observeNdis: (made) => (current = made),
    });
    const block = new NDIS_MINIPORT_OFFLOAD_BLOCK_LIST(
      drivers.machine.addresses,
      'neighbor',
      compositeStateTypes.neighbor,
      undefined,
    );
    drivers.ndis.offload.NdisMOffloadEventIndicate(drivers.adapter, block, 2);
    expect(entered).toEqual(['second']);
  });
});

describe('NdisSetOptionalHandlers without memory', () => {
  it('REG-024: answers RESOURCES when the memory for registrations is used up', () => {
    const machine = new Machine(silentProbe(), 1);
    const ndis = new Ndis(machine, { enter: 1, leave: 1 }, { optionalHandlersCapacity: 1 });
    const statuses: number[] = [];
    registerMiniport(ndis, (handle) => {
      statuses.push(ndis.registration.NdisSetOptionalHandlers(handle, providerGeneric()));
      statuses.push(ndis.registration.NdisSetOptionalHandlers(handle, providerTcp()));
      return NDIS_STATUS.SUCCESS;
    });
    expect(statuses).toEqual([NDIS_STATUS.SUCCESS, NDIS_STATUS.RESOURCES]);
  });

  it('REG-028 REG-030: a failure of MiniportSetOptions fails the registration and leaves no adapter behind', () => {
    const machine = new Machine(silentProbe(), 1);
    const ndis = new Ndis(machine, { enter: 1, leave: 1 }, { optionalHandlersCapacity: 0 });
    const { status, NdisMiniportDriverHandle } = registerMiniport(ndis, (handle) =>
      ndis.registration.NdisSetOptionalHandlers(handle, providerGeneric()),
    );
    expect(status).toBe(NDIS_STATUS.RESOURCES);
    expect(NdisMiniportDriverHandle).toBeNull();
    // Starting an adapter of this driver would fail: MiniportInitializeEx sets no MiniportAdapterContext.
    expect(() => {
      ndis.registration.startAdapters();
    }).not.toThrow();
  });
});

/** The NDIS whose drivers are being started just now. */
let current: Ndis | undefined;

function ndisOf(): Ndis {
  return current!;
}
