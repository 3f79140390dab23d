/**
 * The variables of one connection, named as TCP_OFFLOAD_STATE_CONST, _CACHED and _DELEGATED name them, and a few that never
 * cross a hand-over. Plain data: the engine changes it, everybody may read it.
 */

/** TCP_OFFLOAD_CONNECTION_STATE of ndischimney.h. */
export const TcpConnectionState = {
  Closed: 0,
  Listen: 1,
  SynSent: 2,
  SynRcvd: 3,
  Established: 4,
  FinWait1: 5,
  FinWait2: 6,
  CloseWait: 7,
  Closing: 8,
  LastAck: 9,
  TimeWait: 10,
} as const;

/** A value of {@link TcpConnectionState}. */
export type TcpConnectionState = (typeof TcpConnectionState)[keyof typeof TcpConnectionState];

/** See the file's head. Sequence numbers are unsigned 32 bit; deadlines are virtual ns, Infinity while a timer is stopped. */
export class TcpVariables {
  State: TcpConnectionState = TcpConnectionState.Closed;

  // Const once the connection is up.
  SndWindScale = 0;
  RcvWindScale = 0;
  RemoteMss = 536;
  timestampsEnabled = false;
  /** Whether both sides take SACK blocks (RFC 2018). */
  sackEnabled = false;

  // Receive side.
  RcvNxt = 0;
  RcvWnd = 0;

  // Send side.
  SndUna = 0;
  SndNxt = 0;
  SndMax = 0;
  SndWnd = 0;
  MaxSndWnd = 0;
  SendWL1 = 0;
  CWnd = 0;
  SsThresh = 0x3fff_ffff;
  DupAckCount = 0;

  /** Smoothed round-trip time in ticks, times 8; 0 before the first sample. */
  SRtt = 0;
  /** Variation of the round-trip time in ticks, times 4. */
  RttVar = 0;
  TsRecent = 0;
  /** When TsRecent was taken, virtual ns. */
  tsRecentTime = 0;
  /** Added to this home's clock to make a timestamp; carried over hand-overs through TsTime. */
  timestampDelta = 0;

  /** Time spent retransmitting the segment at SndUna, ticks. */
  TotalRT = 0;
  /** When TCP_FLAG_MAX_RT_RESTART last zeroed TotalRT, virtual ns: it counts no time before (TMR-013). */
  totalTimeRestartedAt = -Infinity;
  SndWndProbeCount = 0;
  RetransmitCount = 0;
  KeepAliveProbeCount = 0;
  /** When the next keepalive probe is due. */
  keepAliveDeadline = Infinity;

  /** Retransmission, persist or FIN-WAIT-2 timer: they share the member Retransmit.TimeoutDelta (A37). */
  retransmitDeadline = Infinity;
  retransmitPurpose: 'retransmit' | 'persist' | 'fin-wait-2' | 'time-wait' = 'retransmit';
}
