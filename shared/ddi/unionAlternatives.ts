import type { StructureName } from './catalogue';
import { readStructure } from './structureDecoder';

/** RequestType of NDIS_OID_REQUEST (NDIS_REQUEST_TYPE) and the alternative of DATA that it chooses. */
const requestData: ReadonlyMap<number, string> = new Map([
  [0, 'QUERY_INFORMATION'],
  [1, 'SET_INFORMATION'],
  [2, 'QUERY_INFORMATION'],
  [12, 'METHOD_INFORMATION'],
]);

/** What of the delegated TCP state a call carries: backlog sizes in a query, chains of data otherwise (data-io page). */
function delegatedAlternatives(functionName: string | undefined): readonly string[] {
  if (functionName === undefined) return [];
  if (/QueryOffload/.test(functionName)) return ['SendBacklogSize', 'ReceiveBacklogSize'];
  return /InitiateOffload|TerminateOffload/.test(functionName) ? ['SendDataHead', 'BufferedData'] : [];
}

/**
 * The live alternative of each union of a structure, as `DecodeOptions.live` takes it, as far as it is known: from the
 * structure's own members, or from the call that the structure was passed with. A union of which it is not known is left
 * out. Never throws for any bytes.
 * @param functionName the function, handler or macro that was called with the structure.
 */
export function liveAlternatives(
  name: StructureName,
  bytes: Uint8Array,
  functionName?: string,
): readonly string[] {
  switch (name) {
    case 'TCP_OFFLOAD_STATE_DELEGATED':
      return delegatedAlternatives(functionName);
    case 'NDIS_OID_REQUEST': {
      const type = readStructure(name, bytes, {}).structure.values.RequestType;
      const chosen = type === undefined ? undefined : requestData.get(type);
      return chosen === undefined ? [] : [chosen];
    }
    // Link is the pool's while the structure is free; what is passed in a call is not free.
    case 'NET_BUFFER':
    case 'NET_BUFFER_LIST':
      return functionName === undefined ? [] : ['Next'];
    default:
      return [];
  }
}
