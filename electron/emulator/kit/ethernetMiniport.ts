/**
 * An Ethernet miniport without any offload, such as a vendor had before chimney came: packets, pause and restart, power, packet filter,
 * link state. An offload target is built around it. Everything happens in `serial`, one thing at a time.
 */
import { constantValue } from '../../../shared/ddi/catalogue';
import { NDIS_STATUS, type NdisStatus } from '../../../shared/ddi/status';
import {
  devicePowerStates,
  type NDIS_HANDLE,
  type NDIS_MINIPORT_DRIVER_CHARACTERISTICS,
  type NDIS_OID_REQUEST,
} from '../ndis/characteristics';
import { writeLinkState } from '../ndis/linkState';
import {
  allocateNetBufferList,
  chainToArray,
  netBufferBytes,
  type NET_BUFFER_LIST,
} from '../ndis/netBufferList';
import type { PVOID } from '../ndis/offloadBlockList';
import { readUnsignedLong } from '../ndis/unsignedLong';
import { generalAttributes, registrationAttributes, statusIndication } from './attributes';
import type { DRIVER_OBJECT } from './driverObject';
import type { FirmwareConnection, HardwarePort } from './hardwarePort';
import { SerialQueue } from './serialQueue';
import { Waiters } from './waiters';

/** Bytes of the adapter's context in the address space. */
const contextSize = 0x400;

const adapterFlags = constantValue('NDIS_MINIPORT_ATTRIBUTES_HARDWARE_DEVICE');

/** Handlers of a miniport that have nothing to do with offload. */
type PlainHandlers = Pick<
  NDIS_MINIPORT_DRIVER_CHARACTERISTICS,
  | 'HaltHandlerEx'
  | 'RestartHandler'
  | 'PauseHandler'
  | 'SendNetBufferListsHandler'
  | 'ReturnNetBufferListsHandler'
>;

/** See the file's head. It is its own MiniportAdapterContext. */
export class EthernetMiniport implements PVOID {
  readonly address: number;
  readonly hardware: HardwarePort;
  readonly serial: SerialQueue;
  private adapterHandle: NDIS_HANDLE | undefined;
  private readonly lent = new Set<NET_BUFFER_LIST>();
  private sending = 0;
  private operations = 0;
  private readonly waiters: Waiters;
  private packetFilter = 0;

  /** @throws Error for a driver without hardware. */
  constructor(readonly driver: DRIVER_OBJECT) {
    if (driver.hardware === undefined) throw new Error(`${driver.name} has no hardware`);
    this.address = driver.kernel.allocate(contextSize);
    this.hardware = driver.hardware;
    this.serial = new SerialQueue(driver.kernel);
    this.waiters = new Waiters(this.serial.later);
  }

  /** NdisMiniportHandle.
   * @throws Error before MiniportInitializeEx. */
  get handle(): NDIS_HANDLE {
    if (this.adapterHandle === undefined) throw new Error(`${this.driver.name} is not initialized`);
    return this.adapterHandle;
  }

  /** The handlers that this class has. */
  get handlers(): PlainHandlers {
    const { serial, hardware } = this;
    return {
      HaltHandlerEx: () => {
        hardware.enable(false);
      },
      RestartHandler: () => {
        hardware.enable(true);
        return NDIS_STATUS.SUCCESS;
      },
      PauseHandler: () => {
        hardware.enable(false);
        const { ndis } = this.driver;
        this.waiters.when(
          () => this.lent.size === 0 && this.sending === 0,
          () => {
            ndis.NdisMPauseComplete(this.handle);
          },
        );
        return NDIS_STATUS.PENDING;
      },
      SendNetBufferListsHandler: (_context, lists) => {
        serial.run(() => {
          this.send(lists);
        });
      },
      ReturnNetBufferListsHandler: (_context, lists) => {
        this.takeBack(lists);
      },
    };
  }

  /** The part of MiniportInitializeEx that every Ethernet miniport has; `firmwareEvents` as in InterruptHandlers, inside `serial`. */
  initialize(handle: NDIS_HANDLE, firmwareEvents: (connection: FirmwareConnection) => void): void {
    const { hardware, serial } = this;
    const { ndis, kernel } = this.driver;
    this.adapterHandle = handle;
    ndis.NdisMSetMiniportAttributes(handle, registrationAttributes(this, adapterFlags));
    ndis.NdisMSetMiniportAttributes(handle, generalAttributes(kernel, hardware));
    hardware.connectInterrupts({
      receive: (frame, connection) => {
        serial.run(() => {
          this.receive(frame, connection);
        });
      },
      linkChanged: (up) => {
        serial.run(() => {
          this.indicate(NDIS_STATUS.LINK_STATE, writeLinkState(up, hardware.linkSpeed));
        });
      },
      firmwareEvents: (connection) => {
        serial.run(() => {
          firmwareEvents(connection);
        });
      },
    });
  }

  /** NdisMIndicateStatusEx. */
  indicate(StatusCode: NdisStatus, StatusBuffer: Uint8Array | null = null): void {
    const { ndis, kernel } = this.driver;
    ndis.NdisMIndicateStatusEx(this.handle, statusIndication(kernel, this.handle, StatusCode, StatusBuffer));
  }

  /** MiniportOidRequest: what NDIS does not answer from the attributes; NOT_SUPPORTED for all that is not Ethernet or power. */
  answerOid(request: NDIS_OID_REQUEST): NdisStatus {
    const { InformationBuffer } = request;
    request.bytesProcessed = InformationBuffer.length;
    switch (request.Oid) {
      case constantValue('OID_GEN_CURRENT_PACKET_FILTER'):
        this.packetFilter = readUnsignedLong(InformationBuffer) ?? 0;
        return NDIS_STATUS.SUCCESS;
      case constantValue('OID_GEN_CURRENT_LOOKAHEAD'):
      case constantValue('OID_802_3_MULTICAST_LIST'):
      case constantValue('OID_PNP_QUERY_POWER'):
        // Indications show whole frames, and the emulated hardware hands up every frame that reaches it.
        return NDIS_STATUS.SUCCESS;
      case constantValue('OID_PNP_SET_POWER'):
        return this.setPower(request, InformationBuffer[0] === devicePowerStates.D0);
      default:
        request.bytesProcessed = 0;
        return NDIS_STATUS.NOT_SUPPORTED;
    }
  }

  /** A list of the driver's own with one NET_BUFFER of one MDL for each run (IND-002); out until it is taken back. */
  lend(runs: readonly Uint8Array[]): NET_BUFFER_LIST {
    const list = allocateNetBufferList(this.driver.kernel.addresses, runs);
    this.lent.add(list);
    return list;
  }

  /** Lists that were lent are the driver's own again. */
  takeBack(lists: NET_BUFFER_LIST): void {
    for (const list of chainToArray(lists)) this.lent.delete(list);
    this.waiters.ended();
  }

  /** Does `work` as a part of a request that keeps the adapter awake: in a call of its own, after `delay` ns. */
  operation(work: () => void, delay = 0): void {
    this.operations++;
    this.serial.later(() => {
      work();
      this.operations--;
      this.waiters.ended();
    }, delay);
  }

  /** A low state is not reported while a connection is offloaded or a termination is open (PWR-017). */
  private setPower(request: NDIS_OID_REQUEST, isOn: boolean): NdisStatus {
    const { hardware, driver } = this;
    if (isOn) {
      hardware.enable(true);
      return NDIS_STATUS.SUCCESS;
    }
    this.waiters.when(
      () => this.sending === 0 && this.operations === 0 && hardware.connectionCount === 0,
      () => {
        hardware.enable(false);
        driver.ndis.NdisMOidRequestComplete(this.handle, request, NDIS_STATUS.SUCCESS);
      },
    );
    return NDIS_STATUS.PENDING;
  }

  /** The hardware copies each frame; lists are completed when their last bit has left. */
  private send(lists: NET_BUFFER_LIST): void {
    const { hardware, driver } = this;
    const { ndis, kernel } = driver;
    let sentAt = kernel.now;
    for (const list of chainToArray(lists)) {
      list.Status = hardware.linkUp ? NDIS_STATUS.SUCCESS : NDIS_STATUS.MEDIA_DISCONNECTED;
      sentAt = Math.max(sentAt, hardware.transmit(netBufferBytes(list.FirstNetBuffer), list.frame));
    }
    this.sending++;
    this.serial.later(() => {
      this.sending--;
      ndis.NdisMSendNetBufferListsComplete(this.handle, lists);
      this.waiters.ended();
    }, sentAt - kernel.now);
  }

  private receive(frame: Uint8Array, connection: number | undefined): void {
    if (this.packetFilter === 0) return;
    const list = this.lend([frame]);
    list.frame = { connection, payloadLength: 0, retransmission: false };
    this.driver.ndis.NdisMIndicateReceiveNetBufferLists(this.handle, list, connection);
  }
}
