/** The TCP state of a connection that the target has, as far as events and completions have told the host stack. */
import { TcpConnectionState } from '../tcp/tcpVariables';

/** What the host stack has been told of a connection since it offloaded it. */
export interface ToldOfOffloaded {
  /** State in which it was offloaded: ESTABLISHED or later. */
  readonly state: TcpConnectionState;
  /** The peer has closed its direction (TcpIndicateDisconnect, or before the offload). */
  readonly peerClosed: boolean;
  /** A graceful disconnect is with the target. */
  readonly disconnectPosted: boolean;
  /** The peer has acknowledged all data and the FIN: the disconnect is complete (DSC-014). */
  readonly disconnected: boolean;
}

/** See the file's head. A disconnect counts as sent when it is posted: whether data is still before it only the target knows. */
export function offloadedState(told: ToldOfOffloaded): TcpConnectionState {
  const { state, peerClosed, disconnectPosted, disconnected } = told;
  if (state !== TcpConnectionState.Established && state !== TcpConnectionState.CloseWait) return state;
  if (!disconnectPosted && !disconnected) return peerClosed ? TcpConnectionState.CloseWait : state;
  // Which FIN went first is not told: CLOSING looks like LAST-ACK, until the host takes the connection back at its end.
  if (peerClosed) return disconnected ? TcpConnectionState.TimeWait : TcpConnectionState.LastAck;
  return disconnected ? TcpConnectionState.FinWait2 : TcpConnectionState.FinWait1;
}
