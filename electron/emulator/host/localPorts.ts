/** Which local port an outgoing connection gets (RFC 6056 section 3.2, in order as Windows does it). */

/** The range for outgoing connections (RFC 6335 section 6). */
const firstEphemeralPort = 49152;
const lastEphemeralPort = 65535;

/** See the file's head. */
export class LocalPorts {
  private next = firstEphemeralPort;

  /** The next port of the range that is free; undefined if none is. A port is free again as soon as nothing uses it. */
  allocate(isFree: (port: number) => boolean): number | undefined {
    for (let left = lastEphemeralPort - firstEphemeralPort + 1; left > 0; left--) {
      const port = this.next;
      this.next = port === lastEphemeralPort ? firstEphemeralPort : port + 1;
      if (isFree(port)) return port;
    }
    return undefined;
  }
}
