/** What whoever serves an OID request does with its buffer. */
import { NDIS_STATUS, type NdisStatus } from '../../../shared/ddi/status';
import type { NDIS_OID_REQUEST } from './characteristics';

/** Answers a query with bytes: SUCCESS, or BUFFER_TOO_SHORT with the size that is needed. */
export function answerOidQuery(request: NDIS_OID_REQUEST, answer: Uint8Array): NdisStatus {
  if (request.InformationBuffer.length < answer.length) {
    request.bytesNeeded = answer.length;
    return NDIS_STATUS.BUFFER_TOO_SHORT;
  }
  request.InformationBuffer.set(answer);
  request.bytesProcessed = answer.length;
  return NDIS_STATUS.SUCCESS;
}

/**
 * Takes a structure from a set: BUFFER_TOO_SHORT with the size that is needed where it is shorter, INVALID_DATA where `read` makes
 * nothing of it, else what `apply` answers.
 */
export function takeOidSet<Value>(
  request: NDIS_OID_REQUEST,
  size: number,
  read: (bytes: Uint8Array) => Value | undefined,
  apply: (value: Value) => NdisStatus,
): NdisStatus {
  const { InformationBuffer } = request;
  if (InformationBuffer.length < size) {
    request.bytesNeeded = size;
    return NDIS_STATUS.BUFFER_TOO_SHORT;
  }
  const value = read(InformationBuffer);
  if (value === undefined) return NDIS_STATUS.INVALID_DATA;
  const status = apply(value);
  if (status === NDIS_STATUS.SUCCESS) request.bytesProcessed = InformationBuffer.length;
  return status;
}
