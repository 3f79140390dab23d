/**
 * A minimal offload target: a miniport driver for one adapter whose firmware has a TCP engine. What it leaves out stands in
 * docs/writing-a-driver.md. Names in brackets are rules of the specification; `chimneysweep ddi NAME` tells what the DDI says.
 */
import * as kit from 'chimneysweep/kit';
import { NDIS_STATUS, constantValue, type NdisStatus } from 'chimneysweep/kit';

type Block = kit.NDIS_MINIPORT_OFFLOAD_BLOCK_LIST;

const tcpChimney = constantValue('NdisTcpChimneyOffload');

/** Registers the miniport; NDIS calls MiniportSetOptions before NdisMRegisterMiniportDriver returns [REG-001]. */
export function DriverEntry(driver: kit.DRIVER_OBJECT, parameters: kit.RegistryParameters): NdisStatus {
  const target = new Target(driver, Number(parameters.TcpConnectionOffloadCapacity ?? 16));
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
  const isGraceful = (flags: number): boolean => flags === constantValue('TCP_DISCONNECT_GRACEFUL_CLOSE');
  return driver.ndis.NdisSetOptionalHandlers(handle, {
    structure: 'NDIS_PROVIDER_CHIMNEY_OFFLOAD_TCP_CHARACTERISTICS',
    value: {
      Header: kit.optionalHandlersHeader('NDIS_PROVIDER_CHIMNEY_OFFLOAD_TCP_CHARACTERISTICS'),
      Flags: 0,
      OffloadType: tcpChimney,
      TcpOffloadSendHandler: (_context, tcp, lists) => post(lists, (list) => nicOf(tcp).postSend(list)),
      TcpOffloadReceiveHandler: (_context, tcp, lists) => post(lists, (list) => nicOf(tcp).postReceive(list)),
      TcpOffloadDisconnectHandler: (_context, tcp, lists, flags) =>
        post(lists, (list) => nicOf(tcp).postDisconnect(list, isGraceful(flags))),
      TcpOffloadForwardHandler: (_context, tcp, lists) => post(lists, (list) => nicOf(tcp).forward(list)),
      TcpOffloadReceiveReturnHandler: (_context, lists) => {
        target.adapter.takeBack(lists);
        return NDIS_STATUS.SUCCESS;
      },
    },
  });
}

/** A context area: what MiniportOffloadContext of a block leads to, with a copy of the object's state [CTX-001, CTX-005]. */
class Context implements kit.PVOID {
  /** TCP objects only: the connection in the firmware. */
  nic: kit.FirmwareConnection | undefined;
  invalid = false;
  retrieved = false;

  constructor(
    readonly address: number,
    readonly handle: kit.NDIS_OFFLOAD_HANDLE,
    public state: kit.AttachedState,
    /** Path of a connection, neighbor of a path. */
    public parent: Context | undefined,
    readonly since: number,
  ) {}
}

const contextOf = (block: Block | null): Context | undefined =>
  (block?.MiniportOffloadContext?.value as Context | null | undefined) ?? undefined;
const nicOf = (context: kit.PVOID): kit.FirmwareConnection => (context as Context).nic!;

/** The adapter with its offloaded objects. */
class Target {
  readonly adapter: kit.EthernetMiniport;
  private upcalls!: kit.NDIS_TCP_OFFLOAD_EVENT_HANDLERS;
  private readonly objects = new Set<Context>();
  /** Initiates and terminates under way. */
  private operations = 0;
  private tick = 1_000_000;

  constructor(
    private readonly driver: kit.DRIVER_OBJECT,
    private readonly capacity: number,
  ) {
    this.adapter = new kit.EthernetMiniport(driver);
    this.adapter.isIdle = () => this.operations === 0 && this.connections.length === 0;
  }

  /** Declares what the adapter can do, and fetches NDIS's entry points [INZ-002, INZ-004, INZ-007]. */
  MiniportInitializeEx(handle: kit.NDIS_HANDLE): NdisStatus {
    const { ndis, kernel } = this.driver;
    this.adapter.initialize(handle, ({ driverContext }) => this.serve(driverContext as Context));
    const TcpConnectionOffloadCapacity = this.capacity;
    const offload = { SupportIPv4: true, SupportIPv6: false, TcpConnectionOffloadCapacity };
    const bytes = kit.writeConnectionOffload(offload);
    ndis.NdisMSetMiniportAttributes(handle, kit.offloadAttributes(kernel, bytes, bytes));
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

  private get connections(): Context[] {
    return [...this.objects].filter(({ nic }) => nic !== undefined);
  }

  /** Objects that depend on an object, and itself. */
  private behind(object: Context): Context[] {
    return [...this.objects].filter((one) => [one, one.parent, one.parent?.parent].includes(object));
  }

  /** MiniportInitiateOffload: every new object gets a context area, and connections go to the firmware [CTX-007]. */
  initiate(root: Block): void {
    this.operations++;
    this.adapter.serial.later(() => {
      const taken: Context[] = [];
      kit.initiateTree(root, (block, parent) => this.take(block, contextOf(parent), taken));
      this.driver.ndis.NdisMInitiateOffloadComplete(this.adapter.handle, root);
      for (const tcp of taken) {
        tcp.nic!.start();
        if (tcp.parent?.invalid === true || tcp.parent?.parent?.invalid === true)
          this.retrieve(tcp, 'InvalidState');
      }
      this.operations--;
      this.adapter.ended();
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
    const { kernel } = this.driver;
    const object = new Context(kernel.allocate(0x100), handle, kit.copyState(state), parent, kernel.now);
    if (state.layer === 'tcp') {
      if (!kit.isOffloadableState(state.delegated!.State)) return NDIS_STATUS.FAILURE;
      if (this.connections.length >= this.capacity) return NDIS_STATUS.OFFLOAD_TCP_ENTRIES;
      object.nic = this.adapter.hardware.takeOver(
        handle,
        state,
        block.NetBufferListChain,
        this.routeOf(object),
      );
      object.nic.driverContext = object;
      taken.push(object);
    }
    this.objects.add(object);
    cell.value = object;
    return NDIS_STATUS.SUCCESS;
  }

  private routeOf(tcp: Context): kit.FirmwareRoute {
    const { permanentAddress } = this.adapter.hardware;
    return kit.firmwareRoute(permanentAddress, tcp.parent!.parent!.state, tcp.parent!.state, tcp.state);
  }

  /** Neighbor: ticks since it last proved that it receives [RCH-005]. */
  private delegatedOf(object: Context): kit.AttachedState['delegated'] {
    if (object.nic !== undefined) return object.nic.query();
    if (object.state.layer !== 'neighbor') return object.state.delegated;
    const confirmed = Math.max(0, ...this.behind(object).map(({ nic }) => nic?.confirmedAt ?? 0));
    const { now } = this.driver.kernel;
    const age = object.state.delegated!.NicReachabilityDelta + (now - object.since) / this.tick;
    return { NicReachabilityDelta: Math.floor(Math.min(age, (now - confirmed) / this.tick)) };
  }

  /** MiniportTerminateOffload: dependents first, and the completion behind the last frame [TRM-034, TRM-040]. */
  terminate(root: Block): void {
    const { ndis, kernel } = this.driver;
    const { serial, hardware, handle } = this.adapter;
    this.operations++;
    serial.later(() => {
      for (const block of kit.dependentsFirst(root)) block.Status = this.giveBack(block, contextOf(block));
      serial.later(() => {
        ndis.NdisMTerminateOffloadComplete(handle, root);
        this.operations--;
        this.adapter.ended();
      }, hardware.idleAt - kernel.now);
    });
  }

  private giveBack(block: Block, object: Context | undefined): NdisStatus {
    block.NetBufferListChain = null;
    if (object === undefined) return NDIS_STATUS.SUCCESS;
    if (this.behind(object).length > 1) return NDIS_STATUS.FAILURE;
    const delegated = block.state?.delegated;
    if (object.nic === undefined) Object.assign(delegated ?? {}, this.delegatedOf(object));
    else {
      // Everything is completed or handed back before the terminate is completed: data, requests, sequence numbers [TRM-017 to TRM-031].
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

  /** Does `serve` for each block that names an object, children after parents, and then `complete`. */
  private serveBlocks(
    root: Block,
    serve: (block: Block, object: Context) => boolean,
    complete: () => void,
  ): void {
    this.adapter.serial.later(() => {
      kit.walkBlocks(root, (block) => {
        const object = contextOf(block);
        const isDone = object === undefined || serve(block, object);
        block.Status = isDone ? NDIS_STATUS.SUCCESS : NDIS_STATUS.FAILURE;
      });
      complete();
    });
  }

  /** MiniportUpdateOffload: new cached variables, or, without any, paths that move to the neighbor at the root. */
  update(root: Block): void {
    const { ndis } = this.driver;
    const serve = ({ state }: Block, object: Context): boolean => {
      if (state === undefined) {
        if (object !== contextOf(root)) object.parent = contextOf(root);
      } else if (state.layer === 'path' && state.cached!.PathMtu > kit.ethernetMtu) return false;
      else object.state = { ...object.state, cached: { ...state.cached } } as kit.AttachedState;
      if (state?.layer === 'tcp') object.nic!.update(state.cached!);
      for (const tcp of this.behind(object)) tcp.nic?.reroute(this.routeOf(tcp));
      return true;
    };
    this.serveBlocks(root, serve, () => ndis.NdisMUpdateOffloadComplete(this.adapter.handle, root));
  }

  /** MiniportQueryOffload: present values into the structures that are attached. */
  query(root: Block): void {
    const { ndis } = this.driver;
    const serve = ({ state }: Block, object: Context): boolean => {
      if (state === undefined) return false;
      kit.fillState(state, { ...object.state, delegated: this.delegatedOf(object) } as kit.AttachedState);
      return true;
    };
    this.serveBlocks(root, serve, () => ndis.NdisMQueryOffloadStateComplete(this.adapter.handle, root));
  }

  /** MiniportInvalidateOffload: with the completion nothing is on its way to the wire; then the uploads are asked for [INV-004]. */
  invalidate(root: Block): void {
    const { ndis, kernel } = this.driver;
    const { hardware, handle, serial } = this.adapter;
    const stopped: Context[] = [];
    const serve = (_block: Block, object: Context): boolean => {
      object.invalid = true;
      stopped.push(...this.behind(object).filter(({ nic }) => nic !== undefined));
      for (const tcp of stopped) tcp.nic!.halt();
      return true;
    };
    this.serveBlocks(root, serve, () => {
      serial.later(() => {
        ndis.NdisMInvalidateOffloadComplete(handle, root);
        for (const tcp of stopped) this.retrieve(tcp, 'InvalidState');
      }, hardware.idleAt - kernel.now);
    });
  }

  /** TcpIndicateRetrieve, once: the firmware goes on no more, and the host stack is to terminate the offload. */
  private retrieve(tcp: Context, reason: 'InvalidState' | number): void {
    if (tcp.retrieved) return;
    tcp.retrieved = true;
    tcp.nic!.halt();
    const code = reason === 'InvalidState' ? constantValue(reason) : reason;
    this.upcalls.NdisTcpOffloadEventHandler(tcp.handle, constantValue('TcpIndicateRetrieve'), code);
  }

  /** Makes the completions and raises the events that the firmware has for a connection. */
  private serve(tcp: Context): void {
    const { upcalls, adapter } = this;
    const { handle } = adapter;
    for (const event of tcp.nic!.takeEvents()) {
      if (event.kind === 'data') this.indicateData(tcp);
      else if (event.kind === 'upload-wanted') this.retrieve(tcp, event.reason);
      else if (event.kind === 'peer-closed')
        upcalls.NdisTcpOffloadEventHandler(tcp.handle, constantValue('TcpIndicateDisconnect'), 0);
      else if (event.kind === 'reset')
        upcalls.NdisTcpOffloadEventHandler(tcp.handle, constantValue('TcpIndicateAbort'), 0);
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
