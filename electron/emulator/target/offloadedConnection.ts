/**
 * One TCP connection in the target's hands: its engine, its outstanding requests, and the events that it raises. It is also the
 * context area whose address the host stack holds.
 */
import { constantValue } from '../../../shared/ddi/catalogue';
import { NDIS_STATUS, type NdisStatus } from '../../../shared/ddi/status';
import {
  DISPATCH_LEVEL,
  NdisAdvanceNetBufferDataStart,
  ProtocolTimer,
  chainToArray,
  linkChain,
  type NDIS_OFFLOAD_HANDLE,
  type NET_BUFFER_LIST,
  type PVOID,
  type ReceiveIndicationAnswer,
  type TCP_OFFLOAD_STATE_CACHED,
  type TCP_OFFLOAD_STATE_CONST,
  type TCP_OFFLOAD_STATE_DELEGATED,
  type TimerObject,
} from '../kit';
import { applyCached, exportDelegated, importEngine } from '../tcp/offloadState';
import type { SendQueue } from '../tcp/sendQueue';
import type { SegmentOutput, TcpEngine, TcpUser } from '../tcp/tcpEngine';
import { advance, isBefore } from '../tcp/sequenceNumber';
import { TcpConnectionState } from '../tcp/tcpVariables';
import { isIpv6 } from '../wire/address';
import { ethernetHeaderLength } from '../wire/ethernet';
import { ipv4HeaderLength } from '../wire/ipv4';
import { ipv6HeaderLength } from '../wire/ipv6';
import { insertTag, type VlanTag } from '../wire/vlanTag';
import { fillSegmentFrame, type SegmentAddressing } from '../wire/segmentFrame';
import {
  headerLengthOf,
  tcpFlags,
  tcpHeaderLength,
  timestampsOptionLength,
  type TcpSegment,
} from '../wire/tcpSegment';
import type { RoomWaiter } from '../wire/transmitRing';
import type { PathContext } from './contexts';
import { askIfStale, doubt } from './reachabilityQuery';
import { ReceiveDelivery, type DeliveryActions } from './receiveDelivery';
import { SendBacklog } from './sendBacklog';
import { SendRequest, settleList } from './sendRequest';
import type { TargetAdapter } from './targetAdapter';
import { isLimited } from './targetLimits';
import { TrafficWatch, watchesTraffic } from './trafficWatch';

const tcpEvents = {
  sendBacklogChange: constantValue('TcpIndicateSendBacklogChange'),
  disconnect: constantValue('TcpIndicateDisconnect'),
  retrieve: constantValue('TcpIndicateRetrieve'),
  abort: constantValue('TcpIndicateAbort'),
} as const;

const uploadReasons = {
  invalidState: constantValue('InvalidState'),
  uploadRequested: constantValue('UploadRequested'),
  timeoutExpiration: constantValue('TimeoutExpiration'),
  receivedUrgentData: constantValue('ReceivedUrgentData'),
  hardwareFailure: constantValue('HardwareFailure'),
} as const;

/** Bytes of an IP and a TCP header without options, by IP version. */
const headerLengths = {
  ipv4: ipv4HeaderLength + tcpHeaderLength,
  ipv6: ipv6HeaderLength + tcpHeaderLength,
} as const;

/** Payload of the largest frame that the other end of the cable cuts into segments: IPv4 carries 65,535 bytes, headers included. */
const largestSend = 65_535 - 120;

const gracefulClose = constantValue('TCP_DISCONNECT_GRACEFUL_CLOSE');

/** SendBacklogSize where the feature is not supported. */
const notSupported = 0xffff_ffff;

/** A frame that waits for the host stack, and the tag that it came with. */
export interface HeldFrame {
  readonly bytes: Uint8Array;
  readonly tag: VlanTag | undefined;
}

/** An event for the host stack. */
interface TcpEvent {
  readonly type: number;
  readonly information: number;
}

/** See the file's head. */
export class OffloadedConnection implements PVOID, TcpUser, SegmentOutput, RoomWaiter, DeliveryActions {
  readonly layer = 'tcp';
  /** IP version of its path. */
  readonly version: 'ipv4' | 'ipv6';
  readonly engine: TcpEngine;
  private readonly delivery: ReceiveDelivery;
  private readonly timer: TimerObject;
  /** Made when it is needed first. */
  private pushTimer: TimerObject | undefined;
  private readonly pushWatch: ProtocolTimer;
  private sillyWindowWatch: ProtocolTimer | undefined;
  waitsForRoom = false;
  readonly largeSendLimit: number | undefined;
  private addressing: SegmentAddressing;

  /** Sends that the peer has not acknowledged in full, oldest first. */
  private readonly sends: SendRequest[] = [];
  private disconnect: SendRequest | undefined;
  /** A graceful disconnect that an abortive one has overtaken (DSC-007). */
  private abandonedDisconnect: SendRequest | undefined;
  private resetAwaited = false;
  /** Completions and events that wait until the engine has finished. */
  private completedSends: NET_BUFFER_LIST[] = [];
  private readonly events: TcpEvent[] = [];

  /** Calls `expire`; made when it is needed first. */
  private goOn: (() => void) | undefined;

  /** Where its segments, its timers and the indications that follow from them run. */
  readonly processor: number;

  private started = false;
  private running = false;
  /** How often something has happened after which the engine may have more to send. */
  private disturbances = 0;
  private stopped = false;
  private uploaded = false;
  private leaving = false;
  /** RetransmitCount when the neighbor was last thought of. */
  private doubtedAt = 0;
  private aborted: 'no' | 'by-host' | 'by-peer' | 'by-hardware' = 'no';
  /** Frames of urgent data and of all that came after it; undefined until there is urgent data. */
  private held: HeldFrame[] | undefined;
  /** Undefined where the policy wants nothing to be watched. */
  private readonly watch: TrafficWatch | undefined;
  private readonly idleTimer: TimerObject | undefined;
  private readonly backlog: SendBacklog | undefined;
  private finAcknowledged = false;
  private disconnectIndicated = false;
  private uploadRequested = false;
  /** End of what has been sent so far, for the statistics. */
  private sentUpTo: number;

  constructor(
    readonly address: number,
    readonly handle: NDIS_OFFLOAD_HANDLE,
    readonly path: PathContext,
    private readonly adapter: TargetAdapter,
    readonly constState: TCP_OFFLOAD_STATE_CONST,
    private cached: TCP_OFFLOAD_STATE_CACHED,
    delegated: TCP_OFFLOAD_STATE_DELEGATED,
    chain: NET_BUFFER_LIST | null,
  ) {
    const { kernel } = adapter;
    this.sentUpTo = delegated.SndMax;
    this.version = isIpv6(path.constState.SourceAddress) ? 'ipv6' : 'ipv4';
    this.addressing = this.makeAddressing();
    this.processor = adapter.processorFor(constState.HashValue);
    this.timer = kernel.allocateTimer(this, this.processor);
    const { sendBacklog, uploadPolicy, emitsLargeFrames, tcp } = adapter.settings;
    this.backlog = sendBacklog === undefined ? undefined : new SendBacklog(sendBacklog);
    this.watch = watchesTraffic(uploadPolicy) ? new TrafficWatch(uploadPolicy, this) : undefined;
    if (uploadPolicy.lowActivity !== undefined) this.idleTimer = this.makeIdleTimer();
    this.delivery = new ReceiveDelivery(this);
    this.pushWatch = new ProtocolTimer(adapter.driver, handle, 'push timer');
    this.engine = importEngine(tcp, this, constState, cached, delegated, kernel.now);
    this.engine.pathMss = path.cached.PathMtu - headerLengths[this.version];
    this.largeSendLimit = emitsLargeFrames ? largestSend : undefined;
    for (const list of chainToArray(delegated.BufferedData)) {
      list.FirstNetBuffer.forEachRun((bytes) => {
        this.delivery.adopt(bytes.slice());
      });
    }
    for (const list of chainToArray(chain)) this.queueSend(list);
    path.connections.add(this);
  }

  /** Whether a frame with this tag, or with none, is of its VLAN (VLN-015 to VLN-017). */
  acceptsTag(tag: VlanTag | undefined): boolean {
    const { VlanId } = this.path.neighbor.constState;
    return VlanId === 0 || tag?.VlanId === VlanId;
  }

  /** Whether segments from the wire are for this engine: not while an upload is asked for or under way, nor when closed. */
  get processesSegments(): boolean {
    return !this.stopped && !this.leaving && this.engine.variables.State !== TcpConnectionState.Closed;
  }

  /** Its terminate has been asked for: segments go up unprocessed from now on (TRM-012). */
  leave(): void {
    this.leaving = true;
  }

  /** Whether a segment is the host stack's to judge: a SYN that may begin a new connection after TIME-WAIT (WIR-036). */
  leavesToHost(segment: TcpSegment): boolean {
    return segment.has(tcpFlags.SYN) && this.engine.variables.State === TcpConnectionState.TimeWait;
  }

  /** Whether its engine or its indications are at work, here or on another processor. */
  get isRunning(): boolean {
    return this.running;
  }

  /** Whether a RST or broken hardware has ended it. */
  get isAborted(): boolean {
    return this.aborted !== 'no';
  }

  /** The cached variables that are in effect. */
  get cachedState(): TCP_OFFLOAD_STATE_CACHED {
    return this.cached;
  }

  /** The initiate has been completed: deliveries may begin. */
  start(): void {
    if (this.uploaded) return;
    this.run(() => {
      this.started = true;
      this.pushWatch.exists();
      this.delivery.start();
      this.noteActivity();
    });
  }

  /** Whether segments from the wire are kept for the host stack, because urgent data has come (WIR-034). */
  get holdsSegments(): boolean {
    return this.held !== undefined;
  }

  /** Keeps a frame until the terminate. */
  hold(frame: HeldFrame): void {
    this.held?.push(frame);
  }

  /** Hands out the frames that were kept, oldest first. */
  takeHeld(): readonly HeldFrame[] {
    return this.held?.splice(0) ?? [];
  }

  /** The first fragment of one of its datagrams has passed by. */
  noteFragment(): void {
    this.run(() => {
      this.watch?.fragmentReceived();
    });
  }

  /**
   * Takes a segment of this connection. Urgent data is not for it: a valid segment with URG is left alone, and the upload is asked
   * for (WIR-032); an invalid one is dropped (WIR-031).
   */
  processSegment(segment: TcpSegment): 'processed' | 'urgent' {
    if (segment.has(tcpFlags.URG) && !segment.has(tcpFlags.RST) && !segment.has(tcpFlags.SYN)) {
      if (!this.engine.wouldTake(segment, this.adapter.kernel.now)) return 'processed';
      this.held = [];
      this.run(() => {
        this.askForUpload(uploadReasons.receivedUrgentData);
      });
      return 'urgent';
    }
    const before = this.begin();
    const { engine, adapter } = this;
    const { SndUna, RcvNxt } = engine.variables;
    const hasPayload = segment.payloadLength > 0;
    this.watch?.received(hasPayload, isBefore(RcvNxt, segment.SequenceNumber));
    if (hasPayload) this.noteActivity();
    engine.process(segment, adapter.kernel.now);
    // New acknowledgments prove it, and new data does, too: it follows upon ours (RCH-006, RFC 4861 section 7.3.1).
    if (engine.variables.SndUna !== SndUna || engine.variables.RcvNxt !== RcvNxt)
      this.path.neighbor.reachability.confirm();
    if (before !== undefined) this.finish(before);
    return 'processed';
  }

  /** MiniportTcpOffloadSend: takes every list, whatever becomes of it (SND-006). */
  postSend(lists: NET_BUFFER_LIST): void {
    this.run(() => {
      for (const list of chainToArray(lists)) {
        if (this.sendRefusal() === undefined) this.claimScatterGatherList();
        const refusal = this.sendRefusal();
        if (refusal === undefined) this.queueSend(list);
        else this.completeSend(list, refusal, 0);
      }
    });
  }

  /** MiniportTcpOffloadReceive. */
  postReceive(lists: NET_BUFFER_LIST): void {
    this.run(() => {
      const refusal = this.disconnectIndicated ? NDIS_STATUS.INVALID_STATE : this.refusal();
      if (refusal === undefined) {
        for (const list of chainToArray(lists)) this.watch?.receivePosted(list.dataLength);
        this.delivery.post(lists);
        this.engine.receiveSpaceGrew();
        return;
      }
      // Those that were posted before come back before (RCV-019).
      if (refusal !== NDIS_STATUS.INVALID_STATE && this.delivery.hasPosted) {
        this.delivery.append(lists);
        return;
      }
      for (const list of chainToArray(lists)) settleList(list, refusal, 0);
      this.delivery.refuse(lists);
    });
  }

  /** MiniportTcpOffloadDisconnect: a FIN behind the data, or a RST at once. */
  postDisconnect(list: NET_BUFFER_LIST, Flags: number): void {
    this.run(() => {
      const request = new SendRequest(list, () => undefined);
      if (Flags !== gracefulClose) {
        this.abandonedDisconnect ??= this.disconnect;
        this.disconnect = request;
        // While an upload is asked for or under way nothing is sent: the host stack resets by itself (DSC-019).
        if (this.stopped && this.aborted === 'no') {
          this.disconnect = this.abandonedDisconnect;
          this.abandonedDisconnect = undefined;
          this.completeDisconnect(NDIS_STATUS.UPLOAD_IN_PROGRESS, request);
          return;
        }
        if (this.aborted === 'no') this.aborted = 'by-host';
        this.engine.abort();
        // At once, even from inside an indication (DSC-024).
        this.engine.dispatch(this.adapter.kernel.now, this);
        return;
      }
      this.disconnect = request;
      const refusal = this.sendRefusal();
      if (refusal === undefined) {
        this.append(request);
        this.engine.shutdown();
      } else this.completeDisconnect(refusal);
    });
  }

  /** New cached variables are in effect from now on; MiniportUpdateOffload. */
  update(cached: TCP_OFFLOAD_STATE_CACHED): void {
    const before = this.cached;
    this.cached = cached;
    this.refreshAddressing();
    this.run(() => {
      applyCached(this.engine, before, cached, this.adapter.kernel.now);
    });
  }

  /** Neighbor or path have new cached variables, or the path has another neighbor. */
  refreshAddressing(): void {
    this.addressing = this.makeAddressing();
    const { engine } = this;
    const { mss } = engine;
    const pathMss = this.path.cached.PathMtu - headerLengths[this.version];
    engine.pathMss = pathMss;
    if (engine.mss >= mss) return;
    // What is in flight has met a router that refuses it: sent again at once, not after the timeout (RFC 1191 section 6.4).
    this.run(() => {
      engine.packetTooBig(pathMss);
    });
  }

  /** Posted bytes that the peer has not acknowledged. */
  get outstandingSendBytes(): number {
    return this.sends.reduce((bytes, request) => bytes + request.length - request.acknowledged, 0);
  }

  /** Posted sends that have not been completed. */
  get outstandingSends(): number {
    return this.sends.length;
  }

  /** The delegated variables now, with backlog sizes in the place of pointers; MiniportQueryOffload. */
  query(): TCP_OFFLOAD_STATE_DELEGATED {
    const { now } = this.adapter.kernel;
    return {
      ...exportDelegated(this.engine, now),
      SendBacklogSize: this.backlog?.query(this.engine.variables, now) ?? notSupported,
      ReceiveBacklogSize: this.delivery.bufferedBytes,
    };
  }

  /** Sends and processes nothing from now on. */
  halt(): void {
    this.stop();
  }

  /** Something that it depends on has become invalid: asks for the upload (INV rules). */
  invalidate(): void {
    this.run(() => {
      this.askForUpload(uploadReasons.invalidState);
    });
  }

  /** The hardware has lost its state: nothing of it works any more. The events follow upon the completion of the failed request. */
  loseState(): void {
    this.stop();
    this.aborted = 'by-hardware';
    this.adapter.statistics[this.version].moved(this.engine.variables.State, TcpConnectionState.Closed);
    this.engine.abort();
  }

  /** Steps 2 and 3 of the hardware-failure sequence; requests stay open until the terminate that follows (TRM-037). */
  reportHardwareFailure(): void {
    if (this.uploaded) return;
    this.run(() => {
      this.uploadRequested = true;
      this.events.push({ type: tcpEvents.retrieve, information: uploadReasons.hardwareFailure });
      this.events.push({ type: tcpEvents.abort, information: 0 });
    });
  }

  /**
   * Gives everything back for a terminate: sends what acknowledgment is due, completes or hands back every request, and answers
   * the delegated variables and the chain of unfinished sends (steps 1 to 6 of section 8 of the data digest).
   */
  upload(): { readonly delegated: TCP_OFFLOAD_STATE_DELEGATED; readonly chain: NET_BUFFER_LIST | null } {
    const { engine, adapter, delivery } = this;
    const now = adapter.kernel.now;
    this.running = true;
    if (!this.stopped) {
      engine.flushAcknowledgment();
      engine.dispatch(now, this);
      adapter.observe(this);
    }
    this.stop();
    if (this.aborted === 'by-hardware') this.abortRequests();
    this.report();
    const aborted = this.aborted !== 'no';
    delivery.returnPosted(aborted ? NDIS_STATUS.REQUEST_ABORTED : NDIS_STATUS.UPLOAD_IN_PROGRESS);
    const delegated = exportDelegated(engine, now);
    const lists = this.sends.splice(0).map((request) => {
      NdisAdvanceNetBufferDataStart(request.list.FirstNetBuffer, request.acknowledged);
      return request.list;
    });
    const chain = linkChain(lists);
    delegated.SendDataHead = lists[0] ?? null;
    delegated.SendDataTail = lists[lists.length - 1] ?? null;
    this.completeAbandoned();
    this.completeDisconnect(aborted ? NDIS_STATUS.REQUEST_ABORTED : NDIS_STATUS.UPLOAD_IN_PROGRESS);
    // What the hardware has lost can't be handed up.
    const buffered = this.aborted === 'by-hardware' ? [] : delivery.takeBuffered();
    delegated.BufferedData = linkChain(buffered.map((bytes) => adapter.lendReceived(bytes)));
    this.path.connections.delete(this);
    this.uploaded = true;
    this.running = false;
    return { delegated, chain };
  }

  emit(segment: TcpSegment, queue: SendQueue, offset: number, retransmission: boolean): void {
    const { adapter } = this;
    askIfStale(adapter, this.path.neighbor);
    const frame = adapter.pool.take('chimney');
    if (this.largeSendLimit !== undefined) {
      const size = this.payloadPerPacket(segment);
      frame.checksum = 'partial';
      frame.segmentSize = segment.payloadLength > size ? size : 0;
    }
    fillSegmentFrame(frame, this.addressing, adapter.nextIdentification(), segment, queue, offset);
    frame.connection = adapter.connectionId(this.handle);
    frame.retransmission = retransmission;
    this.countSent(segment, frame.length - ethernetHeaderLength);
    if (segment.payloadLength > 0) {
      this.watch?.sent(retransmission);
      this.noteActivity();
    }
    const tag = this.transmitTag();
    if (tag !== undefined) insertTag(frame, tag);
    adapter.transmit(frame);
  }

  hasRoom(): boolean {
    const { ring } = this.adapter;
    if (!ring.hasRoom) ring.wait(this);
    return ring.hasRoom;
  }

  resume(): void {
    this.goOn ??= () => {
      this.expire();
    };
    this.adapter.kernel.runOn(this.processor, this.goOn);
  }

  /** Its timer has expired, or there is room again. */
  expire(): void {
    const before = this.begin();
    if (before !== undefined) this.finish(before);
  }

  receiveSpace(): number {
    return Math.max(0, this.cached.InitialRcvWnd - this.delivery.bufferedBytes);
  }

  onData(bytes: Uint8Array, start: number, length: number, push: boolean): void {
    this.delivery.onData(bytes, start, length, push);
  }

  onEstablished(): void {
    // Only the host stack shakes hands.
  }

  onPeerClosed(): void {
    this.delivery.onPeerClosed();
  }

  onFinAcknowledged(): void {
    this.finAcknowledged = true;
  }

  onReset(): void {
    this.aborted = 'by-peer';
    this.events.push({ type: tcpEvents.abort, information: 0 });
  }

  onPeerRestarted(): void {
    this.askForUpload(uploadReasons.uploadRequested);
  }

  onTimeout(): void {
    this.askForUpload(uploadReasons.timeoutExpiration);
  }

  onClosed(): void {
    // The host stack finds the state at the upload.
  }

  completeReceives(lists: NET_BUFFER_LIST): void {
    const { adapter } = this;
    adapter.upcalls.NdisTcpOffloadReceiveComplete(adapter.handle, lists);
  }

  indicationSize(): number {
    return this.cached.RcvIndicationSize;
  }

  startPushTimer(): void {
    const { kernel, settings } = this.adapter;
    this.pushTimer ??= kernel.allocateTimer(() => {
      this.run(() => {
        if (this.pushWatch.expired()) this.delivery.onPushTimer();
      });
    }, this.processor);
    const due = kernel.now + settings.pushTime;
    if (this.pushWatch.started(due)) this.pushTimer.set(due);
  }

  stopPushTimer(): void {
    this.pushTimer?.stop();
    this.pushWatch.stopped();
  }

  get sillyWindowTimer(): ProtocolTimer {
    return (this.sillyWindowWatch ??= new ProtocolTimer(this.adapter.driver, this.handle, 'SWS timer'));
  }

  drained(): void {
    this.events.push({ type: tcpEvents.disconnect, information: 0 });
  }

  private makeIdleTimer(): TimerObject {
    return this.adapter.kernel.allocateTimer(() => {
      this.run(() => {
        this.watch?.idle();
      });
    }, this.processor);
  }

  private makeAddressing(): SegmentAddressing {
    const { path, cached, adapter } = this;
    return path.addressingFor(adapter.settings.mac, cached);
  }

  /** 802.1Q tag of what it sends: for its neighbor's VLAN or its own priority (section 13 of the data digest). */
  private transmitTag(): VlanTag | undefined {
    const { VlanId } = this.path.neighbor.constState;
    const UserPriority = this.adapter.settings.supportsPriority ? this.cached.UserPriority : 0;
    return VlanId === 0 && UserPriority === 0 ? undefined : { VlanId, UserPriority };
  }

  /** Why a new request can't be served; undefined if it can. */
  private refusal(): NdisStatus | undefined {
    if (this.aborted !== 'no') return NDIS_STATUS.REQUEST_ABORTED;
    return this.stopped ? NDIS_STATUS.UPLOAD_IN_PROGRESS : undefined;
  }

  /** As `refusal`, for what would be sent: nothing new goes out while the target wants everything back (PWR-006). */
  private sendRefusal(): NdisStatus | undefined {
    return this.refusal() ?? (this.adapter.gate.uploadsAll ? NDIS_STATUS.UPLOAD_IN_PROGRESS : undefined);
  }

  private countSent(segment: TcpSegment, octets: number): void {
    const { SequenceNumber } = segment;
    const end = advance(SequenceNumber, segment.sequenceLength);
    const resets = segment.has(tcpFlags.RST);
    this.adapter.statistics[this.version].sent(octets, SequenceNumber, end, this.sentUpTo, resets);
    if (isBefore(this.sentUpTo, end)) this.sentUpTo = end;
  }

  private queueSend(list: NET_BUFFER_LIST): void {
    list.Next = null;
    const request = new SendRequest(list, (finished) => {
      this.sends.splice(this.sends.indexOf(finished), 1);
      this.completeSend(list, NDIS_STATUS.SUCCESS, finished.length);
    });
    if (request.length === 0) {
      this.completeSend(list, NDIS_STATUS.SUCCESS, 0);
      return;
    }
    this.sends.push(request);
    this.append(request);
  }

  private append(request: SendRequest): void {
    request.list.FirstNetBuffer.forEachRun((bytes, isLast) => {
      this.engine.restore(bytes, request, isLast);
    });
  }

  private completeSend(list: NET_BUFFER_LIST, status: NdisStatus, bytesTransferred: number): void {
    settleList(list, status, bytesTransferred);
    this.completedSends.push(list);
  }

  private completeDisconnect(status: NdisStatus, request = this.disconnect): void {
    if (request === undefined) return;
    if (request === this.disconnect) this.disconnect = undefined;
    settleList(request.list, status, request.acknowledged);
    this.adapter.upcalls.NdisTcpOffloadDisconnectComplete(this.adapter.handle, request.list);
  }

  /** Completes the graceful disconnect that an abortive one has overtaken, if there is one. */
  private completeAbandoned(): void {
    const request = this.abandonedDisconnect;
    this.abandonedDisconnect = undefined;
    if (request !== undefined) this.completeDisconnect(NDIS_STATUS.REQUEST_ABORTED, request);
  }

  /** NDIS_STATUS_SUCCESS of an abortive disconnect says that the RST has left (DSC-022): it waits for what is queued in front of it. */
  private completeAbort(): void {
    const { kernel, ring } = this.adapter;
    if (this.disconnect === undefined || this.resetAwaited) return;
    this.resetAwaited = true;
    kernel.queueDeferredCall(
      () => {
        if (this.uploaded) return;
        this.completeAbandoned();
        this.completeDisconnect(NDIS_STATUS.SUCCESS);
      },
      Math.max(0, ring.idleAt - kernel.now),
      this.processor,
    );
  }

  private askForUpload(reason: number): void {
    this.stop();
    // Whoever finds a reason may be slower than a terminate on another processor (CTX-017).
    if (this.uploadRequested || this.uploaded) return;
    this.uploadRequested = true;
    this.events.push({ type: tcpEvents.retrieve, information: reason });
  }

  /** Asks for an upload that is the host's to grant; not when the connection is half closed (EVT-020), and it goes on (EVT-024). */
  suggestUpload(reason: number): void {
    const isEstablished = this.engine.variables.State === TcpConnectionState.Established;
    if (this.stopped || !this.started || !isEstablished) return;
    this.events.push({ type: tcpEvents.retrieve, information: reason });
  }

  /** A send needs a scatter/gather list; where none can be had, the host must go on with the connection (EVT-026). */
  private claimScatterGatherList(): void {
    const { objects, settings } = this.adapter;
    const { scatterGatherLists } = settings.limits;
    if (!isLimited(scatterGatherLists)) return;
    const isEstablished = this.engine.variables.State === TcpConnectionState.Established;
    if (isEstablished && objects.outstandingSends >= scatterGatherLists)
      this.askForUpload(uploadReasons.uploadRequested);
  }

  /** Payload passes: the time of low activity begins anew. */
  private noteActivity(): void {
    const { lowActivity } = this.adapter.settings.uploadPolicy;
    if (lowActivity !== undefined) this.idleTimer?.set(this.adapter.kernel.now + lowActivity);
  }

  private stop(): void {
    this.stopped = true;
    this.idleTimer?.stop();
    this.timer.stop();
    this.engine.stopSillyWindowTimer();
    this.stopPushTimer();
  }

  /**
   * Does `work` and then everything that follows from it: segments, completions, events. Requests that the host makes from inside
   * a completion or an indication only do their work; the outermost call follows up on them.
   */
  private run(work: () => void): void {
    const before = this.begin();
    work();
    if (before !== undefined) this.finish(before);
  }

  /** Begins what `run` does around work: answers the state before it, or undefined if an outer call follows up on it. */
  private begin(): TcpConnectionState | undefined {
    this.disturbances++;
    if (this.running) return undefined;
    this.running = true;
    return this.engine.variables.State;
  }

  /** Ends what `begin` began. */
  private finish(before: TcpConnectionState): void {
    if (this.uploaded) {
      // A request was on its way when the connection went: it is answered, and that is all (SND-027).
      this.report();
      this.running = false;
      return;
    }
    const { now } = this.adapter.kernel;
    const { disturbances } = this;
    this.transmit();
    this.adapter.statistics[this.version].moved(before, this.engine.variables.State);
    this.report();
    // At the same moment, and with nothing new, the engine would do nothing more.
    if (this.disturbances !== disturbances || this.adapter.kernel.now !== now) this.transmit();
    this.noteBacklog();
    if (this.events.length > 0) this.report();
    this.running = false;
  }

  /** Payload that fits into a packet beside the options of a segment. */
  private payloadPerPacket(segment: TcpSegment): number {
    const counted = segment.timestampValue === undefined ? 0 : timestampsOptionLength;
    return this.engine.mss + tcpHeaderLength + counted - headerLengthOf(segment);
  }

  /** Says so if another number of outstanding bytes would be best from now on. */
  private noteBacklog(): void {
    if (this.backlog === undefined || this.stopped || !this.started) return;
    const size = this.backlog.change(this.engine.variables, this.adapter.kernel.now);
    if (size !== undefined) this.events.push({ type: tcpEvents.sendBacklogChange, information: size });
  }

  private transmit(): void {
    const { engine, adapter } = this;
    if (!this.stopped) {
      engine.dispatch(adapter.kernel.now, this);
      // A target has no TIME-WAIT of its own: it asks for the upload (overview-of-tcp-timers, A117).
      const timeWait = engine.variables.State === TcpConnectionState.TimeWait;
      if (timeWait && this.delivery.bufferedBytes === 0) this.askForUpload(uploadReasons.uploadRequested);
      else this.timer.set(engine.nextAt());
      this.doubtNeighbor();
    }
    adapter.observe(this);
  }

  /** After so many retransmissions of one segment, once, the neighbor's reachability is in doubt (TMR-016): the host stack is to see to it. */
  private doubtNeighbor(): void {
    const { RetransmitCount } = this.engine.variables;
    const { doubtRetransmissions, indicatesDoubt } = this.adapter.settings;
    const reached = RetransmitCount > this.doubtedAt && RetransmitCount === doubtRetransmissions;
    this.doubtedAt = RetransmitCount;
    if (!reached) return;
    if (indicatesDoubt) doubt(this.adapter, this.path.neighbor);
    else this.askForUpload(uploadReasons.uploadRequested);
  }

  /** Makes the completions and raises the events that have become due; none before the initiate has been completed. */
  private report(): void {
    if (!this.started || !this.hasReports) return;
    this.disturbances++;
    for (;;) {
      const event = this.events.shift();
      if (event !== undefined) this.raise(event);
      if (this.aborted === 'by-host' || this.aborted === 'by-peer') this.abortRequests();
      const chain = linkChain(this.completedSends.splice(0));
      if (chain !== null) this.adapter.upcalls.NdisTcpOffloadSendComplete(this.adapter.handle, chain);
      if (this.aborted === 'by-host') this.completeAbort();
      else if (this.finAcknowledged) this.completeDisconnect(NDIS_STATUS.SUCCESS);
      else if (this.aborted === 'by-peer') this.completeDisconnect(NDIS_STATUS.REQUEST_ABORTED);
      if (event === undefined && chain === null) return;
    }
  }

  /** Whether anything may have to be told. */
  private get hasReports(): boolean {
    return (
      this.events.length > 0 ||
      this.completedSends.length > 0 ||
      this.finAcknowledged ||
      this.aborted === 'by-host' ||
      this.aborted === 'by-peer'
    );
  }

  private abortRequests(): void {
    for (const request of this.sends.splice(0)) {
      this.completeSend(request.list, NDIS_STATUS.REQUEST_ABORTED, request.acknowledged);
    }
    this.delivery.returnPosted(NDIS_STATUS.REQUEST_ABORTED);
  }

  private raise(event: TcpEvent): void {
    const { adapter } = this;
    if (event.type === tcpEvents.disconnect) this.disconnectIndicated = true;
    adapter.kernel.atLeast(DISPATCH_LEVEL, () => {
      adapter.upcalls.NdisTcpOffloadEventHandler(this.handle, event.type, event.information);
    });
  }

  indicate(bytes: Uint8Array): ReceiveIndicationAnswer {
    const { adapter } = this;
    const list = adapter.lendReceived(bytes);
    this.watch?.indicated();
    const answer = adapter.kernel.atLeast(DISPATCH_LEVEL, () =>
      adapter.upcalls.NdisTcpOffloadReceiveHandler(this.handle, list, NDIS_STATUS.SUCCESS),
    );
    if (answer.status !== NDIS_STATUS.SUCCESS) adapter.takeBackReceived(list);
    return answer;
  }
}
