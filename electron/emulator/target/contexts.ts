/** Context areas: what the target keeps of each object that it has taken over (CTX-001 to CTX-006). */
import type {
  NDIS_OFFLOAD_HANDLE,
  NEIGHBOR_OFFLOAD_STATE_CACHED,
  NEIGHBOR_OFFLOAD_STATE_CONST,
  PATH_OFFLOAD_STATE_CACHED,
  PATH_OFFLOAD_STATE_CONST,
  PVOID,
} from '../kit';
import type { NeighborReachability } from './neighborReachability';
import type { OffloadedConnection } from './offloadedConnection';

/** Bytes of a context area in the address space. */
export const contextSize = 0x200;

/** A neighbor: framing of everything that goes through it. */
export class NeighborContext implements PVOID {
  readonly layer = 'neighbor';
  readonly paths = new Set<PathContext>();
  /** After MiniportInvalidateOffload nothing may be sent through it. */
  invalid = false;
  /** A NeighborReachabilityQuery about it has not returned yet. */
  asking = false;

  constructor(
    readonly address: number,
    readonly handle: NDIS_OFFLOAD_HANDLE,
    readonly constState: NEIGHBOR_OFFLOAD_STATE_CONST,
    public cached: NEIGHBOR_OFFLOAD_STATE_CACHED,
    readonly reachability: NeighborReachability,
  ) {}
}

/** A path: addresses and MTU, linked to a neighbor. */
export class PathContext implements PVOID {
  readonly layer = 'path';
  readonly connections = new Set<OffloadedConnection>();
  /** After MiniportInvalidateOffload nothing may be sent on it. */
  invalid = false;

  constructor(
    readonly address: number,
    readonly handle: NDIS_OFFLOAD_HANDLE,
    readonly constState: PATH_OFFLOAD_STATE_CONST,
    public cached: PATH_OFFLOAD_STATE_CACHED,
    public neighbor: NeighborContext,
  ) {
    neighbor.paths.add(this);
  }
}

/** Any context area. */
export type TargetContext = NeighborContext | PathContext | OffloadedConnection;
