/** OID_TCP_TASK_OFFLOAD in the target: its capabilities, and the set that alone says what stays on (CAP-003, CAP-022). */
import { NDIS_STATUS, type NdisStatus } from '../../../shared/ddi/status';
import {
  answerOidQuery,
  isEthernetTaskOffload,
  readConnectionOffload,
  readOlderTaskOffload,
  readTcpParameters,
  takeOidSet,
  taskOffloadHeaderSize,
  writeOlderTaskOffload,
  type NDIS_OID_REQUEST,
} from '../kit';
import type { OidHandlers } from './oidHandlers';
import type { TargetAdapter } from './targetAdapter';

/** Both directions. */
export const olderTaskOffload: OidHandlers = { query, set };

/** The host stack brings a header that says how its frames look; INVALID_DATA for frames of another kind. */
function query(adapter: TargetAdapter, request: NDIS_OID_REQUEST): NdisStatus {
  const { InformationBuffer } = request;
  const answer = writeOlderTaskOffload({ connection: adapter.hardwareCapabilities() });
  if (InformationBuffer.length >= taskOffloadHeaderSize && !isEthernetTaskOffload(InformationBuffer))
    return NDIS_STATUS.INVALID_DATA;
  return answerOidQuery(request, answer);
}

/** The latest set wins: what it does not name is off. INVALID_DATA for what the target does not have. */
function set(adapter: TargetAdapter, request: NDIS_OID_REQUEST): NdisStatus {
  return takeOidSet(request, taskOffloadHeaderSize, readOlderTaskOffload, (wanted) => {
    const connection = wanted.connection === undefined ? undefined : readConnectionOffload(wanted.connection);
    const parameters = wanted.parameters === undefined ? undefined : readTcpParameters(wanted.parameters);
    if (connection?.SupportIPv6 === true && !adapter.settings.hasIPv6) return NDIS_STATUS.INVALID_DATA;
    if (wanted.parameters !== undefined && parameters === undefined) return NDIS_STATUS.INVALID_DATA;
    if (parameters !== undefined) adapter.configure(parameters);
    adapter.enableConnectionOffload(connection?.SupportIPv4 === true, connection?.SupportIPv6 === true);
    return NDIS_STATUS.SUCCESS;
  });
}
