/**
 * All that one connection remembers (the TCB of RFC 9293 section 3.3.1): the variables that cross hand-overs, and those that
 * one engine keeps to itself. The modules around it work on it, each on its own part.
 */
import { timestampsOptionLength } from '../wire/tcpSegment';
import { CongestionControl } from './congestionControl';
import { ReassemblyQueue } from './reassemblyQueue';
import { initialTimeout } from './roundTripTime';
import { SackScoreboard } from './sackScoreboard';
import { SendQueue } from './sendQueue';
import { advance } from './sequenceNumber';
import type { TcpSettings } from './tcpSettings';
import type { TcpUser } from './tcpUser';
import { TcpConnectionState, type TcpVariables } from './tcpVariables';

/** Stand for what a connection has not needed yet: they stay empty. */
const nothingEarly = new ReassemblyQueue();
const nothingHeld = new SackScoreboard();

/** See the file's head. Deadlines are virtual ns, Infinity while a timer is stopped. */
export class TransmissionControlBlock {
  readonly queue = new SendQueue();
  private gaps: ReassemblyQueue | undefined;
  private held: SackScoreboard | undefined;
  readonly congestion: CongestionControl;
  /** Sequence number of the first byte in `queue`. */
  queueStart = 0;
  /** Whether the user has said that it sends nothing more. */
  finQueued = false;
  finReceived = false;
  /** Which timer has used up its limit: it has expired and nothing more is tried. */
  gaveUp: 'no' | 'retransmission' | 'keep-alive' = 'no';
  /** Bytes of payload that left for the first time. */
  newBytesSent = 0;
  /** Payload plus options that fit into a packet of the path's MTU. */
  pathMss = Infinity;
  /** End of the last segment with less than a full payload that was sent; undefined before the first. */
  smallSegmentEnd: number | undefined;
  initialSequence = 0;
  /** Whether the peer's SYN carried the window scale option. */
  peerScales = false;
  /** A RST answers a segment that does not belong to the connection, with this sequence number. */
  refusedSequence: number | undefined;
  /** RTO before the first sample, ns (RFC 6298 sections 2.1 and 5.7). */
  initialTimeout = initialTimeout;

  /** Whether an acknowledgment is owed. */
  acknowledge: 'no' | 'delayed' | 'now' = 'no';
  unacknowledgedSegments = 0;
  delayedAckDeadline = Infinity;
  /** Sequence number of a FIN that has arrived ahead of RcvNxt. */
  earlyFin: number | undefined;
  /** Sequence numbers of segments that arrived ahead of RcvNxt, the latest first (RFC 2018 section 4); undefined before the first. */
  earlyArrivals: number[] | undefined;
  /** Last.ACK.sent of RFC 7323 section 4.3. */
  lastAcknowledgmentSent: number;

  /** When silly-window avoidance lets a small segment go. */
  sillyWindowDeadline = Infinity;
  /** When the update of a window that is too small for a full segment is held back no longer. */
  windowUpdateDeadline = Infinity;
  /** Silly-window avoidance has held a small segment for long enough. */
  pushHeld = false;
  /** Without timestamps: the sequence number whose round trip is being measured, and since when. */
  timedSequence: number | undefined;
  timedAt = 0;
  /** With timestamps: the acknowledgment of this number ends the round trip that is being measured. */
  sampleEnd: number | undefined;
  /** The segment at SndUna is to be sent again, whatever else is sent. */
  retransmitNow = false;
  resetWanted = false;
  /** When data left last, virtual ns. */
  lastSentAt = 0;

  /** HighRxt of RFC 6675: what lies before it has been sent again in this recovery. */
  highRetransmitted = 0;
  /** RescueRxt of RFC 6675: another rescue needs an acknowledgment beyond it. */
  rescueRetransmitted = 0;
  /** Bytes thought to be on their way, during a recovery by SACK. */
  pipe = 0;

  /** A blind reset is suspected: the peer is being asked by keepalive (WIR-044). */
  validating = false;
  /** A RST in this validation has been challenged (WIR-043). */
  resetChallenged = false;
  /** When a SYN was challenged last (WIR-039). */
  synChallengedAt = -Infinity;

  constructor(
    public settings: TcpSettings,
    readonly user: TcpUser,
    readonly localPort: number,
    readonly remotePort: number,
    readonly variables: TcpVariables,
  ) {
    this.congestion = new CongestionControl(variables, this);
    this.lastAcknowledgmentSent = variables.RcvNxt;
  }

  /** What has arrived ahead of RcvNxt; to be read only, see {@link TransmissionControlBlock.ownReassembly}. */
  get reassembly(): ReassemblyQueue {
    return this.gaps ?? nothingEarly;
  }

  /** The connection's own queue, to put something into: most connections never need one. */
  get ownReassembly(): ReassemblyQueue {
    return (this.gaps ??= new ReassemblyQueue());
  }

  /** What the peer holds beyond SndUna; to be read only, see {@link TransmissionControlBlock.ownScoreboard}. */
  get scoreboard(): SackScoreboard {
    return this.held ?? nothingHeld;
  }

  /** The connection's own scoreboard, to enter something: most connections never need one. */
  get ownScoreboard(): SackScoreboard {
    return (this.held ??= new SackScoreboard());
  }

  /** Payload bytes of a full-sized segment. */
  get mss(): number {
    const { RemoteMss, timestampsEnabled } = this.variables;
    const largest = Math.min(RemoteMss, this.settings.localMss, this.pathMss);
    return Math.max(1, largest - (timestampsEnabled ? timestampsOptionLength : 0));
  }

  /** Window that the user has room for and that a header can express. */
  get offerableSpace(): number {
    return Math.min(this.user.receiveSpace(), 0xffff * (1 << this.variables.RcvWindScale));
  }

  /** Whether data, or a FIN that has not been sent, needs the peer's window. */
  get wantsWindow(): boolean {
    const { State } = this.variables;
    const finUnsent =
      this.finQueued && (State === TcpConnectionState.Established || State === TcpConnectionState.CloseWait);
    return this.queue.length > 0 || finUnsent;
  }

  /** Ticks of this home's clock at a virtual time. */
  ticks(now: number): number {
    return Math.floor((now * this.settings.ticksPerSecond) / 1e9) + this.settings.clockOffset;
  }

  /** The timestamp that a segment sent now would carry: clock plus delta, modulo 2^32. */
  timestamp(now: number): number {
    return advance(this.ticks(now), this.variables.timestampDelta);
  }
}
