/** An offload target behind NDIS, booted, with trees built by hand: for tests of what the target answers. */
import { swapPortBytes } from '../../shared/ddi/offloadState';
import { NDIS_STATUS, type NdisStatus } from '../../shared/ddi/status';
import type { StateLayer } from '../../shared/trace/records';
import { Machine } from '../../electron/emulator/machine/machine';
import { allocateNetBufferList, linkChain } from '../../electron/emulator/ndis/netBufferList';
import {
  NDIS_OFFLOAD_HANDLE,
  NDIS_PROTOCOL_OFFLOAD_BLOCK_LIST,
  compositeStateTypes,
} from '../../electron/emulator/ndis/offloadBlockList';
import type { AttachedState } from '../../electron/emulator/ndis/offloadState';
import { unfilledState } from '../../electron/emulator/host/unfilledState';
import { buildTopology, hostAddress, type Topology } from '../../electron/emulator/scenarios/topology';
import { defaultTargetLimits, type TargetLimits } from '../../electron/emulator/target/targetLimits';
import { TcpConnectionState } from '../../electron/emulator/tcp/tcpVariables';
import { silentProbe } from './silentProbe';

type Block = NDIS_PROTOCOL_OFFLOAD_BLOCK_LIST;

/** What a new TCP block is to carry besides the usual. */
export interface TcpChoices {
  readonly localPort?: number;
  readonly remotePort?: number;
  readonly state?: number;
  readonly receiveWindow?: number;
  readonly sendBytes?: number;
  readonly bufferedBytes?: number;
}

/** The operations of NDIS that take a tree. */
export type TreeOperation =
  | 'NdisInitiateOffload'
  | 'NdisTerminateOffload'
  | 'NdisUpdateOffload'
  | 'NdisQueryOffloadState'
  | 'NdisInvalidateOffload';

/** See the file's head. */
export class TargetBench {
  readonly machine = new Machine(silentProbe(), 1);
  readonly topology: Topology;
  private nextPort = 1;

  constructor(limits: Partial<TargetLimits> = {}, tcpCapacity = 1024) {
    this.topology = buildTopology(
      this.machine,
      { paths: 1, neighbors: 1, target: { tcpCapacity, limits: { ...defaultTargetLimits, ...limits } } },
      0,
      () => undefined,
    );
    const { target, host, ndis } = this.topology;
    this.machine.queueWorkItem(0, () => {
      target.load();
      host.load();
      ndis.registration.startAdapters();
      host.enableChimney();
    });
    while (this.machine.step());
  }

  /** A block with a handle of its own, or with another block's to name the same object. */
  block(
    layer: StateLayer,
    state: AttachedState | undefined,
    children: readonly Block[],
    names?: Block,
  ): Block {
    const { addresses } = this.machine;
    const block = new NDIS_PROTOCOL_OFFLOAD_BLOCK_LIST(addresses, layer, compositeStateTypes[layer], state);
    block.OffloadHandle = names?.OffloadHandle ?? new NDIS_OFFLOAD_HANDLE(addresses);
    block.DependentBlockList = this.list(children);
    return block;
  }

  /** A block that names what another names, without state: a linker or a reference. */
  naming(other: Block, children: readonly Block[] = []): Block {
    return this.block(other.layer, undefined, children, other);
  }

  /** A block that names nothing. */
  placeholder(layer: StateLayer, children: readonly Block[] = []): Block {
    const block = this.block(layer, undefined, children);
    block.OffloadHandle = null;
    return block;
  }

  /** A new neighbor. */
  neighbor(children: readonly Block[], choices: { VlanId?: number; sourceMac?: number } = {}): Block {
    const DlSourceAddress = new Uint8Array(32);
    if (choices.sourceMac !== undefined) DlSourceAddress[5] = choices.sourceMac;
    return this.block(
      'neighbor',
      {
        layer: 'neighbor',
        const: { DlSourceAddress, VlanId: choices.VlanId ?? 0 },
        cached: { DlDestinationAddress: new Uint8Array(32).fill(2, 0, 6), HostReachabilityDelta: 0 },
        delegated: { NicReachabilityDelta: 0 },
      },
      children,
    );
  }

  /** A new path. */
  path(children: readonly Block[], choices: { source?: Uint8Array; mtu?: number } = {}): Block {
    return this.block(
      'path',
      {
        layer: 'path',
        const: {
          SourceAddress: choices.source ?? hostAddress,
          DestinationAddress: Uint8Array.from([198, 51, 100, 1]),
        },
        cached: { PathMtu: choices.mtu ?? 1500 },
        delegated: {},
      },
      children,
    );
  }

  /** A new connection. */
  tcp(choices: TcpChoices = {}): Block {
    const { addresses } = this.machine;
    const state = unfilledState({ layer: 'tcp', version: 'ipv4' }, 'all');
    if (state.layer !== 'tcp' || state.const === undefined || state.cached === undefined)
      throw new Error('no TCP state');
    const delegated = state.delegated!;
    const block = this.block(
      'tcp',
      {
        layer: 'tcp',
        const: {
          ...state.const,
          LocalPort: choices.localPort ?? this.nextPort++,
          RemotePort: swapPortBytes(choices.remotePort ?? 0x0700),
          RemoteMss: 1460,
        },
        cached: { ...state.cached, InitialRcvWnd: choices.receiveWindow ?? 65536, TtlOrHopLimit: 64 },
        delegated,
      },
      [],
    );
    delegated.State = choices.state ?? TcpConnectionState.Established;
    delegated.RcvWnd = 65535;
    if (choices.sendBytes !== undefined) {
      const list = allocateNetBufferList(addresses, [new Uint8Array(choices.sendBytes)]);
      block.NetBufferListChain = linkChain([list]);
      delegated.SendDataHead = delegated.SendDataTail = list;
    }
    if (choices.bufferedBytes !== undefined)
      delegated.BufferedData = allocateNetBufferList(addresses, [new Uint8Array(choices.bufferedBytes)]);
    return block;
  }

  /** Siblings in a list. */
  list(blocks: readonly Block[]): Block | null {
    blocks.forEach((block, index) => (block.NextBlock = blocks[index + 1] ?? null));
    return blocks[0] ?? null;
  }

  /** Makes a request with siblings at its root and runs until it has been completed. */
  request(operation: TreeOperation, roots: readonly Block[]): void {
    const { host, ndis } = this.topology;
    const root = this.list(roots)!;
    let completions = 0;
    host.whenCompleted(root, () => completions++);
    this.machine.queueWorkItem(0, () => {
      ndis.offload[operation](host.binding, root);
    });
    while (completions === 0) if (!this.machine.step()) throw new Error(`${operation} is never completed`);
  }

  /** Offers a tree and answers the statuses of some of its blocks. */
  initiate(roots: readonly Block[], blocks: readonly Block[]): NdisStatus[] {
    this.request('NdisInitiateOffload', roots);
    return blocks.map((block) => block.Status);
  }

  /** Whether the target holds the object of a block. */
  holds(block: Block): boolean {
    return (block.OffloadHandle?.MiniportOffloadContext.value ?? null) !== null;
  }
}

/** The statuses that tests compare with. */
export const { SUCCESS, FAILURE, RESOURCES, OFFLOAD_PARTIAL_SUCCESS: PARTIAL } = NDIS_STATUS;
