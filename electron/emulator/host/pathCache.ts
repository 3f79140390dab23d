/** The host stack's paths: connections between the same two addresses share one (TRE-024, TRE-025). */
import {
  NDIS_OFFLOAD_HANDLE,
  type Kernel,
  type PATH_OFFLOAD_STATE_CACHED,
  type PATH_OFFLOAD_STATE_CONST,
  type StateObserver,
} from '../kit';
import type { SegmentAddressing } from '../wire/segmentFrame';
import { addressKey, formatIpAddress, isIpv6, type IpAddress } from '../wire/address';
import { CacheAging, isAlone, type AgingEntry, type CacheSettings } from './cacheAging';
import type { HostConnection } from './hostConnection';
import type { NeighborEntry } from './neighborCache';
import { OffloadRecord } from './offloadRecord';
import type { PathHistory } from './pathHistory';

/** A path from one of the host's addresses to a remote one. */
export interface PathEntry extends AgingEntry {
  readonly source: IpAddress;
  readonly destination: IpAddress;
  readonly handle: NDIS_OFFLOAD_HANDLE;
  readonly record: OffloadRecord;
  /** Connections that the target has, or is being offered, on this path. */
  readonly dependents: Set<HostConnection>;
  /** Connections on this path, wherever they are. */
  readonly connections: Set<HostConnection>;
  /** Next hop. */
  neighbor: NeighborEntry;
  /** MTU in bytes. */
  mtu: number;
  /** What ended connections have left; undefined: nothing yet, or the host does not share it. */
  history: PathHistory | undefined;
  /** What went around the last segment that the host sent on it. */
  addressing?: SegmentAddressing | undefined;
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
  private readonly entries = new Map<string, PathEntry>();
  private readonly aging: CacheAging<PathEntry>;

  constructor(
    private readonly kernel: Kernel,
    private readonly observer: StateObserver,
    /** Component of the host stack. */
    private readonly component: number,
    settings: CacheSettings,
    /** Whether a path is being moved to another neighbor. */
    isMoving: (path: PathEntry) => boolean,
  ) {
    const isUnneeded = (path: PathEntry): boolean =>
      path.connections.size === 0 && path.dependents.size === 0 && isAlone(path.record) && !isMoving(path);
    this.aging = new CacheAging(settings, this.entries, () => isUnneeded);
  }

  /** All paths, oldest first. */
  get all(): Iterable<PathEntry> {
    return this.entries.values();
  }

  /** How many there are. */
  get size(): number {
    return this.entries.size;
  }

  /** Forgets paths that have been of no use for long, and of a full cache those that make room. */
  sweep(isFull: boolean): void {
    this.aging.sweep(this.kernel.now, isFull);
  }

  /** The path between two addresses, if there is one. */
  find(source: IpAddress, destination: IpAddress): PathEntry | undefined {
    return this.entries.get(pathKey(source, destination));
  }

  /** The path between two addresses, made if it is new. */
  entry(source: IpAddress, destination: IpAddress, neighbor: NeighborEntry, mtu: number): PathEntry {
    const { now } = this.kernel;
    const known = this.find(source, destination);
    if (known !== undefined) {
      known.usedAt = now;
      return known;
    }
    this.aging.beforeAdding(now);
    const handle = new NDIS_OFFLOAD_HANDLE(this.kernel.addresses);
    const path: PathEntry = {
      source: source.slice(),
      destination: destination.slice(),
      handle,
      record: new OffloadRecord('path', handle, undefined, isIpv6(destination) ? 'ipv6' : 'ipv4'),
      dependents: new Set(),
      connections: new Set(),
      neighbor,
      mtu,
      history: undefined,
      usedAt: now,
    };
    this.entries.set(pathKey(source, destination), path);
    const label = `Path ${formatIpAddress(source)} → ${formatIpAddress(destination)}`;
    this.observer.declare(handle, 'path', neighbor.handle, undefined, label);
    this.observer.wrote(handle, this.component, pathState(path));
    return path;
  }
}

function pathKey(source: IpAddress, destination: IpAddress): string {
  return addressKey(source) + addressKey(destination);
}
