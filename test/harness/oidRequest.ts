/** OID requests as tests make them. */
import type { NDIS_HANDLE, NDIS_OID_REQUEST } from '../../electron/emulator/ndis/characteristics';
import type { Machine } from '../../electron/emulator/machine/machine';
import type { Ndis } from '../../electron/emulator/ndis/ndis';
import { allocateOidRequest } from '../../electron/emulator/ndis/oidRequests';
import { constantValue, type ValuedConstantName } from '../../shared/ddi/catalogue';
import type { NdisStatus } from '../../shared/ddi/status';

/** Where a request is made. */
export interface Requester {
  readonly machine: Machine;
  readonly ndis: Ndis;
  readonly binding: NDIS_HANDLE;
}

/** How it went at once. */
export interface OidOutcome {
  readonly status: NdisStatus;
  readonly request: NDIS_OID_REQUEST;
}

function make(
  { machine, ndis, binding }: Requester,
  type: NDIS_OID_REQUEST['RequestType'],
  oid: ValuedConstantName,
  buffer: Uint8Array,
): OidOutcome {
  const request = allocateOidRequest(machine.addresses, type, constantValue(oid), buffer);
  return { status: ndis.oids.NdisOidRequest(binding, request), request };
}

/** Queries with room for so many bytes. */
export function queryOid(requester: Requester, oid: ValuedConstantName, room: number): OidOutcome {
  return make(requester, 'NdisRequestQueryInformation', oid, new Uint8Array(room));
}

/** Sets bytes. */
export function setOid(requester: Requester, oid: ValuedConstantName, bytes: Uint8Array): OidOutcome {
  return make(requester, 'NdisRequestSetInformation', oid, bytes);
}
