/** Finds a connection by the addresses and ports of a segment, in constant time. IPv4. */
import type { Ipv4Address } from '../wire/address';

/** Address and port of one end as an exact number of 48 bits. */
function endpoint(address: Ipv4Address, port: number): number {
  const high = (address[0]! * 256 + address[1]!) * 256 + address[2]!;
  return (high * 256 + address[3]!) * 65536 + port;
}

/** See the file's head. */
export class ConnectionMap<Connection> {
  private readonly byRemote = new Map<number, Map<number, Connection>>();

  /** Enters a connection in the place of what was there. */
  set(
    local: Ipv4Address,
    localPort: number,
    remote: Ipv4Address,
    remotePort: number,
    connection: Connection,
  ): void {
    const key = endpoint(remote, remotePort);
    let byLocal = this.byRemote.get(key);
    if (byLocal === undefined) this.byRemote.set(key, (byLocal = new Map<number, Connection>()));
    byLocal.set(endpoint(local, localPort), connection);
  }

  /** The connection between two ends. */
  get(
    local: Ipv4Address,
    localPort: number,
    remote: Ipv4Address,
    remotePort: number,
  ): Connection | undefined {
    return this.byRemote.get(endpoint(remote, remotePort))?.get(endpoint(local, localPort));
  }

  /** Forgets the connection between two ends. */
  delete(local: Ipv4Address, localPort: number, remote: Ipv4Address, remotePort: number): void {
    const key = endpoint(remote, remotePort);
    const byLocal = this.byRemote.get(key);
    if (byLocal === undefined) return;
    byLocal.delete(endpoint(local, localPort));
    if (byLocal.size === 0) this.byRemote.delete(key);
  }
}
