/**
 * A TCP connection of the host stack, from handshake to close. Its bytes go through the host path or through the chimney; the
 * application can't tell. One field says where it is (netstat -t calls it the offload state), and every change between the two
 * paths is in this file.
 */
import { netstatState, type NetstatRow } from '../../../shared/analysis/netstat';
import { constantValue } from '../../../shared/ddi/catalogue';
import { NDIS_STATUS } from '../../../shared/ddi/status';
import {
  NDIS_OFFLOAD_HANDLE,
  ProtocolTimer,
  allocateNetBufferList,
  chainToArray,
  linkChain,
  netBufferBytes,
  netBufferListInfo,
  type NET_BUFFER_LIST,
  type ReceiveIndicationAnswer,
  type TCP_OFFLOAD_STATE_CACHED,
  type TCP_OFFLOAD_STATE_DELEGATED,
  type TimerObject,
} from '../kit';
import {
  applyCached,
  exportCached,
  exportConst,
  exportDelegated,
  importEngine,
  isOffloadableState,
} from '../tcp/offloadState';
import { TcpEngine, type SegmentOutput, type TcpUser } from '../tcp/tcpEngine';
import type { SendQueue } from '../tcp/sendQueue';
import { returnSegment, takeSegment } from '../tcp/spareSegments';
import type { TcpSettings } from '../tcp/tcpSettings';
import { TcpConnectionState } from '../tcp/tcpVariables';
import { formatEndpoint, isIpv6, type IpAddress } from '../wire/address';
import { ipv4HeaderLength } from '../wire/ipv4';
import { ipv6HeaderLength } from '../wire/ipv6';
import { readTcpSegment, tcpHeaderLength, type TcpSegment } from '../wire/tcpSegment';
import { changedOptions, type ConnectionOptions } from './connectionOptions';
import type { ConnectionEnd, ConnectionUser } from './connectionUser';
import { HostSend } from './hostSend';
import { isOutstanding } from './icmp';
import type { HostStack } from './hostStack';
import { OffloadRecord, type OffloadPlace } from './offloadRecord';
import { offloadedState } from './offloadedState';
import type { ConnectionFacts } from './offloadPolicy';
import type { ReceivePolicy } from './receivePolicy';
import type { Offer } from './offloadTrees';
import type { PathEntry } from './pathCache';
import { PostedList } from './postedList';
import { applyHistory, rememberConnection } from './pathHistory';
import { ReadQueue } from './readQueue';
import { rssHash } from './rssHash';

const tcpEvents = {
  sendBacklogChange: constantValue('TcpIndicateSendBacklogChange'),
  disconnect: constantValue('TcpIndicateDisconnect'),
  retrieve: constantValue('TcpIndicateRetrieve'),
  abort: constantValue('TcpIndicateAbort'),
} as const;

/** TCP_UPLOAD_REASONs after which the target goes on with the connection if it is left there (EVT-022). */
const optionalReasons: ReadonlySet<number> = new Set([
  constantValue('HighDropRate'),
  constantValue('HighFragmentation'),
  constantValue('HighOutOfOrderPackets'),
  constantValue('LowActivity'),
  constantValue('NoBufferPreposting'),
  constantValue('SmallIO'),
]);

const sackFlag = constantValue('TCP_FLAG_SACK_ENABLED');

/** SendBacklogSize of a target without the feature (QRY-007). */
const backlogNotSupported = 0xffff_ffff;

const gracefulClose = constantValue('TCP_DISCONNECT_GRACEFUL_CLOSE');
const abortiveClose = constantValue('TCP_DISCONNECT_ABORTIVE_CLOSE');

const timeoutExpiration = constantValue('TimeoutExpiration');

/** What memory is filled with that the host stack has freed, as the debugging heap of Windows does. */
const freedMemory = 0xdd;

/** Bytes that each path has carried. */
export interface PathBytes {
  hostPath: number;
  chimney: number;
}

/** How often a connection has changed its owner. */
export interface HandOverCounts {
  offloads: number;
  uploads: number;
}

function lengthOf(pieces: readonly Uint8Array[]): number {
  return pieces.reduce((sum, { length }) => sum + length, 0);
}

/** See the file's head. */
export class HostConnection implements TcpUser, SegmentOutput {
  readonly handle: NDIS_OFFLOAD_HANDLE;
  readonly record: OffloadRecord;
  /** The trace's id. */
  readonly id: number;
  engine: TcpEngine;
  /** Application bytes received, by path. */
  readonly received: PathBytes = { hostPath: 0, chimney: 0 };
  /** Times that the target has taken the connection over, and that the host has had it back. */
  readonly handOvers: HandOverCounts = { offloads: 0, uploads: 0 };

  private readonly timer: TimerObject;
  /** Made when it is needed first. */
  private sillyWindowWatch: ProtocolTimer | undefined;
  /** Posted and not acknowledged in full, oldest first. */
  private readonly sends: HostSend[] = [];
  /** Sends that no engine and no target has at this moment. */
  private unassigned: HostSend[] = [];
  /** Bytes that the target wants to have outstanding; undefined while it has named no number. */
  private sendBacklog: number | undefined;
  /** A send has come back for the host to perform: until the upload none is posted behind it (IMD-026). */
  private performsSends = false;
  private posting = false;
  /** Processor that is inside a call that posts a receive, and the sizes of those that it is to post when that has returned. */
  private postingReceiveOn: number | undefined;
  private readonly receivesToPost: number[] = [];
  /** How many sends have come back unsent. */
  private requeued = 0;
  private postedBytes = 0;
  private closing = false;
  private disconnectPosted = false;
  private peerClosedReported = false;
  private closedReported = false;
  /** The handshake has been done. */
  private established = false;
  /** The application has given it up: whoever has it sends a RST. */
  private aborting = false;
  /** The target has acknowledged data and FIN of a graceful disconnect. */
  private disconnected = false;
  /** A timer of the target has used up its limit. */
  private timedOut = false;
  /** Nothing of it is left, and the stack has forgotten it. */
  private retired = false;
  /** Received bytes that a user who reads on request has not asked for. */
  private readonly reads = new ReadQueue();
  /** Such bytes while the target is offered them. */
  private offeredBytes: Uint8Array[] = [];
  /** Unread bytes that went to the target with an offload and have not come back: they have been counted when they were received. */
  private countedBefore = 0;
  /** Segments that arrived while nobody could take them, each from its TCP header on. */
  private held: Uint8Array[] = [];
  private discardedEngineBytes = 0;
  private indicatedLists: NET_BUFFER_LIST[] = [];
  /** An indication was refused before the initiate was complete, as a driver between may let it come: a receive has to follow. */
  private owesReceive = false;
  private processing = false;
  /** Somebody is at the engine; while segments cross the door, another processor may want it. */
  private engineBusy = false;
  /** RetransmitCount when the neighbor was last thought of. */
  private retransmitsSeen = 0;
  /** When that was, virtual ns. */
  private retransmittedAt = 0;
  /** Something has happened meanwhile: there may be more to send. */
  private sendAgain = false;
  /** Segments that have come meanwhile. */
  private arrivedMeanwhile: Uint8Array[] = [];
  /** Frames that NDIS has and the wire has not yet. */
  private framesUnderWay = 0;
  /** The offload waits for them to leave. */
  private offloadWanted = false;
  /** Who waits for them to leave. */
  private onReadyForOffload: ((isReady: boolean) => void) | undefined;
  private cached: TCP_OFFLOAD_STATE_CACHED;
  /** TCP_FLAG_ values of what the next update asks the target to do. */
  private updateActions = 0;

  constructor(
    private readonly stack: HostStack,
    readonly path: PathEntry,
    readonly remotePort: number,
    readonly localPort: number,
    /** The application. */
    public user: ConnectionUser,
  ) {
    const { kernel, settings, driver } = stack;
    const remoteAddress = path.destination;
    const local = formatEndpoint(path.source, localPort);
    const remote = formatEndpoint(remoteAddress, remotePort);
    this.id = kernel.traceConnection(local, remote);
    this.handle = new NDIS_OFFLOAD_HANDLE(kernel.addresses);
    this.record = new OffloadRecord('tcp', this.handle, stack.chimney);
    driver.observer.declare(this.handle, 'tcp', path.handle, this.id, `TCP ${local} → ${remote}`);
    this.engine = new TcpEngine(this.tcpSettings, this, localPort, remotePort);
    this.engine.pathMss = this.pathMss;
    this.cached = exportCached(this.engine, { TtlOrHopLimit: settings.timeToLive, TosOrTrafficClass: 0 });
    const hash = rssHash(remoteAddress, path.source, remotePort, localPort);
    this.timer = kernel.allocateTimer(this, kernel.processorForHash(hash));
  }

  /** Its timer has expired. */
  expire(): void {
    this.run();
  }

  get sillyWindowTimer(): ProtocolTimer {
    return (this.sillyWindowWatch ??= new ProtocolTimer(this.stack.driver, this.handle, 'SWS timer'));
  }

  emit(segment: TcpSegment, queue: SendQueue, offset: number, retransmission: boolean): void {
    this.framesUnderWay++;
    this.stack.sendSegment(this, segment, queue, offset, retransmission);
  }

  hasRoom(): boolean {
    return !this.offloadWanted && this.framesUnderWay < this.stack.settings.framesUnderWay;
  }

  /** Where it is. */
  get place(): OffloadPlace {
    return this.record.place;
  }

  /** Whether the application has been told of its end. */
  get isClosed(): boolean {
    return this.closedReported;
  }

  /** Address of the peer. */
  get remoteAddress(): IpAddress {
    return this.path.destination;
  }

  /** Frames that NDIS has, segments that wait for an owner, and lists that the application has not returned. */
  get outstandingFrames(): number {
    return this.framesUnderWay;
  }

  get heldSegments(): number {
    return this.held.length;
  }

  get indicatedListCount(): number {
    return this.indicatedLists.length;
  }

  /** Whether it has been told to get ready for an offload that has not begun. */
  get isPreparingOffload(): boolean {
    return this.offloadWanted;
  }

  /** The cached variables, which are the host's to decide. */
  get cachedState(): TCP_OFFLOAD_STATE_CACHED {
    return this.cached;
  }

  /** Sets options; they hold at once on the host path, and in the chimney as soon as the target knows them (UPD-015). */
  setOptions(change: Partial<ConnectionOptions>): void {
    const before = this.cached;
    const { cached, actions } = changedOptions(before, change);
    this.cached = cached;
    this.updateActions = this.place === 'InHost' ? 0 : this.updateActions | actions;
    const acting = { ...cached, Flags: cached.Flags | actions };
    applyCached(this.engine, before, acting, this.stack.kernel.now);
    this.stack.offloads.updates.changed(this);
    this.run();
  }

  /** What the update that is being made asks the target to do; asked for once. */
  takeUpdateActions(): number {
    const { updateActions } = this;
    this.updateActions = 0;
    return updateActions;
  }

  /** Application bytes that left through the host path for the first time. */
  get bytesSentByHostPath(): number {
    return (
      this.discardedEngineBytes +
      (this.place === 'InHost' || this.place === 'Offloading' ? this.engine.newBytesSent : 0)
    );
  }

  /** Bytes that the peer has acknowledged, by whichever path they went. */
  get acknowledgedBytes(): number {
    return this.postedBytes - this.sends.reduce((left, send) => left + send.rest.length, 0);
  }

  /** The path has another MTU; `tooBig`: a router has refused packets of the connection for their size. */
  pathMtuChanged(tooBig: boolean): void {
    if (!tooBig) this.engine.pathMss = this.pathMss;
    else {
      this.engine.packetTooBig(this.pathMss);
      this.run();
    }
  }

  /**
   * Tells whether a sequence number is of something that has been sent and not acknowledged; where the target has the connection,
   * only it knows, and the answer comes later.
   */
  ifOutstanding(SequenceNumber: number, done: (outstanding: boolean) => void): void {
    if (this.place !== 'Offloaded') {
      done(this.place !== 'Uploading' && isOutstanding(SequenceNumber, this.engine.variables));
      return;
    }
    this.stack.kernel.queueDeferredCall(() => {
      this.stack.offloads.query(this, 'delegated', (state) => {
        const delegated = state?.layer === 'tcp' ? state.delegated : undefined;
        done(delegated !== undefined && isOutstanding(SequenceNumber, delegated));
      });
    });
  }

  /**
   * An ICMP error that says nothing about the MTU: no reason to give up what is established; an attempt to connect ends where nobody
   * speaks TCP (RFC 1122 section 4.2.3.9, RFC 5461 section 2.2).
   */
  onIcmpError(text: string, isHard: boolean): void {
    this.stack.note(this.id, text);
    if (!isHard || this.engine.variables.State !== TcpConnectionState.SynSent) return;
    this.engine.abort();
    this.run();
    this.reportClosed('unreachable');
  }

  /** Opens the connection; the user hears of it. Does nothing if that has given it up meanwhile. */
  connect(): void {
    if (this.closedReported) return;
    this.engine.connect(this.stack.nextInitialSequence());
    this.run();
  }

  /** Opens the connection passively: `syn` is the segment that asks for it, from its TCP header on. */
  accept(syn: Uint8Array, initialSequence: number): void {
    if (this.closedReported) return;
    this.engine.listen(initialSequence);
    this.take(syn);
  }

  /** It can't be opened. */
  fail(reason: ConnectionEnd): void {
    this.reportClosed(reason);
    this.retireIfOver();
  }

  /**
   * Gives the connection up: the peer gets a RST from whoever has the connection, and what has not been sent is dropped without a
   * word to its owners (RFC 9293 section 3.10.5, DSC-022). A connection in TIME-WAIT is left alone.
   */
  abort(): void {
    if (this.closedReported || this.engine.variables.State === TcpConnectionState.TimeWait) return;
    this.aborting = true;
    this.unassigned = [];
    this.reportClosed('aborted');
    if (this.place === 'InHost') this.abortInHost();
    else if (this.place === 'Offloaded') this.postDisconnect(abortiveClose);
  }

  /**
   * Reads 1 to `bytes` bytes for a user with `reading: 'on-request'`; `done` gets them when there are any, in the order of the calls,
   * and none at the end of the stream. While the connection is offloaded this posts a receive.
   * @throws RangeError unless at least one byte is asked for
   */
  read(bytes: number, done: (bytes: Uint8Array) => void): void {
    this.reads.request(bytes, done);
    if (this.place === 'Offloaded') this.postReads();
    else if (this.place === 'InHost') {
      this.engine.receiveSpaceGrew();
      this.run();
    }
  }

  /** Received bytes that wait in the host for a user who reads on request. */
  get unreadBytes(): number {
    return this.reads.bufferedBytes;
  }

  /** Its line in `netstat -t`. */
  netstatRow(): NetstatRow {
    const local = formatEndpoint(this.path.source, this.localPort);
    const foreign = formatEndpoint(this.remoteAddress, this.remotePort);
    return { protocol: 'TCP', local, foreign, state: netstatState(this.state), offloadState: this.place };
  }

  /** What an offload policy wants to know. */
  facts(): Omit<ConnectionFacts, 'age' | 'stays'> {
    const { engine, stack } = this;
    const { State, SRtt } = engine.variables;
    const { hostPath, chimney } = this.received;
    return {
      localPort: this.localPort,
      remotePort: this.remotePort,
      application: this.user.application,
      isEstablished: State === TcpConnectionState.Established && !this.aborting && !this.closing,
      mayOffload: stack.chimney.mayOffload && this.path.neighbor.mac !== undefined,
      bytes: this.acknowledgedBytes + hostPath + chimney,
      roundTripTime: SRtt === 0 ? undefined : (SRtt / 8) * (1e9 / engine.settings.ticksPerSecond),
      linkBitsPerSecond: stack.settings.linkBitsPerSecond,
    };
  }

  /** State of the connection as the host stack knows it; of what happens in the target it knows what it is told. */
  get state(): TcpConnectionState {
    const { State } = this.engine.variables;
    if (this.place === 'InHost' || this.place === 'Offloading') return State;
    if (this.aborting) return TcpConnectionState.Closed;
    const { peerClosedReported: peerClosed, disconnectPosted, disconnected } = this;
    return offloadedState({ state: State, peerClosed, disconnectPosted, disconnected });
  }

  /** Posts bytes to send; `done` is called when the peer has acknowledged all of them. */
  send(bytes: Uint8Array, done: () => void): void {
    const send = new HostSend(bytes, this.postedBytes, (finished) => {
      this.sends.splice(this.sends.indexOf(finished), 1);
      done();
    });
    this.postedBytes += bytes.length;
    this.sends.push(send);
    this.unassigned.push(send);
    this.assignSends();
  }

  /** Sends nothing more: a FIN goes behind everything posted. */
  shutdown(): void {
    this.closing = true;
    this.assignSends();
  }

  /**
   * A segment has come up the ordinary path, whose checksum is right; its bytes, from its TCP header on, are copied if they are kept.
   */
  receiveSegment(segment: TcpSegment, bytes: Uint8Array, tcpAt: number, tcpLength: number): void {
    if (this.place === 'InHost' && !this.engineBusy) {
      this.processSegment(segment);
      this.run();
      return;
    }
    const kept = bytes.slice(tcpAt, tcpAt + tcpLength);
    if (this.place === 'InHost') this.arrivedMeanwhile.push(kept);
    else if (this.place === 'Offloaded') this.forward([kept]);
    else this.held.push(kept);
  }

  /** Offers the connection to the offload target. Does nothing if this is not the moment for it. */
  offload(): void {
    this.stack.offloads.offer([this]);
  }

  /**
   * Lets the frames under way leave: from the offer on the target alone sends on the connection (TRM-040). Then nothing more
   * leaves until `offer` or `declineOffload`. `done` hears at once if this is not the moment for an offload.
   */
  prepareOffload(done: (isReady: boolean) => void): void {
    const { State } = this.engine.variables;
    const worthwhile =
      (State === TcpConnectionState.Established ||
        State === TcpConnectionState.CloseWait ||
        (State === TcpConnectionState.FinWait2 && this.stack.settings.offloadsHalfClosed)) &&
      !this.engine.timesCautiously;
    if (
      this.place !== 'InHost' ||
      !worthwhile ||
      !this.stack.chimney.mayOffload ||
      !this.stack.supportsOffload(this.path) ||
      this.offloadWanted ||
      this.path.neighbor.mac === undefined
    ) {
      done(false);
      return;
    }
    this.offloadWanted = true;
    this.engine.flushAcknowledgment();
    this.run();
    if (!this.hasFramesUnderWay) done(true);
    else this.onReadyForOffload = done;
  }

  /** A frame of the connection has left. */
  onFrameSent(): void {
    this.framesUnderWay--;
    if (!this.offloadWanted) this.run();
    else if (!this.hasFramesUnderWay) this.reportReadyForOffload();
  }

  private reportReadyForOffload(): void {
    const ready = this.onReadyForOffload;
    this.onReadyForOffload = undefined;
    if (ready === undefined) this.stack.offloads.settleSoon();
    else ready(true);
  }

  /** Whether NDIS has frames of the connection that have not left: acknowledgments may have followed the last data. */
  get hasFramesUnderWay(): boolean {
    return this.framesUnderWay > 0 || this.engineBusy;
  }

  /** The offload is not to be after all: the host path goes on. */
  declineOffload(): void {
    this.offloadWanted = false;
    this.assignSends();
    this.run();
  }

  /** What the target needs to go on with the connection; undefined if it can't be offloaded any more. */
  offer(): Offer | undefined {
    const { stack, engine } = this;
    this.offloadWanted = false;
    const { State } = engine.variables;
    if (this.place !== 'InHost' || !isOffloadableState(State) || !stack.chimney.mayOffload) {
      this.run();
      return undefined;
    }
    // Another connection of the same tree may go on instead of being offered, and its application write to this one.
    this.record.place = 'Offloading';
    this.timer.stop();
    engine.stopSillyWindowTimer();
    this.updateActions = 0;
    const delegated = exportDelegated(engine, stack.kernel.now);
    // Behind the peer's FIN nothing more is received: what has not been read stays here, where the reader finds it.
    this.offeredBytes = this.peerClosedReported ? [] : this.reads.takeBuffered();
    for (const bytes of this.offeredBytes) this.countedBefore += bytes.length;
    // Where each stands in the stream, for whoever reads the trace (INI-024).
    let streamOffset = this.received.hostPath + this.received.chimney - lengthOf(this.offeredBytes);
    delegated.BufferedData = linkChain(
      this.offeredBytes.map((bytes) => {
        const list = allocateNetBufferList(stack.kernel.addresses, [bytes]);
        list.streamOffset = streamOffset;
        streamOffset += bytes.length;
        return list;
      }),
    );
    const chain = this.sends.map((send) => this.listFor(send));
    delegated.SendDataHead = chain[0] ?? null;
    delegated.SendDataTail = chain[chain.length - 1] ?? null;
    stack.note(
      this.id,
      `Host stack offers the connection to the chimney with ${chain.length} outstanding sends`,
    );
    const state = { layer: 'tcp', const: this.offeredConstState(), cached: this.cached, delegated } as const;
    return { connection: this, state, chain };
  }

  /** The target has taken the connection over. */
  onOffloaded(): void {
    this.discardedEngineBytes += this.engine.newBytesSent;
    this.handOvers.offloads++;
    // A FIN that the peer has acknowledged is no business of the target's any more.
    if (this.engine.variables.State === TcpConnectionState.FinWait2)
      this.disconnectPosted = this.disconnected = true;
    this.stack.chimneyCounters.onTaken();
    this.stack.note(this.id, 'The chimney has the connection');
    const held = this.held.splice(0);
    if (held.length > 0) this.forward(held);
    // The target has copied it, and the memory is free: whoever still looks there finds something else (INI-026).
    for (const bytes of this.offeredBytes.splice(0)) bytes.fill(freedMemory);
    if (this.aborting) {
      this.postDisconnect(abortiveClose);
      return;
    }
    this.assignSends();
    // The application's thread posts its receives when it runs next; until then the target indicates what arrives.
    this.stack.kernel.queueWorkItem(() => {
      if (this.readsOnRequest) {
        if (this.place === 'Offloaded') this.postReads();
        return;
      }
      const owed = this.owesReceive ? 1 : 0;
      this.owesReceive = false;
      for (let left = Math.max(this.receives.posted, owed); left > 0; left--) this.postReceive();
    }, this.receives.postDelay);
  }

  /** The target has refused the connection: the host path goes on, and the sends of `chain` are its own again. */
  onOffloadFailed(reason: string, chain: NET_BUFFER_LIST | null): void {
    this.stack.note(this.id, `The offload was refused: ${reason}`);
    this.stack.chimneyCounters.onRefused(reason);
    for (const list of chainToArray(chain)) this.stack.disown(list);
    for (const bytes of this.offeredBytes.splice(0)) {
      this.countedBefore -= bytes.length;
      this.reads.supply(bytes);
    }
    for (const bytes of this.held.splice(0)) this.process(bytes);
    if (this.aborting) {
      this.abortInHost();
      return;
    }
    this.assignSends();
    this.run();
  }

  /** Takes the connection back from the target, once no other state request for it is under way. */
  upload(): void {
    this.stack.offloads.takeBack([this]);
  }

  /** Its terminate is being made. */
  noteTerminate(): void {
    this.stack.note(this.id, 'Host stack terminates the offload');
  }

  /** The target has handed the connection back. */
  onUploaded(delegated: TCP_OFFLOAD_STATE_DELEGATED, chain: NET_BUFFER_LIST | null): void {
    const { stack } = this;
    const { kernel } = stack;
    const constState = this.constState();
    this.engineBusy = true;
    this.sendBacklog = undefined;
    this.performsSends = false;
    this.disconnectPosted &&= this.disconnected;
    const { tcpSettings, cached } = this;
    this.engine = importEngine(tcpSettings, this, constState, cached, delegated, kernel.now);
    this.engine.pathMss = this.pathMss;
    for (const list of chainToArray(chain)) {
      stack.disown(list);
      const send = list.ProtocolReserved as HostSend;
      send.acknowledged = send.bytes.length - list.dataLength;
      this.engine.restore(send.rest, send, true);
    }
    this.handOvers.uploads++;
    stack.chimneyCounters.onReturned();
    stack.note(this.id, 'The host path has the connection again');
    this.reads.noneIsPosted();
    this.takeBuffered(delegated.BufferedData);
    for (const bytes of this.held.splice(0)) this.process(bytes);
    this.assignSends();
    if (this.engine.peerClosed) this.reportPeerClosed();
    // The target's FIN-WAIT-2 timer ends a connection there, and so does the acknowledgment of the second FIN.
    if (delegated.State === TcpConnectionState.Closed) this.reportClosedByTarget();
    if (this.aborting) this.engine.abort();
    this.engineBusy = false;
    this.run();
  }

  private reportClosedByTarget(): void {
    if (this.timedOut || !this.disconnected) {
      this.reportClosed('timeout');
      return;
    }
    if (!this.closedReported) this.reportPeerClosed();
    this.reportClosed('closed');
  }

  /** ProtocolTcpOffloadSendComplete for one list. */
  onSendComplete(list: NET_BUFFER_LIST): void {
    const send = list.ProtocolReserved;
    // A target may complete as a send what is none (SND-019): it is no answer to anything.
    if (!(send instanceof HostSend)) return;
    const count = list.NetBufferListInfo[netBufferListInfo.TcpOffloadBytesTransferred] ?? 0;
    switch (list.Status) {
      case NDIS_STATUS.UPLOAD_IN_PROGRESS:
        this.requeue(send);
        break;
      case NDIS_STATUS.REQUEST_UPLOAD:
      case NDIS_STATUS.UPLOAD_REQUESTED:
        // An intermediate driver could not pass it on: the host takes the connection back and sends by itself (IMD-026).
        this.requeue(send);
        this.performsSends = true;
        this.uploadSoon();
        break;
    }
    send.onAcknowledged(list.Status === NDIS_STATUS.SUCCESS ? send.bytes.length - send.acknowledged : count);
    if (this.sendBacklog !== undefined && this.place === 'Offloaded') this.assignSends();
  }

  /** The target wants so many bytes of sends outstanding, from an event or a query (SND-013). */
  onSendBacklog(bytes: number): void {
    this.sendBacklog = bytes === backlogNotSupported ? undefined : bytes;
    if (this.place === 'Offloaded') this.assignSends();
  }

  /** ProtocolTcpOffloadReceiveComplete for one list. */
  onReceiveComplete(list: NET_BUFFER_LIST): void {
    const count = list.NetBufferListInfo[netBufferListInfo.TcpOffloadBytesTransferred] ?? 0;
    const buffer = list.ProtocolReserved;
    // As little is a send that comes back as a receive (RCV-021).
    if (!(buffer instanceof Uint8Array)) return;
    if (count > 0) this.takeFromChimney(buffer.subarray(0, count));
    if (this.user.keepsBytes === false) this.stack.receiveMemory.give(buffer);
    if (this.readsOnRequest) return;
    const goesOn = list.Status === NDIS_STATUS.SUCCESS && count > 0 && this.receives.posted > 0;
    if (goesOn) this.postReceive();
  }

  /**
   * ProtocolTcpOffloadReceiveIndicate: takes everything and returns the list a little later; or, where the application has no room,
   * a part or nothing, posts a receive for the rest, and leaves the list with the target (IND-010 to IND-016).
   */
  onReceiveIndicate(list: NET_BUFFER_LIST): ReceiveIndicationAnswer {
    // Who reads on request posts a receive when it does; until then the bytes wait with the target.
    if (this.readsOnRequest) return { status: NDIS_STATUS.OFFLOAD_DATA_NOT_ACCEPTED, BytesConsumed: 0 };
    const bytes = netBufferBytes(list.FirstNetBuffer);
    const room = this.user.acceptIndicated?.(bytes.length) ?? this.receives.consume(bytes.length);
    if (room < bytes.length) return this.takePart(bytes, Math.max(0, room));
    this.takeFromChimney(bytes);
    this.indicatedLists.push(list);
    this.stack.returnReceivedLater(() => {
      const lists = this.indicatedLists.splice(0);
      this.retireIfOver();
      return lists;
    });
    return { status: NDIS_STATUS.SUCCESS, BytesConsumed: bytes.length };
  }

  private takePart(bytes: Uint8Array, BytesConsumed: number): ReceiveIndicationAnswer {
    if (BytesConsumed > 0) this.takeFromChimney(bytes.slice(0, BytesConsumed));
    this.stack.kernel.queueWorkItem(() => {
      if (this.place === 'Offloaded') this.postReceive();
      else if (this.place === 'Offloading') this.owesReceive = true;
    }, this.receives.postDelay);
    const { OFFLOAD_DATA_NOT_ACCEPTED, OFFLOAD_DATA_PARTIALLY_ACCEPTED } = NDIS_STATUS;
    const status = BytesConsumed === 0 ? OFFLOAD_DATA_NOT_ACCEPTED : OFFLOAD_DATA_PARTIALLY_ACCEPTED;
    return { status, BytesConsumed };
  }

  /** ProtocolTcpOffloadDisconnectComplete. */
  onDisconnectComplete(list: NET_BUFFER_LIST): void {
    // The data that it brought is acknowledged, or comes back, as that of a send.
    if (list.ProtocolReserved instanceof HostSend) this.onSendComplete(list);
    // What the target has failed for an upload is not repeated: the close goes on after it (DSC-021).
    if (list.Status === NDIS_STATUS.UPLOAD_IN_PROGRESS) return;
    if (list.Status === NDIS_STATUS.SUCCESS) this.disconnected = true;
    this.takeBackIfOver();
  }

  /** A connection that is over has nothing to do with the target any more, and nobody else asks for it (DSC-032). */
  private takeBackIfOver(): void {
    if (this.aborting || (this.disconnected && this.peerClosedReported)) this.uploadSoon();
  }

  /** ProtocolTcpOffloadForwardComplete for one list. */
  onForwardComplete(list: NET_BUFFER_LIST): void {
    if (list.Status === NDIS_STATUS.UPLOAD_IN_PROGRESS) {
      const bytes = list.ProtocolReserved as Uint8Array;
      if (this.place === 'InHost') this.take(bytes);
      else this.held.push(bytes);
    }
  }

  /** ProtocolTcpOffloadEvent. */
  onEvent(EventType: number, EventSpecificInformation: number): void {
    if (EventType === tcpEvents.disconnect) {
      this.reportPeerClosed();
      this.takeBackIfOver();
    } else if (EventType === tcpEvents.retrieve) {
      const reason = this.stack.uploadReasonName(EventSpecificInformation);
      this.stack.note(this.id, `The target asks for the upload: ${reason}`);
      this.stack.chimneyCounters.onUploadAskedFor(reason);
      this.timedOut ||= EventSpecificInformation === timeoutExpiration;
      const isGranted =
        this.stack.policy?.grants(this, EventSpecificInformation) ??
        this.stack.settings.grantsOptionalUploads;
      if (isGranted || !optionalReasons.has(EventSpecificInformation)) this.uploadSoon();
    } else if (EventType === tcpEvents.sendBacklogChange) {
      this.onSendBacklog(EventSpecificInformation);
    } else if (EventType === tcpEvents.abort) {
      this.reportClosed('reset');
      this.uploadSoon();
    }
  }

  private uploadSoon(): void {
    this.stack.offloads.takeBackSoon([this]);
  }

  /** TCP's settings; what a segment may carry depends on the IP version (RFC 6691 section 2). */
  private get tcpSettings(): TcpSettings {
    const { tcp } = this.stack.settings;
    if (!isIpv6(this.path.source)) return tcp;
    return { ...tcp, localMss: tcp.localMss - (ipv6HeaderLength - ipv4HeaderLength) };
  }

  /** Payload and options that fit into a packet of the path. */
  private get pathMss(): number {
    const { mtu, source } = this.path;
    return mtu - (isIpv6(source) ? ipv6HeaderLength : ipv4HeaderLength) - tcpHeaderLength;
  }

  private constState() {
    const hash = rssHash(this.remoteAddress, this.path.source, this.remotePort, this.localPort);
    return exportConst(this.engine, hash);
  }

  /** What the target is told: SACK only if it has it, while the host stack goes on using it after an upload (CAP-014). */
  private offeredConstState() {
    const state = this.constState();
    const hasSack = this.stack.capabilities?.SupportSack === true;
    return hasSack ? state : { ...state, Flags: state.Flags & ~sackFlag };
  }

  receiveSpace(): number {
    return Math.max(0, this.cached.InitialRcvWnd - this.reads.bufferedBytes);
  }

  onData(bytes: Uint8Array, start: number, length: number): void {
    this.received.hostPath += length;
    const isKept = this.user.keepsBytes !== false;
    this.deliver(isKept ? bytes.slice(start, start + length) : bytes.subarray(start, start + length));
  }

  onEstablished(): void {
    this.established = true;
    if (this.path.history !== undefined) applyHistory(this.path.history, this.engine);
    this.stack.policy?.watch(this);
    this.stack.note(this.id, 'Connected');
    this.stack.driver.observer.wrote(this.handle, this.stack.component, {
      layer: 'tcp',
      const: this.constState(),
      cached: this.cached,
      delegated: exportDelegated(this.engine, this.stack.kernel.now),
    });
    this.user.onConnected();
  }

  onPeerClosed(): void {
    this.reportPeerClosed();
  }

  onFinAcknowledged(): void {
    // The application hears of the end when both halves are closed.
  }

  onReset(): void {
    this.reportClosed(this.established ? 'reset' : 'refused');
  }

  onTimeout(): void {
    this.engine.abort();
    this.reportClosed('timeout');
  }

  onClosed(): void {
    this.reportClosed('closed');
  }

  /** Gives a segment to the engine, or keeps it until that is free. */
  private take(bytes: Uint8Array): void {
    if (this.engineBusy) {
      this.arrivedMeanwhile.push(bytes.slice());
      return;
    }
    this.process(bytes);
    this.run();
  }

  private process(bytes: Uint8Array): void {
    const { source, destination } = this.path;
    const segment = takeSegment();
    const problem = readTcpSegment(segment, bytes, 0, bytes.length, destination, source);
    if (problem === undefined) this.processSegment(segment);
    returnSegment();
  }

  private processSegment(segment: TcpSegment): void {
    // Whatever the application posts from inside is sent by the run that follows.
    this.processing = true;
    const { SndUna } = this.engine.variables;
    this.engine.process(segment, this.stack.kernel.now);
    // A new acknowledgment proves that the neighbor receives (RFC 4861 section 7.3.1).
    if (this.engine.variables.SndUna !== SndUna) this.path.neighbor.confirmedAt = this.stack.kernel.now;
    this.processing = false;
  }

  private run(): void {
    const { kernel, driver, component } = this.stack;
    if (this.place !== 'InHost' || this.processing) return;
    if (this.engineBusy) {
      this.sendAgain = true;
      return;
    }
    this.engineBusy = true;
    do {
      this.sendAgain = false;
      // No acknowledgment is left behind that is due (TMR-003).
      if (this.offloadWanted) this.engine.flushAcknowledgment();
      this.engine.dispatch(kernel.now, this);
      for (const bytes of this.arrivedMeanwhile.splice(0)) {
        this.process(bytes);
        this.sendAgain = true;
      }
    } while (this.sendAgain);
    this.engineBusy = false;
    if (this.offloadWanted && this.framesUnderWay === 0 && this.onReadyForOffload !== undefined)
      this.reportReadyForOffload();
    this.timer.set(this.engine.nextAt());
    this.doubtNeighbor();
    driver.observer.ran(this.handle, component, this.engine.variables);
    if (this.engine.variables.State === TcpConnectionState.TimeWait) this.reportClosed('closed');
    this.retireIfOver();
  }

  /** Whether the same segment is lost again and again for want of the right neighbor (RFC 1122 section 3.3.1.4). */
  private doubtNeighbor(): void {
    const { RetransmitCount, retransmitPurpose } = this.engine.variables;
    if (RetransmitCount === this.retransmitsSeen) return;
    const { kernel, settings } = this.stack;
    const { neighbor } = this.path;
    const isOneMore = RetransmitCount > this.retransmitsSeen && retransmitPurpose === 'retransmit';
    // What was sent before the neighbor last proved reachable says nothing of where it is now.
    const isUnconfirmed = neighbor.confirmedAt < this.retransmittedAt;
    this.retransmitsSeen = RetransmitCount;
    this.retransmittedAt = kernel.now;
    const { doubtRetransmissions } = settings;
    if (isOneMore && isUnconfirmed && doubtRetransmissions > 0 && RetransmitCount >= doubtRetransmissions)
      this.stack.doubt(neighbor);
  }

  /** Lets the stack forget the connection once it is closed and nobody holds anything of it. */
  private retireIfOver(): void {
    if (
      this.retired ||
      !this.closedReported ||
      this.place !== 'InHost' ||
      this.engine.variables.State !== TcpConnectionState.Closed ||
      this.framesUnderWay + this.held.length + this.indicatedLists.length + this.record.openRequests > 0 ||
      this.engineBusy
    )
      return;
    this.retired = true;
    this.timer.stop();
    const { path } = this;
    if (this.established && this.stack.settings.sharesPathHistory)
      path.history = rememberConnection(path.history, this.engine.variables);
    this.stack.forget(this);
  }

  private abortInHost(): void {
    this.engine.abort();
    this.run();
    this.retireIfOver();
  }

  /**
   * Makes a data request. A terminate waits until the call has returned, on whatever processor it is made (step 1 of section 5.2 of
   * the state digest).
   */
  private request(call: () => void): void {
    this.record.openRequests++;
    call();
    this.record.openRequests--;
    this.stack.offloads.requestReturned();
  }

  /** Gives unassigned sends, and the FIN behind them, to whoever has the connection. */
  private assignSends(): void {
    if (this.aborting) return;
    if (this.place === 'InHost') {
      for (const send of this.unassigned.splice(0)) this.engine.send(send.rest, send, true);
      if (this.closing && !this.engine.finQueued) this.engine.shutdown();
      this.run();
    } else if (this.place === 'Offloaded') {
      this.postSends();
      const kept = this.stack.settings.closesWithData ? 1 : 0;
      if (this.closing && !this.disconnectPosted && this.unassigned.length <= kept && !this.posting)
        this.postDisconnect(gracefulClose);
    }
  }

  /** Posts what the target should have outstanding; never from inside a call that posts (SND-004). */
  private postSends(): void {
    if (this.posting) return;
    this.posting = true;
    const { ndis } = this.stack;
    const { requeued } = this;
    for (let send = this.unassigned[0]; send !== undefined; send = this.unassigned[0]) {
      // What is refused at once comes back into `unassigned` and must not be posted a second time from here.
      if (this.requeued !== requeued || this.performsSends || !this.wantsOutstanding) break;
      if (this.stack.settings.closesWithData && this.unassigned.length === 1) break;
      this.unassigned.shift();
      const list = this.listFor(send);
      this.request(() => ndis.NdisOffloadTcpSend(this.handle, list));
    }
    this.posting = false;
  }

  /** Whether the target has less outstanding than it wants. */
  private get wantsOutstanding(): boolean {
    const { sendBacklog } = this;
    if (sendBacklog === undefined) return true;
    const sum = (sends: readonly HostSend[]): number =>
      sends.reduce((bytes, send) => bytes + send.rest.length, 0);
    return sum(this.sends) - sum(this.unassigned) < sendBacklog;
  }

  private postDisconnect(flags: number): void {
    const { ndis, kernel } = this.stack;
    this.disconnectPosted = true;
    const send = flags === gracefulClose ? this.unassigned.shift() : undefined;
    const list =
      send === undefined ? allocateNetBufferList(kernel.addresses, [], PostedList) : this.listFor(send);
    list.ProtocolReserved ??= this;
    if (send === undefined) this.stack.own(list, this);
    const text =
      flags === gracefulClose
        ? 'The application has sent everything: graceful disconnect'
        : 'The application gives the connection up: abortive disconnect';
    this.stack.note(this.id, text);
    this.request(() => ndis.NdisOffloadTcpDisconnect(this.handle, list, flags));
  }

  /** A send is the host's again: it takes its place in the order of the stream. */
  private requeue(send: HostSend): void {
    this.requeued++;
    const after = this.unassigned.findIndex((other) => other.streamOffset > send.streamOffset);
    this.unassigned.splice(after < 0 ? this.unassigned.length : after, 0, send);
  }

  private listFor(send: HostSend): PostedList {
    const { rest } = send;
    // Two MDLs where the data allows it, as user buffers that cross a page boundary have.
    const half = rest.length > 8192 ? Math.ceil(rest.length / 8192) * 4096 : rest.length;
    const runs = half < rest.length ? [rest.subarray(0, half), rest.subarray(half)] : [rest];
    const list = allocateNetBufferList(this.stack.kernel.addresses, runs, PostedList);
    list.ProtocolReserved = send;
    list.streamOffset = send.streamOffset + send.acknowledged;
    this.stack.own(list, this);
    return list;
  }

  private get readsOnRequest(): boolean {
    return this.user.reading === 'on-request';
  }

  /** Posts a receive for each request of the application that has none. */
  private postReads(): void {
    for (const bytes of this.reads.takeUnposted()) this.postReceive(bytes);
  }

  /** Posts one receive besides those that the application's policy posts, with room for so many bytes. */
  postReceiveOf(bytes: number): void {
    this.postReceive(bytes);
  }

  private get receives(): ReceivePolicy {
    return this.user.receives ?? this.stack.receives;
  }

  /** Posts a receive request, if the target has the connection and something may still come. */
  private postReceive(bytes = this.receives.bytes): void {
    if (this.place !== 'Offloaded' || this.peerClosedReported || this.aborting) {
      this.receivesToPost.length = 0;
      return;
    }
    const { kernel, ndis } = this.stack;
    const { postingReceiveOn } = this;
    if (postingReceiveOn !== undefined && postingReceiveOn !== kernel.processor) {
      // Another processor is inside such a call for this connection: it goes on with this one (RCV-004).
      this.receivesToPost.push(bytes);
      return;
    }
    const buffer = this.stack.receiveMemory.take(bytes);
    const list = allocateNetBufferList(kernel.addresses, [buffer], PostedList);
    list.ProtocolReserved = buffer;
    this.stack.own(list, this);
    this.postingReceiveOn = kernel.processor;
    this.request(() => ndis.NdisOffloadTcpReceive(this.handle, list));
    this.postingReceiveOn = postingReceiveOn;
    if (postingReceiveOn !== undefined) return;
    const next = this.receivesToPost.shift();
    if (next !== undefined) this.postReceive(next);
  }

  private forward(segments: readonly Uint8Array[]): void {
    const { kernel, ndis } = this.stack;
    for (const bytes of segments) {
      if (this.place !== 'Offloaded') {
        this.held.push(bytes);
        continue;
      }
      const list = allocateNetBufferList(kernel.addresses, [bytes], PostedList);
      list.ProtocolReserved = bytes;
      this.stack.own(list, this);
      this.request(() => ndis.NdisOffloadTcpForward(this.handle, list));
    }
  }

  private takeBuffered(lists: NET_BUFFER_LIST | null): void {
    if (lists === null) return;
    for (const list of chainToArray(lists)) this.takeFromChimney(netBufferBytes(list.FirstNetBuffer));
    this.stack.returnReceivedLater(() => chainToArray(lists));
  }

  private takeFromChimney(bytes: Uint8Array): void {
    // What had gone to the target unread comes back first, and counts where it was received.
    const counted = Math.min(bytes.length, this.countedBefore);
    this.countedBefore -= counted;
    this.received.chimney += bytes.length - counted;
    this.deliver(bytes);
  }

  private deliver(bytes: Uint8Array): void {
    if (this.aborting) return;
    if (this.readsOnRequest) this.reads.supply(bytes);
    else this.user.onData(bytes);
  }

  private reportPeerClosed(): void {
    if (this.peerClosedReported) return;
    this.peerClosedReported = true;
    this.reads.end();
    this.user.onPeerClosed();
  }

  private reportClosed(reason: ConnectionEnd): void {
    if (this.closedReported) return;
    this.closedReported = true;
    this.reads.end();
    this.user.onClosed(reason);
  }
}
