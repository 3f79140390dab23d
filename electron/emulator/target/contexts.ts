/** Context areas: what the target keeps of each object that it has taken over (CTX-001 to CTX-006). */
import type {
  NDIS_OFFLOAD_HANDLE,
  NEIGHBOR_OFFLOAD_STATE_CACHED,
  NEIGHBOR_OFFLOAD_STATE_CONST,
  PATH_OFFLOAD_STATE_CACHED,
  PATH_OFFLOAD_STATE_CONST,
  PVOID,
  TCP_OFFLOAD_STATE_CACHED,
} from '../kit';
import { sameAddress, type MacAddress } from '../wire/address';
import type { SegmentAddressing } from '../wire/segmentFrame';
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
  private addressing: SegmentAddressing | undefined;
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

  /**
   * What goes around the segments of a connection with these cached variables, from an adapter whose own address is `adapterMac`. One
   * object for all connections that need the same.
   */
  addressingFor(adapterMac: MacAddress, cached: TCP_OFFLOAD_STATE_CACHED): SegmentAddressing {
    const { constState, neighbor } = this;
    const { DlSourceAddress } = neighbor.constState;
    const wanted = {
      sourceMac: DlSourceAddress.some((byte) => byte !== 0) ? DlSourceAddress.subarray(0, 6) : adapterMac,
      destinationMac: neighbor.cached.DlDestinationAddress.subarray(0, 6),
      source: constState.SourceAddress,
      destination: constState.DestinationAddress,
      timeToLive: cached.TtlOrHopLimit,
      typeOfService: cached.TosOrTrafficClass,
      flowLabel: cached.FlowLabel,
    };
    const { addressing: last } = this;
    if (last !== undefined && areEqual(last, wanted)) return last;
    return (this.addressing = wanted);
  }
}

function areEqual(left: SegmentAddressing, right: SegmentAddressing): boolean {
  return (
    sameAddress(left.sourceMac, right.sourceMac) &&
    sameAddress(left.destinationMac, right.destinationMac) &&
    sameAddress(left.source, right.source) &&
    sameAddress(left.destination, right.destination) &&
    left.timeToLive === right.timeToLive &&
    left.typeOfService === right.typeOfService &&
    left.flowLabel === right.flowLabel
  );
}

/** Any context area. */
export type TargetContext = NeighborContext | PathContext | OffloadedConnection;
