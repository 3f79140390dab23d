/**
 * Functions of ndis.h that the machine-readable description leaves out and that the emulated stack has. The WDK's reference pages
 * are named as elsewhere in the catalogue.
 */
import type { FunctionEntry } from './catalogueTypes';

/** Names of the functions in this file. */
export type FurtherFunctionName =
  'NdisIMAssociateMiniport' | 'NdisIMInitializeDeviceInstanceEx' | 'NdisIMDeInitializeDeviceInstance';

/** Entries by name, in the form of the generated ones. */
export const furtherFunctionEntries: Readonly<Record<FurtherFunctionName, FunctionEntry>> = {
  NdisIMAssociateMiniport: {
    name: 'NdisIMAssociateMiniport',
    kind: 'ndis-function',
    side: 'NDIS implements; intermediate driver calls',
    returns: 'VOID',
    irql: 'PASSIVE_LEVEL',
    page: 'nf-ndis-ndisimassociateminiport',
    parameters: [
      {
        name: 'DriverHandle',
        ctype: 'NDIS_HANDLE',
        direction: 'in',
        meaning: 'Miniport edge, from NdisMRegisterMiniportDriver',
      },
      {
        name: 'ProtocolHandle',
        ctype: 'NDIS_HANDLE',
        direction: 'in',
        meaning: 'Protocol edge, from NdisRegisterProtocolDriver',
      },
    ],
  },
  NdisIMInitializeDeviceInstanceEx: {
    name: 'NdisIMInitializeDeviceInstanceEx',
    kind: 'ndis-function',
    side: 'NDIS implements; intermediate driver calls',
    returns: 'NDIS_STATUS; NDIS_STATUS_SUCCESS, NDIS_STATUS_FAILURE',
    irql: 'PASSIVE_LEVEL',
    ndisCalls: 'MiniportInitializeEx',
    page: 'nf-ndis-ndisiminitializedeviceinstanceex',
    statuses: ['NDIS_STATUS_SUCCESS', 'NDIS_STATUS_FAILURE'],
    parameters: [
      {
        name: 'DriverHandle',
        ctype: 'NDIS_HANDLE',
        direction: 'in',
        meaning: 'Miniport edge, from NdisMRegisterMiniportDriver',
      },
      {
        name: 'DriverInstance',
        ctype: 'PNDIS_STRING',
        direction: 'in',
        meaning: 'Name of the virtual miniport',
      },
      {
        name: 'DeviceContext',
        ctype: 'NDIS_HANDLE',
        direction: 'in',
        meaning: 'Comes back as IMDeviceInstanceContext in MiniportInitializeEx',
      },
    ],
  },
  NdisIMDeInitializeDeviceInstance: {
    name: 'NdisIMDeInitializeDeviceInstance',
    kind: 'ndis-function',
    side: 'NDIS implements; intermediate driver calls',
    returns: 'NDIS_STATUS; NDIS_STATUS_SUCCESS, NDIS_STATUS_FAILURE',
    irql: 'PASSIVE_LEVEL',
    ndisCalls: 'MiniportHaltEx',
    page: 'nf-ndis-ndisimdeinitializedeviceinstance',
    statuses: ['NDIS_STATUS_SUCCESS', 'NDIS_STATUS_FAILURE'],
    parameters: [
      {
        name: 'NdisMiniportHandle',
        ctype: 'NDIS_HANDLE',
        direction: 'in',
        meaning: 'The virtual miniport, from MiniportInitializeEx',
      },
    ],
  },
};
