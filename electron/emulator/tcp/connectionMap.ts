/** Finds a connection by the addresses and ports of a segment, of either IP version, in constant time and without allocating. */
import { sameAddress, type IpAddress } from '../wire/address';

/** One connection, and the next whose ends have the same hash. */
interface Entry<Connection> {
  readonly local: IpAddress;
  readonly localPort: number;
  readonly remote: IpAddress;
  readonly remotePort: number;
  connection: Connection;
  next: Entry<Connection> | undefined;
}

/** A hash of both ends, 30 bits, so that engines keep it as a small integer. The multipliers are odd and otherwise arbitrary. */
function hashOf(local: IpAddress, localPort: number, remote: IpAddress, remotePort: number): number {
  let hash = Math.imul(localPort, 0x9e3779b1) ^ Math.imul(remotePort, 0x85ebca6b);
  for (let index = 0; index < remote.length; index++) hash = Math.imul(hash ^ remote[index]!, 0x01000193);
  for (let index = 0; index < local.length; index++) hash = Math.imul(hash ^ local[index]!, 0x01000193);
  return (hash ^ (hash >>> 15)) & 0x3fff_ffff;
}

function joins<Connection>(
  entry: Entry<Connection>,
  local: IpAddress,
  localPort: number,
  remote: IpAddress,
  remotePort: number,
): boolean {
  return (
    entry.remotePort === remotePort &&
    entry.localPort === localPort &&
    sameAddress(entry.remote, remote) &&
    sameAddress(entry.local, local)
  );
}

/** See the file's head. */
export class ConnectionMap<Connection> {
  private readonly chains = new Map<number, Entry<Connection>>();

  /** Enters a connection in the place of what was there; the addresses are copied. */
  set(
    local: IpAddress,
    localPort: number,
    remote: IpAddress,
    remotePort: number,
    connection: Connection,
  ): void {
    const hash = hashOf(local, localPort, remote, remotePort);
    const first = this.chains.get(hash);
    for (let entry = first; entry !== undefined; entry = entry.next) {
      if (!joins(entry, local, localPort, remote, remotePort)) continue;
      entry.connection = connection;
      return;
    }
    const ends = { local: local.slice(), localPort, remote: remote.slice(), remotePort };
    this.chains.set(hash, { ...ends, connection, next: first });
  }

  /** The connection between two ends. */
  get(local: IpAddress, localPort: number, remote: IpAddress, remotePort: number): Connection | undefined {
    let entry = this.chains.get(hashOf(local, localPort, remote, remotePort));
    while (entry !== undefined && !joins(entry, local, localPort, remote, remotePort)) entry = entry.next;
    return entry?.connection;
  }

  /** Forgets the connection between two ends. */
  delete(local: IpAddress, localPort: number, remote: IpAddress, remotePort: number): void {
    const hash = hashOf(local, localPort, remote, remotePort);
    let previous: Entry<Connection> | undefined;
    for (let entry = this.chains.get(hash); entry !== undefined; previous = entry, entry = entry.next) {
      if (!joins(entry, local, localPort, remote, remotePort)) continue;
      if (previous !== undefined) previous.next = entry.next;
      else if (entry.next === undefined) this.chains.delete(hash);
      else this.chains.set(hash, entry.next);
      return;
    }
  }
}
