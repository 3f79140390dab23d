/** NDIS: the ordinary packet path, which carries everything that is not offloaded. */
import { NDIS_STATUS, type NdisStatus } from '../../../shared/ddi/status';
import type { EventId } from '../../../shared/trace/records';
import { netBufferListsArgument, numberArgument, pointerArgument } from './arguments';
import { devicePowerStates, type NDIS_HANDLE } from './characteristics';
import type { NdisCore } from './core';
import { adapterContext, adapterFrom, bindingFrom, type Binding, type MiniportAdapter } from './drivers';
import { chainToArray, netBufferBytes, type NET_BUFFER, type NET_BUFFER_LIST } from './netBufferList';

/** See the file's head. */
export class PacketPlane {
  constructor(private readonly core: NdisCore) {}

  /** NdisSendNetBufferLists: the lists are NDIS's and the miniport's until ProtocolSendNetBufferListsComplete. */
  NdisSendNetBufferLists(
    NdisBindingHandle: NDIS_HANDLE,
    lists: NET_BUFFER_LIST,
    connection: number | undefined,
  ): void {
    const { core } = this;
    const { door, component } = core;
    const binding = bindingFrom(NdisBindingHandle);
    const { adapter } = binding;
    door.void(
      {
        functionName: 'NdisSendNetBufferLists',
        caller: binding.protocol.component,
        callee: component,
        connection,
        arguments: [
          pointerArgument('NdisBindingHandle', binding, binding.label),
          netBufferListsArgument('NetBufferLists', lists),
          numberArgument('PortNumber', 0),
        ],
      },
      (ndisCall) => {
        const refusal = refusalOf(adapter);
        if (refusal !== undefined) {
          this.refuse(binding, lists, connection, ndisCall, refusal);
          return;
        }
        const context = adapterContext(adapter);
        door.void(
          {
            functionName: 'MiniportSendNetBufferLists',
            caller: component,
            callee: adapter.driver.component,
            connection,
            arguments: [
              pointerArgument('MiniportAdapterContext', context, 'MiniportAdapterContext'),
              netBufferListsArgument('NetBufferLists', lists),
              numberArgument('PortNumber', 0),
            ],
          },
          (miniportCall) => {
            this.show(adapter, lists, 'outbound', miniportCall, connection);
            for (const list of chainToArray(lists))
              core.open(binding, list, { connection, ndisCall, miniportCall });
            adapter.driver.characteristics.SendNetBufferListsHandler(context, lists);
          },
        );
      },
    );
  }

  /** Tells the probe of packets between a miniport and what is bound to it, where it wants to know. */
  private show(
    { label }: MiniportAdapter,
    lists: NET_BUFFER_LIST,
    direction: 'inbound' | 'outbound',
    call: EventId,
    connection: number | undefined,
  ): void {
    const { machine } = this.core;
    const { probe } = machine;
    if (probe.packetInterface?.(label) !== true) return;
    for (const list of chainToArray(lists)) {
      for (let buffer: NET_BUFFER | null = list.FirstNetBuffer; buffer !== null; buffer = buffer.Next)
        probe.packet?.(machine.now, label, direction, call, connection, netBufferBytes(buffer));
    }
  }

  /** Gives lists back that the adapter can't send now, a little later, as a miniport would. */
  private refuse(
    binding: Binding,
    lists: NET_BUFFER_LIST,
    connection: number | undefined,
    ndisCall: EventId,
    refusal: NdisStatus,
  ): void {
    for (const list of chainToArray(lists)) list.Status = refusal;
    this.core.machine.queueDeferredCall(0, () => {
      this.giveBackSent(binding, lists, connection, [ndisCall]);
    });
  }

  private giveBackSent(
    binding: Binding,
    lists: NET_BUFFER_LIST,
    connection: number | undefined,
    completes: readonly EventId[],
  ): void {
    const { door, component } = this.core;
    door.void(
      {
        functionName: 'ProtocolSendNetBufferListsComplete',
        caller: component,
        callee: binding.protocol.component,
        connection,
        completes,
        arguments: [
          pointerArgument('ProtocolBindingContext', binding.context, 'ProtocolBindingContext'),
          netBufferListsArgument('NetBufferLists', lists),
        ],
      },
      () => {
        binding.protocol.characteristics.SendNetBufferListsCompleteHandler(binding.context, lists);
      },
    );
  }

  /** NdisMSendNetBufferListsComplete: gives sent lists back to the protocol driver. */
  NdisMSendNetBufferListsComplete(MiniportAdapterHandle: NDIS_HANDLE, lists: NET_BUFFER_LIST): void {
    const { core } = this;
    const { door, component } = core;
    const adapter = adapterFrom(MiniportAdapterHandle);
    const binding = core.bindingAbove(adapter);
    const { connection, ndisCalls, miniportCalls } = core.close(binding, chainToArray(lists));
    door.void(
      {
        functionName: 'NdisMSendNetBufferListsComplete',
        caller: adapter.driver.component,
        callee: component,
        connection,
        completes: miniportCalls,
        arguments: [
          pointerArgument('MiniportAdapterHandle', adapter, adapter.label),
          netBufferListsArgument('NetBufferLists', lists),
        ],
      },
      () => {
        this.giveBackSent(binding, lists, connection, ndisCalls);
      },
    );
  }

  /** NdisMIndicateReceiveNetBufferLists: the lists are the protocol driver's until NdisReturnNetBufferLists. */
  NdisMIndicateReceiveNetBufferLists(
    MiniportAdapterHandle: NDIS_HANDLE,
    lists: NET_BUFFER_LIST,
    connection: number | undefined,
  ): void {
    const { door, component } = this.core;
    const adapter = adapterFrom(MiniportAdapterHandle);
    const binding = this.core.bindingAbove(adapter);
    const count = chainToArray(lists).length;
    door.void(
      {
        functionName: 'NdisMIndicateReceiveNetBufferLists',
        caller: adapter.driver.component,
        callee: component,
        connection,
        arguments: [
          pointerArgument('MiniportAdapterHandle', adapter, adapter.label),
          netBufferListsArgument('NetBufferLists', lists),
          numberArgument('PortNumber', 0),
          numberArgument('NumberOfNetBufferLists', count),
        ],
      },
      (call) => {
        this.show(adapter, lists, 'inbound', call, connection);
        door.void(
          {
            functionName: 'ProtocolReceiveNetBufferLists',
            caller: component,
            callee: binding.protocol.component,
            connection,
            arguments: [
              pointerArgument('ProtocolBindingContext', binding.context, 'ProtocolBindingContext'),
              netBufferListsArgument('NetBufferLists', lists),
              numberArgument('PortNumber', 0),
              numberArgument('NumberOfNetBufferLists', count),
            ],
          },
          () => {
            binding.protocol.characteristics.ReceiveNetBufferListsHandler(binding.context, lists);
          },
        );
      },
    );
  }

  /** NdisReturnNetBufferLists: gives received lists back to the miniport. */
  NdisReturnNetBufferLists(NdisBindingHandle: NDIS_HANDLE, lists: NET_BUFFER_LIST): void {
    const { door, component } = this.core;
    const binding = bindingFrom(NdisBindingHandle);
    const { adapter } = binding;
    door.void(
      {
        functionName: 'NdisReturnNetBufferLists',
        caller: binding.protocol.component,
        callee: component,
        arguments: [
          pointerArgument('NdisBindingHandle', binding, binding.label),
          netBufferListsArgument('NetBufferLists', lists),
        ],
      },
      () => {
        const context = adapterContext(adapter);
        door.void(
          {
            functionName: 'MiniportReturnNetBufferLists',
            caller: component,
            callee: adapter.driver.component,
            arguments: [
              pointerArgument('MiniportAdapterContext', context, 'MiniportAdapterContext'),
              netBufferListsArgument('NetBufferLists', lists),
            ],
          },
          () => {
            adapter.driver.characteristics.ReturnNetBufferListsHandler(context, lists);
          },
        );
      },
    );
  }
}

/** Why nothing can be sent through an adapter now; undefined if it can. */
function refusalOf(adapter: MiniportAdapter): NdisStatus | undefined {
  if (adapter.powerState !== devicePowerStates.D0) return NDIS_STATUS.LOW_POWER_STATE;
  return adapter.running ? undefined : NDIS_STATUS.PAUSED;
}
