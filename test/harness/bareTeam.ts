/**
 * An intermediate driver between the smallest drivers that NDIS takes: two miniports that hold what they get until the test completes
 * it, and a protocol driver that notes what comes back.
 */
import { constantValue } from '../../shared/ddi/catalogue';
import { NDIS_STATUS, type NdisStatus } from '../../shared/ddi/status';
import { objectHeader } from '../../shared/ddi/structureCodec';
import type { StateLayer } from '../../shared/trace/records';
import { unfilledState } from '../../electron/emulator/host/unfilledState';
import { TeamingDriver } from '../../electron/emulator/intermediate/teamingDriver';
import { defaultTeamSettings, type TeamSettings } from '../../electron/emulator/intermediate/teamSettings';
import { DRIVER_OBJECT } from '../../electron/emulator/kit/driverObject';
import { Machine } from '../../electron/emulator/machine/machine';
import {
  optionalHandlersHeader,
  type NDIS_HANDLE,
  type NDIS_OID_REQUEST,
  type NDIS_STATUS_INDICATION,
  type NDIS_TCP_OFFLOAD_EVENT_HANDLERS,
  type OptionalHandlers,
} from '../../electron/emulator/ndis/characteristics';
import {
  connectionOffloadSize,
  writeConnectionOffload,
} from '../../electron/emulator/ndis/connectionOffload';
import { Ndis } from '../../electron/emulator/ndis/ndis';
import type { NET_BUFFER_LIST } from '../../electron/emulator/ndis/netBufferList';
import { allocateOidRequest } from '../../electron/emulator/ndis/oidRequests';
import {
  compositeStateTypes,
  ContextCell,
  NDIS_OFFLOAD_HANDLE,
  NDIS_PROTOCOL_OFFLOAD_BLOCK_LIST,
  walkBlocks,
  type NDIS_MINIPORT_OFFLOAD_BLOCK_LIST,
  type PVOID,
} from '../../electron/emulator/ndis/offloadBlockList';
import type { AttachedState } from '../../electron/emulator/ndis/offloadState';
import { silentProbe } from './silentProbe';

type ProtocolBlock = NDIS_PROTOCOL_OFFLOAD_BLOCK_LIST;
type MiniportBlock = NDIS_MINIPORT_OFFLOAD_BLOCK_LIST;

const tcpChimney = constantValue('NdisTcpChimneyOffload');

/** The five operations, by the last part of their names. */
export const operations = {
  Initiate: ['NdisInitiateOffload', 'NdisMInitiateOffloadComplete'],
  Terminate: ['NdisTerminateOffload', 'NdisMTerminateOffloadComplete'],
  Update: ['NdisUpdateOffload', 'NdisMUpdateOffloadComplete'],
  Query: ['NdisQueryOffloadState', 'NdisMQueryOffloadStateComplete'],
  Invalidate: ['NdisInvalidateOffload', 'NdisMInvalidateOffloadComplete'],
} as const;

/** See {@link operations}. */
export type OperationName = keyof typeof operations;

/** What a bare miniport has got. */
export type Received =
  | { readonly what: OperationName; readonly root: MiniportBlock }
  | {
      readonly what: 'send' | 'receive' | 'disconnect' | 'forward';
      readonly context: PVOID;
      readonly list: NET_BUFFER_LIST;
      readonly Flags: number;
    }
  | { readonly what: 'return'; readonly list: NET_BUFFER_LIST };

/** What the bare protocol driver has heard. */
export type Heard =
  | { readonly what: OperationName; readonly root: ProtocolBlock }
  | { readonly what: 'send' | 'receive' | 'disconnect' | 'forward'; readonly list: NET_BUFFER_LIST }
  | {
      readonly what: 'event';
      readonly handle: NDIS_OFFLOAD_HANDLE;
      readonly event: number;
      readonly information: number;
    }
  | {
      readonly what: 'indication';
      readonly handle: NDIS_OFFLOAD_HANDLE;
      readonly list: NET_BUFFER_LIST;
      readonly Status: NdisStatus;
    }
  | {
      readonly what: 'neighbor';
      readonly handle: NDIS_OFFLOAD_HANDLE | null;
      readonly block: ProtocolBlock;
      readonly code: number;
    }
  | { readonly what: 'status'; readonly code: NdisStatus };

/** What a test changes. */
export interface BareTeamChoices {
  readonly settings?: Partial<Omit<TeamSettings, 'adapterName' | 'members'>>;
  /** TcpConnectionOffloadCapacity of each miniport; undefined for one without chimney. */
  readonly capacities?: readonly (number | undefined)[];
  /** Which client or provider structures the intermediate driver fails to register, by NDIS's memory for them. */
  readonly optionalHandlersCapacity?: number;
  /** MiniportOidRequest of the miniports. */
  readonly oid?: (miniport: number, request: NDIS_OID_REQUEST) => NdisStatus;
}

/** A bare miniport. */
export interface BareMiniport {
  readonly adapter: NDIS_HANDLE;
  readonly upcalls: NDIS_TCP_OFFLOAD_EVENT_HANDLERS;
  readonly received: Received[];
  readonly oids: { readonly type: string; readonly oid: number }[];
}

/** See the file's head. */
export class BareTeam {
  readonly machine = new Machine(silentProbe(), 1);
  readonly ndis: Ndis;
  readonly driver: TeamingDriver;
  /** What the driver's DriverEntry answered. */
  readonly loaded: NdisStatus;
  readonly miniports: BareMiniport[] = [];
  readonly heard: Heard[] = [];
  /** NdisBindingHandle of the protocol driver. */
  binding!: NDIS_HANDLE;
  /** What the protocol driver answers to receive indications. */
  answer: { readonly status: NdisStatus; readonly BytesConsumed: number } = {
    status: NDIS_STATUS.SUCCESS,
    BytesConsumed: 0,
  };

  constructor(private readonly choices: BareTeamChoices = {}) {
    const { optionalHandlersCapacity } = choices;
    this.ndis = new Ndis(
      this.machine,
      { enter: 1, leave: 1 },
      optionalHandlersCapacity === undefined ? {} : { optionalHandlersCapacity },
    );
    const capacities = choices.capacities ?? [1000, 500];
    capacities.forEach((capacity, index) => {
      this.loadMiniport(index, capacity);
    });
    this.driver = new TeamingDriver(
      new DRIVER_OBJECT(this.machine, this.ndis, 'intermediate-driver', 'Team'),
      {
        ...defaultTeamSettings,
        ...choices.settings,
        adapterName: 'Team adapter',
        members: capacities.map((_, index) => `Bare ${index} adapter`),
      },
    );
    this.loaded = this.driver.load();
    this.loadProtocol();
    this.ndis.registration.startAdapters();
    this.settle();
  }

  /** Runs everything that is scheduled. */
  settle(): void {
    while (this.machine.step());
  }

  /** A block that names a new object. */
  block(layer: StateLayer, children: readonly ProtocolBlock[] = [], macEnd = 0): ProtocolBlock {
    const state = unfilledState({ layer: layer, version: 'ipv4' }, 'all');
    if (state.layer === 'neighbor' && state.cached !== undefined)
      state.cached.DlDestinationAddress[5] = macEnd;
    const block = this.bare(layer, state, children);
    block.OffloadHandle = new NDIS_OFFLOAD_HANDLE(this.machine.addresses);
    return block;
  }

  /** A block without state that names what another names; a placeholder if it names nothing. */
  naming(
    other: ProtocolBlock | undefined,
    layer: StateLayer,
    children: readonly ProtocolBlock[] = [],
  ): ProtocolBlock {
    const block = this.bare(layer, undefined, children);
    block.OffloadHandle = other?.OffloadHandle ?? null;
    return block;
  }

  /** A new neighbor with a path and a connection. */
  tree(macEnd = 0): {
    readonly neighbor: ProtocolBlock;
    readonly path: ProtocolBlock;
    readonly tcp: ProtocolBlock;
  } {
    const tcp = this.block('tcp');
    const path = this.block('path', [tcp]);
    return { neighbor: this.block('neighbor', [path], macEnd), path, tcp };
  }

  /** Makes a request; siblings stand at its root. */
  request(operation: OperationName, ...roots: readonly ProtocolBlock[]): void {
    link(roots);
    this.ndis.offload[operations[operation][0]](this.binding, roots[0]!);
    this.settle();
  }

  /** The last state request that a miniport has got. */
  lastRequest(miniport: number): { readonly what: OperationName; readonly root: MiniportBlock } {
    const found = this.miniports[miniport]!.received.filter((one) => 'root' in one);
    return found[found.length - 1]!;
  }

  /** Completes the last state request of a miniport; `statusOf` answers the status of each block. */
  complete(
    miniport: number,
    statusOf: (block: MiniportBlock) => NdisStatus = () => NDIS_STATUS.SUCCESS,
  ): void {
    const { what, root } = this.lastRequest(miniport);
    walkBlocks(root, (block) => {
      block.Status = statusOf(block);
      const cell = block.MiniportOffloadContext;
      if (what === 'Initiate' && cell?.value === null && block.Status === NDIS_STATUS.SUCCESS)
        cell.value = { address: this.machine.addresses.allocate(64) };
    });
    this.ndis.offload[operations[what][1]](this.miniports[miniport]!.adapter, root);
    this.settle();
  }

  /** Offloads a tree to the first miniport. */
  offload(): ReturnType<BareTeam['tree']> {
    const tree = this.tree();
    this.request('Initiate', tree.neighbor);
    this.complete(0);
    return tree;
  }

  /** Queries or sets an OID from above and answers its status. */
  oid(
    type: NDIS_OID_REQUEST['RequestType'],
    oid: number,
    buffer = new Uint8Array(connectionOffloadSize),
  ): NdisStatus {
    return this.ndis.oids.NdisOidRequest(
      this.binding,
      allocateOidRequest(this.machine.addresses, type, oid, buffer),
    );
  }

  /** A miniport indicates a status. */
  indicate(miniport: number, StatusCode: NdisStatus, StatusBuffer: Uint8Array | null = null): void {
    const { adapter } = this.miniports[miniport]!;
    const indication: NDIS_STATUS_INDICATION = {
      address: this.machine.addresses.allocate(112),
      SourceHandle: adapter,
      StatusCode,
      StatusBuffer,
    };
    this.ndis.status.NdisMIndicateStatusEx(adapter, indication);
    this.settle();
  }

  /** Codes of the statuses that have reached the protocol driver. */
  get statuses(): NdisStatus[] {
    return this.heard.flatMap((one) => (one.what === 'status' ? [one.code] : []));
  }

  private bare(
    layer: StateLayer,
    state: AttachedState | undefined,
    children: readonly ProtocolBlock[],
  ): ProtocolBlock {
    const { addresses } = this.machine;
    const block = new NDIS_PROTOCOL_OFFLOAD_BLOCK_LIST(addresses, layer, compositeStateTypes[layer], state);
    block.DependentBlockList = link(children);
    return block;
  }

  private loadMiniport(index: number, capacity: number | undefined): void {
    const { registration } = this.ndis;
    const context = { address: this.machine.addresses.allocate(64) };
    const received: Received[] = [];
    const oids: BareMiniport['oids'] = [];
    const keep = (what: OperationName) => (_context: PVOID, root: MiniportBlock) => {
      received.push({ what, root });
    };
    const data =
      (what: 'send' | 'receive' | 'disconnect' | 'forward') =>
      (_adapter: PVOID, offload: PVOID, list: NET_BUFFER_LIST, Flags = 0): NdisStatus => {
        received.push({ what, context: offload, list, Flags });
        return NDIS_STATUS.PENDING;
      };
    const structures: OptionalHandlers[] = [
      {
        structure: 'NDIS_PROVIDER_CHIMNEY_OFFLOAD_GENERIC_CHARACTERISTICS',
        value: {
          Header: optionalHandlersHeader('NDIS_PROVIDER_CHIMNEY_OFFLOAD_GENERIC_CHARACTERISTICS'),
          Flags: 0,
          InitiateOffloadHandler: keep('Initiate'),
          TerminateOffloadHandler: keep('Terminate'),
          UpdateOffloadHandler: keep('Update'),
          InvalidateOffloadHandler: keep('Invalidate'),
          QueryOffloadHandler: keep('Query'),
        },
      },
      {
        structure: 'NDIS_PROVIDER_CHIMNEY_OFFLOAD_TCP_CHARACTERISTICS',
        value: {
          Header: optionalHandlersHeader('NDIS_PROVIDER_CHIMNEY_OFFLOAD_TCP_CHARACTERISTICS'),
          Flags: 0,
          OffloadType: tcpChimney,
          TcpOffloadSendHandler: data('send'),
          TcpOffloadReceiveHandler: data('receive'),
          TcpOffloadDisconnectHandler: data('disconnect'),
          TcpOffloadForwardHandler: data('forward'),
          TcpOffloadReceiveReturnHandler: (_adapter, list) => {
            received.push({ what: 'return', list });
            return NDIS_STATUS.SUCCESS;
          },
        },
      },
    ];
    registration.NdisMRegisterMiniportDriver(0, `Bare ${index}`, context, {
      Header: objectHeader('NDIS_MINIPORT_DRIVER_CHARACTERISTICS'),
      MajorNdisVersion: 6,
      MinorNdisVersion: 20,
      SetOptionsHandler: (handle) => {
        if (capacity !== undefined)
          for (const one of structures) registration.NdisSetOptionalHandlers(handle, one);
        return NDIS_STATUS.SUCCESS;
      },
      InitializeHandlerEx: (adapter) => {
        registration.NdisMSetMiniportAttributes(adapter, {
          kind: 'registration',
          MiniportAdapterContext: context,
          bytes: new Uint8Array(32),
        });
        if (capacity === undefined) {
          this.miniports[index] = { adapter, upcalls: undefined as never, received, oids };
          return NDIS_STATUS.SUCCESS;
        }
        const offload = writeConnectionOffload({
          SupportIPv4: true,
          SupportIPv6: false,
          TcpConnectionOffloadCapacity: capacity,
        });
        registration.NdisMSetMiniportAttributes(adapter, {
          kind: 'offload',
          bytes: new Uint8Array(40),
          DefaultTcpConnectionOffloadConfiguration: offload,
          TcpConnectionOffloadHardwareCapabilities: offload,
        });
        const { OffloadHandlers } = registration.NdisMGetOffloadHandlers(adapter, tcpChimney);
        this.miniports[index] = { adapter, upcalls: OffloadHandlers!, received, oids };
        return NDIS_STATUS.SUCCESS;
      },
      RestartHandler: () => NDIS_STATUS.SUCCESS,
      OidRequestHandler: (_context, request) => {
        oids.push({ type: request.RequestType, oid: request.Oid });
        return this.choices.oid?.(index, request) ?? NDIS_STATUS.SUCCESS;
      },
      SendNetBufferListsHandler: () => undefined,
      ReturnNetBufferListsHandler: () => undefined,
    });
  }

  private loadProtocol(): void {
    const { registration } = this.ndis;
    const { heard } = this;
    const context = { address: this.machine.addresses.allocate(64) };
    const keep = (what: OperationName) => (_context: PVOID, root: ProtocolBlock) => {
      heard.push({ what, root });
    };
    const data =
      (what: 'send' | 'receive' | 'disconnect' | 'forward') => (_context: PVOID, list: NET_BUFFER_LIST) => {
        heard.push({ what, list });
      };
    let protocol: NDIS_HANDLE | undefined;
    registration.NdisRegisterProtocolDriver(0, context, {
      Header: objectHeader('NDIS_PROTOCOL_DRIVER_CHARACTERISTICS'),
      MajorNdisVersion: 6,
      MinorNdisVersion: 20,
      SetOptionsHandler: (handle) => {
        protocol = handle;
        return NDIS_STATUS.SUCCESS;
      },
      BindAdapterHandlerEx: (_context, BindContext, below) => {
        const opened = registration.NdisOpenAdapterEx(protocol!, context, below, BindContext);
        this.binding = opened.NdisBindingHandle!;
        registration.NdisSetOptionalHandlers(this.binding, {
          structure: 'NDIS_CLIENT_CHIMNEY_OFFLOAD_GENERIC_CHARACTERISTICS',
          value: {
            Header: optionalHandlersHeader('NDIS_CLIENT_CHIMNEY_OFFLOAD_GENERIC_CHARACTERISTICS'),
            Flags: 0,
            InitiateOffloadCompleteHandler: keep('Initiate'),
            TerminateOffloadCompleteHandler: keep('Terminate'),
            UpdateOffloadCompleteHandler: keep('Update'),
            InvalidateOffloadCompleteHandler: keep('Invalidate'),
            QueryOffloadCompleteHandler: keep('Query'),
            IndicateOffloadEventHandler: (_binding, block, code) => {
              heard.push({ what: 'neighbor', handle: block.OffloadHandle, block, code });
              if (block.state?.layer === 'neighbor' && block.state.cached !== undefined)
                Object.assign(block.state.cached, { HostReachabilityDelta: 77 });
            },
          },
        });
        registration.NdisSetOptionalHandlers(this.binding, {
          structure: 'NDIS_CLIENT_CHIMNEY_OFFLOAD_TCP_CHARACTERISTICS',
          value: {
            Header: optionalHandlersHeader('NDIS_CLIENT_CHIMNEY_OFFLOAD_TCP_CHARACTERISTICS'),
            Flags: 0,
            OffloadType: tcpChimney,
            TcpOffloadSendCompleteHandler: data('send'),
            TcpOffloadReceiveCompleteHandler: data('receive'),
            TcpOffloadDisconnectCompleteHandler: data('disconnect'),
            TcpOffloadForwardCompleteHandler: data('forward'),
            TcpOffloadEventHandler: (handle, event, information) => {
              heard.push({ what: 'event', handle, event, information });
            },
            TcpOffloadReceiveIndicateHandler: (handle, list, Status) => {
              heard.push({ what: 'indication', handle, list, Status });
              return this.answer;
            },
          },
        });
        return opened.status;
      },
      ReceiveNetBufferListsHandler: () => undefined,
      SendNetBufferListsCompleteHandler: () => undefined,
      OidRequestCompleteHandler: () => undefined,
      StatusHandlerEx: (_context, { StatusCode }) => {
        heard.push({ what: 'status', code: StatusCode });
      },
    });
  }
}

function link(blocks: readonly ProtocolBlock[]): ProtocolBlock | null {
  blocks.forEach((block, index) => (block.NextBlock = blocks[index + 1] ?? null));
  return blocks[0] ?? null;
}

/** The context cell behind a block of the protocol driver. */
export function cellOf(block: ProtocolBlock): ContextCell {
  return block.OffloadHandle!.MiniportOffloadContext;
}
