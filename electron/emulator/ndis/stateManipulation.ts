/**
 * NDIS: the five state-manipulation operations. NDIS turns the sender's protocol blocks into miniport blocks for the driver
 * below, and at completion copies what the target wrote back into the sender's blocks (TRE-036, TRE-056, TRE-057).
 */
import type { FunctionName } from '../../../shared/ddi/catalogue';
import { NDIS_STATUS } from '../../../shared/ddi/status';
import type { CallArgument, EventId } from '../../../shared/trace/records';
import type { Outstanding } from '../observe/outstanding';
import {
  attachedListsArguments,
  blockListArgument,
  numberArgument,
  pointerArgument,
  refusedListsArguments,
} from './arguments';
import type {
  NDIS_CLIENT_CHIMNEY_OFFLOAD_GENERIC_CHARACTERISTICS,
  NDIS_HANDLE,
  NDIS_PROVIDER_CHIMNEY_OFFLOAD_GENERIC_CHARACTERISTICS,
} from './characteristics';
import { answerBarred, isBarred } from './chimneyBarrier';
import type { NdisCore } from './core';
import { adapterContext, adapterFrom, Binding, bindingFrom, MiniportAdapter } from './drivers';
import { firstBytesArguments } from './firstBytes';
import { privateHandle } from './internalRecords';
import { chainToArray, type NET_BUFFER_LIST } from './netBufferList';
import {
  NDIS_MINIPORT_OFFLOAD_BLOCK_LIST,
  NDIS_PROTOCOL_OFFLOAD_BLOCK_LIST,
  isTaken,
  walkBlocks,
  type NDIS_OFFLOAD_HANDLE,
} from './offloadBlockList';

/** Names and entry points of one operation (table in section 1 of the state-manipulation digest). */
interface Operation {
  readonly initiates: boolean;
  readonly request: FunctionName;
  readonly handler: FunctionName;
  readonly complete: FunctionName;
  readonly completion: FunctionName;
  readonly enter: (
    handlers: NDIS_PROVIDER_CHIMNEY_OFFLOAD_GENERIC_CHARACTERISTICS,
  ) => NDIS_PROVIDER_CHIMNEY_OFFLOAD_GENERIC_CHARACTERISTICS['InitiateOffloadHandler'];
  readonly leave: (
    handlers: NDIS_CLIENT_CHIMNEY_OFFLOAD_GENERIC_CHARACTERISTICS,
  ) => NDIS_CLIENT_CHIMNEY_OFFLOAD_GENERIC_CHARACTERISTICS['InitiateOffloadCompleteHandler'];
  /** Lists that come with the tree down, and with the tree up again. */
  readonly sent: AttachedLists;
  readonly answered: AttachedLists;
}

type AttachedLists = (
  root: NDIS_PROTOCOL_OFFLOAD_BLOCK_LIST | NDIS_MINIPORT_OFFLOAD_BLOCK_LIST,
) => readonly CallArgument[];

const noLists: AttachedLists = () => [];

const operations = {
  initiate: {
    initiates: true,
    request: 'NdisInitiateOffload',
    handler: 'MiniportInitiateOffload',
    complete: 'NdisMInitiateOffloadComplete',
    completion: 'ProtocolInitiateOffloadComplete',
    enter: (handlers) => handlers.InitiateOffloadHandler,
    leave: (handlers) => handlers.InitiateOffloadCompleteHandler,
    sent: (root) => [...attachedListsArguments(root), ...firstBytesArguments(root)],
    answered: refusedListsArguments,
  },
  terminate: {
    initiates: false,
    request: 'NdisTerminateOffload',
    handler: 'MiniportTerminateOffload',
    complete: 'NdisMTerminateOffloadComplete',
    completion: 'ProtocolTerminateOffloadComplete',
    enter: (handlers) => handlers.TerminateOffloadHandler,
    leave: (handlers) => handlers.TerminateOffloadCompleteHandler,
    sent: attachedListsArguments,
    answered: attachedListsArguments,
  },
  update: {
    initiates: false,
    request: 'NdisUpdateOffload',
    handler: 'MiniportUpdateOffload',
    complete: 'NdisMUpdateOffloadComplete',
    completion: 'ProtocolUpdateOffloadComplete',
    enter: (handlers) => handlers.UpdateOffloadHandler,
    leave: (handlers) => handlers.UpdateOffloadCompleteHandler,
    sent: noLists,
    answered: noLists,
  },
  query: {
    initiates: false,
    request: 'NdisQueryOffloadState',
    handler: 'MiniportQueryOffload',
    complete: 'NdisMQueryOffloadStateComplete',
    completion: 'ProtocolQueryOffloadComplete',
    enter: (handlers) => handlers.QueryOffloadHandler,
    leave: (handlers) => handlers.QueryOffloadCompleteHandler,
    sent: noLists,
    answered: noLists,
  },
  invalidate: {
    initiates: false,
    request: 'NdisInvalidateOffload',
    handler: 'MiniportInvalidateOffload',
    complete: 'NdisMInvalidateOffloadComplete',
    completion: 'ProtocolInvalidateOffloadComplete',
    enter: (handlers) => handlers.InvalidateOffloadHandler,
    leave: (handlers) => handlers.InvalidateOffloadCompleteHandler,
    sent: noLists,
    answered: noLists,
  },
} as const satisfies Record<string, Operation>;

/** A tree below NDIS with the sender's tree that it stands for. */
interface Conversion {
  readonly protocolRoot: NDIS_PROTOCOL_OFFLOAD_BLOCK_LIST;
  readonly binding: Binding;
  readonly pairs: readonly (readonly [NDIS_PROTOCOL_OFFLOAD_BLOCK_LIST, NDIS_MINIPORT_OFFLOAD_BLOCK_LIST])[];
}

/** See the file's head. */
export class StateManipulationPlane {
  private readonly conversions = new Map<NDIS_MINIPORT_OFFLOAD_BLOCK_LIST, Conversion>();

  constructor(private readonly core: NdisCore) {}

  /** Trees that the driver below has. */
  get outstanding(): Outstanding {
    return { 'trees under way': this.conversions.size };
  }

  /** Offers state to the driver below; ends with ProtocolInitiateOffloadComplete. */
  NdisInitiateOffload(NdisBindingHandle: NDIS_HANDLE, root: NDIS_PROTOCOL_OFFLOAD_BLOCK_LIST): void {
    this.request(operations.initiate, NdisBindingHandle, root);
  }

  /** Takes state back; ends with ProtocolTerminateOffloadComplete. */
  NdisTerminateOffload(NdisBindingHandle: NDIS_HANDLE, root: NDIS_PROTOCOL_OFFLOAD_BLOCK_LIST): void {
    this.request(operations.terminate, NdisBindingHandle, root);
  }

  /** Changes cached variables; ends with ProtocolUpdateOffloadComplete. */
  NdisUpdateOffload(NdisBindingHandle: NDIS_HANDLE, root: NDIS_PROTOCOL_OFFLOAD_BLOCK_LIST): void {
    this.request(operations.update, NdisBindingHandle, root);
  }

  /** Reads offloaded state; ends with ProtocolQueryOffloadComplete. */
  NdisQueryOffloadState(NdisBindingHandle: NDIS_HANDLE, root: NDIS_PROTOCOL_OFFLOAD_BLOCK_LIST): void {
    this.request(operations.query, NdisBindingHandle, root);
  }

  /** Stops transmission that depends on objects; ends with ProtocolInvalidateOffloadComplete. */
  NdisInvalidateOffload(NdisBindingHandle: NDIS_HANDLE, root: NDIS_PROTOCOL_OFFLOAD_BLOCK_LIST): void {
    this.request(operations.invalidate, NdisBindingHandle, root);
  }

  /** Ends an initiate; the target lets go of the tree. */
  NdisMInitiateOffloadComplete(
    NdisMiniportHandle: NDIS_HANDLE,
    root: NDIS_MINIPORT_OFFLOAD_BLOCK_LIST,
  ): void {
    this.complete(operations.initiate, NdisMiniportHandle, root);
  }

  /** Ends a terminate. */
  NdisMTerminateOffloadComplete(
    NdisMiniportHandle: NDIS_HANDLE,
    root: NDIS_MINIPORT_OFFLOAD_BLOCK_LIST,
  ): void {
    this.complete(operations.terminate, NdisMiniportHandle, root);
  }

  /** Ends an update. */
  NdisMUpdateOffloadComplete(NdisMiniportHandle: NDIS_HANDLE, root: NDIS_MINIPORT_OFFLOAD_BLOCK_LIST): void {
    this.complete(operations.update, NdisMiniportHandle, root);
  }

  /** Ends a query. */
  NdisMQueryOffloadStateComplete(
    NdisMiniportHandle: NDIS_HANDLE,
    root: NDIS_MINIPORT_OFFLOAD_BLOCK_LIST,
  ): void {
    this.complete(operations.query, NdisMiniportHandle, root);
  }

  /** Ends an invalidate. */
  NdisMInvalidateOffloadComplete(
    NdisMiniportHandle: NDIS_HANDLE,
    root: NDIS_MINIPORT_OFFLOAD_BLOCK_LIST,
  ): void {
    this.complete(operations.invalidate, NdisMiniportHandle, root);
  }

  private request(operation: Operation, handle: NDIS_HANDLE, root: NDIS_PROTOCOL_OFFLOAD_BLOCK_LIST): void {
    const { core } = this;
    const { door, component, observer, machine } = core;
    // Who passes what is no handle of a binding is known by the objects that the tree names; the call is noted before it comes to grief.
    const binding = (handle instanceof Binding ? handle : this.bindingOfTree(root)) ?? bindingFrom(handle);
    const { adapter } = binding;
    // An intermediate driver's own handles name the objects of the driver above it, from the first record on.
    walkBlocks(root, ({ OffloadHandle, handleAbove }) => {
      if (OffloadHandle !== null && handleAbove !== null) observer.alias(OffloadHandle, handleAbove);
    });
    const connection = this.connectionOf(root);
    door.void(
      {
        functionName: operation.request,
        caller: binding.protocol.component,
        callee: component,
        connection,
        arguments: [
          pointerArgument('NdisBindingHandle', handle, handle.label),
          blockListArgument('OffloadBlockList', machine.addresses, observer, root, operation.initiates),
          ...operation.sent(root),
        ],
      },
      (ndisCall) => {
        bindingFrom(handle);
        if (isBarred(adapter)) {
          const { completion, initiates, leave } = operation;
          answerBarred(core, binding, root, {
            completion,
            initiates,
            connection,
            ndisCall,
            leave: () => {
              leave(binding.clientGenericHandlers)(binding.context, root);
            },
          });
          return;
        }
        const handlers = adapter.driver.genericHandlers;
        if (handlers === undefined) throw new Error(`${adapter.label} has registered no chimney handlers`);
        const context = adapterContext(adapter);
        const below = this.convert(root, binding);
        core.open(binding, root, { connection, ndisCall, miniportCall: undefined });
        door.void(
          {
            functionName: operation.handler,
            caller: component,
            callee: adapter.driver.component,
            connection,
            arguments: [
              pointerArgument('MiniportAdapterContext', context, 'MiniportAdapterContext'),
              blockListArgument('OffloadBlockList', machine.addresses, observer, below, operation.initiates),
              ...operation.sent(below),
            ],
          },
          (miniportCall) => {
            core.open(binding, below, { connection, ndisCall, miniportCall });
            if (operation.initiates) this.noteChains(binding, below, ndisCall, miniportCall);
            operation.enter(handlers)(context, below);
          },
        );
      },
    );
  }

  private complete(operation: Operation, handle: NDIS_HANDLE, below: NDIS_MINIPORT_OFFLOAD_BLOCK_LIST): void {
    const { core } = this;
    const { door, component, observer, machine } = core;
    const conversion = this.conversions.get(below);
    // Who passes what is no handle of an adapter is known by the tree; the call is noted before it comes to grief.
    const adapter =
      handle instanceof MiniportAdapter ? handle : (conversion?.binding.adapter ?? adapterFrom(handle));
    if (conversion === undefined || adapter !== handle) {
      this.refuseCompletion(operation, handle, adapter, below);
      return;
    }
    this.conversions.delete(below);
    const { protocolRoot, binding, pairs } = conversion;
    const { connection, ndisCalls, miniportCalls } = core.close(binding, [
      below,
      protocolRoot,
      ...this.forget(operation, pairs),
    ]);
    const taken = pairs.flatMap(([above, copy]) =>
      copy.state !== undefined && isTaken(copy.Status) ? (above.OffloadHandle ?? []) : [],
    );
    door.cross(
      {
        functionName: operation.complete,
        caller: adapter.driver.component,
        callee: component,
        connection,
        completes: miniportCalls,
        arguments: [
          pointerArgument('NdisMiniportHandle', adapter, adapter.label),
          blockListArgument('OffloadBlockList', machine.addresses, observer, below, operation.initiates),
          ...operation.answered(below),
        ],
      },
      () => {
        for (const [above, copy] of pairs) {
          above.Status = copy.Status;
          above.NetBufferListChain = copy.NetBufferListChain;
          above.ProtocolReserved = copy.ProtocolReserved;
          above.ImReserved = copy.ImReserved;
        }
        const handlers = binding.clientGenericHandlers;
        door.void(
          {
            functionName: operation.completion,
            caller: component,
            callee: binding.protocol.component,
            connection,
            completes: ndisCalls,
            arguments: [
              pointerArgument('ProtocolBindingContext', binding.context, 'ProtocolBindingContext'),
              blockListArgument(
                'OffloadBlockList',
                machine.addresses,
                observer,
                protocolRoot,
                operation.initiates,
              ),
              ...operation.answered(protocolRoot),
            ],
          },
          () => operation.leave(handlers)(binding.context, protocolRoot),
        );
      },
      () => ({ outputs: operation.initiates ? this.privateHandles(binding, taken) : [] }),
    );
  }

  /** Notes a completion that NDIS can make nothing of: in Windows that driver would have crashed the machine.
   * @throws Error always */
  private refuseCompletion(
    operation: Operation,
    handle: NDIS_HANDLE,
    adapter: MiniportAdapter,
    below: NDIS_MINIPORT_OFFLOAD_BLOCK_LIST,
  ): void {
    const { door, component, observer, machine } = this.core;
    door.void(
      {
        functionName: operation.complete,
        caller: adapter.driver.component,
        callee: component,
        arguments: [
          pointerArgument('NdisMiniportHandle', handle, handle.label),
          blockListArgument('OffloadBlockList', machine.addresses, observer, below, operation.initiates),
        ],
      },
      () => {
        adapterFrom(handle);
        throw new Error(`${operation.complete} got a tree that is not under way`);
      },
    );
  }

  /** The binding on which an object of a tree was offered; undefined for trees that name none. */
  private bindingOfTree(root: NDIS_PROTOCOL_OFFLOAD_BLOCK_LIST): Binding | undefined {
    let found: Binding | undefined;
    walkBlocks(root, ({ OffloadHandle }) => {
      if (OffloadHandle !== null) found ??= this.core.bindingOfHandle.get(OffloadHandle);
    });
    return found;
  }

  /**
   * Forgets the objects that the target has not taken, or no longer has, and answers the sends that go back to the host with them:
   * the chain of a refused connection, and the unfinished sends of a terminated one (TRM-026).
   */
  private forget(operation: Operation, pairs: Conversion['pairs']): NET_BUFFER_LIST[] {
    const lists: NET_BUFFER_LIST[] = [];
    for (const [above, copy] of pairs) {
      const { NdisOffloadHandle: handle } = copy;
      const isGone = operation.initiates
        ? copy.state !== undefined && !isTaken(copy.Status)
        : operation === operations.terminate && copy.Status === NDIS_STATUS.SUCCESS;
      if (!isGone || handle === null) continue;
      this.core.bindingOfHandle.delete(handle);
      lists.push(...chainToArray(operation.initiates ? above.NetBufferListChain : copy.NetBufferListChain));
    }
    return lists;
  }

  /**
   * NdisMOffloadEventIndicate: a target asks about a neighbor; the answer stands in the block's state when this returns.
   */
  NdisMOffloadEventIndicate(
    NdisMiniportHandle: NDIS_HANDLE,
    block: NDIS_MINIPORT_OFFLOAD_BLOCK_LIST,
    IndicationCode: number,
  ): void {
    const { door, component, observer, machine } = this.core;
    const adapter = adapterFrom(NdisMiniportHandle);
    const binding = this.core.bindingAbove(adapter);
    door.cross(
      {
        functionName: 'NdisMOffloadEventIndicate',
        caller: adapter.driver.component,
        callee: component,
        arguments: [
          pointerArgument('NdisMiniportHandle', adapter, adapter.label),
          blockListArgument('OffloadBlockList', machine.addresses, observer, block, false),
          numberArgument('IndicationCode', IndicationCode, 'INDICATE_OFFLOAD_EVENT'),
        ],
      },
      () => {
        const above = new NDIS_PROTOCOL_OFFLOAD_BLOCK_LIST(
          machine.addresses,
          block.layer,
          block.type,
          block.state,
        );
        above.OffloadHandle = block.NdisOffloadHandle;
        above.Status = block.Status;
        door.cross(
          {
            functionName: 'ProtocolIndicateOffloadEvent',
            caller: component,
            callee: binding.protocol.component,
            arguments: [
              pointerArgument('ProtocolBindingContext', binding.context, 'ProtocolBindingContext'),
              blockListArgument('OffloadBlockList', machine.addresses, observer, above, false),
              numberArgument('IndicationCode', IndicationCode, 'INDICATE_OFFLOAD_EVENT'),
            ],
          },
          () => {
            binding.clientGenericHandlers.IndicateOffloadEventHandler(binding.context, above, IndicationCode);
          },
          () => ({ outputs: answerOutputs(above) }),
        );
      },
      () => ({ outputs: answerOutputs(block) }),
    );
  }

  /** Makes the miniport tree: same shape, same state; the cell and the handle take the place of OffloadHandle. */
  private convert(
    root: NDIS_PROTOCOL_OFFLOAD_BLOCK_LIST,
    binding: Binding,
  ): NDIS_MINIPORT_OFFLOAD_BLOCK_LIST {
    const pairs: (readonly [NDIS_PROTOCOL_OFFLOAD_BLOCK_LIST, NDIS_MINIPORT_OFFLOAD_BLOCK_LIST])[] = [];
    const { machine, bindingOfHandle } = this.core;
    const copyList = (
      first: NDIS_PROTOCOL_OFFLOAD_BLOCK_LIST | null,
    ): NDIS_MINIPORT_OFFLOAD_BLOCK_LIST | null => {
      if (first === null) return null;
      const copy = new NDIS_MINIPORT_OFFLOAD_BLOCK_LIST(
        machine.addresses,
        first.layer,
        first.type,
        first.state,
      );
      copy.revision = first.revision;
      copy.PortNumber = first.PortNumber;
      copy.NetBufferListChain = first.NetBufferListChain;
      copy.NdisOffloadHandle = first.OffloadHandle;
      copy.MiniportOffloadContext = first.OffloadHandle?.MiniportOffloadContext ?? null;
      copy.ProtocolReserved = first.ProtocolReserved;
      copy.ImReserved = first.ImReserved;
      copy.SourceHandle = binding;
      if (first.OffloadHandle !== null) bindingOfHandle.set(first.OffloadHandle, binding);
      pairs.push([first, copy]);
      copy.DependentBlockList = copyList(first.DependentBlockList);
      copy.NextBlock = copyList(first.NextBlock);
      return copy;
    };
    const below = copyList(root)!;
    this.conversions.set(below, { protocolRoot: root, binding, pairs });
    return below;
  }

  private privateHandles(binding: Binding, taken: readonly NDIS_OFFLOAD_HANDLE[]): CallArgument[] {
    return taken.map((handle) => privateHandle(this.core.machine.addresses, handle, binding.context));
  }

  /** Send data that comes with an initiate is completed like a posted send; its request is the initiate. */
  private noteChains(
    binding: Binding,
    root: NDIS_MINIPORT_OFFLOAD_BLOCK_LIST,
    ndisCall: EventId,
    miniportCall: EventId,
  ): void {
    walkBlocks(root, (block) => {
      const connection = this.core.observer.find(block.NdisOffloadHandle)?.connection;
      this.core.openLists(binding, block.NetBufferListChain, connection, ndisCall, miniportCall);
      const hasBufferedData = block.state?.layer === 'tcp' && block.state.delegated?.BufferedData;
      if (connection !== undefined && hasBufferedData) this.core.firstDeliveries.await(binding, connection);
    });
  }

  /** The connection of a tree that names just one. */
  private connectionOf(root: NDIS_PROTOCOL_OFFLOAD_BLOCK_LIST): number | undefined {
    const connections = new Set<number>();
    walkBlocks(root, (block) => {
      const connection = this.core.observer.find(block.OffloadHandle)?.connection;
      if (connection !== undefined) connections.add(connection);
    });
    return connections.size === 1 ? connections.values().next().value : undefined;
  }
}

/** What stands in HostReachabilityDelta when an indication returns: the host stack's answer, if it has written one (RCH-017). */
function answerOutputs({
  state,
}: NDIS_PROTOCOL_OFFLOAD_BLOCK_LIST | NDIS_MINIPORT_OFFLOAD_BLOCK_LIST): CallArgument[] {
  if (state?.layer !== 'neighbor' || state.cached === undefined) return [];
  return [numberArgument('HostReachabilityDelta', state.cached.HostReachabilityDelta)];
}
