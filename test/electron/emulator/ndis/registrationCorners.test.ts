import { describe, expect, it } from 'vitest';
import { DISPATCH_LEVEL, Machine } from '../../../../electron/emulator/machine/machine';
import {
  optionalHandlersHeader,
  type NDIS_CLIENT_CHIMNEY_OFFLOAD_GENERIC_CHARACTERISTICS,
  type NDIS_CLIENT_CHIMNEY_OFFLOAD_TCP_CHARACTERISTICS,
  type NDIS_HANDLE,
  type NDIS_MINIPORT_DRIVER_CHARACTERISTICS,
  type NDIS_PROTOCOL_DRIVER_CHARACTERISTICS,
  type NDIS_PROVIDER_CHIMNEY_OFFLOAD_GENERIC_CHARACTERISTICS,
  type NDIS_PROVIDER_CHIMNEY_OFFLOAD_TCP_CHARACTERISTICS,
  type OptionalHandlers,
} from '../../../../electron/emulator/ndis/characteristics';
import type { NDIS_FILTER_DRIVER_CHARACTERISTICS } from '../../../../electron/emulator/ndis/filters';
import { Ndis } from '../../../../electron/emulator/ndis/ndis';
import { constantValue, structureLayout } from '../../../../shared/ddi/catalogue';
import { objectHeader } from '../../../../shared/ddi/structureCodec';
import { NDIS_STATUS } from '../../../../shared/ddi/status';
import { startBareDrivers } from '../../../harness/bareDrivers';
import { silentProbe } from '../../../harness/silentProbe';

const nothing = (): void => undefined;
const pending = (): number => NDIS_STATUS.PENDING;

const providerGeneric: NDIS_PROVIDER_CHIMNEY_OFFLOAD_GENERIC_CHARACTERISTICS = {
  Header: optionalHandlersHeader('NDIS_PROVIDER_CHIMNEY_OFFLOAD_GENERIC_CHARACTERISTICS'),
  Flags: 0,
  InitiateOffloadHandler: nothing,
  TerminateOffloadHandler: nothing,
  UpdateOffloadHandler: nothing,
  InvalidateOffloadHandler: nothing,
  QueryOffloadHandler: nothing,
};

const providerTcp: NDIS_PROVIDER_CHIMNEY_OFFLOAD_TCP_CHARACTERISTICS = {
  Header: optionalHandlersHeader('NDIS_PROVIDER_CHIMNEY_OFFLOAD_TCP_CHARACTERISTICS'),
  Flags: 0,
  OffloadType: constantValue('NdisTcpChimneyOffload'),
  TcpOffloadSendHandler: pending,
  TcpOffloadReceiveHandler: pending,
  TcpOffloadDisconnectHandler: pending,
  TcpOffloadForwardHandler: pending,
  TcpOffloadReceiveReturnHandler: () => NDIS_STATUS.SUCCESS,
};

const clientGeneric: NDIS_CLIENT_CHIMNEY_OFFLOAD_GENERIC_CHARACTERISTICS = {
  Header: optionalHandlersHeader('NDIS_CLIENT_CHIMNEY_OFFLOAD_GENERIC_CHARACTERISTICS'),
  Flags: 0,
  InitiateOffloadCompleteHandler: nothing,
  TerminateOffloadCompleteHandler: nothing,
  UpdateOffloadCompleteHandler: nothing,
  InvalidateOffloadCompleteHandler: nothing,
  QueryOffloadCompleteHandler: nothing,
  IndicateOffloadEventHandler: nothing,
};

const clientTcp: NDIS_CLIENT_CHIMNEY_OFFLOAD_TCP_CHARACTERISTICS = {
  Header: optionalHandlersHeader('NDIS_CLIENT_CHIMNEY_OFFLOAD_TCP_CHARACTERISTICS'),
  Flags: 0,
  OffloadType: constantValue('NdisTcpChimneyOffload'),
  TcpOffloadSendCompleteHandler: nothing,
  TcpOffloadReceiveCompleteHandler: nothing,
  TcpOffloadDisconnectCompleteHandler: nothing,
  TcpOffloadForwardCompleteHandler: nothing,
  TcpOffloadEventHandler: nothing,
  TcpOffloadReceiveIndicateHandler: () => ({ status: NDIS_STATUS.SUCCESS, BytesConsumed: 0 }),
};

/** All four structures. */
const structures = [
  { structure: 'NDIS_PROVIDER_CHIMNEY_OFFLOAD_GENERIC_CHARACTERISTICS', value: providerGeneric },
  { structure: 'NDIS_PROVIDER_CHIMNEY_OFFLOAD_TCP_CHARACTERISTICS', value: providerTcp },
  { structure: 'NDIS_CLIENT_CHIMNEY_OFFLOAD_GENERIC_CHARACTERISTICS', value: clientGeneric },
  { structure: 'NDIS_CLIENT_CHIMNEY_OFFLOAD_TCP_CHARACTERISTICS', value: clientTcp },
] as const satisfies readonly OptionalHandlers[];

function changed(handlers: OptionalHandlers, changes: Readonly<Record<string, unknown>>): OptionalHandlers {
  return { ...handlers, value: { ...handlers.value, ...changes } } as OptionalHandlers;
}

const miniport = (setOptions: (handle: NDIS_HANDLE) => number): NDIS_MINIPORT_DRIVER_CHARACTERISTICS => ({
  Header: objectHeader('NDIS_MINIPORT_DRIVER_CHARACTERISTICS'),
  MajorNdisVersion: 6,
  MinorNdisVersion: 20,
  SetOptionsHandler: setOptions,
  InitializeHandlerEx: () => NDIS_STATUS.SUCCESS,
  RestartHandler: () => NDIS_STATUS.SUCCESS,
  OidRequestHandler: () => NDIS_STATUS.NOT_SUPPORTED,
  SendNetBufferListsHandler: nothing,
  ReturnNetBufferListsHandler: nothing,
});

const protocol = (setOptions: (handle: NDIS_HANDLE) => number): NDIS_PROTOCOL_DRIVER_CHARACTERISTICS => ({
  Header: objectHeader('NDIS_PROTOCOL_DRIVER_CHARACTERISTICS'),
  MajorNdisVersion: 6,
  MinorNdisVersion: 20,
  SetOptionsHandler: setOptions,
  BindAdapterHandlerEx: () => NDIS_STATUS.FAILURE,
  ReceiveNetBufferListsHandler: nothing,
  SendNetBufferListsCompleteHandler: nothing,
});

function makeNdis(): { machine: Machine; ndis: Ndis } {
  const machine = new Machine(silentProbe(), 1);
  return { machine, ndis: new Ndis(machine, { enter: 1, leave: 1 }) };
}

/** What one call from the SetOptions of the structure's own edge answers. */
function registering(handlers: OptionalHandlers): number {
  const { ndis } = makeNdis();
  let status = -1;
  const setOptions = (handle: NDIS_HANDLE): number => {
    status = ndis.registration.NdisSetOptionalHandlers(handle, handlers);
    return NDIS_STATUS.SUCCESS;
  };
  if (handlers.structure.startsWith('NDIS_PROVIDER_'))
    ndis.registration.NdisMRegisterMiniportDriver(0, 'Driver', { address: 16 }, miniport(setOptions));
  else ndis.registration.NdisRegisterProtocolDriver(0, { address: 16 }, protocol(setOptions));
  return status;
}

describe.each(structures.map((one) => [one.structure, one] as const))(
  'registration of %s',
  (_name, handlers) => {
    const { structure, value } = handlers;
    const entryPoints = structureLayout(structure).fields.flatMap((field) =>
      field.kind === 'codePointer' ? [field.name] : [],
    );

    it('REG-009: is taken at its own edge', () => {
      expect(registering(handlers)).toBe(NDIS_STATUS.SUCCESS);
    });

    it.each(entryPoints)('REG-010 to REG-013: without %s it is refused', (name) => {
      expect(registering(changed(handlers, { [name]: undefined }))).toBe(NDIS_STATUS.FAILURE);
    });

    it('REG-016 REG-017: another revision or another size is refused', () => {
      const { Header } = value;
      for (const header of [
        { ...Header, Revision: Header.Revision + 1 },
        { ...Header, Size: Header.Size + 8 },
      ]) {
        expect(registering(changed(handlers, { Header: header }))).toBe(NDIS_STATUS.FAILURE);
      }
    });

    it('REG-018: acceptance does not depend on Header.Type', () => {
      expect(registering(changed(handlers, { Header: { ...value.Header, Type: 0x80 } }))).toBe(
        NDIS_STATUS.SUCCESS,
      );
    });

    it('REG-019 REG-020: Flags are the system’s and decide nothing', () => {
      expect(registering(changed(handlers, { Flags: 1 }))).toBe(NDIS_STATUS.SUCCESS);
    });
  },
);

describe('NdisSetOptionalHandlers at the wrong time', () => {
  it('REG-021: with the handle of another driver', () => {
    const { ndis } = makeNdis();
    let first: NDIS_HANDLE | undefined;
    const statuses: number[] = [];
    ndis.registration.NdisMRegisterMiniportDriver(
      0,
      'First',
      { address: 16 },
      miniport((handle) => {
        first = handle;
        return NDIS_STATUS.SUCCESS;
      }),
    );
    ndis.registration.NdisMRegisterMiniportDriver(
      0,
      'Second',
      { address: 32 },
      miniport(() => {
        statuses.push(ndis.registration.NdisSetOptionalHandlers(first!, structures[0]));
        return NDIS_STATUS.SUCCESS;
      }),
    );
    expect(statuses).toEqual([NDIS_STATUS.FAILURE]);
  });

  it('REG-022: with a handle that names neither driver nor binding', () => {
    const { ndis } = makeNdis();
    const stray = { address: 0x40, label: 'stray' };
    expect(ndis.registration.NdisSetOptionalHandlers(stray, structures[0])).toBe(NDIS_STATUS.FAILURE);
  });

  it('REG-023: above PASSIVE_LEVEL', () => {
    const { ndis, machine } = makeNdis();
    let status = -1;
    ndis.registration.NdisMRegisterMiniportDriver(
      0,
      'Driver',
      { address: 16 },
      miniport((handle) => {
        status = machine.atLeast(DISPATCH_LEVEL, () =>
          ndis.registration.NdisSetOptionalHandlers(handle, structures[0]),
        );
        return NDIS_STATUS.SUCCESS;
      }),
    );
    expect(status).toBe(NDIS_STATUS.FAILURE);
  });

  it('REG-007: the order of the two calls is not NDIS’s to judge', () => {
    const { ndis } = makeNdis();
    const statuses: number[] = [];
    ndis.registration.NdisMRegisterMiniportDriver(
      0,
      'Driver',
      { address: 16 },
      miniport((handle) => {
        for (const handlers of [structures[1], structures[0]])
          statuses.push(ndis.registration.NdisSetOptionalHandlers(handle, handlers));
        return NDIS_STATUS.SUCCESS;
      }),
    );
    expect(statuses).toEqual([NDIS_STATUS.SUCCESS, NDIS_STATUS.SUCCESS]);
  });
});

describe('characteristics of drivers', () => {
  const damages = [
    ['a wrong type', { Type: 0x80 }],
    ['an unknown revision', { Revision: 9 }],
    ['a size below that of the revision', { Size: 20 }],
  ] as const;

  it.each(damages)('%s: BAD_CHARACTERISTICS, and SetOptions is not called', (_what, damage) => {
    const { ndis } = makeNdis();
    const called: string[] = [];
    const setOptions = (): number => {
      called.push('SetOptions');
      return NDIS_STATUS.SUCCESS;
    };
    const below = miniport(setOptions);
    const above = protocol(setOptions);
    const { registration } = ndis;
    const one = registration.NdisMRegisterMiniportDriver(
      0,
      'Driver',
      { address: 16 },
      { ...below, Header: { ...below.Header, ...damage } },
    );
    const other = registration.NdisRegisterProtocolDriver(
      0,
      { address: 16 },
      { ...above, Header: { ...above.Header, ...damage } },
    );
    expect([one.status, other.status]).toEqual([
      NDIS_STATUS.BAD_CHARACTERISTICS,
      NDIS_STATUS.BAD_CHARACTERISTICS,
    ]);
    expect(called).toEqual([]);
  });

  it('a missing entry point: BAD_CHARACTERISTICS', () => {
    const { ndis } = makeNdis();
    const lacking = {
      ...miniport(() => NDIS_STATUS.SUCCESS),
      SendNetBufferListsHandler: undefined,
    } as unknown as NDIS_MINIPORT_DRIVER_CHARACTERISTICS;
    expect(ndis.registration.NdisMRegisterMiniportDriver(0, 'Driver', { address: 16 }, lacking).status).toBe(
      NDIS_STATUS.BAD_CHARACTERISTICS,
    );
  });
});

describe('NdisMGetOffloadHandlers', () => {
  it('INZ-009 INZ-010: any chimney type but TCP is NOT_SUPPORTED and has no table', () => {
    const { ndis, adapter } = startBareDrivers();
    expect(ndis.registration.NdisMGetOffloadHandlers(adapter, 2)).toEqual({
      status: NDIS_STATUS.NOT_SUPPORTED,
      OffloadHandlers: null,
    });
  });

  it('INZ-010: a driver without TCP handlers gets NOT_SUPPORTED too', () => {
    const { ndis, adapter } = startBareDrivers();
    const tcpChimney = constantValue('NdisTcpChimneyOffload');
    expect(ndis.registration.NdisMGetOffloadHandlers(adapter, tcpChimney).status).toBe(
      NDIS_STATUS.NOT_SUPPORTED,
    );
  });
});

describe('filter drivers', () => {
  /** Attaches a filter to a bare adapter; answers what its registrations were answered. */
  function attach(choices: Partial<NDIS_FILTER_DRIVER_CHARACTERISTICS>, register: 'module' | 'driver') {
    const { ndis, adapter } = startBareDrivers();
    const statuses: number[] = [];
    const events: string[] = [];
    const registerAll = (handle: NDIS_HANDLE): number => {
      for (const handlers of structures)
        statuses.push(ndis.registration.NdisSetOptionalHandlers(handle, handlers));
      return NDIS_STATUS.SUCCESS;
    };
    let module: NDIS_HANDLE | undefined;
    const { NdisFilterDriverHandle } = ndis.filters.NdisFRegisterFilterDriver(
      0,
      { address: 16 },
      {
        MajorNdisVersion: 6,
        MinorNdisVersion: 20,
        SetOptionsHandler: (handle) => (register === 'driver' ? registerAll(handle) : NDIS_STATUS.SUCCESS),
        AttachHandler: (handle) => {
          events.push('attach');
          module = handle;
          return NDIS_STATUS.SUCCESS;
        },
        SetFilterModuleOptionsHandler: (handle) => {
          events.push('options');
          return register === 'module' ? registerAll(handle) : NDIS_STATUS.SUCCESS;
        },
        DetachHandler: () => {
          events.push('detach');
        },
        ...choices,
      },
    );
    const attached = ndis.filters.attach(NdisFilterDriverHandle!, adapter);
    return { ndis, statuses, events, attached, module: module!, driver: NdisFilterDriverHandle! };
  }

  it('REG-006: a module may register any of the four structures from FilterSetModuleOptions', () => {
    const { statuses, attached } = attach({}, 'module');
    expect(statuses).toEqual(Array(4).fill(NDIS_STATUS.SUCCESS));
    expect(attached).toBe(NDIS_STATUS.SUCCESS);
  });

  it('REG-006: not with the driver’s handle from FilterSetOptions', () => {
    expect(attach({}, 'driver').statuses).toEqual(Array(4).fill(NDIS_STATUS.FAILURE));
  });

  it('REG-006: not with the module’s handle after FilterSetModuleOptions', () => {
    const { ndis, module } = attach({}, 'module');
    expect(ndis.registration.NdisSetOptionalHandlers(module, structures[0])).toBe(NDIS_STATUS.FAILURE);
  });

  it('REG-025: not below NDIS 6.0', () => {
    expect(attach({ MajorNdisVersion: 5 }, 'module').statuses).toEqual(
      Array(4).fill(NDIS_STATUS.NOT_SUPPORTED),
    );
  });

  it('a failure of FilterSetModuleOptions detaches the module', () => {
    const { attached, events } = attach(
      { SetFilterModuleOptionsHandler: () => NDIS_STATUS.RESOURCES },
      'module',
    );
    expect(attached).toBe(NDIS_STATUS.RESOURCES);
    expect(events).toEqual(['attach', 'detach']);
  });

  it('a failure of FilterAttach leaves no module behind', () => {
    const { attached, events, ndis, driver } = attach({ AttachHandler: () => NDIS_STATUS.FAILURE }, 'module');
    expect(attached).toBe(NDIS_STATUS.FAILURE);
    ndis.filters.NdisFDeregisterFilterDriver(driver);
    expect(events).toEqual([]);
  });

  it('REG-029: deregistering the driver detaches its modules', () => {
    const { ndis, driver, events } = attach({}, 'module');
    ndis.filters.NdisFDeregisterFilterDriver(driver);
    expect(events).toEqual(['attach', 'options', 'detach']);
  });
});
