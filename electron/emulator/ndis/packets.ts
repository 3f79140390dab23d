/** NDIS: the ordinary packet path, which carries everything that is not offloaded. */
import { NDIS_STATUS, type NdisStatus } from '../../../shared/ddi/status';
import type { CallArgument, EventId } from '../../../shared/trace/records';
import { defaultPortArgument, netBufferListsArgument, numberArgument } from './arguments';
import { devicePowerStates, type NDIS_HANDLE } from './characteristics';
import type { NdisCore } from './core';
import { adapterContext, adapterFrom, bindingFrom, type Binding, type MiniportAdapter } from './drivers';
import { chainToArray, netBufferBytes, type NET_BUFFER, type NET_BUFFER_LIST } from './netBufferList';

/** NumberOfNetBufferLists of most indications. */
const oneListArgument = numberArgument('NumberOfNetBufferLists', 1);

/** See the file's head. */
export class PacketPlane {
  constructor(private readonly core: NdisCore) {}

  /** NdisSendNetBufferLists: the lists are NDIS's and the miniport's until ProtocolSendNetBufferListsComplete. */
  NdisSendNetBufferLists(
    NdisBindingHandle: NDIS_HANDLE,
    lists: NET_BUFFER_LIST,
    connection: number | undefined,
  ): void {
    const { door, component } = this.core;
    const binding = bindingFrom(NdisBindingHandle);
    // Nobody else has the lists between the two calls, and what is said of them is the same.
    const listsArgument = netBufferListsArgument('NetBufferLists', lists);
    const ndisCall = door.enter('NdisSendNetBufferLists', binding.protocol.component, component, connection, [
      binding.handleArgument,
      listsArgument,
      defaultPortArgument,
    ]);
    this.send(binding, lists, listsArgument, connection, ndisCall);
    door.leave(ndisCall, undefined);
  }

  private send(
    binding: Binding,
    lists: NET_BUFFER_LIST,
    listsArgument: CallArgument,
    connection: number | undefined,
    ndisCall: EventId,
  ): void {
    const { core } = this;
    const { door, component } = core;
    const { adapter } = binding;
    const refusal = refusalOf(adapter);
    if (refusal !== undefined) {
      this.refuse(binding, lists, connection, ndisCall, refusal);
      return;
    }
    const context = adapterContext(adapter);
    const miniportCall = door.enter(
      'MiniportSendNetBufferLists',
      component,
      adapter.driver.component,
      connection,
      [adapter.contextArgument, listsArgument, defaultPortArgument],
    );
    this.show(adapter, lists, 'outbound', miniportCall, connection);
    core.openLists(binding, lists, connection, ndisCall, miniportCall);
    adapter.driver.characteristics.SendNetBufferListsHandler(context, lists);
    door.leave(miniportCall, undefined);
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
    for (let list: NET_BUFFER_LIST | null = lists; list !== null; list = list.Next) {
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
      const listsArgument = netBufferListsArgument('NetBufferLists', lists);
      this.giveBackSent(binding, lists, listsArgument, connection, [ndisCall]);
    });
  }

  private giveBackSent(
    binding: Binding,
    lists: NET_BUFFER_LIST,
    listsArgument: CallArgument,
    connection: number | undefined,
    completes: readonly EventId[],
  ): void {
    const { door, component } = this.core;
    const call = door.enter(
      'ProtocolSendNetBufferListsComplete',
      component,
      binding.protocol.component,
      connection,
      [binding.contextArgument, listsArgument],
      completes,
    );
    binding.protocol.characteristics.SendNetBufferListsCompleteHandler(binding.context, lists);
    door.leave(call, undefined);
  }

  /** NdisMSendNetBufferListsComplete: gives sent lists back to the protocol driver. */
  NdisMSendNetBufferListsComplete(MiniportAdapterHandle: NDIS_HANDLE, lists: NET_BUFFER_LIST): void {
    const { core } = this;
    const { door, component } = core;
    const adapter = adapterFrom(MiniportAdapterHandle);
    const binding = core.bindingAbove(adapter);
    const { connection, ndisCalls, miniportCalls } = core.closeLists(binding, lists);
    const listsArgument = netBufferListsArgument('NetBufferLists', lists);
    const call = door.enter(
      'NdisMSendNetBufferListsComplete',
      adapter.driver.component,
      component,
      connection,
      [adapter.handleArgument, listsArgument],
      miniportCalls,
    );
    this.giveBackSent(binding, lists, listsArgument, connection, ndisCalls);
    door.leave(call, undefined);
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
    const listsArgument = netBufferListsArgument('NetBufferLists', lists);
    let count = 0;
    for (let list: NET_BUFFER_LIST | null = lists; list !== null; list = list.Next) count++;
    const countArgument = count === 1 ? oneListArgument : numberArgument('NumberOfNetBufferLists', count);
    const call = door.enter(
      'NdisMIndicateReceiveNetBufferLists',
      adapter.driver.component,
      component,
      connection,
      [adapter.handleArgument, listsArgument, defaultPortArgument, countArgument],
    );
    this.show(adapter, lists, 'inbound', call, connection);
    const protocolCall = door.enter(
      'ProtocolReceiveNetBufferLists',
      component,
      binding.protocol.component,
      connection,
      [binding.contextArgument, listsArgument, defaultPortArgument, countArgument],
    );
    binding.protocol.characteristics.ReceiveNetBufferListsHandler(binding.context, lists);
    door.leave(protocolCall, undefined);
    door.leave(call, undefined);
  }

  /** NdisReturnNetBufferLists: gives received lists back to the miniport. */
  NdisReturnNetBufferLists(NdisBindingHandle: NDIS_HANDLE, lists: NET_BUFFER_LIST): void {
    const { door, component } = this.core;
    const binding = bindingFrom(NdisBindingHandle);
    const { adapter } = binding;
    const listsArgument = netBufferListsArgument('NetBufferLists', lists);
    const call = door.enter('NdisReturnNetBufferLists', binding.protocol.component, component, undefined, [
      binding.handleArgument,
      listsArgument,
    ]);
    const context = adapterContext(adapter);
    const miniportCall = door.enter(
      'MiniportReturnNetBufferLists',
      component,
      adapter.driver.component,
      undefined,
      [adapter.contextArgument, listsArgument],
    );
    adapter.driver.characteristics.ReturnNetBufferListsHandler(context, lists);
    door.leave(miniportCall, undefined);
    door.leave(call, undefined);
  }
}

/** Why nothing can be sent through an adapter now; undefined if it can. */
function refusalOf(adapter: MiniportAdapter): NdisStatus | undefined {
  if (adapter.powerState !== devicePowerStates.D0) return NDIS_STATUS.LOW_POWER_STATE;
  return adapter.running ? undefined : NDIS_STATUS.PAUSED;
}
