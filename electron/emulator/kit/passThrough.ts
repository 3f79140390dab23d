/**
 * An intermediate driver without any offload, as the WDK's samples are: one binding below, one virtual miniport above, and packets, OID
 * requests, events and statuses pass. A driver with chimney functions is built around it.
 */
import { constantValue } from '../../../shared/ddi/catalogue';
import { NDIS_STATUS, type NdisStatus } from '../../../shared/ddi/status';
import {
  devicePowerStates,
  netEvents,
  type NDIS_HANDLE,
  type NDIS_MINIPORT_DRIVER_CHARACTERISTICS,
  type NDIS_OID_REQUEST,
  type NDIS_PROTOCOL_DRIVER_CHARACTERISTICS,
  type NET_PNP_EVENT_NOTIFICATION,
} from '../ndis/characteristics';
import {
  connectionOffloadSize,
  readConnectionOffload,
  type ConnectionOffload,
} from '../ndis/connectionOffload';
import { readLinkUp, writeLinkState } from '../ndis/linkState';
import { chainToArray, type NET_BUFFER_LIST } from '../ndis/netBufferList';
import type { PVOID } from '../ndis/offloadBlockList';
import { allocateOidRequest, chimneyOids } from '../ndis/oidRequests';
import { DISPATCH_LEVEL } from '../machine/processor';
import { registrationAttributes, statusIndication } from './attributes';
import type { DRIVER_OBJECT } from './driverObject';
import { Waiters } from './waiters';

/** Bytes of the driver's context in the address space. */
const contextSize = 0x100;

const virtualAdapterFlags = constantValue('NDIS_MINIPORT_ATTRIBUTES_NDIS_WDM');

type MiniportHandlers = Omit<
  NDIS_MINIPORT_DRIVER_CHARACTERISTICS,
  'Header' | 'MajorNdisVersion' | 'MinorNdisVersion' | 'Flags' | 'SetOptionsHandler' | 'InitializeHandlerEx'
>;
type ProtocolHandlers = Omit<
  NDIS_PROTOCOL_DRIVER_CHARACTERISTICS,
  'Header' | 'MajorNdisVersion' | 'MinorNdisVersion' | 'SetOptionsHandler'
>;

/** See the file's head. It is the context of its binding and of its virtual miniport. */
export class PassThrough implements PVOID {
  readonly address: number;
  /** Offloaded objects and requests about them that are under way: what leaves the adapter below waits for none of them to be there. */
  offloaded: () => number = () => 0;
  /** The handles of both edges' registrations. */
  miniportDriver: NDIS_HANDLE | undefined;
  protocol: NDIS_HANDLE | undefined;
  private readonly waiters: Waiters;
  private openBinding: NDIS_HANDLE | undefined;
  private virtualMiniport: NDIS_HANDLE | undefined;
  private bindContext: NDIS_HANDLE | undefined;
  private running = false;
  private sending = 0;
  private readonly lent = new Set<NET_BUFFER_LIST>();
  /** Requests that went down, with those that they stand for. */
  private readonly requests = new Map<NDIS_OID_REQUEST, NDIS_OID_REQUEST>();
  /** Why the virtual miniport has no link though the adapter below may have one. */
  private readonly impediments = new Set<number>();
  private linkBelow = true;
  private linkTold = true;

  constructor(
    readonly driver: DRIVER_OBJECT,
    /** AdapterName of the adapter below. */
    private readonly below: string,
    /** Name of the virtual miniport. */
    private readonly adapterName: string,
  ) {
    this.address = driver.kernel.allocate(contextSize);
    this.waiters = new Waiters((look) => {
      driver.kernel.queueWorkItem(look);
    });
  }

  /** NdisBindingHandle of the adapter below.
   * @throws Error before it has been opened and after it has been closed. */
  get binding(): NDIS_HANDLE {
    if (this.openBinding === undefined) throw new Error(`${this.below} is not open`);
    return this.openBinding;
  }

  /** NdisMiniportHandle of the virtual miniport.
   * @throws Error while it is not up. */
  get handle(): NDIS_HANDLE {
    if (this.virtualMiniport === undefined) throw new Error(`${this.adapterName} is not up`);
    return this.virtualMiniport;
  }

  /** Something has come to its end that a pause or an event may have waited for. */
  get ended(): () => void {
    return this.waiters.ended;
  }

  /** What the adapter below can take; undefined if it has no chimney. NDIS answers that itself, and at once (CAP-010). */
  capabilities(): ConnectionOffload | undefined {
    const { ndis, kernel } = this.driver;
    const buffer = new Uint8Array(connectionOffloadSize);
    const oid = chimneyOids.OID_TCP_CONNECTION_OFFLOAD_HARDWARE_CAPABILITIES;
    const request = allocateOidRequest(kernel.addresses, 'NdisRequestQueryInformation', oid, buffer);
    return ndis.NdisOidRequest(this.binding, request) === NDIS_STATUS.SUCCESS
      ? readConnectionOffload(buffer)
      : undefined;
  }

  /** The part of MiniportInitializeEx that every virtual miniport has. */
  initialize(handle: NDIS_HANDLE): void {
    this.virtualMiniport = handle;
    this.driver.ndis.NdisMSetMiniportAttributes(handle, registrationAttributes(this, virtualAdapterFlags));
  }

  /** Lists go up and are to come back. */
  lend(lists: NET_BUFFER_LIST | null): void {
    for (const list of chainToArray(lists)) this.lent.add(list);
  }

  /** Lists have come back, or were not taken. */
  takeBack(lists: NET_BUFFER_LIST): void {
    for (const list of chainToArray(lists)) this.lent.delete(list);
    this.waiters.ended();
  }

  /** Handlers of the miniport edge. */
  get miniportHandlers(): MiniportHandlers {
    const { ndis } = this.driver;
    return {
      HaltHandlerEx: () => {
        this.virtualMiniport = undefined;
      },
      RestartHandler: () => {
        this.running = true;
        return NDIS_STATUS.SUCCESS;
      },
      PauseHandler: () => {
        this.running = false;
        const { handle } = this;
        this.waiters.when(
          () => this.lent.size === 0 && this.sending === 0,
          () => {
            this.driver.kernel.atLeast(DISPATCH_LEVEL, () => {
              ndis.NdisMPauseComplete(handle);
            });
          },
        );
        return NDIS_STATUS.PENDING;
      },
      OidRequestHandler: (_context, request) => this.passOid(request),
      SendNetBufferListsHandler: (_context, lists) => {
        this.sending += chainToArray(lists).length;
        ndis.NdisSendNetBufferLists(this.binding, lists, lists.frame?.connection);
      },
      ReturnNetBufferListsHandler: (_context, lists) => {
        this.takeBack(lists);
        ndis.NdisReturnNetBufferLists(this.binding, lists);
      },
    };
  }

  /** Handlers of the protocol edge. */
  get protocolHandlers(): ProtocolHandlers {
    const { ndis } = this.driver;
    return {
      BindAdapterHandlerEx: (_context, BindContext, { AdapterName }) => this.bind(BindContext, AdapterName),
      OpenAdapterCompleteHandlerEx: () => {
        this.opened();
        if (this.bindContext !== undefined)
          ndis.NdisCompleteBindAdapterEx(this.bindContext, NDIS_STATUS.SUCCESS);
      },
      UnbindAdapterHandlerEx: (UnbindContext) => {
        this.whenFree(() => {
          this.close();
          ndis.NdisCompleteUnbindAdapterEx(UnbindContext);
        });
        return NDIS_STATUS.PENDING;
      },
      NetPnPEventHandler: (_context, event) => this.onEvent(event),
      StatusHandlerEx: (_context, { StatusCode, StatusBuffer }) => {
        if (StatusCode !== NDIS_STATUS.LINK_STATE) this.indicate(StatusCode, StatusBuffer);
        else {
          this.linkBelow = StatusBuffer !== null && readLinkUp(StatusBuffer) === true;
          this.tellLink(StatusBuffer);
        }
      },
      OidRequestCompleteHandler: (_context, request, status) => {
        const original = this.requests.get(request);
        if (original === undefined) return;
        this.answered(original, request, status);
        ndis.NdisMOidRequestComplete(this.handle, original, status);
      },
      ReceiveNetBufferListsHandler: (_context, lists) => {
        if (!this.running) {
          ndis.NdisReturnNetBufferLists(this.binding, lists);
          return;
        }
        this.lend(lists);
        ndis.NdisMIndicateReceiveNetBufferLists(this.handle, lists, lists.frame?.connection);
      },
      SendNetBufferListsCompleteHandler: (_context, lists) => {
        this.sending -= chainToArray(lists).length;
        ndis.NdisMSendNetBufferListsComplete(this.handle, lists);
        this.waiters.ended();
      },
    };
  }

  private bind(BindContext: NDIS_HANDLE, AdapterName: string): NdisStatus {
    const { driver, protocol } = this;
    if (protocol === undefined || AdapterName !== this.below) return NDIS_STATUS.NOT_SUPPORTED;
    const { status, NdisBindingHandle } = driver.ndis.NdisOpenAdapterEx(
      protocol,
      this,
      { AdapterName },
      BindContext,
    );
    if (NdisBindingHandle === null) return status;
    this.openBinding = NdisBindingHandle;
    if (status === NDIS_STATUS.PENDING) this.bindContext = BindContext;
    else this.opened();
    return status;
  }

  /** The adapter below can be used: the virtual miniport comes up. */
  private opened(): void {
    const { driver, miniportDriver } = this;
    if (miniportDriver !== undefined)
      driver.ndis.NdisIMInitializeDeviceInstanceEx(miniportDriver, this.adapterName, this);
  }

  private close(): void {
    const { ndis } = this.driver;
    ndis.NdisCloseAdapterEx(this.binding);
    this.openBinding = undefined;
    if (this.virtualMiniport !== undefined) ndis.NdisIMDeInitializeDeviceInstance(this.virtualMiniport);
  }

  /** While the adapter below can't be used there is no link, so that the host stack takes back what it has offloaded. */
  private onEvent(event: NET_PNP_EVENT_NOTIFICATION): NdisStatus {
    const { NetEvent } = event;
    const ends =
      NetEvent === netEvents.restart ||
      (NetEvent === netEvents.setPower && event.powerState === devicePowerStates.D0);
    const begins = NetEvent === netEvents.pause || NetEvent === netEvents.setPower;
    if (!ends && !begins) return NDIS_STATUS.NOT_SUPPORTED;
    const impediment = NetEvent === netEvents.restart ? netEvents.pause : NetEvent;
    if (ends) {
      this.impediments.delete(impediment);
      this.tellLink();
      return NDIS_STATUS.SUCCESS;
    }
    this.impediments.add(impediment);
    this.tellLink();
    this.whenFree(() => {
      this.driver.ndis.NdisCompleteNetPnPEvent(this.binding, event, NDIS_STATUS.SUCCESS);
    });
    return NDIS_STATUS.PENDING;
  }

  private whenFree(then: () => void): void {
    const isFree = (): boolean => this.offloaded() === 0 && this.lent.size === 0 && this.sending === 0;
    this.waiters.when(isFree, then);
  }

  private tellLink(linkState: Uint8Array | null = null): void {
    const up = this.linkBelow && this.impediments.size === 0;
    if (this.linkTold === up) return;
    this.linkTold = up;
    this.indicate(NDIS_STATUS.LINK_STATE, linkState ?? writeLinkState(up, 0));
  }

  private indicate(StatusCode: NdisStatus, StatusBuffer: Uint8Array | null): void {
    const { ndis, kernel } = this.driver;
    const { virtualMiniport } = this;
    if (virtualMiniport === undefined) return;
    const indication = statusIndication(kernel, virtualMiniport, StatusCode, StatusBuffer);
    kernel.atLeast(DISPATCH_LEVEL, () => {
      ndis.NdisMIndicateStatusEx(virtualMiniport, indication);
    });
  }

  /** A request from above goes down as one of the driver's own (IMD-003 to IMD-005). */
  private passOid(original: NDIS_OID_REQUEST): NdisStatus {
    const { ndis, kernel } = this.driver;
    const { RequestType, Oid, InformationBuffer } = original;
    if (Oid === chimneyOids.OID_PNP_SET_POWER) return this.sleep(original);
    const request = allocateOidRequest(kernel.addresses, RequestType, Oid, InformationBuffer.slice());
    this.requests.set(request, original);
    const status = ndis.NdisOidRequest(this.binding, request);
    if (status !== NDIS_STATUS.PENDING) this.answered(original, request, status);
    return status;
  }

  private answered(original: NDIS_OID_REQUEST, request: NDIS_OID_REQUEST, status: NdisStatus): void {
    this.requests.delete(request);
    original.bytesNeeded = request.bytesNeeded;
    original.bytesProcessed = request.bytesProcessed;
    if (status === NDIS_STATUS.SUCCESS && original.RequestType === 'NdisRequestQueryInformation')
      original.InformationBuffer.set(request.InformationBuffer);
  }

  /** The virtual miniport has no power of its own: it sleeps when nothing is offloaded through it (PWR-017). */
  private sleep(request: NDIS_OID_REQUEST): NdisStatus {
    request.bytesProcessed = request.InformationBuffer.length;
    this.waiters.when(
      () => this.offloaded() === 0,
      () => {
        this.driver.ndis.NdisMOidRequestComplete(this.handle, request, NDIS_STATUS.SUCCESS);
      },
    );
    return NDIS_STATUS.PENDING;
  }
}
