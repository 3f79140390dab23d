/** When an idle connection is probed (RFC 9293 section 3.8.4). Times are virtual ns. */
export interface KeepAliveSettings {
  readonly enabled: boolean;
  /** Idle time before the first probe (KaTimeout). */
  readonly time: number;
  /** Time between unanswered probes (KaInterval). */
  readonly interval: number;
  /** Unanswered probes before giving up (KaProbeCount). */
  readonly probes: number;
}

/** How one home of the TCP engine is set up: host stack, offload target or peer. Times are virtual ns. */
export interface TcpSettings {
  /** Largest segment payload plus options that this side accepts and announces, bytes. */
  readonly localMss: number;
  /** Receive buffer, bytes: the largest window that is advertised (InitialRcvWnd). */
  readonly receiveBuffer: number;
  /** Shift of the windows that this side advertises (RFC 7323 section 2). */
  readonly RcvWindScale: number;
  /** Whether to offer timestamps (RFC 7323 section 3). */
  readonly timestamps: boolean;
  /** Whether to offer selective acknowledgments (RFC 2018). */
  readonly sack: boolean;
  /** What the peer is thought to take if its SYN does not say (RFC 9293 section 3.7.1: 536 over IPv4, 1220 over IPv6). */
  readonly defaultRemoteMss: number;
  /** The initial window: 2 to 4 segments, or 10. */
  readonly initialWindow: 'RFC 3390' | 'RFC 6928';
  /** Segments that slow start grows by for one acknowledgment, L of RFC 3465; 0: acknowledgments are counted (RFC 5681). */
  readonly appropriateByteCounting: number;
  /** Whether an idle connection begins with a small window again (RFC 5681 section 4.1). */
  readonly restartsAfterIdle: boolean;
  /**
   * What an in-window RST or SYN that does not stand at RCV.NXT brings about: a challenge each (RFC 5961), or a validation of the
   * peer by keepalive with throttled challenges, and an end of the connection by a SYN at RCV.NXT (WIR-037 to WIR-050).
   */
  readonly blindReset: 'challenge' | 'validate';
  /** Whether small segments wait for acknowledgments (RFC 1122 section 4.2.3.4). */
  readonly nagle: boolean;
  /**
   * What a small segment waits for: until everything is acknowledged (RFC 1122), or only until the last small one is, as Minshall has
   * proposed it and Linux does it.
   */
  readonly nagleRule: 'RFC 1122' | 'Minshall';
  /** Ticks per second of protocol timers and timestamps (TicksPerSecond: 10, 100 or 1000). */
  readonly ticksPerSecond: number;
  /** This home's clock when virtual time is 0, in ticks: no two machines were switched on together. */
  readonly clockOffset: number;
  /** Whether the handshake gives the first round trip where no timestamps do (RFC 6298 section 2.2). */
  readonly timesHandshake: boolean;
  readonly minimumRetransmissionTimeout: number;
  readonly maximumRetransmissionTimeout: number;
  /** Longest delay of an acknowledgment (RFC 1122 section 4.2.3.2: below 0.5 s). */
  readonly delayedAckTime: number;
  /** Full-sized segments per acknowledgment (TcpAckFrequency). */
  readonly ackFrequency: number;
  /**
   * How long silly-window avoidance holds back a small segment or the update of a small window (TcpSwsPreventionTicks, TMR-065; RFC
   * 1122 section 4.2.3.4: 0.1 to 1 s).
   */
  readonly sillyWindowTime: number;
  /** TcpDuplicateAckThreshold. */
  readonly duplicateAckThreshold: number;
  /** TcpMaximumRetransmissions. */
  readonly maximumRetransmissions: number;
  /**
   * Longest time spent on retransmitting one segment, in place of their number (MaxRT); Infinity: no limit at all; undefined:
   * `maximumRetransmissions` is in force.
   */
  readonly retransmissionTimeLimit: number | undefined;
  readonly keepAlive: KeepAliveSettings;
  /** Longest stay in FIN-WAIT-2 without a segment. */
  readonly finWait2Time: number;
  /** Stay in TIME-WAIT: twice the maximum segment lifetime. */
  readonly timeWaitTime: number;
}

/** Values that Windows of the chimney era used, where they are known, and RFC values elsewhere. */
export const defaultTcpSettings: TcpSettings = {
  localMss: 1460,
  receiveBuffer: 256 * 1024,
  RcvWindScale: 3,
  timestamps: true,
  sack: true,
  defaultRemoteMss: 536,
  initialWindow: 'RFC 3390',
  appropriateByteCounting: 0,
  restartsAfterIdle: false,
  blindReset: 'challenge',
  nagle: true,
  nagleRule: 'RFC 1122',
  ticksPerSecond: 1000,
  clockOffset: 0,
  timesHandshake: false,
  minimumRetransmissionTimeout: 300_000_000,
  maximumRetransmissionTimeout: 60_000_000_000,
  delayedAckTime: 200_000_000,
  ackFrequency: 2,
  sillyWindowTime: 200_000_000,
  duplicateAckThreshold: 3,
  // With the smallest timeout these take 153 s; RFC 1122 section 4.2.3.5 asks for at least 100 s before giving up.
  maximumRetransmissions: 8,
  retransmissionTimeLimit: undefined,
  keepAlive: { enabled: false, time: 7_200_000_000_000, interval: 1_000_000_000, probes: 10 },
  finWait2Time: 120_000_000_000,
  timeWaitTime: 60_000_000_000,
};
