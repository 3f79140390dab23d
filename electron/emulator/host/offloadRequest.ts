/** The host stack's state-manipulation requests for one connection: builds the trees and reads the answers. */
import { NDIS_STATUS, statusName, type NdisStatus } from '../../../shared/ddi/status';
import { linkChain, type NET_BUFFER_LIST } from '../ndis/netBufferList';
import {
  NDIS_PROTOCOL_OFFLOAD_BLOCK_LIST,
  compositeStateTypes,
  delegatedStateTypes,
  type NDIS_OFFLOAD_HANDLE,
} from '../ndis/offloadBlockList';
import {
  timerNotRunning,
  type AttachedState,
  type TCP_OFFLOAD_STATE_CACHED,
  type TCP_OFFLOAD_STATE_CONST,
  type TCP_OFFLOAD_STATE_DELEGATED,
} from '../ndis/offloadState';
import type { HostConnection } from './hostConnection';
import type { HostStack } from './hostStack';

type Block = NDIS_PROTOCOL_OFFLOAD_BLOCK_LIST;

/** A delegated structure for the target to fill: every member holds a value that no correct target leaves. */
export function unfilledDelegated(): TCP_OFFLOAD_STATE_DELEGATED {
  return {
    State: 0,
    RcvNxt: 0,
    RcvWnd: 0,
    SndUna: 0,
    SndNxt: 0,
    SndMax: 0,
    SndWnd: 0,
    MaxSndWnd: 0,
    SendWL1: 0,
    CWnd: 0,
    SsThresh: 0,
    SRtt: 0,
    RttVar: 0,
    TsRecent: 0,
    TsRecentAge: 0,
    TsTime: 0,
    TotalRT: 0,
    DupAckCount: 0,
    SndWndProbeCount: 0,
    KeepAliveProbeCount: 0,
    KeepAliveTimeoutDelta: timerNotRunning,
    RetransmitCount: 0,
    RetransmitTimeoutDelta: timerNotRunning,
    SendDataHead: null,
    SendDataTail: null,
    BufferedData: null,
    SendBacklogSize: undefined,
    ReceiveBacklogSize: undefined,
  };
}

function isTaken(status: NdisStatus): boolean {
  return status === NDIS_STATUS.SUCCESS || status === NDIS_STATUS.OFFLOAD_PARTIAL_SUCCESS;
}

/** See the file's head. Each method makes one request. */
export class OffloadRequest {
  constructor(
    private readonly stack: HostStack,
    private readonly connection: HostConnection,
  ) {}

  /** Offers neighbor, path and connection as one tree (section 5.1 of the state digest). */
  initiate(
    constState: TCP_OFFLOAD_STATE_CONST,
    cached: TCP_OFFLOAD_STATE_CACHED,
    delegated: TCP_OFFLOAD_STATE_DELEGATED,
    chain: readonly NET_BUFFER_LIST[],
  ): void {
    const { stack, connection } = this;
    const { neighbor } = connection;
    const { observer } = stack.ndis;
    const neighborState = stack.neighborState(neighbor);
    const tcpState: AttachedState = { layer: 'tcp', const: constState, cached, delegated };
    const handles = [neighbor.handle, connection.pathHandle, connection.handle];
    const neighborBlock = this.block(compositeStateTypes.neighbor, neighborState, neighbor.handle);
    const pathBlock = this.block(compositeStateTypes.path, connection.pathState(), connection.pathHandle);
    const tcpBlock = this.block(compositeStateTypes.tcp, tcpState, connection.handle);
    neighborBlock.DependentBlockList = pathBlock;
    pathBlock.DependentBlockList = tcpBlock;
    tcpBlock.NetBufferListChain = linkChain(chain);
    observer.wrote(neighbor.handle, stack.component, neighborState);
    observer.wrote(connection.handle, stack.component, tcpState);
    for (const handle of handles) observer.owner(handle, 'offloading');
    stack.whenCompleted(neighborBlock, () => {
      const blocks = [neighborBlock, pathBlock, tcpBlock];
      blocks.forEach((block, index) => {
        observer.owner(handles[index]!, isTaken(block.Status) ? 'target' : 'host');
      });
      if (tcpBlock.Status === NDIS_STATUS.SUCCESS) connection.onOffloaded();
      else {
        connection.onOffloadFailed(statusName(tcpBlock.Status));
        // What nothing depends on is of no use to the target.
        stack.whenIdle(() => {
          this.terminateUnused(isTaken(neighborBlock.Status), isTaken(pathBlock.Status));
        });
      }
    });
    stack.ndis.offload.NdisInitiateOffload(stack.binding, neighborBlock);
  }

  /** Takes connection, path and neighbor back as one tree that holds everything that depends on them (TRM-006, A27). */
  terminate(): void {
    const { stack, connection } = this;
    const { neighbor } = connection;
    const { observer } = stack.ndis;
    const delegated = unfilledDelegated();
    const neighborDelegated = { NicReachabilityDelta: 0 };
    const handles = [neighbor.handle, connection.pathHandle, connection.handle];
    const neighborBlock = this.block(
      delegatedStateTypes.neighbor,
      { layer: 'neighbor', delegated: neighborDelegated },
      neighbor.handle,
    );
    const pathBlock = this.block(
      delegatedStateTypes.path,
      { layer: 'path', delegated: {} },
      connection.pathHandle,
    );
    const tcpBlock = this.block(delegatedStateTypes.tcp, { layer: 'tcp', delegated }, connection.handle);
    neighborBlock.DependentBlockList = pathBlock;
    pathBlock.DependentBlockList = tcpBlock;
    for (const handle of handles) observer.owner(handle, 'uploading');
    stack.whenCompleted(neighborBlock, () => {
      for (const handle of handles) {
        handle.MiniportOffloadContext.value = null;
        observer.owner(handle, 'host');
      }
      const tick = 1e9 / stack.settings.parameters.TicksPerSecond;
      neighbor.confirmedAt = stack.machine.now - neighborDelegated.NicReachabilityDelta * tick;
      observer.wrote(connection.handle, stack.component, { layer: 'tcp', delegated });
      observer.wrote(neighbor.handle, stack.component, { layer: 'neighbor', delegated: neighborDelegated });
      connection.onUploaded(delegated, tcpBlock.NetBufferListChain);
    });
    stack.ndis.offload.NdisTerminateOffload(stack.binding, neighborBlock);
  }

  /** Reads the delegated variables of the offloaded connection (section 5.3 of the state digest). */
  query(): void {
    const { stack, connection } = this;
    const delegated = unfilledDelegated();
    const block = this.block(delegatedStateTypes.tcp, { layer: 'tcp', delegated }, connection.handle);
    connection.stateRequestBegins();
    stack.whenCompleted(block, () => {
      stack.note(
        connection.id,
        `The target reports ${delegated.ReceiveBacklogSize ?? 0} bytes of undelivered data`,
      );
      connection.stateRequestEnds();
    });
    stack.ndis.offload.NdisQueryOffloadState(stack.binding, block);
  }

  /** Declares the neighbor invalid: nothing may be sent through it (section 5.5 of the state digest). */
  invalidateNeighbor(): void {
    const { stack, connection } = this;
    const block = this.block(compositeStateTypes.neighbor, undefined, connection.neighbor.handle);
    connection.stateRequestBegins();
    stack.note(connection.id, 'Host stack invalidates the neighbor');
    stack.whenCompleted(block, () => {
      connection.stateRequestEnds();
    });
    stack.ndis.offload.NdisInvalidateOffload(stack.binding, block);
  }

  private terminateUnused(neighborTaken: boolean, pathTaken: boolean): void {
    if (!neighborTaken) return;
    const { stack, connection } = this;
    const { observer } = stack.ndis;
    const handles = [connection.neighbor.handle, ...(pathTaken ? [connection.pathHandle] : [])];
    const root = this.block(
      delegatedStateTypes.neighbor,
      { layer: 'neighbor', delegated: { NicReachabilityDelta: 0 } },
      connection.neighbor.handle,
    );
    if (pathTaken) {
      root.DependentBlockList = this.block(
        delegatedStateTypes.path,
        { layer: 'path', delegated: {} },
        connection.pathHandle,
      );
    }
    for (const handle of handles) observer.owner(handle, 'uploading');
    stack.whenCompleted(root, () => {
      for (const handle of handles) {
        handle.MiniportOffloadContext.value = null;
        observer.owner(handle, 'host');
      }
    });
    stack.ndis.offload.NdisTerminateOffload(stack.binding, root);
  }

  private block(type: number, state: AttachedState | undefined, handle: NDIS_OFFLOAD_HANDLE): Block {
    const { addresses } = this.stack.machine;
    const layer = state?.layer ?? 'neighbor';
    const block = new NDIS_PROTOCOL_OFFLOAD_BLOCK_LIST(addresses, layer, type, state);
    block.OffloadHandle = handle;
    return block;
  }
}
