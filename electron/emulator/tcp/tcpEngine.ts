/**
 * A sans-IO TCP (RFC 9293): `process` takes a segment, `dispatch` emits what may be sent, `nextAt` says when it wants to be
 * called again. It knows no network, no scheduler and no sockets; host stack, offload target and peers each give it a home. Its
 * memory is the transmission control block; each of the modules that work on it has one reason to exist.
 */
import { tcpFlags, type TcpSegment } from '../wire/tcpSegment';
import { toClosed } from './closing';
import type { CongestionControl } from './congestionControl';
import { begin, emitSyn } from './handshake';
import { restartKeepAlive } from './keepAlive';
import { armPersist } from './persist';
import type { ReassemblyQueue } from './reassemblyQueue';
import { receiveSpaceGrew, receiveWindowChanged, watchSmallWindow } from './receiveWindow';
import { repeatInSmallerSegments } from './packetTooBig';
import { retransmitAt } from './retransmission';
import { transmitInRecovery } from './sackRecovery';
import { wouldTake } from './segmentAcceptance';
import { processSegment } from './segmentArrival';
import { emitSegment } from './segmentEmission';
import type { SegmentOutput } from './segmentOutput';
import type { SendOwner, SendQueue } from './sendQueue';
import { stopSillyWindowTimer } from './sillyWindow';
import { timeoutAfterLostSyn } from './roundTripTime';
import { advance, distance } from './sequenceNumber';
import type { KeepAliveSettings, TcpSettings } from './tcpSettings';
import type { TcpUser } from './tcpUser';
import { TcpConnectionState, TcpVariables } from './tcpVariables';
import { nextDeadline, runTimers } from './timers';
import { TransmissionControlBlock } from './transmissionControlBlock';
import { transmitNext } from './transmission';

export type { SegmentOutput } from './segmentOutput';
export type { TcpUser } from './tcpUser';

/** See the file's head. */
export class TcpEngine {
  private readonly tcb: TransmissionControlBlock;

  constructor(
    settings: TcpSettings,
    user: TcpUser,
    localPort: number,
    remotePort: number,
    variables: TcpVariables = new TcpVariables(),
  ) {
    this.tcb = new TransmissionControlBlock(settings, user, localPort, remotePort, variables);
  }

  /** The variables that cross hand-overs. */
  get variables(): TcpVariables {
    return this.tcb.variables;
  }

  /** How it is set up now. */
  get settings(): TcpSettings {
    return this.tcb.settings;
  }

  get localPort(): number {
    return this.tcb.localPort;
  }

  get remotePort(): number {
    return this.tcb.remotePort;
  }

  /** Sent and unacknowledged bytes, and unsent ones. */
  get queue(): SendQueue {
    return this.tcb.queue;
  }

  /** What has arrived ahead of RcvNxt. */
  get reassembly(): ReassemblyQueue {
    return this.tcb.reassembly;
  }

  get congestion(): CongestionControl {
    return this.tcb.congestion;
  }

  /** Sequence number of the first byte in `queue`. */
  get queueStart(): number {
    return this.tcb.queueStart;
  }

  set queueStart(sequence: number) {
    this.tcb.queueStart = sequence;
  }

  /** Whether the user has said that it sends nothing more. */
  get finQueued(): boolean {
    return this.tcb.finQueued;
  }

  set finQueued(queued: boolean) {
    this.tcb.finQueued = queued;
  }

  /** Which timer has used up its limit: it has expired and nothing more is tried. */
  get gaveUp(): TransmissionControlBlock['gaveUp'] {
    return this.tcb.gaveUp;
  }

  set gaveUp(limit: TransmissionControlBlock['gaveUp']) {
    this.tcb.gaveUp = limit;
  }

  /** Bytes of payload that left for the first time. */
  get newBytesSent(): number {
    return this.tcb.newBytesSent;
  }

  /** Payload plus options that fit into a packet of the path's MTU. */
  get pathMss(): number {
    return this.tcb.pathMss;
  }

  set pathMss(bytes: number) {
    this.tcb.pathMss = bytes;
  }

  /** A router has refused packets for their size: what is outstanding goes again in segments of `pathMss` bytes at most. */
  packetTooBig(pathMss: number): void {
    this.tcb.pathMss = pathMss;
    repeatInSmallerSegments(this.tcb);
  }

  /** Payload bytes of a full-sized segment. */
  get mss(): number {
    return this.tcb.mss;
  }

  /** Whether the peer's FIN has been taken. */
  get peerClosed(): boolean {
    return this.tcb.finReceived;
  }

  /** The owner of the connection has changed its mind; what is cleared takes effect at once (UPD-018). */
  reconfigure(
    change: Partial<Pick<TcpSettings, 'localMss' | 'nagle' | 'receiveBuffer' | 'retransmissionTimeLimit'>>,
  ): void {
    this.tcb.settings = { ...this.tcb.settings, ...change };
  }

  /**
   * Sets keepalive; `restarts` makes the idle time begin anew, as enabling does. A running timer otherwise goes on to its present
   * deadline.
   */
  setKeepAlive(keepAlive: KeepAliveSettings, restarts: boolean, now: number): void {
    const { tcb } = this;
    const wasEnabled = tcb.settings.keepAlive.enabled;
    tcb.settings = { ...tcb.settings, keepAlive };
    if (restarts || keepAlive.enabled !== wasEnabled) restartKeepAlive(tcb, now);
  }

  /** Waits for a SYN. */
  listen(initialSequence: number): void {
    begin(this.tcb, TcpConnectionState.Listen, initialSequence);
  }

  /** Opens actively; `dispatch` sends the SYN. */
  connect(initialSequence: number): void {
    begin(this.tcb, TcpConnectionState.SynSent, initialSequence);
  }

  /** Queues bytes to send; `push` marks the end of a message. */
  send(bytes: Uint8Array, owner: SendOwner, push: boolean): void {
    if (this.tcb.finQueued) throw new Error('nothing can be sent behind a FIN');
    this.tcb.queue.append(bytes, owner, push);
  }

  /** Queues bytes that had been posted before a hand-over: in front of a FIN that may have been sent already. */
  restore(bytes: Uint8Array, owner: SendOwner, push: boolean): void {
    this.tcb.queue.append(bytes, owner, push);
  }

  /** Sends a FIN behind everything queued. */
  shutdown(): void {
    this.tcb.finQueued = true;
  }

  /** Closes at once; `dispatch` sends a RST if the peer knows the connection. */
  abort(): void {
    const { tcb } = this;
    const { State } = tcb.variables;
    tcb.resetWanted =
      State !== TcpConnectionState.Closed &&
      State !== TcpConnectionState.Listen &&
      State !== TcpConnectionState.SynSent;
    toClosed(tcb);
  }

  /** Ticks of this home's clock at a virtual time. */
  ticks(now: number): number {
    return this.tcb.ticks(now);
  }

  /** The timestamp that a segment sent now would carry: clock plus delta, modulo 2^32. */
  timestamp(now: number): number {
    return this.tcb.timestamp(now);
  }

  /** Time of the next timer, virtual ns; Infinity if none runs. */
  nextAt(): number {
    return nextDeadline(this.tcb);
  }

  /** Takes a segment of this connection whose checksum is right. Call `dispatch` afterwards. */
  process(segment: TcpSegment, now: number): void {
    processSegment(this.tcb, segment, now);
  }

  /** The user has room again: announces it if the peer ought to know (RFC 9293 section 3.8.6.2.2). */
  receiveSpaceGrew(): void {
    receiveSpaceGrew(this.tcb);
  }

  /** The user has set another receive window: tells the peer at once if it has grown, and never takes room back (UPD-016). */
  receiveWindowChanged(): void {
    receiveWindowChanged(this.tcb);
  }

  /**
   * Whether a segment of a synchronized connection passes every check that comes before its urgent pointer: sequence number,
   * PAWS, and an acknowledgment that is neither too new nor too old (RFC 9293 section 3.10.7.4, RFC 5961 section 5.2).
   */
  wouldTake(segment: TcpSegment, now: number): boolean {
    return wouldTake(this.tcb, segment, now);
  }

  /** Makes `dispatch` send an acknowledgment even if none is due. */
  acknowledgeNow(): void {
    this.tcb.acknowledge = 'now';
  }

  /** Sends the acknowledgment that is being delayed, if there is one: a hand-over must not lose it. */
  flushAcknowledgment(): void {
    if (this.tcb.acknowledge === 'delayed') this.tcb.acknowledge = 'now';
  }

  /** Whoever has the engine hands the connection on: silly-window avoidance waits no longer (TMR-067, TMR-069). */
  stopSillyWindowTimer(): void {
    stopSillyWindowTimer(this.tcb);
  }

  /**
   * Whether the timeout is longer than the variables say because a SYN was lost (RFC 6298 section 5.7): another engine would not know
   * before the first round trip has been measured.
   */
  get timesCautiously(): boolean {
    return this.tcb.initialTimeout === timeoutAfterLostSyn && this.tcb.variables.SRtt === 0;
  }

  /** Goes on with another engine's connection, whose variables it has. */
  adopt(now: number): void {
    const { tcb } = this;
    const { SndUna } = tcb.variables;
    tcb.congestion.adopt(tcb.settings.duplicateAckThreshold);
    // A recovery that is under way has sent the first segment again.
    const isRepeated = tcb.congestion.recovery === 'SACK';
    const { SndMax } = tcb.variables;
    const end = isRepeated ? advance(SndUna, Math.min(tcb.mss, distance(SndUna, SndMax))) : SndUna;
    tcb.highRetransmitted = end;
    tcb.rescueRetransmitted = SndUna;
    if (distance(SndUna, SndMax) % tcb.mss !== 0) tcb.smallSegmentEnd = SndMax;
    tcb.queueStart = SndUna;
    tcb.lastSentAt = now;
  }

  /** The owner's keepalive is off and a timer runs all the same: the peer is being validated (WIR-049). */
  assumeValidation(): void {
    this.tcb.validating = true;
  }

  /** Marks the FIN of the peer as taken; only for an engine that goes on with another's connection. */
  assumePeerClosed(): void {
    this.tcb.finReceived = true;
  }

  /** Takes our FIN as acknowledged: SndUna lies behind it; only for an engine that goes on with another's connection. */
  assumeFinAcknowledged(): void {
    this.tcb.queueStart = advance(this.variables.SndUna, -1);
  }

  /** Emits everything that may be sent now and runs expired timers. */
  dispatch(now: number, output: SegmentOutput): void {
    const { tcb } = this;
    const { variables } = tcb;
    // The user may abort when it hears that a timer has given up.
    if (!tcb.resetWanted) runTimers(tcb, now, output);
    if (tcb.resetWanted) {
      tcb.resetWanted = false;
      // At the number that the peer expects: behind everything sent, or before a probe that its closed window has not taken.
      const sequence = variables.retransmitPurpose === 'persist' ? variables.SndUna : variables.SndMax;
      emitSegment(tcb, output, tcpFlags.RST | tcpFlags.ACK, sequence, 0, 0, false, now);
      return;
    }
    if (tcb.refusedSequence !== undefined) {
      emitSegment(tcb, output, tcpFlags.RST, tcb.refusedSequence, 0, 0, false, now);
      tcb.refusedSequence = undefined;
    }
    if (variables.State === TcpConnectionState.Closed || variables.State === TcpConnectionState.Listen)
      return;
    if (variables.State === TcpConnectionState.SynSent || variables.State === TcpConnectionState.SynRcvd) {
      if (variables.SndNxt === tcb.initialSequence) emitSyn(tcb, output, now);
      return;
    }
    if (tcb.congestion.recovery === 'SACK') transmitInRecovery(tcb, output, now);
    else {
      if (tcb.retransmitNow) {
        tcb.retransmitNow = false;
        if (variables.SndUna !== variables.SndMax) retransmitAt(tcb, variables.SndUna, output, now);
      }
      while (transmitNext(tcb, output, now));
    }
    armPersist(tcb, now);
    // Behind SndMax, not at SndNxt: after a timeout has pulled SndNxt back, the peer would find such a segment too old.
    if (tcb.acknowledge === 'now') emitSegment(tcb, output, tcpFlags.ACK, variables.SndMax, 0, 0, false, now);
    watchSmallWindow(tcb, now);
  }
}
