/** OIDs that turn offloads of the target on and off, connection offload among them. */
import { constantValue } from '../../../shared/ddi/catalogue';
import { NDIS_STATUS, type NdisStatus } from '../../../shared/ddi/status';
import {
  offloadEncapsulationSize,
  offloadParametersSize,
  readOffloadEncapsulation,
  readOffloadParameters,
  takeOidSet,
  writeOffloadEncapsulation,
  type NDIS_OID_REQUEST,
} from '../kit';
import type { OidTable } from './oidHandlers';
import { olderTaskOffload } from './olderTaskOffload';
import type { TargetAdapter } from './targetAdapter';

const connectionOffload = {
  disabled: constantValue('NDIS_OFFLOAD_PARAMETERS_CONNECTION_OFFLOAD_DISABLED'),
  enabled: constantValue('NDIS_OFFLOAD_PARAMETERS_CONNECTION_OFFLOAD_ENABLED'),
} as const;

/** The table. */
export const taskOffloadOids: OidTable = [
  [constantValue('OID_TCP_OFFLOAD_PARAMETERS'), { set: setOffloadParameters }],
  [constantValue('OID_OFFLOAD_ENCAPSULATION'), { set: setEncapsulation }],
  [constantValue('OID_TCP_TASK_OFFLOAD'), olderTaskOffload],
];

/**
 * INVALID_DATA where something is to be turned on that the hardware does not have. The new configuration is indicated whether it
 * differs or not (WDK page of the OID); connection offload changes by pause and resume (CAP-015).
 */
function setOffloadParameters(adapter: TargetAdapter, request: NDIS_OID_REQUEST): NdisStatus {
  return takeOidSet(request, offloadParametersSize, readOffloadParameters, (parameters) => {
    const { TCPIPv4Checksum, TcpConnectionIPv4, TcpConnectionIPv6 } = parameters;
    if (TcpConnectionIPv6 === connectionOffload.enabled && !adapter.settings.hasIPv6)
      return NDIS_STATUS.INVALID_DATA;
    if (!adapter.tasks.configureChecksum(TCPIPv4Checksum)) return NDIS_STATUS.INVALID_DATA;
    adapter.indicateTaskOffload();
    const { offloadsIPv4, offloadsIPv6 } = adapter.settings;
    adapter.enableConnectionOffload(
      settingOf(TcpConnectionIPv4, offloadsIPv4),
      settingOf(TcpConnectionIPv6, offloadsIPv6),
    );
    return NDIS_STATUS.SUCCESS;
  });
}

/** Whether something is on after a set that may leave it as it was. */
function settingOf(value: number, before: boolean): boolean {
  return value === connectionOffload.enabled || (before && value !== connectionOffload.disabled);
}

/** INVALID_PARAMETER for an encapsulation that the hardware can't offload (WDK page of the OID). */
function setEncapsulation(adapter: TargetAdapter, request: NDIS_OID_REQUEST): NdisStatus {
  return takeOidSet(request, offloadEncapsulationSize, readOffloadEncapsulation, (wanted) => {
    const { tasks } = adapter;
    const before = writeOffloadEncapsulation(tasks.encapsulation);
    if (!tasks.encapsulate(wanted)) return NDIS_STATUS.INVALID_PARAMETER;
    adapter.indicateTaskOffload();
    const now = writeOffloadEncapsulation(tasks.encapsulation);
    if (now.some((byte, index) => byte !== before[index]))
      adapter.gate.indicate(NDIS_STATUS.OFFLOAD_ENCASPULATION_CHANGE, now);
    return NDIS_STATUS.SUCCESS;
  });
}
