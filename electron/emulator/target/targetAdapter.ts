/**
 * One adapter of the offload target: its hardware port, the non-offload packet path, and the connections that it has taken over.
 * It is also the MiniportAdapterContext.
 */
import type { Random } from '../../../shared/base/random';
import { NDIS_STATUS, type NdisStatus } from '../../../shared/ddi/status';
import {
  OpenIndications,
  NET_BUFFER_LIST,
  allocateNetBufferList,
  chainToArray,
  checksumInfo,
  linkChain,
  netBufferBytes,
  netBufferListInfo,
  processorOf,
  writeConnectionOffload,
  writeTaskOffload,
  type DRIVER_OBJECT,
  type Kernel,
  type NDIS_HANDLE,
  type NDIS_OFFLOAD_HANDLE,
  type NDIS_TCP_OFFLOAD_EVENT_HANDLERS,
  type NdisFunctions,
  type Outstanding,
  type PVOID,
  type ReceiveScaleParameters,
  type TcpParameters,
} from '../kit';
import type { TcpConnectionState } from '../tcp/tcpVariables';
import { ethernetHeaderLength } from '../wire/ethernet';
import { frameCapacity, FramePool, type Frame } from '../wire/frame';
import type { Link, LinkEnd } from '../wire/link';
import {
  carriesInternet,
  carriesSegment,
  completeTcpChecksum,
  readFirstFragment,
  readSegmentFrame,
  type ReceivedSegment,
} from '../wire/segmentFrame';
import { TcpSegment, readTcpSegment } from '../wire/tcpSegment';
import { insertTag, removeTag, tagFromInfo, tagInfoOf, tagOf, type VlanTag } from '../wire/vlanTag';
import { TransmitRing } from '../wire/transmitRing';
import { AdapterGate, type GatedAdapter } from './adapterGate';
import { contextSize } from './contexts';
import { HardwareFault } from './hardwareFault';
import { NicClock } from './nicClock';
import { FrameCounters } from './frameCounters';
import { ObjectTable } from './objectTable';
import type { OffloadedConnection } from './offloadedConnection';
import { OffloadStatistics } from './offloadStatistics';
import { OpenRequests } from './openRequests';
import { destinationKind, ReceiveFilter } from './receiveFilter';
import type { TargetSettings } from './targetSettings';
import { TaskOffloads } from './taskOffloads';

/** Smallest IPv4 identification of an offload target; the host stack uses the lower half (A131). */
const firstIdentification = 0x8000;

/** Stream of chance that picks processors for completions. */
const completionStream = 7;

/** Time between two looks at a lock that another processor holds, ns. */
const spinTime = 500;

/** A list of received bytes on its way up and back. */
class LentList extends NET_BUFFER_LIST {
  /** Whether it has not come back. */
  isLent = true;
  /** Where its bytes are, if they are the adapter's own. */
  memory: Frame | undefined;
}

/** See the file's head. */
export class TargetAdapter implements PVOID, GatedAdapter {
  readonly address: number;
  readonly kernel: Kernel;
  readonly ndis: NdisFunctions;
  readonly component: number;
  /** The hardware's queue in front of the wire. */
  readonly ring: TransmitRing;
  /** Payload bytes that connections sent for the first time and then were handed back. */
  private uploadedBytes = 0;
  /** What has been taken over. */
  readonly objects = new ObjectTable();
  /** What it lets through. */
  readonly gate: AdapterGate;
  /** NCT. */
  readonly clock: NicClock;
  /** What of its hardware is about to break. */
  readonly fault = new HardwareFault();
  /** Traffic of offloaded connections, by IP version (STT-002). */
  readonly statistics: Readonly<Record<'ipv4' | 'ipv6', OffloadStatistics>>;
  /** The hardware's address filter, what passes it and the transmitter, and what it does for packets of the host path. */
  readonly filter: ReceiveFilter;
  readonly frames = new FrameCounters();
  readonly tasks: TaskOffloads;
  /** What the host has set for receive side scaling; undefined before. */
  receiveScale: ReceiveScaleParameters | undefined;
  private hardwareCapacity: number;
  private openOperations = 0;
  /** Indications about the adapter or a neighbor. */
  readonly indications: OpenIndications;
  /** Requests about what has been taken over. */
  readonly requests: OpenRequests;
  private openSends = 0;
  private link: Link | undefined;
  private table: NDIS_TCP_OFFLOAD_EVENT_HANDLERS | undefined;
  private identification = firstIdentification;
  /** One for each processor: while one handles a segment, another may begin with the next. */
  private readonly segments: readonly TcpSegment[];
  private readonly completionProcessors: Random;
  /** Indication lists that the host stack holds. */
  private lent = 0;
  /** Memory of received segments that are lent; what other protocols bring may be kept by whoever gets it. */
  private readonly lentFrames = new FramePool();

  constructor(
    readonly driver: DRIVER_OBJECT,
    readonly pool: FramePool,
    /** The hardware's end of the cable. */
    private readonly port: LinkEnd,
    /** NdisMiniportHandle of MiniportInitializeEx. */
    readonly handle: NDIS_HANDLE,
    private current: TargetSettings,
  ) {
    const { kernel, ndis } = driver;
    this.kernel = kernel;
    this.indications = new OpenIndications(kernel);
    this.requests = new OpenRequests(kernel);
    this.ndis = ndis;
    this.component = port.component;
    this.segments = Array.from({ length: kernel.processorCount }, () => new TcpSegment());
    this.completionProcessors = kernel.random(completionStream);
    this.filter = new ReceiveFilter(current.mac);
    this.tasks = new TaskOffloads(current.transmitTcpChecksum);
    this.statistics = {
      ipv4: new OffloadStatistics(current.countersBelowWrap),
      ipv6: new OffloadStatistics(current.countersBelowWrap),
    };
    this.hardwareCapacity = current.tcpCapacity;
    this.ring = new TransmitRing(kernel.hardware, current.ringTime);
    this.address = kernel.allocate(contextSize);
    this.gate = new AdapterGate(this);
    this.clock = new NicClock(kernel, current.tcp.clockOffset);
  }

  private get segment(): TcpSegment {
    return this.segments[Math.max(0, this.kernel.processor)]!;
  }

  /** The processor for a received segment with a hash value, by the host's indirection table; 0 without receive side scaling. */
  processorFor(hash: number): number {
    const { receiveScale, kernel } = this;
    if (receiveScale?.enabled !== true) return 0;
    return Math.min(processorOf(receiveScale, hash), kernel.processorCount - 1);
  }

  /** A processor for a completion: the adapter interrupts whichever it likes. */
  anyProcessor(): number {
    const { processorCount } = this.kernel;
    return processorCount === 1 ? 0 : this.completionProcessors.nextBelow(processorCount);
  }

  /**
   * Runs `work` on a processor after `delay` ns, once no engine or indication is under way anywhere: what would change a connection
   * under its feet waits for that, as it would for the connection's lock.
   */
  whenNothingRuns(delay: number, processor: number, work: () => void): void {
    this.kernel.queueDeferredCall(
      () => {
        for (const connection of this.objects.connections) {
          if (!connection.isRunning) continue;
          this.whenNothingRuns(spinTime, processor, work);
          return;
        }
        work();
      },
      delay,
      processor,
    );
  }

  /** NDIS's entry points from NdisMGetOffloadHandlers.
   * @throws Error before they have been fetched (INZ-016). */
  get upcalls(): NDIS_TCP_OFFLOAD_EVENT_HANDLERS {
    if (this.table === undefined) throw new Error('the offload handlers have not been fetched');
    return this.table;
  }

  /** Keeps a copy of the table of NdisMGetOffloadHandlers: NDIS may do with its own what it likes (INZ-014). */
  useUpcalls(table: NDIS_TCP_OFFLOAD_EVENT_HANDLERS): void {
    this.table = { ...table };
  }

  /** Settings with the parameters that the host stack has set. */
  get settings(): TargetSettings {
    return this.current;
  }

  /** OID_TCP_CONNECTION_OFFLOAD_PARAMETERS: holds for connections offloaded from now on. */
  configure(parameters: TcpParameters): void {
    const tick = 1e9 / parameters.TicksPerSecond;
    const { TcpSwsPreventionTicks } = parameters;
    this.current = {
      ...this.current,
      pushTime: parameters.TcpPushTicks * tick,
      nceStaleTicks: parameters.NceStaleTicks,
      doubtRetransmissions: parameters.TcpDoubtReachabilityRetransmissions,
      tcp: {
        ...this.current.tcp,
        ticksPerSecond: parameters.TicksPerSecond,
        ackFrequency: parameters.TcpAckFrequency,
        delayedAckTime: parameters.TcpDelayedAckTicks * tick,
        ...(TcpSwsPreventionTicks > 0 ? { sillyWindowTime: TcpSwsPreventionTicks * tick } : {}),
        maximumRetransmissions: parameters.TcpMaximumRetransmissions,
        duplicateAckThreshold: parameters.TcpDuplicateAckThreshold,
      },
    };
  }

  /** Settings are changed: the next NDIS_STATUS_OFFLOAD_RESUME reports the new capacity. */
  changeCapacity(tcpCapacity: number): void {
    this.current = { ...this.current, tcpCapacity };
  }

  /**
   * The hardware has changed, as when its firmware gives room to something else: what it could do is indicated, and what it does
   * follows by pause and resume (CAP-015, PWR-012).
   */
  changeHardware(tcpCapacity: number, transmitTcpChecksum: boolean): void {
    const { gate, tasks } = this;
    this.hardwareCapacity = tcpCapacity;
    tasks.changeHardware(transmitTcpChecksum);
    gate.indicate(NDIS_STATUS.TASK_OFFLOAD_HARDWARE_CAPABILITIES, writeTaskOffload(tasks.capabilities));
    this.indicateTaskOffload();
    gate.capabilitiesChanged(() => {
      const status = NDIS_STATUS.TCP_CONNECTION_OFFLOAD_HARDWARE_CAPABILITIES;
      gate.indicate(status, this.hardwareCapabilities());
      this.changeCapacity(tcpCapacity);
    });
  }

  /** Another speed of the link, bits per second; told when the cable is plugged in. */
  changeLinkSpeed(linkSpeed: number): void {
    this.current = { ...this.current, linkSpeed };
  }

  /** Connection offload by IP version is turned on or off; what is offloaded stays until the host stack takes it back. */
  enableConnectionOffload(offloadsIPv4: boolean, offloadsIPv6: boolean): void {
    const { current } = this;
    if (current.offloadsIPv4 === offloadsIPv4 && current.offloadsIPv6 === offloadsIPv6) return;
    this.current = { ...current, offloadsIPv4, offloadsIPv6 };
    this.gate.capabilitiesChanged();
  }

  /** NDIS_STATUS_TASK_OFFLOAD_CURRENT_CONFIG. */
  indicateTaskOffload(): void {
    this.gate.indicate(NDIS_STATUS.TASK_OFFLOAD_CURRENT_CONFIG, writeTaskOffload(this.tasks.configuration));
  }

  /** Bytes of NDIS_TCP_CONNECTION_OFFLOAD: what is on. */
  capabilities(): Uint8Array {
    return writeConnectionOffload({
      SupportIPv4: this.current.offloadsIPv4,
      SupportIPv6: this.current.hasIPv6 && this.current.offloadsIPv6,
      SupportSack: this.settings.tcp.sack,
      TcpConnectionOffloadCapacity: this.settings.reportedCapacity ?? this.current.tcpCapacity,
    });
  }

  /** Bytes of NDIS_TCP_CONNECTION_OFFLOAD: what the hardware could do. */
  hardwareCapabilities(): Uint8Array {
    return writeConnectionOffload({
      SupportIPv4: true,
      SupportIPv6: this.current.hasIPv6,
      SupportSack: this.settings.tcp.sack,
      TcpConnectionOffloadCapacity: this.settings.reportedCapacity ?? this.hardwareCapacity,
    });
  }

  /** Bits per second. */
  get linkSpeed(): number {
    return this.current.linkSpeed;
  }

  /** Virtual ns. */
  get resetTime(): number {
    return this.current.resetTime;
  }

  /** Whether a reset is told by statuses of its own. */
  get reportsReset(): boolean {
    return this.current.reportsReset;
  }

  /** MiniportResetEx: NDIS sets packet filter and multicast list again afterwards. */
  reset(): NdisStatus {
    return this.gate.reset(() => {
      this.filter.packetFilter = 0;
      this.filter.multicastList = new Uint8Array(0);
    });
  }

  /** Whether it holds no connection and no initiate or terminate is under way. */
  get isIdle(): boolean {
    return this.objects.connections.size === 0 && this.openOperations === 0;
  }

  /** Whether every list that was lent or is being sent is back. */
  get isQuiet(): boolean {
    return this.lent === 0 && !this.isSending;
  }

  /** Whether frames of the ordinary path have not left yet. */
  get isSending(): boolean {
    return this.openSends > 0;
  }

  /** An initiate or a terminate begins. */
  operationBegins(): void {
    this.openOperations++;
  }

  /** An initiate or a terminate has been completed. */
  operationEnds(): void {
    this.openOperations--;
    this.gate.somethingEnded();
  }

  /** States of the connections over one IP version that it holds. */
  *connectionStates(version: 'ipv4' | 'ipv6'): Iterable<TcpConnectionState> {
    for (const connection of this.objects.connections)
      if (connection.version === version) yield connection.engine.variables.State;
  }

  /** Plugs the cable in. */
  connect(link: Link): void {
    this.link = link;
  }

  /** Puts a frame on the wire; answers when its last bit has left. */
  transmit(frame: Frame): number {
    if (this.link === undefined || !this.gate.passesFrames) {
      this.frames.discardedOutgoing();
      this.pool.release(frame);
      return this.kernel.now;
    }
    this.frames.sent(destinationKind(frame.bytes), frame.length);
    const leaves = this.link.transmit(this.port, frame);
    this.ring.queued(leaves);
    return leaves;
  }

  /** The next IPv4 identification of the target's half. */
  nextIdentification(): number {
    const { identification } = this;
    this.identification = identification === 0xffff ? firstIdentification : identification + 1;
    return identification;
  }

  /** A frame from the wire: for a connection's engine, or up the ordinary path. */
  receive(frame: Frame): void {
    if (!this.gate.passesFrames) return;
    const kind = destinationKind(frame.bytes);
    if (!this.filter.accepts(frame.bytes, kind)) return;
    this.frames.received(kind, frame.length);
    const tag = tagOf(frame.bytes, frame.length);
    if (tag !== undefined) removeTag(frame);
    if (this.objects.connections.size > 0 && carriesInternet(frame.bytes, frame.length)) {
      const received = readSegmentFrame(this.segment, frame.bytes, frame.length, frame.checksum);
      if (typeof received !== 'string') {
        const connection = this.objects.connectionOf(this.segment, received.source, received.destination);
        if (connection?.acceptsTag(tag) === false) return;
        if (connection !== undefined && this.receiveSegment(connection, frame, received, tag)) return;
      } else if (received === 'fragment') this.noteFragment(frame);
    }
    completeTcpChecksum(frame);
    if (frame.length > frameCapacity || !carriesSegment(frame.bytes, frame.length)) {
      this.indicateFrame(frame.bytes.slice(0, frame.length), frame.connection, tag);
      return;
    }
    const copy = this.lentFrames.take('host');
    copy.bytes.set(frame.bytes.subarray(0, frame.length));
    this.indicateFrame(copy.bytes.subarray(0, frame.length), frame.connection, tag, copy);
  }

  /**
   * Hands a frame up the ordinary path without its tag, which goes into the out-of-band data. `memory`: where the bytes are, if they
   * are lent for as long as the list is.
   */
  indicateFrame(bytes: Uint8Array, connection: number | undefined, tag?: VlanTag, memory?: Frame): void {
    const list = this.lend(bytes, memory);
    if (tag !== undefined)
      list.NetBufferListInfo[netBufferListInfo.Ieee8021QNetBufferListInfo] = tagInfoOf(tag);
    list.frame = { connection, payloadLength: 0, retransmission: false };
    this.ndis.NdisMIndicateReceiveNetBufferLists(this.handle, list, connection);
  }

  /** Gives a segment from the wire to its connection; false if it is the host stack's to process. */
  private receiveSegment(
    connection: OffloadedConnection,
    frame: Frame,
    received: ReceivedSegment,
    tag: VlanTag | undefined,
  ): boolean {
    if (connection.holdsSegments) {
      completeTcpChecksum(frame);
      connection.hold({ bytes: frame.bytes.slice(0, frame.length), tag });
      return true;
    }
    if (!connection.processesSegments || connection.leavesToHost(this.segment)) return false;
    const statistics = this.statistics[connection.version];
    statistics.received(received.tcpAt - ethernetHeaderLength + received.tcpLength);
    statistics.segmentReceived(false);
    if (connection.processSegment(this.segment) === 'urgent') {
      completeTcpChecksum(frame);
      connection.hold({ bytes: frame.bytes.slice(0, frame.length), tag });
    }
    return true;
  }

  /** A fragment is the host stack's to reassemble (WIR-030), but it says something about the connection. */
  private noteFragment(frame: Frame): void {
    const first = readFirstFragment(frame.bytes, frame.length);
    if (first === undefined) return;
    const connection = this.objects.connectionOf(first, first.source, first.destination);
    if (connection?.processesSegments === true) connection.noteFragment();
  }

  /** MiniportTcpOffloadForward: each list is one segment, beginning with its TCP header (section 5 of the data digest). */
  forward(connection: OffloadedConnection, lists: NET_BUFFER_LIST): void {
    this.requests.begin(connection);
    this.processForwarded(connection, lists);
  }

  private processForwarded(connection: OffloadedConnection, lists: NET_BUFFER_LIST): void {
    if (connection.isRunning) {
      this.kernel.queueDeferredCall(() => {
        this.processForwarded(connection, lists);
      }, spinTime);
      return;
    }
    const { constState } = connection.path;
    const forwarded = chainToArray(lists);
    for (const list of forwarded) {
      list.Next = null;
      if (!connection.processesSegments) {
        list.Status = connection.isAborted ? NDIS_STATUS.REQUEST_ABORTED : NDIS_STATUS.UPLOAD_IN_PROGRESS;
        continue;
      }
      list.Status = NDIS_STATUS.SUCCESS;
      const bytes = netBufferBytes(list.FirstNetBuffer);
      const { DestinationAddress, SourceAddress } = constState;
      const problem = readTcpSegment(this.segment, bytes, 0, bytes.length, DestinationAddress, SourceAddress);
      this.statistics[connection.version].segmentReceived(problem !== undefined);
      // Urgent data is the host stack's to process once it has the connection (WIR-032).
      if (problem === undefined && connection.processSegment(this.segment) === 'urgent')
        list.Status = NDIS_STATUS.UPLOAD_IN_PROGRESS;
    }
    this.kernel.queueDeferredCall(() => {
      this.upcalls.NdisTcpOffloadForwardComplete(this.handle, linkChain(forwarded)!);
      this.requests.end(connection);
    }, this.settings.objectTime);
  }

  /** MiniportSendNetBufferLists: the hardware copies each frame and completes the lists when it has left. */
  send(lists: NET_BUFFER_LIST): void {
    const { kernel } = this;
    let sentAt = kernel.now;
    this.openSends++;
    for (let list: NET_BUFFER_LIST | null = lists; list !== null; list = list.Next) {
      list.Status = this.gate.isUnplugged ? NDIS_STATUS.MEDIA_DISCONNECTED : NDIS_STATUS.SUCCESS;
      if (this.gate.isResetting) list.Status = NDIS_STATUS.RESET_IN_PROGRESS;
      const frame = this.pool.take('host');
      list.FirstNetBuffer.forEachRun((bytes) => {
        frame.bytes.set(bytes, frame.length);
        frame.length += bytes.length;
      });
      const tag = tagFromInfo(list.NetBufferListInfo[netBufferListInfo.Ieee8021QNetBufferListInfo] ?? 0);
      if (tag !== undefined) insertTag(frame, tag);
      if (list.frame !== undefined) {
        frame.connection = list.frame.connection;
        frame.payloadLength = list.frame.payloadLength;
        frame.retransmission = list.frame.retransmission;
      }
      if ((list.NetBufferListInfo[netBufferListInfo.TcpIpChecksum] ?? 0) & checksumInfo.TcpChecksum)
        this.tasks.completeChecksum(frame.bytes, frame.length);
      sentAt = Math.max(sentAt, this.transmit(frame));
    }
    kernel.queueDeferredCall(() => {
      this.openSends--;
      this.ndis.NdisMSendNetBufferListsComplete(this.handle, lists);
      this.gate.somethingEnded();
    }, sentAt - kernel.now);
  }

  /** MiniportReturnNetBufferLists and MiniportTcpOffloadReceiveReturn: lists are the target's own again. */
  takeBackReceived(lists: NET_BUFFER_LIST): void {
    for (let list: NET_BUFFER_LIST | null = lists; list !== null; list = list.Next) {
      if (!(list instanceof LentList) || !list.isLent) continue;
      list.isLent = false;
      this.lent--;
      const { memory } = list;
      list.memory = undefined;
      if (memory !== undefined) this.lentFrames.release(memory);
    }
    this.gate.somethingEnded();
  }

  /** A list for received bytes, to be indicated or handed up as BufferedData. */
  lendReceived(bytes: Uint8Array): NET_BUFFER_LIST {
    return this.lend(bytes, undefined);
  }

  private lend(bytes: Uint8Array, memory: Frame | undefined): NET_BUFFER_LIST {
    const list = allocateNetBufferList(this.kernel.addresses, [bytes], LentList);
    list.memory = memory;
    this.lent++;
    return list;
  }

  /** Forgets a connection that has been handed back. */
  drop(connection: OffloadedConnection): void {
    this.objects.remove(connection);
    this.uploadedBytes += connection.engine.newBytesSent;
  }

  /** Payload bytes that left for the first time through the chimney. */
  get newBytesSent(): number {
    let bytes = this.uploadedBytes;
    for (const connection of this.objects.connections) bytes += connection.engine.newBytesSent;
    return bytes;
  }

  /** Lists that the host stack has not returned yet. */
  get outstandingLists(): number {
    return this.lent;
  }

  /** What it holds of others, has lent to them, or owes them. */
  get outstanding(): Outstanding {
    return {
      'lent lists': this.lent,
      'initiates and terminates under way': this.openOperations,
      'sends of the ordinary path': this.openSends,
      'engines waiting for the ring': this.ring.waiters,
      ...this.objects.outstanding,
      ...this.requests.outstanding,
      ...this.gate.outstanding,
    };
  }

  /** Lets the observer see what an engine has changed. */
  observe(connection: OffloadedConnection): void {
    this.driver.observer.ran(connection.handle, this.component, connection.engine.variables);
  }

  /** The trace's id of a connection, for frames. */
  connectionId(handle: NDIS_OFFLOAD_HANDLE): number | undefined {
    return this.driver.observer.find(handle)?.connection;
  }
}
