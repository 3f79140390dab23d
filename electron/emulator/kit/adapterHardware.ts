/** The emulated hardware behind a HardwarePort: one end of a cable, a transmit ring, and firmware with a TCP engine. */
import type { Machine } from '../machine/machine';
import type { FrameDescription, NET_BUFFER_LIST } from '../ndis/netBufferList';
import type { NDIS_OFFLOAD_HANDLE } from '../ndis/offloadBlockList';
import type { AttachedState } from '../ndis/offloadState';
import type { Ndis } from '../ndis/ndis';
import type { Outstanding } from '../observe/outstanding';
import { swapPortBytes } from '../../../shared/ddi/offloadState';
import { ConnectionMap } from '../tcp/connectionMap';
import { defaultTcpSettings, type TcpSettings } from '../tcp/tcpSettings';
import type { MacAddress } from '../wire/address';
import { etherTypeOf, etherTypes } from '../wire/ethernet';
import type { Frame, FramePool } from '../wire/frame';
import type { LinkEnd, Transmitter } from '../wire/link';
import { readSegmentFrame } from '../wire/segmentFrame';
import { TcpSegment } from '../wire/tcpSegment';
import { TransmitRing } from '../wire/transmitRing';
import type {
  FirmwareConnection,
  FirmwareParameters,
  FirmwareRoute,
  HardwarePort,
  InterruptHandlers,
} from './hardwarePort';
import { EngineConnection, type FirmwareSurroundings } from './tcpFirmware';

/** Longest wait of a frame in the transmit ring, ns. */
const ringTime = 50_000;

/** Smallest IPv4 identification of an offload target; the host stack uses the lower half (A131). */
const firstIdentification = 0x8000;

/** The adapter's clock when virtual time is 0, in ticks: no two machines were switched on together. */
const clockOffset = 4_217_011;

/** Push timer until the host stack sets TcpPushTicks, ns. */
const defaultPushTime = 500_000_000;

/** What the adapter is made of. */
export interface AdapterHardwareSettings {
  readonly mac: MacAddress;
  /** Bits per second. */
  readonly linkSpeed: number;
}

/** See the file's head. */
export class AdapterHardware implements HardwarePort, LinkEnd {
  readonly permanentAddress: MacAddress;
  readonly linkSpeed: number;
  linkUp = true;
  private readonly ring: TransmitRing;
  private readonly segment = new TcpSegment();
  private readonly connections = new Set<EngineConnection>();
  private readonly byAddresses = new ConnectionMap<EngineConnection>();
  private readonly interrupting = new Set<EngineConnection>();
  private readonly surroundings: FirmwareSurroundings;
  private handlers: InterruptHandlers | undefined;
  private link: Transmitter | undefined;
  private passesFrames = false;
  private identification = firstIdentification;
  private tcp: TcpSettings = { ...defaultTcpSettings, clockOffset, blindReset: 'validate' };
  private bytesOfGivenBack = 0;
  private pushTime = defaultPushTime;
  private wantsUploads = false;

  constructor(
    private readonly machine: Machine,
    ndis: Ndis,
    private readonly pool: FramePool,
    /** Component of its driver. */
    readonly component: number,
    settings: AdapterHardwareSettings,
  ) {
    this.permanentAddress = settings.mac;
    this.linkSpeed = settings.linkSpeed;
    this.ring = new TransmitRing(machine, ringTime);
    const pushTime = (): number => this.pushTime;
    const wantsUploads = (): boolean => this.wantsUploads;
    this.surroundings = {
      get pushTime() {
        return pushTime();
      },
      get wantsUploads() {
        return wantsUploads();
      },
      machine,
      pool,
      ring: this.ring,
      observer: ndis.observer,
      component,
      transmit: (frame) => this.put(frame),
      nextIdentification: () => this.nextIdentification(),
      interrupt: (connection) => {
        this.interrupt(connection);
      },
      forget: (connection) => {
        this.forget(connection);
      },
    };
  }

  /** Plugs the cable in. */
  connect(link: Transmitter): void {
    this.link = link;
  }

  /** Payload bytes that the firmware has sent for the first time. */
  get newBytesSent(): number {
    let bytes = this.bytesOfGivenBack;
    for (const { engine } of this.connections) bytes += engine.newBytesSent;
    return bytes;
  }

  /** What the firmware still has. */
  get outstanding(): Outstanding {
    return { 'connections in firmware': this.connections.size, 'engines waiting': this.ring.waiters };
  }

  /** The firmware's memory for connections goes, or comes back. */
  changeFirmwareMemory(available: boolean): void {
    const { handlers } = this;
    if (handlers?.firmwareMemory === undefined) return;
    this.wantsUploads = !available;
    this.machine.queueDeferredCall(0, () => handlers.firmwareMemory?.(available), 0);
  }

  connectInterrupts(handlers: InterruptHandlers): void {
    this.handlers = handlers;
  }

  enable(on: boolean): void {
    this.passesFrames = on;
  }

  transmit(bytes: Uint8Array, description?: FrameDescription): number {
    const frame = this.pool.take('host');
    frame.bytes.set(bytes);
    frame.length = bytes.length;
    if (description !== undefined) Object.assign(frame, description);
    return this.put(frame);
  }

  get connectionCount(): number {
    return this.connections.size;
  }

  get idleAt(): number {
    return this.ring.idleAt;
  }

  configure(parameters: FirmwareParameters): void {
    const { TcpSwsPreventionTicks = 0, TicksPerSecond } = parameters;
    this.pushTime = (parameters.TcpPushTicks * 1e9) / parameters.TicksPerSecond;
    this.tcp = {
      ...this.tcp,
      ticksPerSecond: parameters.TicksPerSecond,
      ackFrequency: parameters.TcpAckFrequency,
      delayedAckTime: (parameters.TcpDelayedAckTicks * 1e9) / parameters.TicksPerSecond,
      ...(TcpSwsPreventionTicks > 0
        ? { sillyWindowTime: (TcpSwsPreventionTicks * 1e9) / TicksPerSecond }
        : {}),
      maximumRetransmissions: parameters.TcpMaximumRetransmissions,
      duplicateAckThreshold: parameters.TcpDuplicateAckThreshold,
    };
  }

  takeOver(
    NdisOffloadHandle: NDIS_OFFLOAD_HANDLE,
    state: AttachedState,
    chain: NET_BUFFER_LIST | null,
    route: FirmwareRoute,
  ): FirmwareConnection {
    if (
      state.layer !== 'tcp' ||
      state.const === undefined ||
      state.cached === undefined ||
      state.delegated === undefined
    )
      throw new Error('the firmware takes connections with all their state');
    const { const: constState, cached, delegated } = state;
    const offload = { NdisOffloadHandle, const: { ...constState }, cached, delegated, chain, route };
    const connection = new EngineConnection(this.surroundings, offload, this.tcp);
    const [localPort, remotePort] = [
      swapPortBytes(constState.LocalPort),
      swapPortBytes(constState.RemotePort),
    ];
    this.connections.add(connection);
    this.byAddresses.set(route.source, localPort, route.destination, remotePort, connection);
    return connection;
  }

  linkChanged(up: boolean): void {
    if (this.linkUp === up) return;
    this.linkUp = up;
    this.handlers?.linkChanged(up);
  }

  processorFor(): number {
    return 0;
  }

  receive(frame: Frame): void {
    if (!this.passesFrames || !this.linkUp) return;
    if (this.connections.size > 0 && etherTypeOf(frame.bytes, frame.length) === etherTypes.ipv4) {
      const { segment } = this;
      const read = readSegmentFrame(segment, frame.bytes, frame.length);
      if (typeof read !== 'string') {
        const { source, destination } = read;
        const { sourcePort, destinationPort } = segment;
        const connection = this.byAddresses.get(destination, destinationPort, source, sourcePort);
        if (connection?.process(segment) === true) return;
      }
    }
    this.handlers?.receive(frame.bytes.slice(0, frame.length), frame.connection);
  }

  private put(frame: Frame): number {
    if (this.link === undefined || !this.passesFrames || !this.linkUp) {
      this.pool.release(frame);
      return this.machine.now;
    }
    const leaves = this.link.transmit(this, frame);
    this.ring.queued(leaves);
    return leaves;
  }

  private nextIdentification(): number {
    const { identification } = this;
    this.identification = identification === 0xffff ? firstIdentification : identification + 1;
    return identification;
  }

  /** One deferred call serves all that has come until it runs. */
  private interrupt(connection: EngineConnection): void {
    if (this.interrupting.size === 0) {
      const serve = (): void => {
        const served = [...this.interrupting];
        this.interrupting.clear();
        for (const one of served) this.handlers?.firmwareEvents(one);
      };
      this.machine.queueDeferredCall(0, serve, 0);
    }
    this.interrupting.add(connection);
  }

  private forget(connection: EngineConnection): void {
    const { source, destination } = connection.offload.route;
    const { localPort, remotePort } = connection.engine;
    this.bytesOfGivenBack += connection.engine.newBytesSent;
    this.connections.delete(connection);
    this.byAddresses.delete(source, localPort, destination, remotePort);
  }
}
