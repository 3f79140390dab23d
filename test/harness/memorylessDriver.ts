/**
 * The least driver below NDIS that takes offloads: it passes packets between wire and NDIS, accepts every initiate, and has no memory
 * to pass a send on, as an intermediate driver may find (IMD-025): the first list comes back with NDIS_STATUS_REQUEST_UPLOAD and
 * every other one with NDIS_STATUS_UPLOAD_REQUESTED.
 */
import { NDIS_STATUS, type NdisStatus } from '../../shared/ddi/status';
import { objectHeader } from '../../shared/ddi/structureCodec';
import { constantValue } from '../../shared/ddi/catalogue';
import type { Machine } from '../../electron/emulator/machine/machine';
import {
  optionalHandlersHeader,
  type NDIS_HANDLE,
  type NDIS_TCP_OFFLOAD_EVENT_HANDLERS,
} from '../../electron/emulator/ndis/characteristics';
import { writeConnectionOffload } from '../../electron/emulator/ndis/connectionOffload';
import type { Ndis } from '../../electron/emulator/ndis/ndis';
import {
  allocateNetBufferList,
  chainToArray,
  linkChain,
  type NET_BUFFER_LIST,
} from '../../electron/emulator/ndis/netBufferList';
import {
  walkBlocks,
  type NDIS_MINIPORT_OFFLOAD_BLOCK_LIST,
  type PVOID,
} from '../../electron/emulator/ndis/offloadBlockList';
import type { TCP_OFFLOAD_STATE_DELEGATED } from '../../electron/emulator/ndis/offloadState';
import type { Frame, FramePool } from '../../electron/emulator/wire/frame';
import type { Link, LinkEnd } from '../../electron/emulator/wire/link';

const tcpChimney = constantValue('NdisTcpChimneyOffload');

/** What it keeps of an object: the state and the sends that came with it, to be given back as they were. */
interface Kept extends PVOID {
  readonly delegated: TCP_OFFLOAD_STATE_DELEGATED | undefined;
  readonly chain: NET_BUFFER_LIST | null;
}

/** See the file's head. */
export class MemorylessDriver implements PVOID, LinkEnd {
  readonly component: number;
  readonly address = 0x100;
  /** Lists that it was given to send, in order. */
  readonly refused: NET_BUFFER_LIST[] = [];
  link: Link | undefined;
  private adapter: NDIS_HANDLE | undefined;
  private upcalls: NDIS_TCP_OFFLOAD_EVENT_HANDLERS | undefined;
  private receives: NET_BUFFER_LIST[] = [];

  constructor(
    private readonly machine: Machine,
    private readonly ndis: Ndis,
    private readonly pool: FramePool,
  ) {
    this.component = machine.probe.component('offload-target', 'Driver without memory');
  }

  /** DriverEntry. */
  load(): NdisStatus {
    const { registration } = this.ndis;
    return registration.NdisMRegisterMiniportDriver(this.component, 'Driver without memory', this, {
      Header: objectHeader('NDIS_MINIPORT_DRIVER_CHARACTERISTICS'),
      MajorNdisVersion: 6,
      MinorNdisVersion: 20,
      SetOptionsHandler: (driver) => this.register(driver),
      InitializeHandlerEx: (handle) => this.initialize(handle),
      RestartHandler: () => NDIS_STATUS.SUCCESS,
      OidRequestHandler: (_context, request) => {
        request.bytesProcessed = request.InformationBuffer.length;
        return NDIS_STATUS.SUCCESS;
      },
      SendNetBufferListsHandler: (_context, lists) => {
        this.sendPackets(lists);
      },
      ReturnNetBufferListsHandler: () => undefined,
    }).status;
  }

  processorFor(): number {
    return 0;
  }

  receive(frame: Frame): void {
    const list = allocateNetBufferList(this.machine.addresses, [frame.bytes.slice(0, frame.length)]);
    this.ndis.packets.NdisMIndicateReceiveNetBufferLists(this.adapter!, list, undefined);
  }

  private initialize(handle: NDIS_HANDLE): NdisStatus {
    const { registration } = this.ndis;
    this.adapter = handle;
    registration.NdisMSetMiniportAttributes(handle, {
      kind: 'registration',
      MiniportAdapterContext: this,
      bytes: new Uint8Array(32),
    });
    const offload = writeConnectionOffload({
      SupportIPv4: true,
      SupportIPv6: false,
      TcpConnectionOffloadCapacity: 16,
    });
    registration.NdisMSetMiniportAttributes(handle, {
      kind: 'offload',
      bytes: new Uint8Array(40),
      DefaultTcpConnectionOffloadConfiguration: offload,
      TcpConnectionOffloadHardwareCapabilities: offload,
    });
    const { status, OffloadHandlers } = registration.NdisMGetOffloadHandlers(handle, tcpChimney);
    this.upcalls = OffloadHandlers ?? undefined;
    return status;
  }

  private register(driver: NDIS_HANDLE): NdisStatus {
    const { registration, offload } = this.ndis;
    const status = registration.NdisSetOptionalHandlers(driver, {
      structure: 'NDIS_PROVIDER_CHIMNEY_OFFLOAD_GENERIC_CHARACTERISTICS',
      value: {
        Header: optionalHandlersHeader('NDIS_PROVIDER_CHIMNEY_OFFLOAD_GENERIC_CHARACTERISTICS'),
        Flags: 0,
        InitiateOffloadHandler: (_context, root) => {
          this.initiate(root);
        },
        TerminateOffloadHandler: (_context, root) => {
          this.terminate(root);
        },
        UpdateOffloadHandler: (_context, root) => {
          offload.NdisMUpdateOffloadComplete(this.adapter!, root);
        },
        InvalidateOffloadHandler: (_context, root) => {
          offload.NdisMInvalidateOffloadComplete(this.adapter!, root);
        },
        QueryOffloadHandler: (_context, root) => {
          offload.NdisMQueryOffloadStateComplete(this.adapter!, root);
        },
      },
    });
    if (status !== NDIS_STATUS.SUCCESS) return status;
    return registration.NdisSetOptionalHandlers(driver, {
      structure: 'NDIS_PROVIDER_CHIMNEY_OFFLOAD_TCP_CHARACTERISTICS',
      value: {
        Header: optionalHandlersHeader('NDIS_PROVIDER_CHIMNEY_OFFLOAD_TCP_CHARACTERISTICS'),
        Flags: 0,
        OffloadType: tcpChimney,
        TcpOffloadSendHandler: (_adapter, _connection, lists) => {
          this.refuseSends(lists);
          return NDIS_STATUS.PENDING;
        },
        TcpOffloadReceiveHandler: (_adapter, _connection, lists) => {
          this.receives.push(...chainToArray(lists));
          return NDIS_STATUS.PENDING;
        },
        TcpOffloadDisconnectHandler: (_adapter, _connection, list) => {
          list.Status = NDIS_STATUS.UPLOAD_IN_PROGRESS;
          this.upcalls!.NdisTcpOffloadDisconnectComplete(this.adapter!, list);
          return NDIS_STATUS.PENDING;
        },
        TcpOffloadForwardHandler: (_adapter, _connection, lists) => {
          for (const list of chainToArray(lists)) list.Status = NDIS_STATUS.UPLOAD_IN_PROGRESS;
          this.upcalls!.NdisTcpOffloadForwardComplete(this.adapter!, lists);
          return NDIS_STATUS.PENDING;
        },
        TcpOffloadReceiveReturnHandler: () => NDIS_STATUS.SUCCESS,
      },
    });
  }

  private initiate(root: NDIS_MINIPORT_OFFLOAD_BLOCK_LIST): void {
    walkBlocks(root, (block) => {
      const { state } = block;
      const kept: Kept = {
        address: this.machine.addresses.allocate(16),
        delegated: state?.layer === 'tcp' ? state.delegated : undefined,
        chain: block.NetBufferListChain,
      };
      if (block.MiniportOffloadContext !== null) block.MiniportOffloadContext.value = kept;
      block.Status = NDIS_STATUS.SUCCESS;
    });
    this.machine.queueDeferredCall(1000, () => {
      this.ndis.offload.NdisMInitiateOffloadComplete(this.adapter!, root);
    });
  }

  private terminate(root: NDIS_MINIPORT_OFFLOAD_BLOCK_LIST): void {
    const receives = linkChain(this.receives.splice(0));
    for (const list of chainToArray(receives)) list.Status = NDIS_STATUS.UPLOAD_IN_PROGRESS;
    if (receives !== null) this.upcalls!.NdisTcpOffloadReceiveComplete(this.adapter!, receives);
    walkBlocks(root, (block) => {
      const kept = (block.MiniportOffloadContext?.value ?? null) as Kept | null;
      if (block.state?.layer === 'tcp' && block.state.delegated !== undefined && kept !== null) {
        Object.assign(block.state.delegated, kept.delegated);
        block.NetBufferListChain = kept.chain;
      }
      block.Status = NDIS_STATUS.SUCCESS;
    });
    this.machine.queueDeferredCall(1000, () => {
      this.ndis.offload.NdisMTerminateOffloadComplete(this.adapter!, root);
    });
  }

  private refuseSends(lists: NET_BUFFER_LIST): void {
    for (const list of chainToArray(lists)) {
      list.Status = this.refused.length === 0 ? NDIS_STATUS.REQUEST_UPLOAD : NDIS_STATUS.UPLOAD_REQUESTED;
      this.refused.push(list);
    }
    this.machine.queueDeferredCall(500, () => {
      this.upcalls!.NdisTcpOffloadSendComplete(this.adapter!, lists);
    });
  }

  private sendPackets(lists: NET_BUFFER_LIST): void {
    for (const list of chainToArray(lists)) {
      const frame = this.pool.take('host');
      list.FirstNetBuffer.forEachRun((bytes) => {
        frame.bytes.set(bytes, frame.length);
        frame.length += bytes.length;
      });
      if (list.frame !== undefined) Object.assign(frame, list.frame);
      this.link!.transmit(this, frame);
    }
    this.machine.queueDeferredCall(0, () => {
      this.ndis.packets.NdisMSendNetBufferListsComplete(this.adapter!, lists);
    });
  }
}
