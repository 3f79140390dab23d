/** What the host stack asks an adapter about the traffic of offloaded connections (STT rules). */
import { structureLayout, type StructureName } from '../../../shared/ddi/catalogue';
import { NDIS_STATUS, type NdisStatus } from '../../../shared/ddi/status';
import { decodeStructure, type StructureValues } from '../../../shared/ddi/structureCodec';
import { allocateOidRequest, chimneyOids, type Kernel, type NDIS_HANDLE, type NdisFunctions } from '../kit';

/** Counters of offloaded connections over one IP version. */
export interface OffloadStatisticsAnswer {
  readonly ip: StructureValues<'IP_OFFLOAD_STATS'>;
  readonly tcp: StructureValues<'TCP_OFFLOAD_STATS'>;
}

const statisticsOids = {
  ipv4: { ip: chimneyOids.OID_IP4_OFFLOAD_STATS, tcp: chimneyOids.OID_TCP4_OFFLOAD_STATS },
  ipv6: { ip: chimneyOids.OID_IP6_OFFLOAD_STATS, tcp: chimneyOids.OID_TCP6_OFFLOAD_STATS },
} as const;

/** Queries both structures at PASSIVE_LEVEL; undefined if the adapter keeps no such counters. */
export function readOffloadStatistics(
  kernel: Kernel,
  ndis: NdisFunctions,
  binding: NDIS_HANDLE,
  version: 'ipv4' | 'ipv6',
): OffloadStatisticsAnswer | undefined {
  const query = <Name extends StructureName>(structure: Name, oid: number) => {
    const buffer = new Uint8Array(structureLayout(structure).size);
    const request = allocateOidRequest(kernel.addresses, 'NdisRequestQueryInformation', oid, buffer);
    if (ndis.NdisOidRequest(binding, request) !== NDIS_STATUS.SUCCESS) return undefined;
    const decoded = decodeStructure(structure, buffer);
    return decoded.ok ? decoded.value.values : undefined;
  };
  const ip = query('IP_OFFLOAD_STATS', statisticsOids[version].ip);
  const tcp = query('TCP_OFFLOAD_STATS', statisticsOids[version].tcp);
  return ip === undefined || tcp === undefined ? undefined : { ip, tcp };
}

/** Sets one of the OIDs at PASSIVE_LEVEL, which makes its counters begin anew; whatever `values` holds means nothing (STT-006 to STT-008). */
export function resetOffloadStatistics(
  kernel: Kernel,
  ndis: NdisFunctions,
  binding: NDIS_HANDLE,
  version: 'ipv4' | 'ipv6',
  kind: 'ip' | 'tcp',
  values?: Uint8Array,
): NdisStatus {
  const size = structureLayout(kind === 'ip' ? 'IP_OFFLOAD_STATS' : 'TCP_OFFLOAD_STATS').size;
  const oid = statisticsOids[version][kind];
  const buffer = values ?? new Uint8Array(size);
  return ndis.NdisOidRequest(
    binding,
    allocateOidRequest(kernel.addresses, 'NdisRequestSetInformation', oid, buffer),
  );
}
