/**
 * Watches a run through the probe for frames of the wrong hand: one side sends on a connection at a time (TRM-040). While its state
 * is the host stack's that is the host path, and from the offer to the end of the terminate the chimney.
 */
import type { StateOwner } from '../../../shared/trace/records';
import { passOn } from '../observe/passOn';
import type { Probe } from '../probe';

/** Findings that are kept. */
const mostFindings = 10;

/** See the file's head. */
export class WireOwnership {
  /** Passes everything on to the probe that it watches for. */
  readonly probe: Probe;
  /** What has been found. */
  readonly findings: string[] = [];
  /** Connection of each TCP state object, and owner of each connection's state. */
  private readonly connections = new Map<number, number>();
  private readonly owners = new Map<number, StateOwner>();

  constructor(inner: Probe) {
    // What a switch passes on may be late.
    const switchPorts = new Set<number>();
    this.probe = passOn(inner, {
      component: (role, name) => {
        const id = inner.component(role, name);
        if (role === 'wire') switchPorts.add(id);
        return id;
      },
      stateObject: (time, layer, parent, connection, label) => {
        const object = inner.stateObject(time, layer, parent, connection, label);
        if (connection !== undefined) this.connections.set(object, connection);
        return object;
      },
      ownership: (time, object, owner, cause) => {
        const connection = this.connections.get(object);
        if (connection !== undefined) this.owners.set(connection, owner);
        inner.ownership(time, object, owner, cause);
      },
      frame: (time, sender, path, connection, cause, length, payloadLength, retransmission, bytes) => {
        const owner = connection === undefined ? undefined : this.owners.get(connection);
        const expected = owner === 'host' ? 'host' : 'chimney';
        if (owner !== undefined && path !== 'peer' && path !== expected && !switchPorts.has(sender))
          this.complain(
            `connection ${connection!}: a frame of the ${path} path at ${time} ns, owner ${owner}`,
          );
        return inner.frame(
          time,
          sender,
          path,
          connection,
          cause,
          length,
          payloadLength,
          retransmission,
          bytes,
        );
      },
    });
  }

  private complain(finding: string): void {
    if (this.findings.length < mostFindings) this.findings.push(finding);
  }
}
