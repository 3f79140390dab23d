/**
 * The two edges of a driver: with its miniport edge it serves those above it, with its protocol edge it uses those below. NDIS stands
 * between, so that each hand-over shows twice: at the protocol edge of the one and at the miniport edge of the other.
 */
import type { FunctionName } from '../../ddi/catalogue';

/** See the file's head. */
export type Edge = 'protocol' | 'miniport';

/** What a NET_BUFFER_LIST is lent for. */
export type ListPurpose =
  'send' | 'receive' | 'disconnect' | 'forward' | 'indication' | 'packet-send' | 'packet-indication';

/** Functions that hand lists over and give them back, at one edge. */
export interface ListPair {
  readonly purpose: ListPurpose;
  readonly edge: Edge;
  readonly request: FunctionName;
  readonly completion: FunctionName;
  /** Whether the lists change hands only if the function returns NDIS_STATUS_SUCCESS (IND-012, IND-013). */
  readonly onSuccess?: true;
}

/** All pairs of functions that lend NET_BUFFER_LISTs. */
export const listPairs: readonly ListPair[] = [
  {
    purpose: 'send',
    edge: 'protocol',
    request: 'NdisOffloadTcpSend',
    completion: 'ProtocolTcpOffloadSendComplete',
  },
  {
    purpose: 'send',
    edge: 'miniport',
    request: 'MiniportTcpOffloadSend',
    completion: 'NdisTcpOffloadSendComplete',
  },
  {
    purpose: 'receive',
    edge: 'protocol',
    request: 'NdisOffloadTcpReceive',
    completion: 'ProtocolTcpOffloadReceiveComplete',
  },
  {
    purpose: 'receive',
    edge: 'miniport',
    request: 'MiniportTcpOffloadReceive',
    completion: 'NdisTcpOffloadReceiveComplete',
  },
  {
    purpose: 'disconnect',
    edge: 'protocol',
    request: 'NdisOffloadTcpDisconnect',
    completion: 'ProtocolTcpOffloadDisconnectComplete',
  },
  {
    purpose: 'disconnect',
    edge: 'miniport',
    request: 'MiniportTcpOffloadDisconnect',
    completion: 'NdisTcpOffloadDisconnectComplete',
  },
  {
    purpose: 'forward',
    edge: 'protocol',
    request: 'NdisOffloadTcpForward',
    completion: 'ProtocolTcpOffloadForwardComplete',
  },
  {
    purpose: 'forward',
    edge: 'miniport',
    request: 'MiniportTcpOffloadForward',
    completion: 'NdisTcpOffloadForwardComplete',
  },
  {
    purpose: 'packet-send',
    edge: 'protocol',
    request: 'NdisSendNetBufferLists',
    completion: 'ProtocolSendNetBufferListsComplete',
  },
  {
    purpose: 'packet-send',
    edge: 'miniport',
    request: 'MiniportSendNetBufferLists',
    completion: 'NdisMSendNetBufferListsComplete',
  },
  {
    purpose: 'packet-indication',
    edge: 'miniport',
    request: 'NdisMIndicateReceiveNetBufferLists',
    completion: 'MiniportReturnNetBufferLists',
  },
  {
    purpose: 'packet-indication',
    edge: 'protocol',
    request: 'ProtocolReceiveNetBufferLists',
    completion: 'NdisReturnNetBufferLists',
  },
  {
    purpose: 'indication',
    edge: 'miniport',
    request: 'NdisTcpOffloadReceiveHandler',
    completion: 'MiniportTcpOffloadReceiveReturn',
    onSuccess: true,
  },
  {
    purpose: 'indication',
    edge: 'protocol',
    request: 'ProtocolTcpOffloadReceiveIndicate',
    completion: 'NdisOffloadTcpReceiveReturn',
    onSuccess: true,
  },
];

/** What a request about state asks for. */
export type TreeVerb = 'initiate' | 'terminate' | 'update' | 'query' | 'invalidate';

/** Functions that hand a tree of block lists over and give it back, at one edge. */
export interface TreePair {
  readonly verb: TreeVerb;
  readonly edge: Edge;
  readonly request: FunctionName;
  readonly completion: FunctionName;
}

/** All pairs of functions that hand over trees. */
export const treePairs: readonly TreePair[] = [
  {
    verb: 'initiate',
    edge: 'protocol',
    request: 'NdisInitiateOffload',
    completion: 'ProtocolInitiateOffloadComplete',
  },
  {
    verb: 'initiate',
    edge: 'miniport',
    request: 'MiniportInitiateOffload',
    completion: 'NdisMInitiateOffloadComplete',
  },
  {
    verb: 'terminate',
    edge: 'protocol',
    request: 'NdisTerminateOffload',
    completion: 'ProtocolTerminateOffloadComplete',
  },
  {
    verb: 'terminate',
    edge: 'miniport',
    request: 'MiniportTerminateOffload',
    completion: 'NdisMTerminateOffloadComplete',
  },
  {
    verb: 'update',
    edge: 'protocol',
    request: 'NdisUpdateOffload',
    completion: 'ProtocolUpdateOffloadComplete',
  },
  {
    verb: 'update',
    edge: 'miniport',
    request: 'MiniportUpdateOffload',
    completion: 'NdisMUpdateOffloadComplete',
  },
  {
    verb: 'query',
    edge: 'protocol',
    request: 'NdisQueryOffloadState',
    completion: 'ProtocolQueryOffloadComplete',
  },
  {
    verb: 'query',
    edge: 'miniport',
    request: 'MiniportQueryOffload',
    completion: 'NdisMQueryOffloadStateComplete',
  },
  {
    verb: 'invalidate',
    edge: 'protocol',
    request: 'NdisInvalidateOffload',
    completion: 'ProtocolInvalidateOffloadComplete',
  },
  {
    verb: 'invalidate',
    edge: 'miniport',
    request: 'MiniportInvalidateOffload',
    completion: 'NdisMInvalidateOffloadComplete',
  },
];

/** Edge at which a function is called or is a handler, by its name: `NdisM…`, `Miniport…` and the handlers that NDIS gives to miniports. */
export function edgeOf(functionName: string): Edge {
  return functionName.startsWith('Miniport') ||
    functionName.startsWith('NdisM') ||
    functionName.startsWith('NdisTcpOffload')
    ? 'miniport'
    : 'protocol';
}

/** The driver at whose edge a call is made: it calls the functions of NDIS, and the handlers are its own. */
export function driverOf(call: {
  readonly functionName: string;
  readonly caller: number;
  readonly callee: number;
}): number {
  return call.functionName.startsWith('Ndis') ? call.caller : call.callee;
}
