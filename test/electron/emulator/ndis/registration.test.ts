import { describe, expect, it } from 'vitest';
import { Machine } from '../../../../electron/emulator/machine/machine';
import {
  optionalHandlersHeader,
  type NDIS_HANDLE,
  type NDIS_PROVIDER_CHIMNEY_OFFLOAD_GENERIC_CHARACTERISTICS,
  type NDIS_PROVIDER_CHIMNEY_OFFLOAD_TCP_CHARACTERISTICS,
  type OptionalHandlers,
} from '../../../../electron/emulator/ndis/characteristics';
import { Ndis } from '../../../../electron/emulator/ndis/ndis';
import { objectHeader } from '../../../../shared/ddi/structureCodec';
import { NDIS_STATUS } from '../../../../shared/ddi/status';
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
