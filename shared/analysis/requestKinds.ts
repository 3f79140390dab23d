/** Which functions make requests that somebody ends later, what each asks for, and which functions end it. */
import { listPairs, treePairs } from '../rules/facts/edges';
import type { FunctionName } from '../ddi/catalogue';

/** What a request asks for. */
export type RequestKind =
  | 'initiate'
  | 'terminate'
  | 'update'
  | 'query'
  | 'invalidate'
  | 'send'
  | 'receive'
  | 'disconnect'
  | 'forward'
  | 'packet-send'
  | 'oid'
  | 'pause'
  | 'restart'
  | 'reset'
  | 'open'
  | 'close'
  | 'bind'
  | 'unbind'
  | 'net-pnp';

/** A function whose work ends with another call. */
export interface RequestFunction {
  readonly kind: RequestKind;
  readonly completion: FunctionName;
  /** What changes hands with it: NET_BUFFER_LISTs, which may come back one by one, a tree of block lists, or neither. */
  readonly passes: 'lists' | 'tree' | 'nothing';
}

/** Requests that pass neither lists nor trees: request, and what ends it (WDK: NDIS_STATUS_PENDING of these functions). */
const plainRequests: readonly (readonly [RequestKind, FunctionName, FunctionName])[] = [
  ['oid', 'NdisOidRequest', 'ProtocolOidRequestComplete'],
  ['oid', 'MiniportOidRequest', 'NdisMOidRequestComplete'],
  ['pause', 'MiniportPause', 'NdisMPauseComplete'],
  ['restart', 'MiniportRestart', 'NdisMRestartComplete'],
  ['reset', 'MiniportResetEx', 'NdisMResetComplete'],
  ['open', 'NdisOpenAdapterEx', 'ProtocolOpenAdapterCompleteEx'],
  ['close', 'NdisCloseAdapterEx', 'ProtocolCloseAdapterCompleteEx'],
  ['bind', 'ProtocolBindAdapterEx', 'NdisCompleteBindAdapterEx'],
  ['unbind', 'ProtocolUnbindAdapterEx', 'NdisCompleteUnbindAdapterEx'],
  ['net-pnp', 'ProtocolNetPnPEvent', 'NdisCompleteNetPnPEvent'],
];

const functions: ReadonlyMap<string, RequestFunction> = new Map<string, RequestFunction>([
  ...treePairs.map(
    ({ verb, request, completion }) => [request, { kind: verb, completion, passes: 'tree' }] as const,
  ),
  ...listPairs.flatMap(({ purpose, request, completion }) =>
    purpose === 'indication' || purpose === 'packet-indication'
      ? []
      : [[request, { kind: purpose, completion, passes: 'lists' }] as const],
  ),
  ...plainRequests.map(
    ([kind, request, completion]) => [request, { kind, completion, passes: 'nothing' }] as const,
  ),
]);

/** What a function requests; undefined for functions whose work ends at their return. */
export function requestFunction(functionName: string): RequestFunction | undefined {
  return functions.get(functionName);
}

const kindsByCompletion: ReadonlyMap<string, RequestKind> = new Map(
  [...functions.values()].map(({ kind, completion }) => [completion, kind]),
);

/** What the requests asked for that a function completes; undefined for functions that complete none. */
export function requestEndedBy(functionName: string): RequestKind | undefined {
  return kindsByCompletion.get(functionName);
}

const treeVerbs: ReadonlySet<RequestKind> = new Set(treePairs.map(({ verb }) => verb));

/** Whether a function completes a request about state. Data requests that it names as well have ended with it (TRM-026). */
export function completesTree(functionName: string): boolean {
  const kind = kindsByCompletion.get(functionName);
  return kind !== undefined && treeVerbs.has(kind);
}
