/**
 * What the connections of a path have learned of it and the next one need not learn anew: round-trip time and slow start threshold
 * (RFC 9040 section 4.2, temporal sharing; RFC 2140 before it). It goes with the path's entry.
 */
import { largestWindow } from '../tcp/congestionControl';
import type { TcpEngine } from '../tcp/tcpEngine';
import type { TcpVariables } from '../tcp/tcpVariables';

/** See the file's head. SRtt and RttVar as TCP_OFFLOAD_STATE_DELEGATED has them, in ticks times 8 and times 4. */
export interface PathHistory {
  readonly SRtt: number;
  readonly RttVar: number;
  /** Bytes; undefined: no connection has met congestion yet. */
  readonly SsThresh: number | undefined;
}

/** The history after a connection has ended; unchanged if that has measured nothing. */
export function rememberConnection(
  history: PathHistory | undefined,
  { SRtt, RttVar, SsThresh, CWnd }: TcpVariables,
): PathHistory | undefined {
  if (SRtt === 0) return history;
  const known = history?.SsThresh;
  // A window that has grown beyond the threshold was carried; half of it is what a loss would have left.
  const learned = SsThresh < largestWindow ? Math.max(SsThresh, CWnd >>> 1) : undefined;
  const merged =
    known === undefined || learned === undefined ? (learned ?? known) : Math.floor((known + learned) / 2);
  return { SRtt, RttVar, SsThresh: merged };
}

/**
 * Gives a connection that has just been established what is known of its path. Its own measurement of the handshake is newer and
 * stays, and after a lost SYN it times cautiously (RFC 6298 section 5.7).
 */
export function applyHistory(history: PathHistory, engine: TcpEngine): void {
  const { variables } = engine;
  if (variables.SRtt === 0 && !engine.timesCautiously) {
    variables.SRtt = history.SRtt;
    variables.RttVar = history.RttVar;
  }
  if (history.SsThresh !== undefined) variables.SsThresh = Math.max(2 * engine.mss, history.SsThresh);
}
