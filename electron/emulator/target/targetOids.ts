/** MiniportOidRequest in the target: parameters, power and the statistics of offloaded connections, and the tables of other OIDs. */
import { NDIS_STATUS, type NdisStatus } from '../../../shared/ddi/status';
import {
  answerOidQuery,
  chimneyOids,
  readTcpEncapsulation,
  readTcpParameters,
  takeOidSet,
  tcpParametersSize,
  type NDIS_OID_REQUEST,
} from '../kit';
import { generalOids } from './generalOids';
import type { OffloadStatistics } from './offloadStatistics';
import { serveFrom, type OidHandlers, type OidTable } from './oidHandlers';
import type { TargetAdapter } from './targetAdapter';
import { taskOffloadOids } from './taskOffloadOids';
import { isEthernet } from './taskOffloads';

const ownOids: OidTable = [
  [chimneyOids.OID_TCP_CONNECTION_OFFLOAD_PARAMETERS, { set: setParameters }],
  [chimneyOids.OID_PNP_SET_POWER, { set: (adapter, request) => adapter.gate.setPower(request) }],
  // A miniport always says that it can (WDK "Handling an OID_PNP_QUERY_POWER OID").
  [chimneyOids.OID_PNP_QUERY_POWER, { query: () => NDIS_STATUS.SUCCESS }],
  ...statisticsOids('ipv4', chimneyOids.OID_IP4_OFFLOAD_STATS, chimneyOids.OID_TCP4_OFFLOAD_STATS),
  ...statisticsOids('ipv6', chimneyOids.OID_IP6_OFFLOAD_STATS, chimneyOids.OID_TCP6_OFFLOAD_STATS),
];

const table: ReadonlyMap<number, OidHandlers> = new Map([...ownOids, ...generalOids, ...taskOffloadOids]);

/** Serves one request; NOT_SUPPORTED for everything that the target does not know. */
export function serveOidRequest(adapter: TargetAdapter, request: NDIS_OID_REQUEST): NdisStatus {
  return serveFrom(table, adapter, request);
}

/** Counters of one IP version; a target without IPv6 has none of it (STT-002, STT-006). */
function statisticsOids(version: 'ipv4' | 'ipv6', ip: number, tcp: number): OidTable {
  const of =
    (
      serve: (statistics: OffloadStatistics, adapter: TargetAdapter, request: NDIS_OID_REQUEST) => NdisStatus,
    ) =>
    (adapter: TargetAdapter, request: NDIS_OID_REQUEST): NdisStatus =>
      version === 'ipv6' && !adapter.settings.hasIPv6
        ? NDIS_STATUS.NOT_SUPPORTED
        : serve(adapter.statistics[version], adapter, request);
  return [
    [
      ip,
      {
        query: of((statistics, _adapter, request) => answerOidQuery(request, statistics.ip())),
        set: of((statistics, _adapter, request) => {
          statistics.resetIp();
          return wasReset(request);
        }),
      },
    ],
    [
      tcp,
      {
        query: of((statistics, adapter, request) =>
          answerOidQuery(request, statistics.tcp(adapter.connectionStates(version))),
        ),
        set: of((statistics, _adapter, request) => {
          statistics.resetTcp();
          return wasReset(request);
        }),
      },
    ],
  ];
}

/** Whatever a set of statistics brings along is ignored (STT-008). */
function wasReset(request: NDIS_OID_REQUEST): NdisStatus {
  request.bytesProcessed = request.InformationBuffer.length;
  return NDIS_STATUS.SUCCESS;
}

function setParameters(adapter: TargetAdapter, request: NDIS_OID_REQUEST): NdisStatus {
  return takeOidSet(request, tcpParametersSize, readTcpParameters, (parameters) => {
    const encapsulation = readTcpEncapsulation(request.InformationBuffer);
    if (encapsulation === undefined || !isEthernet(encapsulation)) return NDIS_STATUS.INVALID_PARAMETER;
    adapter.configure(parameters);
    return NDIS_STATUS.SUCCESS;
  });
}
