/** Tables of what the target does for OIDs. */
import { NDIS_STATUS, type NdisStatus } from '../../../shared/ddi/status';
import type { NDIS_OID_REQUEST } from '../kit';
import type { TargetAdapter } from './targetAdapter';

/** Serves one request for one OID in one direction. */
export type OidHandler = (adapter: TargetAdapter, request: NDIS_OID_REQUEST) => NdisStatus;

/** What an OID does in each direction; an absent one is NOT_SUPPORTED. */
export interface OidHandlers {
  readonly query?: OidHandler;
  readonly set?: OidHandler;
}

/** OIDs with their handlers. */
export type OidTable = readonly (readonly [number, OidHandlers])[];

/** Serves a request from a table. */
export function serveFrom(
  table: ReadonlyMap<number, OidHandlers>,
  adapter: TargetAdapter,
  request: NDIS_OID_REQUEST,
): NdisStatus {
  const handlers = table.get(request.Oid);
  const handler = request.RequestType === 'NdisRequestSetInformation' ? handlers?.set : handlers?.query;
  return handler === undefined ? NDIS_STATUS.NOT_SUPPORTED : handler(adapter, request);
}
