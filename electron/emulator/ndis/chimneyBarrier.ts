/**
 * NDIS keeps chimney offload away from an intermediate driver, and from everything below it, that has not registered chimney functions
 * on both of its edges (IMD-001, IMD-002), and from an adapter whose encapsulation it doesn't recognize (CAP-006).
 */
import { constantValue, structureLayout, type FunctionName } from '../../../shared/ddi/catalogue';
import { NDIS_STATUS } from '../../../shared/ddi/status';
import type { EventId } from '../../../shared/trace/records';
import { blockListArgument, pointerArgument } from './arguments';
import type { NdisCore } from './core';
import type { Binding, MiniportAdapter } from './drivers';
import { walkBlocks, type NDIS_PROTOCOL_OFFLOAD_BLOCK_LIST } from './offloadBlockList';

const recognizedEncapsulations =
  constantValue('NDIS_ENCAPSULATION_IEEE_802_3') | constantValue('NDIS_ENCAPSULATION_IEEE_LLC_SNAP_ROUTED');

const encapsulationAt = structureLayout('NDIS_TCP_CONNECTION_OFFLOAD').fields.find(
  ({ name }) => name === 'Encapsulation',
)!.offset;

/** Whether an adapter is one that chimney offload is kept away from. */
export function isBarred({ driver, currentConfiguration }: MiniportAdapter): boolean {
  if (currentConfiguration !== undefined && currentConfiguration.length >= encapsulationAt + 4) {
    const view = new DataView(currentConfiguration.buffer, currentConfiguration.byteOffset);
    if ((view.getUint32(encapsulationAt, true) & recognizedEncapsulations) === 0) return true;
  }
  const { protocolEdge } = driver;
  if (protocolEdge === undefined) return false;
  return [
    driver.genericHandlers,
    driver.tcpHandlers,
    protocolEdge.genericHandlers,
    protocolEdge.tcpHandlers,
  ].includes(undefined);
}

/** A request that NDIS does not let through. */
export interface BarredRequest {
  readonly completion: FunctionName;
  readonly initiates: boolean;
  readonly connection: number | undefined;
  /** The sender's call. */
  readonly ndisCall: EventId;
  /** Enters the sender's completion handler. */
  leave(): void;
}

/** Answers a request with failure, a little later, as a driver below would. */
export function answerBarred(
  { machine, door, component, observer }: NdisCore,
  binding: Binding,
  root: NDIS_PROTOCOL_OFFLOAD_BLOCK_LIST,
  request: BarredRequest,
): void {
  machine.queueDeferredCall(0, () => {
    walkBlocks(root, (block) => {
      block.Status = block.OffloadHandle === null ? NDIS_STATUS.SUCCESS : NDIS_STATUS.FAILURE;
    });
    door.void(
      {
        functionName: request.completion,
        caller: component,
        callee: binding.protocol.component,
        connection: request.connection,
        completes: [request.ndisCall],
        arguments: [
          pointerArgument('ProtocolBindingContext', binding.context, 'ProtocolBindingContext'),
          blockListArgument('OffloadBlockList', machine.addresses, observer, root, request.initiates),
        ],
      },
      () => {
        request.leave();
      },
    );
  });
}
