/**
 * A minimal offload target: a miniport driver for one adapter whose firmware has a TCP engine. What it leaves out stands in
 * docs/writing-a-driver.md. Names in brackets are rules of the specification; `chimneysweep ddi NAME` tells what the DDI says.
 */
import * as kit from 'chimneysweep/kit';
import { NDIS_STATUS, constantValue, type NdisStatus } from 'chimneysweep/kit';

type Block = kit.NDIS_MINIPORT_OFFLOAD_BLOCK_LIST;

const tcpChimney = constantValue('NdisTcpChimneyOffload');
const invalidState = constantValue('InvalidState');
const [disconnected, aborted] = [constantValue('TcpIndicateDisconnect'), constantValue('TcpIndicateAbort')];

/** Registers the miniport; NDIS calls MiniportSetOptions before NdisMRegisterMiniportDriver returns [REG-001]. */
export function DriverEntry(driver: kit.DRIVER_OBJECT, parameters: kit.RegistryParameters): NdisStatus {
  const capacity = Number(parameters.TcpConnectionOffloadCapacity ?? 16);
  const target = new Target(new kit.EthernetMiniport(driver), capacity);
  return driver.ndis.NdisMRegisterMiniportDriver(driver, {
    Header: kit.objectHeader('NDIS_MINIPORT_DRIVER_CHARACTERISTICS'),
    MajorNdisVersion: 6,
    MinorNdisVersion: 20,
    SetOptionsHandler: (NdisDriverHandle) => MiniportSetOptions(driver, target, NdisDriverHandle),
    InitializeHandlerEx: (NdisMiniportHandle) => target.MiniportInitializeEx(NdisMiniportHandle),
    OidRequestHandler: (_context, request) => target.MiniportOidRequest(request),
    ...target.adapter.handlers,
  }).status;
}

/** "Registering Chimney Offload Functions": two calls, the generic functions and those of TCP [REG-003, REG-007]. */
function MiniportSetOptions(driver: kit.DRIVER_OBJECT, target: Target, handle: kit.NDIS_HANDLE): NdisStatus {
  const status = driver.ndis.NdisSetOptionalHandlers(handle, {
    structure: 'NDIS_PROVIDER_CHIMNEY_OFFLOAD_GENERIC_CHARACTERISTICS',
    value: {
      Header: kit.optionalHandlersHeader('NDIS_PROVIDER_CHIMNEY_OFFLOAD_GENERIC_CHARACTERISTICS'),
      Flags: 0,
      InitiateOffloadHandler: (_context, root) => target.initiate(root),
      TerminateOffloadHandler: (_context, root) => target.terminate(root),
      UpdateOffloadHandler: (_context, root) => target.update(root),
      InvalidateOffloadHandler: (_context, root) => target.invalidate(root),
      QueryOffloadHandler: (_context, root) => target.query(root),
    },
  });
  if (status !== NDIS_STATUS.SUCCESS) return status;
  // No request for data is refused: each is completed, now or later, and so the handlers answer PENDING [SND-002, SND-006].
  const post = (lists: kit.NET_BUFFER_LIST, give: (list: kit.NET_BUFFER_LIST) => void): NdisStatus => {
    target.adapter.serial.run(() => kit.chainToArray(lists).forEach(give));
    return NDIS_STATUS.PENDING;
  };
  const graceful = constantValue('TCP_DISCONNECT_GRACEFUL_CLOSE');
  return driver.ndis.NdisSetOptionalHandlers(handle, {
    structure: 'NDIS_PROVIDER_CHIMNEY_OFFLOAD_TCP_CHARACTERISTICS',
    value: {
      Header: kit.optionalHandlersHeader('NDIS_PROVIDER_CHIMNEY_OFFLOAD_TCP_CHARACTERISTICS'),
      Flags: 0,
      OffloadType: tcpChimney,
      TcpOffloadSendHandler: (_context, tcp, lists) => post(lists, (list) => nicOf(tcp).postSend(list)),
      TcpOffloadReceiveHandler: (_context, tcp, lists) => post(lists, (list) => nicOf(tcp).postReceive(list)),
      TcpOffloadDisconnectHandler: (_context, tcp, lists, flags) =>
        post(lists, (list) => nicOf(tcp).postDisconnect(list, flags === graceful)),
      TcpOffloadForwardHandler: (_context, tcp, lists) => post(lists, (list) => nicOf(tcp).forward(list)),
      TcpOffloadReceiveReturnHandler: (_context, lists) => {
        target.adapter.takeBack(lists);
        return NDIS_STATUS.SUCCESS;
      },
    },
  });
}

/** A context area: what MiniportOffloadContext of a block leads to, with a copy of the object's state [CTX-001, CTX-005]. */
interface Context extends kit.PVOID {
  readonly handle: kit.NDIS_OFFLOAD_HANDLE;
  state: kit.AttachedState;
  /** Path of a connection, neighbor of a path. */
  parent: Context | undefined;
  /** Connection: where the firmware has it, and whether it has been asked to be taken back. */
  nic?: kit.FirmwareConnection;
  retrieved?: boolean;
  /** Neighbor or path: after MiniportInvalidateOffload. */
  invalid?: boolean;
  /** Neighbor: when it last proved that it receives, virtual ns [RCH-005]. */
  reachedAt: number;
}

const contextOf = (block: Block | null): Context | undefined =>
  (block?.MiniportOffloadContext?.value as Context | null | undefined) ?? undefined;
const nicOf = (context: kit.PVOID): kit.FirmwareConnection => (context as Context).nic!;

/** The adapter with its offloaded objects. */
class Target {
  private upcalls!: kit.NDIS_TCP_OFFLOAD_EVENT_HANDLERS;
  private readonly objects = new Set<Context>();
  private tick = 1_000_000;

  constructor(
    readonly adapter: kit.EthernetMiniport,
    private readonly capacity: number,
  ) {}

  /** Declares what the adapter can do, and fetches NDIS's entry points [INZ-002, INZ-004, INZ-007]. */
  MiniportInitializeEx(handle: kit.NDIS_HANDLE): NdisStatus {
    const { ndis, kernel } = this.adapter.driver;
    this.adapter.initialize(handle, ({ driverContext }) => this.serve(driverContext as Context));
    const offload = { SupportIPv4: true, SupportIPv6: false, TcpConnectionOffloadCapacity: this.capacity };
    ndis.NdisMSetMiniportAttributes(handle, kit.offloadAttributes(kernel, offload));
    const { status, OffloadHandlers } = ndis.NdisMGetOffloadHandlers(handle, tcpChimney);
    if (OffloadHandlers === null) return status;
    this.upcalls = { ...OffloadHandlers };
    return NDIS_STATUS.SUCCESS;
  }

  /** The host stack sets the parameters of the target's TCP before it offloads anything. */
  MiniportOidRequest(request: kit.NDIS_OID_REQUEST): NdisStatus {
    if (request.Oid !== constantValue('OID_TCP_CONNECTION_OFFLOAD_PARAMETERS'))
      return this.adapter.answerOid(request);
    return kit.takeOidSet(request, kit.tcpParametersSize, kit.readTcpParameters, (parameters) => {
      this.tick = 1e9 / parameters.TicksPerSecond;
      this.adapter.hardware.configure(parameters);
      return NDIS_STATUS.SUCCESS;
    });
  }

  /** Objects that depend on an object, and itself. */
  private behind(object: Context): Context[] {
    return [...this.objects].filter((one) => [one, one.parent, one.parent?.parent].includes(object));
  }

  /** MiniportInitiateOffload: every new object gets a context area, and connections go to the firmware [CTX-001]. */
  initiate(root: Block): void {
    const { adapter } = this;
    adapter.operation(() => {
      const taken: Context[] = [];
      kit.initiateTree(root, (block, parent) => this.take(block, contextOf(parent), taken));
      adapter.driver.ndis.NdisMInitiateOffloadComplete(adapter.handle, root);
      for (const tcp of taken) {
        tcp.nic!.start();
        if ([tcp.parent, tcp.parent?.parent].some((object) => object?.invalid))
          this.retrieve(tcp, invalidState);
      }
    });
  }

  /** Takes one object over; each cause of a refusal has its status [INI-036 and those that follow]. */
  private take(block: Block, parent: Context | undefined, taken: Context[]): NdisStatus {
    const { MiniportOffloadContext: cell, state, NdisOffloadHandle: handle } = block;
    const linked = contextOf(block);
    if (linked !== undefined) return this.objects.has(linked) ? NDIS_STATUS.SUCCESS : NDIS_STATUS.FAILURE;
    if (cell === null || handle === null || state === undefined) return NDIS_STATUS.FAILURE;
    if (state.layer === 'neighbor' && state.const?.VlanId !== 0) return NDIS_STATUS.OFFLOAD_VLAN_ENTRIES;
    if (state.layer === 'path' && state.const?.SourceAddress.length !== 4) return NDIS_STATUS.FAILURE;
    if (state.layer === 'path' && state.cached!.PathMtu > kit.ethernetMtu)
      return NDIS_STATUS.OFFLOAD_PATH_MTU;
    if (state.layer !== 'neighbor' && parent === undefined) return NDIS_STATUS.FAILURE;
    const { kernel } = this.adapter.driver;
    const age = state.layer === 'neighbor' ? state.delegated!.NicReachabilityDelta * this.tick : 0;
    const address = kernel.allocate(0x100);
    const reachedAt = kernel.now - age;
    const object: Context = { address, handle, state: kit.copyState(state), parent, reachedAt };
    if (state.layer === 'tcp') {
      const { hardware } = this.adapter;
      if (!kit.isOffloadableState(state.delegated!.State)) return NDIS_STATUS.FAILURE;
      if (hardware.connectionCount >= this.capacity) return NDIS_STATUS.OFFLOAD_TCP_ENTRIES;
      const route = kit.firmwareRoute(hardware, object);
      object.nic = hardware.takeOver(handle, state, block.NetBufferListChain, route);
      object.nic.driverContext = object;
      taken.push(object);
    }
    this.objects.add(object);
    cell.value = object;
    return NDIS_STATUS.SUCCESS;
  }

  private delegatedOf(object: Context): kit.AttachedState['delegated'] {
    if (object.nic !== undefined) return object.nic.query();
    for (const { nic } of this.behind(object))
      object.reachedAt = Math.max(object.reachedAt, nic?.confirmedAt ?? 0);
    return {
      NicReachabilityDelta: Math.floor((this.adapter.driver.kernel.now - object.reachedAt) / this.tick),
    };
  }

  /** MiniportTerminateOffload: dependents first, and the completion behind the last frame [TRM-034, TRM-040]. */
  terminate(root: Block): void {
    const { adapter } = this;
    const complete = (): void => adapter.driver.ndis.NdisMTerminateOffloadComplete(adapter.handle, root);
    adapter.operation(() => {
      for (const block of kit.dependentsFirst(root)) block.Status = this.giveBack(block, contextOf(block));
      adapter.operation(complete, adapter.hardware.idleAt - adapter.driver.kernel.now);
    });
  }

  private giveBack(block: Block, object: Context | undefined): NdisStatus {
    block.NetBufferListChain = null;
    if (object === undefined) return NDIS_STATUS.SUCCESS;
    if (this.behind(object).length > 1) return NDIS_STATUS.FAILURE;
    const delegated = block.state?.delegated;
    if (object.nic === undefined) {
      if (object.state.layer === 'neighbor') Object.assign(delegated ?? {}, this.delegatedOf(object));
    } else {
      // What has been posted is completed or handed back before the terminate is completed [TRM-017 to TRM-031].
      this.delegatedOf(object.parent!.parent!);
      object.retrieved = true;
      const remains = object.nic.giveBack();
      this.serve(object);
      block.NetBufferListChain = kit.linkChain(remains.sends);
      const BufferedData = kit.linkChain(remains.buffered.map((bytes) => this.adapter.lend([bytes])));
      const [SendDataHead, SendDataTail] = [remains.sends[0] ?? null, remains.sends.at(-1) ?? null];
      Object.assign(delegated ?? {}, remains.delegated, { SendDataHead, SendDataTail, BufferedData });
    }
    this.objects.delete(object);
    return NDIS_STATUS.SUCCESS;
  }

  /** MiniportUpdateOffload: new cached variables, or, without any, paths that move to the neighbor at the root. */
  update(root: Block): void {
    const { adapter } = this;
    const neighbor = contextOf(root);
    const serve = (object: Context, { state }: Block): boolean => {
      if (state === undefined) {
        if (neighbor === undefined || neighbor.invalid) return false;
        if (object !== neighbor) object.parent = neighbor;
      } else if (state.layer === 'path' && state.cached!.PathMtu > kit.ethernetMtu) return false;
      else object.state = { ...object.state, cached: { ...state.cached } } as kit.AttachedState;
      if (state?.layer === 'tcp') object.nic!.update(state.cached!);
      for (const tcp of this.behind(object)) tcp.nic?.reroute(kit.firmwareRoute(adapter.hardware, tcp));
      return true;
    };
    adapter.operation(() => {
      kit.answerBlocks(root, contextOf, serve);
      adapter.driver.ndis.NdisMUpdateOffloadComplete(adapter.handle, root);
    });
  }

  /** MiniportQueryOffload: present values into the structures that are attached. */
  query(root: Block): void {
    const { adapter } = this;
    adapter.operation(() => {
      kit.answerBlocks(root, contextOf, (object, { state }) => {
        const delegated = object.state.layer === 'path' ? {} : this.delegatedOf(object);
        if (state !== undefined) kit.fillState(state, { ...object.state, delegated } as kit.AttachedState);
        return state !== undefined;
      });
      adapter.driver.ndis.NdisMQueryOffloadStateComplete(adapter.handle, root);
    });
  }

  /** MiniportInvalidateOffload: with the completion nothing is on its way to the wire; then the uploads are asked for [INV-004]. */
  invalidate(root: Block): void {
    const { adapter } = this;
    const stopped: Context[] = [];
    adapter.operation(() => {
      kit.answerBlocks(root, contextOf, (object) => {
        object.invalid = true;
        stopped.push(...this.behind(object).filter(({ nic }) => nic !== undefined));
        for (const tcp of stopped) tcp.nic!.halt();
        return true;
      });
      adapter.operation(() => {
        adapter.driver.ndis.NdisMInvalidateOffloadComplete(adapter.handle, root);
        for (const tcp of stopped) this.retrieve(tcp, invalidState);
      }, adapter.hardware.idleAt - adapter.driver.kernel.now);
    });
  }

  /** TcpIndicateRetrieve, once: the firmware goes on no more, and the host stack is to terminate the offload. */
  private retrieve(tcp: Context, reason: number): void {
    if (tcp.retrieved) return;
    tcp.retrieved = true;
    tcp.nic!.halt();
    this.upcalls.NdisTcpOffloadEventHandler(tcp.handle, constantValue('TcpIndicateRetrieve'), reason);
  }

  /** Makes the completions and raises the events that the firmware has for a connection. */
  private serve(tcp: Context): void {
    const { upcalls } = this;
    const { handle } = this.adapter;
    for (const event of tcp.nic!.takeEvents()) {
      if (event.kind === 'data') this.indicateData(tcp);
      else if (event.kind === 'upload-wanted') this.retrieve(tcp, event.reason);
      else if (event.kind === 'peer-closed') upcalls.NdisTcpOffloadEventHandler(tcp.handle, disconnected, 0);
      else if (event.kind === 'reset') upcalls.NdisTcpOffloadEventHandler(tcp.handle, aborted, 0);
      else if (event.request === 'send') upcalls.NdisTcpOffloadSendComplete(handle, event.list);
      else if (event.request === 'receive') upcalls.NdisTcpOffloadReceiveComplete(handle, event.list);
      else if (event.request === 'disconnect') upcalls.NdisTcpOffloadDisconnectComplete(handle, event.list);
      else upcalls.NdisTcpOffloadForwardComplete(handle, event.list);
    }
  }

  /** Data without a posted receive goes up in a list of the target's own; what is refused waits for a receive [IND-015, IND-018]. */
  private indicateData(tcp: Context): void {
    const runs = tcp.nic!.unplaced();
    if (runs.length === 0) return;
    const list = this.adapter.lend(runs);
    const answer = this.upcalls.NdisTcpOffloadReceiveHandler(tcp.handle, list, NDIS_STATUS.SUCCESS);
    const tookAll = answer.status === NDIS_STATUS.SUCCESS;
    if (!tookAll) this.adapter.takeBack(list);
    tcp.nic!.indicated(tookAll ? list.dataLength : answer.BytesConsumed, tookAll);
  }
}
