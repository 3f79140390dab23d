/** The host stack's paths: connections between the same two addresses share one (TRE-024, TRE-025). */
import {
  NDIS_OFFLOAD_HANDLE,
  type Kernel,
  type PATH_OFFLOAD_STATE_CACHED,
  type PATH_OFFLOAD_STATE_CONST,
  type StateObserver,
} from '../kit';
import { formatIpAddress, isIpv6, sameAddress, type IpAddress } from '../wire/address';
import type { HostConnection } from './hostConnection';
import type { NeighborEntry } from './neighborCache';
import { OffloadRecord } from './offloadRecord';

/** A path from one of the host's addresses to a remote one. */
export interface PathEntry {
  readonly source: IpAddress;
  readonly destination: IpAddress;
  readonly handle: NDIS_OFFLOAD_HANDLE;
  readonly record: OffloadRecord;
  /** Connections that the target has, or is being offered, on this path. */
  readonly dependents: Set<HostConnection>;
  /** Next hop. */
  neighbor: NeighborEntry;
  /** MTU in bytes. */
  mtu: number;
}

/** State of a path, for the offload and for the trace. */
export function pathState(path: PathEntry) {
  return {
    layer: 'path',
    const: { SourceAddress: path.source, DestinationAddress: path.destination } as PATH_OFFLOAD_STATE_CONST,
    cached: { PathMtu: path.mtu } as PATH_OFFLOAD_STATE_CACHED,
    delegated: {},
  } as const;
}

/** See the file's head. */
export class PathCache {
  private readonly entries: PathEntry[] = [];

  constructor(
    private readonly kernel: Kernel,
    private readonly observer: StateObserver,
    /** Component of the host stack. */
    private readonly component: number,
  ) {}

  /** All paths, oldest first. */
  get all(): readonly PathEntry[] {
    return this.entries;
  }

  /** The path between two addresses, if there is one. */
  find(source: IpAddress, destination: IpAddress): PathEntry | undefined {
    return this.entries.find(
      (path) => sameAddress(path.destination, destination) && sameAddress(path.source, source),
    );
  }

  /** The path between two addresses, made if it is new. */
  entry(source: IpAddress, destination: IpAddress, neighbor: NeighborEntry, mtu: number): PathEntry {
    const known = this.find(source, destination);
    if (known !== undefined) return known;
    const handle = new NDIS_OFFLOAD_HANDLE(this.kernel.addresses);
    const path: PathEntry = {
      source: source.slice(),
      destination: destination.slice(),
      handle,
      record: new OffloadRecord('path', handle, () => undefined, isIpv6(destination) ? 'ipv6' : 'ipv4'),
      dependents: new Set(),
      neighbor,
      mtu,
    };
    this.entries.push(path);
    const label = `Path ${formatIpAddress(source)} → ${formatIpAddress(destination)}`;
    this.observer.declare(handle, 'path', neighbor.handle, undefined, label);
    this.observer.wrote(handle, this.component, pathState(path));
    return path;
  }
}
