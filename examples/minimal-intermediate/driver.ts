/**
 * A minimal intermediate driver: one adapter below, one virtual miniport above, and everything passes through. Blocks are reused in
 * place; what they held is kept in entries of the driver's own. Names in brackets are rules of the specification.
 */
import * as kit from 'chimneysweep/kit';
import { NDIS_STATUS, constantValue, type NdisStatus } from 'chimneysweep/kit';

type Block = kit.NDIS_MINIPORT_OFFLOAD_BLOCK_LIST;
type BlockBelow = kit.NDIS_PROTOCOL_OFFLOAD_BLOCK_LIST;

const tcpChimney = constantValue('NdisTcpChimneyOffload');

/** Registers both edges and joins them; each edge's SetOptions runs before its registration returns [REG-001]. */
export function DriverEntry(driver: kit.DRIVER_OBJECT, parameters: kit.RegistryParameters): NdisStatus {
  const [below] = parameters.members as readonly string[];
  const it = new Intermediate(new kit.PassThrough(driver, below ?? '', String(parameters.adapterName)));
  const { plain } = it;
  const miniport = driver.ndis.NdisMRegisterMiniportDriver(plain, {
    Header: kit.objectHeader('NDIS_MINIPORT_DRIVER_CHARACTERISTICS'),
    MajorNdisVersion: 6,
    MinorNdisVersion: 20,
    Flags: constantValue('NDIS_INTERMEDIATE_DRIVER'),
    SetOptionsHandler: (NdisDriverHandle) => MiniportSetOptions(it, NdisDriverHandle),
    InitializeHandlerEx: (NdisMiniportHandle) => it.MiniportInitializeEx(NdisMiniportHandle),
    ...plain.miniportHandlers,
  });
  if (miniport.NdisMiniportDriverHandle === null) return miniport.status;
  plain.miniportDriver = miniport.NdisMiniportDriverHandle;
  const protocol = driver.ndis.NdisRegisterProtocolDriver(plain, {
    Header: kit.objectHeader('NDIS_PROTOCOL_DRIVER_CHARACTERISTICS'),
    MajorNdisVersion: 6,
    MinorNdisVersion: 20,
    SetOptionsHandler: (NdisDriverHandle) => ProtocolSetOptions(it, NdisDriverHandle),
    ...plain.protocolHandlers,
  });
  if (protocol.NdisProtocolHandle === null) return protocol.status;
  plain.protocol = protocol.NdisProtocolHandle;
  driver.ndis.NdisIMAssociateMiniport(plain.miniportDriver, plain.protocol);
  return NDIS_STATUS.SUCCESS;
}

/** "Registering Chimney Offload Functions", on the edge that the host stack sees: two calls [REG-007, REG-009]. */
function MiniportSetOptions(it: Intermediate, handle: kit.NDIS_HANDLE): NdisStatus {
  const { ndis } = it.driver;
  const status = ndis.NdisSetOptionalHandlers(handle, {
    structure: 'NDIS_PROVIDER_CHIMNEY_OFFLOAD_GENERIC_CHARACTERISTICS',
    value: {
      Header: kit.optionalHandlersHeader('NDIS_PROVIDER_CHIMNEY_OFFLOAD_GENERIC_CHARACTERISTICS'),
      Flags: 0,
      InitiateOffloadHandler: (_context, root) => ndis.NdisInitiateOffload(it.plain.binding, it.reuse(root)),
      TerminateOffloadHandler: (_context, root) =>
        ndis.NdisTerminateOffload(it.plain.binding, it.reuse(root)),
      UpdateOffloadHandler: (_context, root) => ndis.NdisUpdateOffload(it.plain.binding, it.reuse(root)),
      InvalidateOffloadHandler: (_context, root) =>
        ndis.NdisInvalidateOffload(it.plain.binding, it.reuse(root)),
      QueryOffloadHandler: (_context, root) => ndis.NdisQueryOffloadState(it.plain.binding, it.reuse(root)),
    },
  });
  if (status !== NDIS_STATUS.SUCCESS) return status;
  // Lists go down as they are; what they are posted on has the driver's own handle [IMD-021].
  return ndis.NdisSetOptionalHandlers(handle, {
    structure: 'NDIS_PROVIDER_CHIMNEY_OFFLOAD_TCP_CHARACTERISTICS',
    value: {
      Header: kit.optionalHandlersHeader('NDIS_PROVIDER_CHIMNEY_OFFLOAD_TCP_CHARACTERISTICS'),
      Flags: 0,
      OffloadType: tcpChimney,
      TcpOffloadSendHandler: (_context, tcp, lists) => ndis.NdisOffloadTcpSend(below(tcp), lists),
      TcpOffloadReceiveHandler: (_context, tcp, lists) => ndis.NdisOffloadTcpReceive(below(tcp), lists),
      TcpOffloadDisconnectHandler: (_context, tcp, list, flags) =>
        ndis.NdisOffloadTcpDisconnect(below(tcp), list, flags),
      TcpOffloadForwardHandler: (_context, tcp, lists) => ndis.NdisOffloadTcpForward(below(tcp), lists),
      TcpOffloadReceiveReturnHandler: (_context, lists) => {
        it.plain.takeBack(lists);
        ndis.NdisOffloadTcpReceiveReturn(it.plain.binding, lists);
        return NDIS_STATUS.SUCCESS;
      },
    },
  });
}

/** "Registering an Intermediate Driver's ProtocolXxx Chimney Functions", on the edge toward the adapter: two calls [REG-008, IMD-001]. */
function ProtocolSetOptions(it: Intermediate, handle: kit.NDIS_HANDLE): NdisStatus {
  const { ndis } = it.driver;
  const status = ndis.NdisSetOptionalHandlers(handle, {
    structure: 'NDIS_CLIENT_CHIMNEY_OFFLOAD_GENERIC_CHARACTERISTICS',
    value: {
      Header: kit.optionalHandlersHeader('NDIS_CLIENT_CHIMNEY_OFFLOAD_GENERIC_CHARACTERISTICS'),
      Flags: 0,
      InitiateOffloadCompleteHandler: (_context, root) =>
        ndis.NdisMInitiateOffloadComplete(it.plain.handle, it.restore(root, 'initiate')),
      TerminateOffloadCompleteHandler: (_context, root) =>
        ndis.NdisMTerminateOffloadComplete(it.plain.handle, it.restore(root, 'terminate')),
      UpdateOffloadCompleteHandler: (_context, root) =>
        ndis.NdisMUpdateOffloadComplete(it.plain.handle, it.restore(root)),
      InvalidateOffloadCompleteHandler: (_context, root) =>
        ndis.NdisMInvalidateOffloadComplete(it.plain.handle, it.restore(root)),
      QueryOffloadCompleteHandler: (_context, root) =>
        ndis.NdisMQueryOffloadStateComplete(it.plain.handle, it.restore(root)),
      IndicateOffloadEventHandler: (_context, block, code) => it.askAbove(block, code),
    },
  });
  if (status !== NDIS_STATUS.SUCCESS) return status;
  return ndis.NdisSetOptionalHandlers(handle, {
    structure: 'NDIS_CLIENT_CHIMNEY_OFFLOAD_TCP_CHARACTERISTICS',
    value: {
      Header: kit.optionalHandlersHeader('NDIS_CLIENT_CHIMNEY_OFFLOAD_TCP_CHARACTERISTICS'),
      Flags: 0,
      OffloadType: tcpChimney,
      TcpOffloadSendCompleteHandler: (_context, lists) =>
        it.above.NdisTcpOffloadSendComplete(it.plain.handle, lists),
      TcpOffloadReceiveCompleteHandler: (_context, lists) =>
        it.above.NdisTcpOffloadReceiveComplete(it.plain.handle, lists),
      TcpOffloadDisconnectCompleteHandler: (_context, list) =>
        it.above.NdisTcpOffloadDisconnectComplete(it.plain.handle, list),
      TcpOffloadForwardCompleteHandler: (_context, lists) =>
        it.above.NdisTcpOffloadForwardComplete(it.plain.handle, lists),
      TcpOffloadEventHandler: (tcp, type, information) => it.passEvent(tcp, type, information),
      TcpOffloadReceiveIndicateHandler: (tcp, list, Status) => it.passData(tcp, list, Status),
    },
  });
}

/** An offload entry: both names of an object, for as long as it is offloaded [IMD-009, IMD-019]. Its address goes up [IMD-013]. */
interface Entry extends kit.PVOID {
  readonly above: kit.NDIS_OFFLOAD_HANDLE;
  readonly below: kit.NDIS_OFFLOAD_HANDLE;
}

const entryOf = (context: kit.PVOID | null | undefined): Entry | undefined =>
  (context as Entry | null | undefined) ?? undefined;
const below = (context: kit.PVOID): kit.NDIS_OFFLOAD_HANDLE => entryOf(context)!.below;

/** A call entry: what a block held when it came from above [IMD-007, IMD-018]; ImReserved leads to it [IMD-008]. */
interface Call extends kit.PVOID {
  readonly held: Pick<Block, 'ImReserved' | 'SourceHandle' | 'MiniportOffloadContext' | 'NdisOffloadHandle'>;
  readonly entry: Entry | undefined;
  readonly isNew: boolean;
}

/** The driver: its plain part, and what is offloaded through it. */
class Intermediate {
  above!: kit.NDIS_TCP_OFFLOAD_EVENT_HANDLERS;
  readonly driver: kit.DRIVER_OBJECT;
  private readonly entries = new Map<kit.NDIS_OFFLOAD_HANDLE | null, Entry>();
  private requests = 0;

  constructor(readonly plain: kit.PassThrough) {
    this.driver = plain.driver;
    plain.offloaded = () => this.entries.size + this.requests;
  }

  /** The virtual miniport can do what the adapter below can; without chimney there it has none [IMD-002]. */
  MiniportInitializeEx(handle: kit.NDIS_HANDLE): NdisStatus {
    const { ndis, kernel } = this.driver;
    this.plain.initialize(handle);
    const offload = this.plain.capabilities();
    if (offload === undefined) return NDIS_STATUS.SUCCESS;
    ndis.NdisMSetMiniportAttributes(handle, kit.offloadAttributes(kernel, offload));
    const { status, OffloadHandlers } = ndis.NdisMGetOffloadHandlers(handle, tcpChimney);
    if (OffloadHandlers === null) return status;
    this.above = { ...OffloadHandlers };
    return NDIS_STATUS.SUCCESS;
  }

  /** Turns a tree from above into one for below, each block in place [IMD-010]. */
  reuse(root: Block): BlockBelow {
    const { kernel } = this.driver;
    this.requests++;
    kit.walkBlocks(root, (block) => {
      const { ImReserved, SourceHandle, MiniportOffloadContext, NdisOffloadHandle } = block;
      let entry = entryOf(MiniportOffloadContext?.value);
      const isNew = MiniportOffloadContext !== null && entry === undefined && NdisOffloadHandle !== null;
      if (isNew) {
        const handle = new kit.NDIS_OFFLOAD_HANDLE(kernel.addresses);
        entry = { address: kernel.allocate(0x60), above: NdisOffloadHandle, below: handle };
      }
      const held = { ImReserved, SourceHandle, MiniportOffloadContext, NdisOffloadHandle };
      const call: Call = { address: kernel.allocate(0x40), held, entry, isNew };
      block.ImReserved = [call, null];
      // A placeholder stays one: it names nothing [TRE-016].
      block.reusedAsProtocol().OffloadHandle = entry?.below ?? null;
    });
    return root.reusedAsProtocol();
  }

  /** Turns a completed tree back into what came from above [IMD-011, IMD-012], and keeps or drops the entries [IMD-020]. */
  restore(root: BlockBelow, operation?: 'initiate' | 'terminate'): Block {
    this.requests--;
    kit.walkBlocks(root, (block) => {
      const { held, entry, isNew } = block.ImReserved[0] as Call;
      Object.assign(block.reusedAsMiniport(), held);
      if (entry === undefined) return;
      if (operation === 'initiate' && isNew && kit.isTaken(block.Status)) {
        this.entries.set(entry.below, entry);
        held.MiniportOffloadContext!.value = entry;
      } else if (operation === 'terminate' && block.Status === NDIS_STATUS.SUCCESS) {
        this.entries.delete(entry.below);
        if (block.state?.layer === 'tcp') this.plain.lend(block.state.delegated?.BufferedData ?? null);
      }
    });
    this.plain.ended();
    return root.reusedAsMiniport();
  }

  /** A reachability query goes up, and its answer comes back in the same state structures. */
  askAbove(block: BlockBelow, IndicationCode: number): void {
    const own = block.OffloadHandle;
    const up = block.reusedAsMiniport();
    up.NdisOffloadHandle = this.entries.get(own)?.above ?? null;
    this.driver.ndis.NdisMOffloadEventIndicate(this.plain.handle, up, IndicationCode);
    block.OffloadHandle = own;
  }

  /** ProtocolTcpOffloadEvent: an event has the handle of the driver above [IMD-021]. */
  passEvent(handle: kit.NDIS_OFFLOAD_HANDLE, type: number, information: number): void {
    const entry = this.entries.get(handle);
    if (entry !== undefined) this.above.NdisTcpOffloadEventHandler(entry.above, type, information);
  }

  /** ProtocolTcpOffloadReceiveIndicate: the answer from above is the answer. */
  passData(
    handle: kit.NDIS_OFFLOAD_HANDLE,
    list: kit.NET_BUFFER_LIST,
    Status: NdisStatus,
  ): kit.ReceiveIndicationAnswer {
    const entry = this.entries.get(handle);
    if (entry === undefined) return { status: NDIS_STATUS.OFFLOAD_DATA_NOT_ACCEPTED, BytesConsumed: 0 };
    this.plain.lend(list);
    const answer = this.above.NdisTcpOffloadReceiveHandler(entry.above, list, Status);
    if (answer.status !== NDIS_STATUS.SUCCESS) this.plain.takeBack(list);
    return answer;
  }
}
