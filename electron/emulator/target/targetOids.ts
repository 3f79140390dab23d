/** MiniportOidRequest in the target: parameters, power and the statistics of offloaded connections. */
import { NDIS_STATUS, type NdisStatus } from '../../../shared/ddi/status';
import type { NDIS_OID_REQUEST } from '../ndis/characteristics';
import { answerQuery, chimneyOids } from '../ndis/oidRequests';
import { readTcpParameters, tcpParametersSize } from '../ndis/tcpParameters';
import type { TargetAdapter } from './targetAdapter';

/** Serves one request; NOT_SUPPORTED for everything that the target does not know, IPv6 among it. */
export function serveOidRequest(adapter: TargetAdapter, request: NDIS_OID_REQUEST): NdisStatus {
  const sets = request.RequestType === 'NdisRequestSetInformation';
  switch (request.Oid) {
    case chimneyOids.OID_TCP_CONNECTION_OFFLOAD_PARAMETERS:
      return sets ? setParameters(adapter, request) : NDIS_STATUS.NOT_SUPPORTED;
    case chimneyOids.OID_PNP_SET_POWER:
      return sets ? adapter.gate.setPower(request) : NDIS_STATUS.NOT_SUPPORTED;
    case chimneyOids.OID_IP4_OFFLOAD_STATS:
      if (!sets) return answerQuery(request, adapter.statistics.ip());
      adapter.statistics.resetIp();
      break;
    case chimneyOids.OID_TCP4_OFFLOAD_STATS:
      if (!sets) return answerQuery(request, adapter.statistics.tcp(adapter.connectionStates()));
      adapter.statistics.resetTcp();
      break;
    default:
      return NDIS_STATUS.NOT_SUPPORTED;
  }
  // Whatever a set of statistics brings along is ignored (STT-008).
  request.bytesProcessed = request.InformationBuffer.length;
  return NDIS_STATUS.SUCCESS;
}

function setParameters(adapter: TargetAdapter, request: NDIS_OID_REQUEST): NdisStatus {
  const { InformationBuffer } = request;
  if (InformationBuffer.length < tcpParametersSize) {
    request.bytesNeeded = tcpParametersSize;
    return NDIS_STATUS.BUFFER_TOO_SHORT;
  }
  const parameters = readTcpParameters(InformationBuffer);
  if (parameters === undefined) return NDIS_STATUS.INVALID_DATA;
  request.bytesProcessed = InformationBuffer.length;
  adapter.configure(parameters);
  return NDIS_STATUS.SUCCESS;
}
