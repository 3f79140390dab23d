/**
 * One adapter of the offload target: its hardware port, the non-offload packet path, and the connections that it has taken over.
 * It is also the MiniportAdapterContext.
 */
import { NDIS_STATUS } from '../../../shared/ddi/status';
import type { Machine } from '../machine/machine';
import type { NDIS_HANDLE, NDIS_TCP_OFFLOAD_EVENT_HANDLERS } from '../ndis/characteristics';
import type { Ndis } from '../ndis/ndis';
import {
  allocateNetBufferList,
  chainToArray,
  linkChain,
  netBufferBytes,
  type NET_BUFFER_LIST,
} from '../ndis/netBufferList';
import type { NDIS_OFFLOAD_HANDLE, PVOID } from '../ndis/offloadBlockList';
import { writeConnectionOffload } from '../ndis/connectionOffload';
import type { TcpParameters } from '../ndis/tcpParameters';
import type { Outstanding } from '../observe/outstanding';
import type { TcpConnectionState } from '../tcp/tcpVariables';
import { ethernetHeaderLength, etherTypeOf, etherTypes, isAddressedTo } from '../wire/ethernet';
import type { Frame, FramePool } from '../wire/frame';
import type { Link, LinkEnd } from '../wire/link';
import { readSegmentFrame } from '../wire/segmentFrame';
import { TcpSegment, readTcpSegment } from '../wire/tcpSegment';
import { TransmitRing } from '../wire/transmitRing';
import { AdapterGate, type GatedAdapter } from './adapterGate';
import { contextSize } from './contexts';
import { ObjectTable } from './objectTable';
import type { OffloadedConnection } from './offloadedConnection';
import { OffloadStatistics } from './offloadStatistics';
import type { TargetSettings } from './targetSettings';

/** Smallest IPv4 identification of an offload target; the host stack uses the lower half (A131). */
const firstIdentification = 0x8000;

/** See the file's head. */
export class TargetAdapter implements PVOID, GatedAdapter {
  readonly address: number;
  readonly component: number;
  /** The hardware's queue in front of the wire. */
  readonly ring: TransmitRing;
  /** Payload bytes that connections sent for the first time and then were handed back. */
  private uploadedBytes = 0;
  /** What has been taken over. */
  readonly objects = new ObjectTable();
  /** What it lets through. */
  readonly gate: AdapterGate;
  /** Traffic of offloaded connections over IPv4. */
  readonly statistics = new OffloadStatistics();
  private openOperations = 0;
  private openSends = 0;
  private link: Link | undefined;
  private table: NDIS_TCP_OFFLOAD_EVENT_HANDLERS | undefined;
  private identification = firstIdentification;
  private readonly segment = new TcpSegment();
  /** Indication lists that the host stack holds. */
  private readonly lent = new Set<NET_BUFFER_LIST>();

  constructor(
    readonly machine: Machine,
    readonly ndis: Ndis,
    readonly pool: FramePool,
    /** The hardware's end of the cable. */
    private readonly port: LinkEnd,
    /** NdisMiniportHandle of MiniportInitializeEx. */
    readonly handle: NDIS_HANDLE,
    private current: TargetSettings,
  ) {
    this.component = port.component;
    this.ring = new TransmitRing(machine, current.ringTime);
    this.address = machine.addresses.allocate(contextSize);
    this.gate = new AdapterGate(this);
  }

  /** NDIS's entry points from NdisMGetOffloadHandlers.
   * @throws Error before they have been fetched (INZ-016). */
  get upcalls(): NDIS_TCP_OFFLOAD_EVENT_HANDLERS {
    if (this.table === undefined) throw new Error('the offload handlers have not been fetched');
    return this.table;
  }

  /** Keeps the answer of NdisMGetOffloadHandlers. */
  useUpcalls(table: NDIS_TCP_OFFLOAD_EVENT_HANDLERS): void {
    this.table = table;
  }

  /** Settings with the parameters that the host stack has set. */
  get settings(): TargetSettings {
    return this.current;
  }

  /** OID_TCP_CONNECTION_OFFLOAD_PARAMETERS: holds for connections offloaded from now on. */
  configure(parameters: TcpParameters): void {
    const tick = 1e9 / parameters.TicksPerSecond;
    this.current = {
      ...this.current,
      pushTime: parameters.TcpPushTicks * tick,
      tcp: {
        ...this.current.tcp,
        ticksPerSecond: parameters.TicksPerSecond,
        ackFrequency: parameters.TcpAckFrequency,
        delayedAckTime: parameters.TcpDelayedAckTicks * tick,
        maximumRetransmissions: parameters.TcpMaximumRetransmissions,
        duplicateAckThreshold: parameters.TcpDuplicateAckThreshold,
      },
    };
  }

  /** Settings are changed: the next NDIS_STATUS_OFFLOAD_RESUME reports the new capacity. */
  changeCapacity(tcpCapacity: number): void {
    this.current = { ...this.current, tcpCapacity };
  }

  /** Bytes of NDIS_TCP_CONNECTION_OFFLOAD. */
  capabilities(): Uint8Array {
    return writeConnectionOffload({
      SupportIPv4: true,
      SupportIPv6: false,
      TcpConnectionOffloadCapacity: this.current.tcpCapacity,
    });
  }

  /** Bits per second. */
  get linkSpeed(): number {
    return this.current.linkSpeed;
  }

  /** Whether it holds no connection and no initiate or terminate is under way. */
  get isIdle(): boolean {
    return this.objects.connections.size === 0 && this.openOperations === 0;
  }

  /** Whether every list that was lent or is being sent is back. */
  get isQuiet(): boolean {
    return this.lent.size === 0 && !this.isSending;
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

  /** States of the connections that it holds. */
  *connectionStates(): Iterable<TcpConnectionState> {
    for (const connection of this.objects.connections) yield connection.engine.variables.State;
  }

  /** Plugs the cable in. */
  connect(link: Link): void {
    this.link = link;
  }

  /** Puts a frame on the wire; answers when its last bit has left. */
  transmit(frame: Frame): number {
    if (this.link === undefined || !this.gate.passesFrames) {
      this.pool.release(frame);
      return this.machine.now;
    }
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
    if (!isAddressedTo(frame.bytes, this.settings.mac)) return;
    if (etherTypeOf(frame.bytes, frame.length) === etherTypes.ipv4 && this.objects.connections.size > 0) {
      const received = readSegmentFrame(this.segment, frame.bytes, frame.length);
      if (typeof received !== 'string') {
        const connection = this.objects.connectionOf(this.segment, received.source, received.destination);
        if (connection?.processesSegments === true) {
          this.statistics.received(received.tcpAt - ethernetHeaderLength + received.tcpLength);
          this.statistics.segmentReceived(false);
          connection.processSegment(this.segment);
          return;
        }
      }
    }
    const list = allocateNetBufferList(this.machine.addresses, [frame.bytes.slice(0, frame.length)]);
    this.lent.add(list);
    this.ndis.packets.NdisMIndicateReceiveNetBufferLists(this.handle, list, frame.connection);
  }

  /** MiniportTcpOffloadForward: each list is one segment, beginning with its TCP header (section 5 of the data digest). */
  forward(connection: OffloadedConnection, lists: NET_BUFFER_LIST): void {
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
      this.statistics.segmentReceived(problem !== undefined);
      if (problem === undefined) connection.processSegment(this.segment);
    }
    this.machine.queueDeferredCall(this.settings.objectTime, () => {
      this.upcalls.NdisTcpOffloadForwardComplete(this.handle, linkChain(forwarded)!);
    });
  }

  /** MiniportSendNetBufferLists: the hardware copies each frame and completes the lists when it has left. */
  send(lists: NET_BUFFER_LIST): void {
    const { machine } = this;
    let sentAt = machine.now;
    this.openSends++;
    for (const list of chainToArray(lists)) {
      list.Status = this.gate.isUnplugged ? NDIS_STATUS.MEDIA_DISCONNECTED : NDIS_STATUS.SUCCESS;
      const frame = this.pool.take('host');
      list.FirstNetBuffer.forEachRun((bytes) => {
        frame.bytes.set(bytes, frame.length);
        frame.length += bytes.length;
      });
      if (list.frame !== undefined) Object.assign(frame, list.frame);
      sentAt = Math.max(sentAt, this.transmit(frame));
    }
    machine.queueDeferredCall(sentAt - machine.now, () => {
      this.openSends--;
      this.ndis.packets.NdisMSendNetBufferListsComplete(this.handle, lists);
      this.gate.somethingEnded();
    });
  }

  /** MiniportReturnNetBufferLists and MiniportTcpOffloadReceiveReturn: lists are the target's own again. */
  takeBackReceived(lists: NET_BUFFER_LIST): void {
    for (const list of chainToArray(lists)) this.lent.delete(list);
    this.gate.somethingEnded();
  }

  /** A list for received bytes, to be indicated or handed up as BufferedData. */
  lendReceived(bytes: Uint8Array): NET_BUFFER_LIST {
    const list = allocateNetBufferList(this.machine.addresses, [bytes]);
    this.lent.add(list);
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
    return this.lent.size;
  }

  /** What it holds of others, has lent to them, or owes them. */
  get outstanding(): Outstanding {
    return {
      'lent lists': this.lent.size,
      'initiates and terminates under way': this.openOperations,
      'sends of the ordinary path': this.openSends,
      'engines waiting for the ring': this.ring.waiters,
      ...this.objects.outstanding,
      ...this.gate.outstanding,
    };
  }

  /** Lets the observer see what an engine has changed. */
  observe(connection: OffloadedConnection): void {
    this.ndis.observer.ran(connection.handle, this.component, connection.engine.variables);
  }

  /** The trace's id of a connection, for frames. */
  connectionId(handle: NDIS_OFFLOAD_HANDLE): number | undefined {
    return this.ndis.observer.find(handle)?.connection;
  }
}
