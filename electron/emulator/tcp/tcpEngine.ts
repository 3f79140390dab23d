/**
 * A sans-IO TCP (RFC 9293): `process` takes a segment, `dispatch` emits what may be sent, `nextAt` says when it wants to be
 * called again. It knows no network, no scheduler and no sockets; host stack, offload target and peers each give it a home.
 */
import { assertNever } from '../../../shared/base/assertNever';
import { tcpFlags, timestampsOptionLength, TcpSegment } from '../wire/tcpSegment';
import { CongestionControl } from './congestionControl';
import { ReassemblyQueue } from './reassemblyQueue';
import { retransmissionTimeout, takeRttSample } from './roundTripTime';
import { SendQueue, type SendOwner } from './sendQueue';
import { advance, distance, isAtOrBefore, isBefore } from './sequenceNumber';
import type { KeepAliveSettings, TcpSettings } from './tcpSettings';
import { TcpConnectionState, TcpVariables } from './tcpVariables';

/** Who a home's engine works for: what TCP tells its user (RFC 9293 section 3.9.1, user interface). */
export interface TcpUser {
  /** Room for received bytes that have not been handed over yet: the window to offer. */
  receiveSpace(): number;
  /** In-sequence bytes; the user takes a copy before it returns. */
  onData(bytes: Uint8Array, start: number, length: number, push: boolean): void;
  onEstablished(): void;
  /** The peer's FIN has been reached in sequence. */
  onPeerClosed(): void;
  /** Our FIN has been acknowledged. */
  onFinAcknowledged(): void;
  /** An acceptable RST has arrived. */
  onReset(): void;
  /** Retransmissions, probes or FIN-WAIT-2 have used up their time. */
  onTimeout(): void;
  /** TIME-WAIT or LAST-ACK is over: nothing is left. */
  onClosed(): void;
}

/** Takes the segments of `dispatch`. */
export interface SegmentOutput {
  /**
   * Sends a segment whose payload is `segment.payloadLength` bytes of `queue` at `offset`. The segment object is reused
   * after the call. `retransmission`: some of its sequence space had been sent before.
   */
  emit(segment: TcpSegment, queue: SendQueue, offset: number, retransmission: boolean): void;
  /**
   * Whether there is room for a segment with data that is ready to go; asked before each. Who answers no calls `dispatch` again
   * when there is room. Absent: always.
   */
  hasRoom?(): boolean;
}

/** Delay of a segment that silly-window avoidance holds back (RFC 1122 section 4.2.3.4: 0.1 to 1 s). */
const sillyWindowDelay = 200_000_000;

/** PAWS forgets a timestamp after 24 days (RFC 7323 section 5.5). */
const timestampLifetime = 24 * 24 * 3600 * 1e9;

/** See the file's head. */
export class TcpEngine {
  readonly queue = new SendQueue();
  readonly reassembly = new ReassemblyQueue();
  readonly congestion: CongestionControl;
  /** Sequence number of the first byte in `queue`. */
  queueStart = 0;
  /** Whether the user has said that it sends nothing more. */
  finQueued = false;
  /** Which timer has used up its limit: it has expired and nothing more is tried. */
  gaveUp: 'no' | 'retransmission' | 'keep-alive' = 'no';
  /** Bytes of payload that left for the first time. */
  newBytesSent = 0;
  /** Payload plus options that fit into a packet of the path's MTU. */
  pathMss = Infinity;

  private readonly out = new TcpSegment();
  private initialSequence = 0;
  private finReceived = false;
  private acknowledge: 'no' | 'delayed' | 'now' = 'no';
  private unacknowledgedSegments = 0;
  private delayedAckDeadline = Infinity;
  private sillyWindowDeadline = Infinity;
  private pushHeld = false;
  private timedSequence: number | undefined;
  private timedAt = 0;
  private retransmitNow = false;
  private resetWanted = false;
  /** Whether the peer's SYN carried the window scale option. */
  private peerScales = false;
  /** Last.ACK.sent of RFC 7323 section 4.3. */
  private lastAcknowledgmentSent: number;

  constructor(
    private current: TcpSettings,
    readonly user: TcpUser,
    readonly localPort: number,
    readonly remotePort: number,
    readonly variables: TcpVariables = new TcpVariables(),
  ) {
    this.congestion = new CongestionControl(variables, () => this.mss);
    this.lastAcknowledgmentSent = variables.RcvNxt;
  }

  /** How it is set up now. */
  get settings(): TcpSettings {
    return this.current;
  }

  /** The owner of the connection has changed its mind; what is cleared takes effect at once (UPD-018). */
  reconfigure(
    change: Partial<Pick<TcpSettings, 'nagle' | 'receiveBuffer' | 'retransmissionTimeLimit'>>,
  ): void {
    this.current = { ...this.current, ...change };
  }

  /**
   * Sets keepalive; `restarts` makes the idle time begin anew, as enabling does. A running timer otherwise goes on to its present
   * deadline.
   */
  setKeepAlive(keepAlive: KeepAliveSettings, restarts: boolean, now: number): void {
    const wasEnabled = this.settings.keepAlive.enabled;
    this.current = { ...this.current, keepAlive };
    if (restarts || keepAlive.enabled !== wasEnabled) this.restartKeepAlive(now);
  }

  /** Payload bytes of a full-sized segment. */
  get mss(): number {
    const { RemoteMss, timestampsEnabled } = this.variables;
    const largest = Math.min(RemoteMss, this.settings.localMss, this.pathMss);
    return largest - (timestampsEnabled ? timestampsOptionLength : 0);
  }

  /** Waits for a SYN. */
  listen(initialSequence: number): void {
    this.begin(TcpConnectionState.Listen, initialSequence);
  }

  /** Opens actively; `dispatch` sends the SYN. */
  connect(initialSequence: number): void {
    this.begin(TcpConnectionState.SynSent, initialSequence);
  }

  /** Queues bytes to send; `push` marks the end of a message. */
  send(bytes: Uint8Array, owner: SendOwner, push: boolean): void {
    if (this.finQueued) throw new Error('nothing can be sent behind a FIN');
    this.queue.append(bytes, owner, push);
  }

  /** Queues bytes that had been posted before a hand-over: in front of a FIN that may have been sent already. */
  restore(bytes: Uint8Array, owner: SendOwner, push: boolean): void {
    this.queue.append(bytes, owner, push);
  }

  /** Sends a FIN behind everything queued. */
  shutdown(): void {
    this.finQueued = true;
  }

  /** Closes at once; `dispatch` sends a RST if the peer knows the connection. */
  abort(): void {
    const { State } = this.variables;
    this.resetWanted =
      State !== TcpConnectionState.Closed &&
      State !== TcpConnectionState.Listen &&
      State !== TcpConnectionState.SynSent;
    this.toClosed();
  }

  /** Whether the peer's FIN has been taken. */
  get peerClosed(): boolean {
    return this.finReceived;
  }

  /** Ticks of this home's clock at a virtual time. */
  ticks(now: number): number {
    return Math.floor((now * this.settings.ticksPerSecond) / 1e9) + this.settings.clockOffset;
  }

  /** Time of the next timer, virtual ns; Infinity if none runs. */
  nextAt(): number {
    const { retransmitDeadline, keepAliveDeadline } = this.variables;
    return Math.min(retransmitDeadline, keepAliveDeadline, this.delayedAckDeadline, this.sillyWindowDeadline);
  }

  /** Takes a segment of this connection whose checksum is right. Call `dispatch` afterwards. */
  process(segment: TcpSegment, now: number): void {
    const { variables } = this;
    switch (variables.State) {
      case TcpConnectionState.Closed:
        return;
      case TcpConnectionState.Listen:
        this.processListen(segment, now);
        return;
      case TcpConnectionState.SynSent:
        this.processSynSent(segment, now);
        return;
      default:
        this.processSynchronized(segment, now);
    }
  }

  /** The user has room again: announces it if the peer ought to know (RFC 9293 section 3.8.6.2.2). */
  receiveSpaceGrew(): void {
    const { variables } = this;
    if (this.finReceived || variables.State < TcpConnectionState.Established) return;
    const growth = this.offerableSpace() - variables.RcvWnd;
    if (growth >= Math.min(2 * this.mss, this.settings.receiveBuffer / 2)) {
      variables.RcvWnd += growth;
      this.acknowledge = 'now';
    }
  }

  /** The user has set another receive window: tells the peer at once if it has grown, and never takes room back (UPD-016). */
  receiveWindowChanged(): void {
    const { variables } = this;
    if (this.finReceived || variables.State < TcpConnectionState.Established) return;
    const growth = this.offerableSpace() - variables.RcvWnd;
    if (growth <= 0) return;
    variables.RcvWnd += growth;
    this.acknowledge = 'now';
  }

  /**
   * Whether a segment of a synchronized connection passes every check that comes before its urgent pointer: sequence number,
   * PAWS, and an acknowledgment that is neither too new nor too old (RFC 9293 section 3.10.7.4, RFC 5961 section 5.2).
   */
  wouldTake(segment: TcpSegment, now: number): boolean {
    const { variables } = this;
    if (!segment.has(tcpFlags.ACK) || !this.isAcceptable(segment, now)) return false;
    const behind = distance(variables.SndUna, segment.AcknowledgmentNumber);
    return behind >= -variables.MaxSndWnd && !isBefore(variables.SndMax, segment.AcknowledgmentNumber);
  }

  /** Makes `dispatch` send an acknowledgment even if none is due. */
  acknowledgeNow(): void {
    this.acknowledge = 'now';
  }

  /** Sends the acknowledgment that is being delayed, if there is one: a hand-over must not lose it. */
  flushAcknowledgment(): void {
    if (this.acknowledge === 'delayed') this.acknowledge = 'now';
  }

  /** Marks the FIN of the peer as taken; only for an engine that goes on with another's connection. */
  assumePeerClosed(): void {
    this.finReceived = true;
  }

  /** Takes our FIN as acknowledged: SndUna lies behind it; only for an engine that goes on with another's connection. */
  assumeFinAcknowledged(): void {
    this.queueStart = advance(this.variables.SndUna, -1);
  }

  /** Emits everything that may be sent now and runs expired timers. */
  dispatch(now: number, output: SegmentOutput): void {
    const { variables } = this;
    // The user may abort when it hears that a timer has given up.
    if (!this.resetWanted) this.runTimers(now, output);
    if (this.resetWanted) {
      this.resetWanted = false;
      this.emit(output, tcpFlags.RST | tcpFlags.ACK, variables.SndNxt, 0, 0, false, now);
      return;
    }
    if (variables.State === TcpConnectionState.Closed || variables.State === TcpConnectionState.Listen)
      return;
    if (variables.State === TcpConnectionState.SynSent || variables.State === TcpConnectionState.SynRcvd) {
      if (variables.SndNxt === this.initialSequence) this.emitSyn(output, now);
      return;
    }
    if (this.retransmitNow) {
      this.retransmitNow = false;
      this.retransmitFirst(output, now);
    }
    while (this.transmitNext(output, now));
    this.armPersist(now);
    // Behind SndMax, not at SndNxt: after a timeout has pulled SndNxt back, the peer would find such a segment too old.
    if (this.acknowledge === 'now') this.emit(output, tcpFlags.ACK, variables.SndMax, 0, 0, false, now);
  }

  /** Window that the user has room for and that a header can express. */
  private offerableSpace(): number {
    return Math.min(this.user.receiveSpace(), 0xffff * 2 ** this.variables.RcvWindScale);
  }

  private begin(state: TcpConnectionState, initialSequence: number): void {
    const { variables } = this;
    variables.State = state;
    this.initialSequence = initialSequence;
    this.queueStart = advance(initialSequence, 1);
    variables.SndUna = variables.SndNxt = variables.SndMax = initialSequence;
    variables.RcvWnd = Math.min(0xffff, this.user.receiveSpace());
  }

  private processListen(segment: TcpSegment, now: number): void {
    if (segment.has(tcpFlags.RST) || segment.has(tcpFlags.ACK) || !segment.has(tcpFlags.SYN)) return;
    this.takeSyn(segment, now);
    this.variables.State = TcpConnectionState.SynRcvd;
  }

  private processSynSent(segment: TcpSegment, now: number): void {
    const { variables } = this;
    const acknowledges =
      segment.has(tcpFlags.ACK) && segment.AcknowledgmentNumber === advance(this.initialSequence, 1);
    if (segment.has(tcpFlags.RST)) {
      if (acknowledges) this.reset();
      return;
    }
    if (!segment.has(tcpFlags.SYN) || (segment.has(tcpFlags.ACK) && !acknowledges)) return;
    this.takeSyn(segment, now);
    if (!acknowledges) {
      variables.State = TcpConnectionState.SynRcvd;
      variables.SndNxt = this.initialSequence;
      return;
    }
    this.establish(segment, now);
    this.acknowledge = 'now';
  }

  /** Takes sequence number and options of the peer's SYN. */
  private takeSyn(segment: TcpSegment, now: number): void {
    const { variables, settings } = this;
    variables.RcvNxt = this.lastAcknowledgmentSent = advance(segment.SequenceNumber, 1);
    variables.RemoteMss = segment.maximumSegmentSize ?? 536;
    this.peerScales = segment.windowScale !== undefined;
    if (segment.windowScale !== undefined) {
      variables.SndWindScale = segment.windowScale;
      variables.RcvWindScale = settings.RcvWindScale;
    }
    variables.timestampsEnabled = settings.timestamps && segment.timestampValue !== undefined;
    if (variables.timestampsEnabled) {
      variables.TsRecent = segment.timestampValue!;
      variables.tsRecentTime = now;
    }
    this.updateSendWindow(segment, segment.window);
  }

  private establish(segment: TcpSegment, now: number): void {
    const { variables } = this;
    variables.State = TcpConnectionState.Established;
    variables.SndUna = variables.SndNxt = segment.AcknowledgmentNumber;
    variables.retransmitDeadline = Infinity;
    const synLost = variables.RetransmitCount > 0;
    if (!synLost) this.sampleRtt(segment, now);
    variables.RetransmitCount = 0;
    variables.TotalRT = 0;
    this.congestion.start(synLost);
    variables.RcvWnd = this.offerableSpace();
    const scaled = segment.has(tcpFlags.SYN) ? segment.window : segment.window * 2 ** variables.SndWindScale;
    this.updateSendWindow(segment, scaled);
    this.restartKeepAlive(now);
    this.user.onEstablished();
  }

  private processSynchronized(segment: TcpSegment, now: number): void {
    const { variables } = this;
    if (variables.State === TcpConnectionState.SynRcvd && this.isPeersSyn(segment)) {
      // It lies before the window: either it is repeated, or it answers ours in a simultaneous open.
      const answers =
        segment.has(tcpFlags.ACK) && segment.AcknowledgmentNumber === advance(this.initialSequence, 1);
      if (answers) this.establish(segment, now);
      else variables.SndNxt = this.initialSequence;
      return;
    }
    if (!this.isAcceptable(segment, now)) {
      if (segment.has(tcpFlags.RST)) return;
      this.acknowledge = 'now';
      if (variables.State === TcpConnectionState.TimeWait && this.isPeersFin(segment)) this.toTimeWait(now);
      return;
    }
    if (segment.has(tcpFlags.RST)) {
      // RFC 5961 section 3.2: only the exact number resets; any other in the window is challenged.
      if (segment.SequenceNumber === variables.RcvNxt) this.reset();
      else this.acknowledge = 'now';
      return;
    }
    if (segment.has(tcpFlags.SYN)) {
      this.acknowledge = 'now';
      return;
    }
    if (!segment.has(tcpFlags.ACK)) return;
    this.restartKeepAlive(now);
    if (
      variables.timestampsEnabled &&
      segment.timestampValue !== undefined &&
      isAtOrBefore(segment.SequenceNumber, this.lastAcknowledgmentSent)
    ) {
      variables.TsRecent = segment.timestampValue;
      variables.tsRecentTime = now;
    }
    if (variables.State === TcpConnectionState.SynRcvd) {
      if (segment.AcknowledgmentNumber !== advance(this.initialSequence, 1)) return;
      this.establish(segment, now);
    } else if (!this.processAcknowledgment(segment, now)) return;
    if (variables.State === TcpConnectionState.FinWait2) this.startFinWait2Timer(now);
    this.processPayload(segment, now);
  }

  /** Whether a segment is the SYN that has been taken already. */
  private isPeersSyn(segment: TcpSegment): boolean {
    return (
      segment.has(tcpFlags.SYN) &&
      !segment.has(tcpFlags.RST) &&
      segment.SequenceNumber === advance(this.variables.RcvNxt, -1)
    );
  }

  /** Whether a segment ends with the FIN that has been taken already. */
  private isPeersFin(segment: TcpSegment): boolean {
    const end = advance(segment.SequenceNumber, segment.sequenceLength);
    return segment.has(tcpFlags.FIN) && end === this.variables.RcvNxt;
  }

  /** RFC 9293 section 3.10.7.4 first check, and PAWS (RFC 7323 section 5.3). */
  private isAcceptable(segment: TcpSegment, now: number): boolean {
    const { variables } = this;
    if (
      variables.timestampsEnabled &&
      segment.timestampValue !== undefined &&
      !segment.has(tcpFlags.RST) &&
      isBefore(segment.timestampValue, variables.TsRecent) &&
      now - variables.tsRecentTime < timestampLifetime
    ) {
      return false;
    }
    const length = segment.sequenceLength;
    const first = distance(variables.RcvNxt, segment.SequenceNumber);
    if (length === 0) {
      // A peer that has filled the window acknowledges from its right edge, or from behind a window probe. Such valid
      // acknowledgments are to be accepted; otherwise two such peers would answer each other for ever.
      const beyond = segment.has(tcpFlags.RST) ? 0 : 2;
      return first === 0 || (first > 0 && first < variables.RcvWnd + beyond);
    }
    // A closed window takes no payload, but acknowledgments that come with probes count (RFC 9293 section 3.10.7.4).
    if (variables.RcvWnd === 0) return first + length > 0 && first <= 0;
    return first < variables.RcvWnd && first + length > 0;
  }

  /** Answers false if the segment is to be dropped. */
  private processAcknowledgment(segment: TcpSegment, now: number): boolean {
    const { variables } = this;
    const acknowledgment = segment.AcknowledgmentNumber;
    if (isBefore(variables.SndMax, acknowledgment)) {
      this.acknowledge = 'now';
      return false;
    }
    const window = segment.window * 2 ** variables.SndWindScale;
    const advances = isBefore(variables.SndUna, acknowledgment);
    if (advances) this.acknowledgeNew(segment, acknowledgment, now);
    else if (
      acknowledgment === variables.SndUna &&
      segment.payloadLength === 0 &&
      !segment.has(tcpFlags.FIN) &&
      variables.SndUna !== variables.SndMax &&
      window === variables.SndWnd &&
      variables.retransmitPurpose === 'retransmit'
    ) {
      if (variables.DupAckCount < 0xff) variables.DupAckCount++;
      if (this.congestion.onDuplicate(this.settings.duplicateAckThreshold)) this.retransmitNow = true;
    }
    // RFC 9293 takes the window of newer segments only; a retransmission that acknowledges new data has an old number, yet its
    // window belongs to its acknowledgment.
    const isCurrent =
      acknowledgment === variables.SndUna && isAtOrBefore(variables.SendWL1, segment.SequenceNumber);
    if (advances || isCurrent) {
      const wasZero = variables.SndWnd === 0;
      this.updateSendWindow(segment, window);
      if (wasZero) this.onWindowAfterZero(window, now);
    }
    return true;
  }

  private updateSendWindow(segment: TcpSegment, window: number): void {
    const { variables } = this;
    variables.SndWnd = window;
    variables.SendWL1 = segment.SequenceNumber;
    if (window > variables.MaxSndWnd) variables.MaxSndWnd = window;
  }

  private acknowledgeNew(segment: TcpSegment, acknowledgment: number, now: number): void {
    const { variables } = this;
    this.sampleRtt(segment, now);
    const { partial, restartTimer } = this.congestion.onAcknowledged(acknowledgment);
    if (partial) this.retransmitNow = true;
    else variables.DupAckCount = 0;
    variables.SndUna = acknowledgment;
    if (isBefore(variables.SndNxt, acknowledgment)) variables.SndNxt = acknowledgment;
    variables.RetransmitCount = 0;
    variables.SndWndProbeCount = 0;
    variables.TotalRT = 0;
    if (variables.retransmitPurpose === 'retransmit') {
      if (acknowledgment === variables.SndMax) variables.retransmitDeadline = Infinity;
      else if (restartTimer) this.startRetransmitTimer(now);
    }
    const finSequence = advance(this.queueStart, this.queue.length);
    const finAcknowledged = this.finQueued && isBefore(finSequence, acknowledgment);
    const bytes = Math.min(this.queue.length, distance(this.queueStart, acknowledgment));
    if (bytes > 0) {
      this.queueStart = advance(this.queueStart, bytes);
      this.queue.release(bytes);
    }
    if (variables.retransmitPurpose === 'persist' && !this.wantsWindow) {
      variables.retransmitPurpose = 'retransmit';
      variables.retransmitDeadline = Infinity;
    }
    if (finAcknowledged) this.finAcknowledged(now);
  }

  private finAcknowledged(now: number): void {
    const { variables } = this;
    switch (variables.State) {
      case TcpConnectionState.FinWait1:
        variables.State = TcpConnectionState.FinWait2;
        this.startFinWait2Timer(now);
        break;
      case TcpConnectionState.Closing:
        this.toTimeWait(now);
        break;
      case TcpConnectionState.LastAck:
        this.toClosed();
        this.user.onFinAcknowledged();
        this.user.onClosed();
        return;
      default:
        return;
    }
    this.user.onFinAcknowledged();
  }

  private processPayload(segment: TcpSegment, now: number): void {
    const { variables } = this;
    const fin = segment.has(tcpFlags.FIN);
    if (segment.payloadLength === 0 && !fin) return;
    const receives =
      variables.State === TcpConnectionState.Established ||
      variables.State === TcpConnectionState.FinWait1 ||
      variables.State === TcpConnectionState.FinWait2;
    if (!receives) {
      this.acknowledge = 'now';
      if (variables.State === TcpConnectionState.TimeWait) this.toTimeWait(now);
      return;
    }
    const old = Math.max(0, distance(segment.SequenceNumber, variables.RcvNxt));
    const room = distance(segment.SequenceNumber, advance(variables.RcvNxt, variables.RcvWnd));
    const end = Math.min(segment.payloadLength, room);
    const push = segment.has(tcpFlags.PSH);
    if (isBefore(variables.RcvNxt, segment.SequenceNumber)) {
      if (end > 0)
        this.reassembly.insert(segment.SequenceNumber, segment.bytes, segment.payloadStart, end, push);
      this.acknowledge = 'now';
      return;
    }
    const filledGap = this.reassembly.length > 0;
    if (end > old) this.deliver(segment.bytes, segment.payloadStart + old, end - old, push);
    for (
      let piece = this.reassembly.take(variables.RcvNxt);
      piece !== undefined;
      piece = this.reassembly.take(variables.RcvNxt)
    ) {
      this.deliver(piece.bytes, 0, piece.bytes.length, piece.push);
    }
    // A FIN behind a gap is not remembered: its sender repeats it.
    if (fin && variables.RcvNxt === advance(segment.SequenceNumber, segment.payloadLength)) this.takeFin(now);
    else if (filledGap || end <= old) this.acknowledge = 'now';
    else this.acknowledgeLater(now);
  }

  private deliver(bytes: Uint8Array, start: number, length: number, push: boolean): void {
    const { variables } = this;
    variables.RcvNxt = advance(variables.RcvNxt, length);
    variables.RcvWnd -= length;
    this.user.onData(bytes, start, length, push);
    const space = this.offerableSpace();
    if (space - variables.RcvWnd >= Math.min(this.mss, this.settings.receiveBuffer / 2))
      variables.RcvWnd = space;
  }

  private takeFin(now: number): void {
    const { variables } = this;
    this.finReceived = true;
    variables.RcvNxt = advance(variables.RcvNxt, 1);
    this.reassembly.clear();
    this.acknowledge = 'now';
    if (variables.State === TcpConnectionState.Established) variables.State = TcpConnectionState.CloseWait;
    else if (variables.State === TcpConnectionState.FinWait1) variables.State = TcpConnectionState.Closing;
    else if (variables.State === TcpConnectionState.FinWait2) this.toTimeWait(now);
    this.user.onPeerClosed();
  }

  private acknowledgeLater(now: number): void {
    this.unacknowledgedSegments++;
    if (this.unacknowledgedSegments >= this.settings.ackFrequency) this.acknowledge = 'now';
    else if (this.acknowledge === 'no') {
      this.acknowledge = 'delayed';
      this.delayedAckDeadline = now + this.settings.delayedAckTime;
    }
  }

  private sampleRtt(segment: TcpSegment, now: number): void {
    const { variables } = this;
    if (variables.timestampsEnabled) {
      if (segment.timestampEcho === undefined || segment.timestampEcho === 0) return;
      const ticks = distance(segment.timestampEcho, this.timestamp(now));
      if (ticks >= 0) takeRttSample(variables, ticks);
    } else if (
      this.timedSequence !== undefined &&
      isBefore(this.timedSequence, segment.AcknowledgmentNumber)
    ) {
      takeRttSample(variables, Math.round(((now - this.timedAt) * this.settings.ticksPerSecond) / 1e9));
      this.timedSequence = undefined;
    }
  }

  /** The timestamp that a segment sent now would carry: clock plus delta, modulo 2^32. */
  timestamp(now: number): number {
    return advance(this.ticks(now), this.variables.timestampDelta);
  }

  private runTimers(now: number, output: SegmentOutput): void {
    const { variables } = this;
    if (now >= this.delayedAckDeadline) {
      this.delayedAckDeadline = Infinity;
      if (this.acknowledge === 'delayed') this.acknowledge = 'now';
    }
    if (now >= this.sillyWindowDeadline) {
      this.sillyWindowDeadline = Infinity;
      this.pushHeld = true;
    }
    if (now >= variables.keepAliveDeadline) this.probeIdlePeer(now, output);
    if (now < variables.retransmitDeadline) return;
    variables.retransmitDeadline = Infinity;
    switch (variables.retransmitPurpose) {
      case 'retransmit':
        this.onRetransmitTimeout(now);
        return;
      case 'persist':
        this.probeWindow(now, output);
        return;
      case 'fin-wait-2':
        this.toClosed();
        this.user.onTimeout();
        return;
      case 'time-wait':
        this.toClosed();
        this.user.onClosed();
        return;
      default:
        assertNever(variables.retransmitPurpose, 'timer');
    }
  }

  private onRetransmitTimeout(now: number): void {
    const { variables, settings } = this;
    const { retransmissionTimeLimit } = settings;
    if (
      retransmissionTimeLimit === undefined &&
      variables.RetransmitCount >= settings.maximumRetransmissions
    ) {
      this.giveUp('retransmission');
      return;
    }
    variables.TotalRT += Math.round((this.retransmissionWait * settings.ticksPerSecond) / 1e9);
    if (this.retransmissionTimeLeft <= 0) {
      this.giveUp('retransmission');
      return;
    }
    this.congestion.onTimeout(variables.RetransmitCount === 0);
    if (variables.RetransmitCount < 0xff) variables.RetransmitCount++;
    variables.DupAckCount = 0;
    variables.SndNxt = variables.SndUna;
    this.timedSequence = undefined;
    // A window that was taken back doesn't keep data in flight from being repeated (RFC 9293 section 3.8.6, SHLD-16).
    if (variables.SndWnd === 0) this.retransmitNow = true;
    this.startRetransmitTimer(now);
  }

  private startFinWait2Timer(now: number): void {
    this.variables.retransmitPurpose = 'fin-wait-2';
    this.variables.retransmitDeadline = now + this.settings.finWait2Time;
  }

  private startRetransmitTimer(now: number): void {
    const { variables } = this;
    variables.retransmitPurpose = 'retransmit';
    variables.retransmitDeadline = now + this.retransmissionWait;
  }

  /** Time until the next retransmission of the segment at SndUna: the backed-off timeout, or less if a time limit ends sooner. */
  private get retransmissionWait(): number {
    const { variables, settings } = this;
    const timeout = retransmissionTimeout(variables, settings, variables.RetransmitCount);
    return Math.min(timeout, Math.max(0, this.retransmissionTimeLeft));
  }

  /** What is left of the time for the segment at SndUna (TMR-010, TMR-011). */
  private get retransmissionTimeLeft(): number {
    const { retransmissionTimeLimit, ticksPerSecond } = this.settings;
    return retransmissionTimeLimit === undefined
      ? Infinity
      : retransmissionTimeLimit - (this.variables.TotalRT * 1e9) / ticksPerSecond;
  }

  /** The peer has shown that it lives, or the owner wants it so: the idle time begins anew. */
  private restartKeepAlive(now: number): void {
    const { keepAlive } = this.settings;
    this.variables.KeepAliveProbeCount = 0;
    this.variables.keepAliveDeadline = keepAlive.enabled ? now + keepAlive.time : Infinity;
  }

  /** Keepalive timer: probes an idle peer with an old number and no data, to which it must answer. */
  private probeIdlePeer(now: number, output: SegmentOutput): void {
    const { variables, settings } = this;
    const { keepAlive } = settings;
    const { State } = variables;
    const isIdle =
      variables.SndUna === variables.SndMax &&
      variables.retransmitDeadline === Infinity &&
      (State === TcpConnectionState.Established || State === TcpConnectionState.CloseWait);
    if (!isIdle) {
      // Another timer looks after the peer: retransmission, persist or FIN-WAIT-2.
      this.restartKeepAlive(now);
      return;
    }
    if (variables.KeepAliveProbeCount >= keepAlive.probes) {
      variables.keepAliveDeadline = Infinity;
      this.giveUp('keep-alive');
      return;
    }
    variables.KeepAliveProbeCount++;
    variables.keepAliveDeadline = now + keepAlive.interval;
    this.emit(output, tcpFlags.ACK, advance(variables.SndMax, -1), 0, 0, false, now);
  }

  /** Whether data, or a FIN that has not been sent, needs the peer's window. */
  private get wantsWindow(): boolean {
    const { State } = this.variables;
    const finUnsent =
      this.finQueued && (State === TcpConnectionState.Established || State === TcpConnectionState.CloseWait);
    return this.queue.length > 0 || finUnsent;
  }

  /** Starts the persist timer where data waits for a closed window and nothing is in flight. */
  private armPersist(now: number): void {
    const { variables } = this;
    if (
      variables.SndWnd > 0 ||
      variables.SndUna !== variables.SndMax ||
      variables.retransmitDeadline !== Infinity
    )
      return;
    if (!this.wantsWindow) return;
    variables.SndWndProbeCount = 0;
    variables.RetransmitCount = 0;
    variables.retransmitPurpose = 'persist';
    variables.retransmitDeadline = now + retransmissionTimeout(variables, this.settings, 0);
  }

  /** Persist timer: probes with one byte, doubling inside a round (WDK page "Persist Timer"). */
  private probeWindow(now: number, output: SegmentOutput): void {
    const { variables, settings } = this;
    if (variables.RetransmitCount >= settings.maximumRetransmissions) {
      this.giveUp('retransmission');
      return;
    }
    const count = Math.min(1, this.queue.length);
    const repeated = variables.SndMax !== variables.SndUna;
    // Without data to probe with, an old number makes the peer answer, as a keepalive probe does.
    const sequence = count > 0 ? variables.SndUna : advance(variables.SndUna, -1);
    this.emit(output, tcpFlags.ACK | (count > 0 ? tcpFlags.PSH : 0), sequence, 0, count, repeated, now);
    if (count > 0 && !repeated) {
      this.newBytesSent += count;
      variables.SndMax = variables.SndNxt = advance(variables.SndUna, count);
    }
    variables.RetransmitCount++;
    const shift = variables.SndWndProbeCount + variables.RetransmitCount;
    variables.retransmitDeadline = now + retransmissionTimeout(variables, settings, shift);
  }

  /** An acknowledgment came while the window was closed: it is open now, or a new round of probes begins. */
  private onWindowAfterZero(window: number, now: number): void {
    const { variables } = this;
    if (variables.retransmitPurpose !== 'persist') return;
    if (window > 0) {
      variables.retransmitPurpose = 'retransmit';
      variables.retransmitDeadline = Infinity;
      variables.RetransmitCount = 0;
      variables.SndNxt = variables.SndUna;
      if (variables.SndUna !== variables.SndMax) this.startRetransmitTimer(now);
    } else {
      if (variables.SndWndProbeCount < 0xff) variables.SndWndProbeCount++;
      variables.RetransmitCount = 0;
      variables.retransmitDeadline =
        now + retransmissionTimeout(variables, this.settings, variables.SndWndProbeCount);
    }
  }

  private retransmitFirst(output: SegmentOutput, now: number): void {
    const { variables } = this;
    this.timedSequence = undefined;
    const count = Math.min(this.mss, this.queue.length, distance(variables.SndUna, variables.SndMax));
    const fin =
      this.finQueued &&
      count === this.queue.length &&
      isBefore(advance(variables.SndUna, count), variables.SndMax);
    if (count === 0 && !fin) return;
    const flags = tcpFlags.ACK | (fin ? tcpFlags.FIN : 0) | (this.queue.endsAt(count) ? tcpFlags.PSH : 0);
    this.emit(output, flags, variables.SndUna, 0, count, true, now);
    if (variables.retransmitDeadline === Infinity) this.startRetransmitTimer(now);
  }

  /** Sends the next segment if windows, Nagle and silly-window avoidance allow one; answers whether it did. */
  private transmitNext(output: SegmentOutput, now: number): boolean {
    const { variables, queue } = this;
    const offset = distance(this.queueStart, variables.SndNxt);
    const available = queue.length - offset;
    const finPending = this.finQueued && available >= 0;
    if (available < 0 || (available === 0 && !finPending)) return false;
    const flight = distance(variables.SndUna, variables.SndNxt);
    const usable = Math.min(variables.SndWnd, this.congestion.allowance) - flight;
    const count = Math.max(0, Math.min(available, usable, this.mss));
    const fin = finPending && count === available && usable > count;
    if (count === 0 && !fin) return false;
    const retransmission = isBefore(variables.SndNxt, variables.SndMax);
    if (!fin && !retransmission && !this.mayTransmit(count, available, flight, now)) return false;
    if (output.hasRoom?.() === false) return false;
    this.pushHeld = false;
    this.sillyWindowDeadline = Infinity;
    const push = count > 0 && queue.endsAt(offset + count);
    const flags = tcpFlags.ACK | (push ? tcpFlags.PSH : 0) | (fin ? tcpFlags.FIN : 0);
    const sequence = variables.SndNxt;
    const next = advance(sequence, count + (fin ? 1 : 0));
    if (isBefore(variables.SndMax, next)) {
      const dataEnd = advance(sequence, count);
      if (isBefore(variables.SndMax, dataEnd)) this.newBytesSent += distance(variables.SndMax, dataEnd);
      variables.SndMax = next;
    }
    variables.SndNxt = next;
    if (!retransmission && this.timedSequence === undefined && !variables.timestampsEnabled) {
      this.timedSequence = sequence;
      this.timedAt = now;
    }
    this.emit(output, flags, sequence, offset, count, retransmission, now);
    if (variables.retransmitDeadline === Infinity || variables.retransmitPurpose !== 'retransmit')
      this.startRetransmitTimer(now);
    if (fin) {
      if (variables.State === TcpConnectionState.Established) variables.State = TcpConnectionState.FinWait1;
      else if (variables.State === TcpConnectionState.CloseWait) variables.State = TcpConnectionState.LastAck;
    }
    return true;
  }

  /** Nagle and sender-side silly-window avoidance (RFC 9293 sections 3.7.4 and 3.8.6.2.1). */
  private mayTransmit(count: number, available: number, flight: number, now: number): boolean {
    if (count === this.mss || this.pushHeld) return true;
    const nagleAllows = flight === 0 || !this.settings.nagle || this.finQueued;
    if (nagleAllows && (count === available || count * 2 >= this.variables.MaxSndWnd)) return true;
    if (flight === 0 && this.sillyWindowDeadline === Infinity)
      this.sillyWindowDeadline = now + sillyWindowDelay;
    return false;
  }

  private emitSyn(output: SegmentOutput, now: number): void {
    const { variables, settings, out } = this;
    const answer = variables.State === TcpConnectionState.SynRcvd;
    const retransmission = variables.SndMax !== this.initialSequence;
    variables.SndNxt = variables.SndMax = advance(this.initialSequence, 1);
    out.maximumSegmentSize = settings.localMss;
    // Scaling needs both sides: a SYN that offers it is answered even with a shift of 0 (RFC 7323 section 2.2).
    out.windowScale = answer && !this.peerScales ? undefined : settings.RcvWindScale;
    this.emit(
      output,
      tcpFlags.SYN | (answer ? tcpFlags.ACK : 0),
      this.initialSequence,
      0,
      0,
      retransmission,
      now,
    );
    out.maximumSegmentSize = undefined;
    out.windowScale = undefined;
    this.startRetransmitTimer(now);
  }

  private emit(
    output: SegmentOutput,
    flags: number,
    sequence: number,
    offset: number,
    payloadLength: number,
    retransmission: boolean,
    now: number,
  ): void {
    const { variables, out } = this;
    const syn = (flags & tcpFlags.SYN) !== 0;
    out.sourcePort = this.localPort;
    out.destinationPort = this.remotePort;
    out.SequenceNumber = sequence;
    out.flags = flags;
    out.AcknowledgmentNumber = (flags & tcpFlags.ACK) !== 0 ? variables.RcvNxt : 0;
    out.window = Math.min(
      0xffff,
      syn ? variables.RcvWnd : Math.floor(variables.RcvWnd / 2 ** variables.RcvWindScale),
    );
    out.payloadLength = payloadLength;
    const stamped = syn
      ? this.settings.timestamps && (flags === tcpFlags.SYN || variables.timestampsEnabled)
      : variables.timestampsEnabled;
    out.timestampValue = stamped ? this.timestamp(now) : undefined;
    out.timestampEcho = stamped && (flags & tcpFlags.ACK) !== 0 ? variables.TsRecent : 0;
    if ((flags & tcpFlags.ACK) !== 0) {
      this.lastAcknowledgmentSent = variables.RcvNxt;
      this.acknowledge = 'no';
      this.unacknowledgedSegments = 0;
      this.delayedAckDeadline = Infinity;
    }
    output.emit(out, this.queue, offset, retransmission);
  }

  /** The limit of RFC 9293 section 3.8.3 (R2) is reached: what becomes of the connection is the user's decision. */
  private giveUp(limit: 'retransmission' | 'keep-alive'): void {
    this.gaveUp = limit;
    this.user.onTimeout();
  }

  private toTimeWait(now: number): void {
    const { variables } = this;
    variables.keepAliveDeadline = Infinity;
    variables.State = TcpConnectionState.TimeWait;
    variables.retransmitPurpose = 'time-wait';
    variables.retransmitDeadline = now + this.settings.timeWaitTime;
  }

  private toClosed(): void {
    this.variables.State = TcpConnectionState.Closed;
    this.variables.retransmitDeadline = Infinity;
    this.variables.keepAliveDeadline = Infinity;
    this.delayedAckDeadline = Infinity;
    this.sillyWindowDeadline = Infinity;
    this.acknowledge = 'no';
  }

  private reset(): void {
    this.toClosed();
    this.user.onReset();
  }
}
