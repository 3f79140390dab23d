/** What the host stack asks an adapter about the traffic of offloaded connections (STT rules). */
import { structureLayout, type StructureName } from '../../../shared/ddi/catalogue';
import { NDIS_STATUS } from '../../../shared/ddi/status';
import { decodeStructure, type StructureValues } from '../../../shared/ddi/structureCodec';
import type { Machine } from '../machine/machine';
import type { NDIS_HANDLE } from '../ndis/characteristics';
import type { Ndis } from '../ndis/ndis';
import { allocateOidRequest, chimneyOids } from '../ndis/oidRequests';

/** Counters of offloaded connections over IPv4. */
export interface OffloadStatisticsAnswer {
  readonly ip: StructureValues<'IP_OFFLOAD_STATS'>;
  readonly tcp: StructureValues<'TCP_OFFLOAD_STATS'>;
}

/** Queries both structures at PASSIVE_LEVEL; undefined if the adapter keeps no such counters. */
export function readOffloadStatistics(
  machine: Machine,
  ndis: Ndis,
  binding: NDIS_HANDLE,
): OffloadStatisticsAnswer | undefined {
  const query = <Name extends StructureName>(structure: Name, oid: number) => {
    const buffer = new Uint8Array(structureLayout(structure).size);
    const request = allocateOidRequest(machine.addresses, 'NdisRequestQueryInformation', oid, buffer);
    if (ndis.oids.NdisOidRequest(binding, request) !== NDIS_STATUS.SUCCESS) return undefined;
    const decoded = decodeStructure(structure, buffer);
    return decoded.ok ? decoded.value.values : undefined;
  };
  const ip = query('IP_OFFLOAD_STATS', chimneyOids.OID_IP4_OFFLOAD_STATS);
  const tcp = query('TCP_OFFLOAD_STATS', chimneyOids.OID_TCP4_OFFLOAD_STATS);
  return ip === undefined || tcp === undefined ? undefined : { ip, tcp };
}
