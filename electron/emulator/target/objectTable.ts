/** Everything that the target has taken over, by kind, and what the objects use up together. */
import type { Outstanding } from '../kit';
import type { IpAddress } from '../wire/address';
import type { TcpSegment } from '../wire/tcpSegment';
import { ConnectionMap } from '../tcp/connectionMap';
import type { NeighborContext, PathContext, TargetContext } from './contexts';
import type { OffloadedConnection } from './offloadedConnection';

/** How often each of several values is in use. */
export class UseCounts {
  private readonly counts = new Map<string, number>();

  /** Values in use. */
  get size(): number {
    return this.counts.size;
  }

  /** Values in use if this one were, too. */
  sizeWith(value: string): number {
    return this.counts.has(value) ? this.counts.size : this.counts.size + 1;
  }

  /** One more use of a value. */
  take(value: string): void {
    this.counts.set(value, (this.counts.get(value) ?? 0) + 1);
  }

  /** One use less. */
  release(value: string): void {
    const left = (this.counts.get(value) ?? 0) - 1;
    if (left > 0) this.counts.set(value, left);
    else this.counts.delete(value);
  }
}

/** See the file's head. */
export class ObjectTable {
  readonly neighbors = new Set<NeighborContext>();
  readonly paths = new Set<PathContext>();
  readonly connections = new Set<OffloadedConnection>();
  readonly localAddresses = new UseCounts();
  readonly sourceMacAddresses = new UseCounts();
  readonly vlans = new UseCounts();
  private readonly byAddresses = new ConnectionMap<OffloadedConnection>();

  /** Objects of all kinds. */
  get size(): number {
    return this.neighbors.size + this.paths.size + this.connections.size;
  }

  /** What it holds, by kind, and the resources that count as taken. */
  get outstanding(): Outstanding {
    return {
      'neighbors held': this.neighbors.size,
      'paths held': this.paths.size,
      'connections held': this.connections.size,
      'local addresses in use': this.localAddresses.size,
      'source Ethernet addresses in use': this.sourceMacAddresses.size,
      'VLANs in use': this.vlans.size,
    };
  }

  /** Receive windows of all connections, bytes. */
  get receiveWindowBytes(): number {
    let bytes = 0;
    for (const connection of this.connections) bytes += connection.cachedState.InitialRcvWnd;
    return bytes;
  }

  /** Posted and not acknowledged sends of all connections, bytes. */
  get outstandingSendBytes(): number {
    let bytes = 0;
    for (const connection of this.connections) bytes += connection.outstandingSendBytes;
    return bytes;
  }

  /** Posted and not completed sends of all connections. */
  get outstandingSends(): number {
    let sends = 0;
    for (const connection of this.connections) sends += connection.outstandingSends;
    return sends;
  }

  /** Whether it holds an object now. */
  has(object: object): boolean {
    return (
      this.neighbors.has(object as NeighborContext) ||
      this.paths.has(object as PathContext) ||
      this.connections.has(object as OffloadedConnection)
    );
  }

  /** An object has been taken over. */
  add(object: TargetContext): void {
    switch (object.layer) {
      case 'neighbor':
        this.neighbors.add(object);
        this.countNeighbor(object, (counts, value) => {
          counts.take(value);
        });
        return;
      case 'path':
        this.paths.add(object);
        this.localAddresses.take(object.constState.SourceAddress.toString());
        return;
      case 'tcp': {
        this.connections.add(object);
        const { SourceAddress, DestinationAddress } = object.path.constState;
        const { localPort, remotePort } = object.engine;
        this.byAddresses.set(SourceAddress, localPort, DestinationAddress, remotePort, object);
      }
    }
  }

  /** An object has been given back. */
  remove(object: TargetContext): void {
    switch (object.layer) {
      case 'neighbor':
        this.neighbors.delete(object);
        this.countNeighbor(object, (counts, value) => {
          counts.release(value);
        });
        return;
      case 'path':
        this.paths.delete(object);
        this.localAddresses.release(object.constState.SourceAddress.toString());
        return;
      case 'tcp': {
        this.connections.delete(object);
        const { SourceAddress, DestinationAddress } = object.path.constState;
        const { localPort, remotePort } = object.engine;
        this.byAddresses.delete(SourceAddress, localPort, DestinationAddress, remotePort);
      }
    }
  }

  /** The connection that a received segment belongs to. */
  connectionOf(
    segment: Pick<TcpSegment, 'sourcePort' | 'destinationPort'>,
    source: IpAddress,
    destination: IpAddress,
  ): OffloadedConnection | undefined {
    return this.byAddresses.get(destination, segment.destinationPort, source, segment.sourcePort);
  }

  private countNeighbor(neighbor: NeighborContext, count: (counts: UseCounts, value: string) => void): void {
    const { DlSourceAddress, VlanId } = neighbor.constState;
    if (DlSourceAddress.some((byte) => byte !== 0))
      count(this.sourceMacAddresses, DlSourceAddress.toString());
    if (VlanId !== 0) count(this.vlans, String(VlanId));
  }
}
