/** When the connections of a script change hands between the host stack and the offload target. */
import type { HostConnection } from '../../emulator/host/hostConnection';
import { TcpConnectionState } from '../../emulator/tcp/tcpVariables';

/**
 * Where a script's connections live. `host`: in the host stack. `offloaded`: in the target, from the end of the handshake on.
 * `hand-over`: after each segment they change hands.
 */
export type StackMode = 'host' | 'offloaded' | 'hand-over';

/** All modes, in the order in which they are told. */
export const stackModes: readonly StackMode[] = ['host', 'offloaded', 'hand-over'];

/** Offers in a row that may fail: then the connection is left where it is until a segment has passed. */
const mostRefusals = 3;

interface Tracked {
  readonly connection: HostConnection;
  /** Segments that had passed when it was last handed over. */
  handedAt: number;
  refusals: number;
  /** Its hand-over has been decided and not begun. */
  isWaiting: boolean;
  wasInHost: boolean;
}

/** See the file's head. */
export class HandOver {
  private readonly tracked: Tracked[] = [];
  /** Hand-overs in either direction that have been completed. */
  completed = 0;

  constructor(
    private readonly mode: StackMode,
    /** TCP segments that have passed on the wire. */
    private readonly segmentCount: () => number,
    /**
     * Whether a hand-over would show on the wire, because the specification wants it so: data beyond a gap is dropped (TRM-016), and
     * the peer would have to send it again; a delayed acknowledgment is sent. No script foresees that, and the hand-over waits until
     * the gap is filled and the acknowledgment has left.
     */
    private readonly wouldShow: (connection: HostConnection) => boolean,
    /** Runs work soon, at PASSIVE_LEVEL. */
    private readonly soon: (work: () => void) => void,
  ) {}

  /** Looks after a connection from now on. */
  track(connection: HostConnection): void {
    if (this.mode === 'host' || this.tracked.some((one) => one.connection === connection)) return;
    this.tracked.push({ connection, handedAt: -1, refusals: 0, isWaiting: false, wasInHost: true });
  }

  /** Whether no connection is on its way, or about to be. */
  get isSettled(): boolean {
    return this.tracked.every((one) => !one.isWaiting && !isMoving(one.connection) && !this.isDue(one));
  }

  /** The decisions, taken between events. */
  direct(): void {
    for (const one of this.tracked) {
      const { connection } = one;
      if (one.isWaiting || isMoving(connection)) continue;
      const inHost = connection.place === 'InHost';
      if (inHost !== one.wasInHost) {
        one.wasInHost = inHost;
        one.refusals = 0;
        this.completed++;
      }
      if (!this.isDue(one)) continue;
      if (one.handedAt === this.segmentCount()) one.refusals++;
      one.handedAt = this.segmentCount();
      one.isWaiting = true;
      this.soon(() => {
        one.isWaiting = false;
        if (isMoving(connection)) return;
        if (connection.place === 'InHost') connection.offload();
        else connection.upload();
      });
      return;
    }
  }

  private isDue(one: Tracked): boolean {
    const { connection } = one;
    if (connection.isClosed) return false;
    const newSegments = one.handedAt !== this.segmentCount() && !this.wouldShow(connection);
    if (connection.place === 'Offloaded') return this.mode === 'hand-over' && newSegments;
    if (connection.place !== 'InHost' || !mayBeOffered(connection)) return false;
    if (this.mode === 'hand-over') return newSegments;
    return newSegments || one.refusals < mostRefusals;
  }
}

/** Whether a connection is on its way between two places. */
function isMoving(connection: HostConnection): boolean {
  return connection.isPreparingOffload || (connection.place !== 'InHost' && connection.place !== 'Offloaded');
}

/** The host offers connections in these states only. */
function mayBeOffered(connection: HostConnection): boolean {
  const { State } = connection.engine.variables;
  return State === TcpConnectionState.Established || State === TcpConnectionState.CloseWait;
}
