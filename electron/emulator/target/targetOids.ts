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
import { serveFrom, type OidHandlers, type OidTable } from './oidHandlers';
import type { TargetAdapter } from './targetAdapter';
import { taskOffloadOids } from './taskOffloadOids';
import { isEthernet } from './taskOffloads';

const ownOids: OidTable = [
  [chimneyOids.OID_TCP_CONNECTION_OFFLOAD_PARAMETERS, { set: setParameters }],
  [chimneyOids.OID_PNP_SET_POWER, { set: (adapter, request) => adapter.gate.setPower(request) }],
  // A miniport always says that it can (WDK "Handling an OID_PNP_QUERY_POWER OID").
  [chimneyOids.OID_PNP_QUERY_POWER, { query: () => NDIS_STATUS.SUCCESS }],
  [
    chimneyOids.OID_IP4_OFFLOAD_STATS,
    {
      query: (adapter, request) => answerOidQuery(request, adapter.statistics.ip()),
      set: (adapter, request) => {
        adapter.statistics.resetIp();
        return wasReset(request);
      },
    },
  ],
  [
    chimneyOids.OID_TCP4_OFFLOAD_STATS,
    {
      query: (adapter, request) =>
        answerOidQuery(request, adapter.statistics.tcp(adapter.connectionStates())),
      set: (adapter, request) => {
        adapter.statistics.resetTcp();
        return wasReset(request);
      },
    },
  ],
];

const table: ReadonlyMap<number, OidHandlers> = new Map([...ownOids, ...generalOids, ...taskOffloadOids]);

/** Serves one request; NOT_SUPPORTED for everything that the target does not know, IPv6 among it. */
export function serveOidRequest(adapter: TargetAdapter, request: NDIS_OID_REQUEST): NdisStatus {
  return serveFrom(table, adapter, request);
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
