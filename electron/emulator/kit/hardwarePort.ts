/**
 * A network adapter's hardware as its driver sees it: where it sends frames, what interrupts it, and the TCP engine in its firmware.
 * A target driver finds it in its DRIVER_OBJECT; it takes the place of registers, rings and interrupts of a real bus.
 */
import type { FrameDescription, NET_BUFFER_LIST } from '../ndis/netBufferList';
import type { NDIS_OFFLOAD_HANDLE } from '../ndis/offloadBlockList';
import type {
  AttachedState,
  TCP_OFFLOAD_STATE_CACHED,
  TCP_OFFLOAD_STATE_DELEGATED,
} from '../ndis/offloadState';
import type { TcpConnectionState } from '../tcp/tcpVariables';
import type { MacAddress } from '../wire/address';
import type { SegmentAddressing } from '../wire/segmentFrame';

/** A driver's interrupt service: each handler runs as a deferred procedure call, at DISPATCH_LEVEL on processor 0. */
export interface InterruptHandlers {
  /** A frame that the firmware left alone has arrived; the driver may keep the bytes. */
  receive(frame: Uint8Array, connection: number | undefined): void;
  /** The cable has been plugged in or pulled. */
  linkChanged(up: boolean): void;
  /** The firmware has events of connections; each connection is named once, and its `takeEvents` answers them. */
  firmwareEvents(connection: FirmwareConnection): void;
  /**
   * The firmware wants its memory for something else and can keep no connections, or has it back: what makes a target indicate
   * NDIS_STATUS_UPLOAD_ALL and NDIS_STATUS_OFFLOAD_RESUME. A driver without this handler has firmware that never does so.
   */
  firmwareMemory?(available: boolean): void;
}

/** What a completed list was posted as. */
export type FirmwareRequest = 'send' | 'receive' | 'disconnect' | 'forward';

/** What the firmware tells its driver about a connection, oldest first. */
export type FirmwareEvent =
  /** A list is done with: Status, TcpOffloadBytesTransferred and the start of its data say how (SND-020 to SND-023, RCV-022). */
  | { readonly kind: 'completed'; readonly request: FirmwareRequest; readonly list: NET_BUFFER_LIST }
  /** There is data for which no receive is posted: `unplaced` answers it. */
  | { readonly kind: 'data' }
  /** The peer has closed, and all its data has been handed over. */
  | { readonly kind: 'peer-closed' }
  /** An acceptable RST has arrived. */
  | { readonly kind: 'reset' }
  /** The firmware has stopped and can't go on with the connection; `reason` is a TCP_UPLOAD_REASON. */
  | { readonly kind: 'upload-wanted'; readonly reason: number };

/** Where a connection's segments go, and how large they may be. */
export interface FirmwareRoute extends SegmentAddressing {
  /** Largest IP packet, bytes. */
  readonly pathMtu: number;
}

/** What the firmware leaves of a connection. */
export interface FirmwareRemains {
  /** The delegated variables; data pointers are null. */
  readonly delegated: TCP_OFFLOAD_STATE_DELEGATED;
  /** Sends that the peer has not acknowledged in full, in order, advanced to their first byte that it has not (TRM-026, TRM-029). */
  readonly sends: readonly NET_BUFFER_LIST[];
  /** Received data that nobody has taken (TRM-020). */
  readonly buffered: readonly Uint8Array[];
}

/** A connection in the firmware's hands, from `takeOver` to `giveBack`. None of its methods calls the driver. */
export interface FirmwareConnection {
  /** For the driver: whatever it wants to find again when it is interrupted. */
  driverContext: object | undefined;
  readonly State: TcpConnectionState;
  /** Begins to process and to send; to be called when the initiate has been completed. */
  start(): void;
  /** What has happened since it was asked last. */
  takeEvents(): readonly FirmwareEvent[];
  /** Sends a list behind all others. */
  postSend(list: NET_BUFFER_LIST): void;
  /** Fills a list with what comes next (RCV-006 to RCV-020). */
  postReceive(list: NET_BUFFER_LIST): void;
  /** Sends a list's data and a FIN behind everything, or a RST at once. */
  postDisconnect(list: NET_BUFFER_LIST, isGraceful: boolean): void;
  /** Processes a segment that reached the host: the list begins with its TCP header (FWD-012, FWD-015). */
  forward(list: NET_BUFFER_LIST): void;
  /** Data to be indicated: none while receives are posted, and after a refusal until one is (RCV-011, IND-015). */
  unplaced(): readonly Uint8Array[];
  /** The answer to an indication of `unplaced`: so many bytes were taken, all of them or not (IND-013 to IND-018). */
  indicated(bytes: number, tookAll: boolean): void;
  /** New cached variables are in effect. */
  update(cached: TCP_OFFLOAD_STATE_CACHED): void;
  /** The way to the peer has changed. */
  reroute(route: FirmwareRoute): void;
  /** Stops: no segment is processed or sent from now on, and frames of the connection go to `receive`. */
  halt(): void;
  /** When the peer last proved that it receives: acknowledgments of new data, or new data of its own (RCH-006); virtual ns. */
  readonly confirmedAt: number;
  /** The delegated variables now; data pointers are null. */
  query(): TCP_OFFLOAD_STATE_DELEGATED;
  /** Sends the acknowledgment that is due, stops and forgets the connection. Completions that are left can still be taken. */
  giveBack(): FirmwareRemains;
}

/** Parameters of the firmware's TCP that OID_TCP_CONNECTION_OFFLOAD_PARAMETERS sets. */
export interface FirmwareParameters {
  readonly TicksPerSecond: number;
  readonly TcpAckFrequency: number;
  readonly TcpDelayedAckTicks: number;
  readonly TcpMaximumRetransmissions: number;
  readonly TcpDuplicateAckThreshold: number;
  readonly TcpPushTicks: number;
  /** Absent or 0: the firmware's own. */
  readonly TcpSwsPreventionTicks?: number;
}

/** See the file's head. */
export interface HardwarePort {
  /** Address in the adapter's own memory. */
  readonly permanentAddress: MacAddress;
  /** Bits per second. */
  readonly linkSpeed: number;
  readonly linkUp: boolean;
  /** NdisMRegisterInterruptEx. */
  connectInterrupts(handlers: InterruptHandlers): void;
  /** Lets frames pass, or not: while they don't, what is sent vanishes and nothing is received. Off at first. */
  enable(on: boolean): void;
  /** Copies a frame and sends it; answers when its last bit leaves, virtual ns. */
  transmit(frame: Uint8Array, description?: FrameDescription): number;
  /** When everything that was sent so far has left, virtual ns; not before now. */
  readonly idleAt: number;
  /** Connections in the firmware. */
  readonly connectionCount: number;
  /** How the firmware's TCP behaves for connections that come from now on. */
  configure(parameters: FirmwareParameters): void;
  /**
   * Hands a connection to the firmware, which waits for `start`. `chain` are sends that have not been acknowledged in full:
   * NetBufferListChain of the block. Data and BufferedData are copied, lists are kept.
   * @throws Error for state that is not of a connection, or not whole.
   */
  takeOver(
    handle: NDIS_OFFLOAD_HANDLE,
    state: AttachedState,
    chain: NET_BUFFER_LIST | null,
    route: FirmwareRoute,
  ): FirmwareConnection;
}
