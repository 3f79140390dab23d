/** Drivers that mind other numbers than they were told, or tell others than they have: what most mutants of timers are. */
import { constantValue } from '../../../shared/ddi/catalogue';
import { decodeStructure, encodeStructure } from '../../../shared/ddi/structureCodec';
import type {
  NDIS_MINIPORT_OFFLOAD_BLOCK_LIST,
  NDIS_PROTOCOL_OFFLOAD_BLOCK_LIST,
} from '../ndis/offloadBlockList';
import type { TCP_OFFLOAD_STATE_CACHED, TCP_OFFLOAD_STATE_DELEGATED } from '../ndis/offloadState';
import { defaultTargetSettings, type TargetSettings } from '../target/targetSettings';
import type { TcpSettings } from '../tcp/tcpSettings';
import type { BadDriver } from './badDriver';
import type { MutantTools } from './mutantTools';

type Block = NDIS_MINIPORT_OFFLOAD_BLOCK_LIST | NDIS_PROTOCOL_OFFLOAD_BLOCK_LIST;

const parametersOid = constantValue('OID_TCP_CONNECTION_OFFLOAD_PARAMETERS');

/** Every TCP block of a tree. */
function tcpBlocks(root: Block | null): Block[] {
  const found: Block[] = [];
  for (let block = root; block !== null; block = block.NextBlock) {
    if (block.layer === 'tcp') found.push(block);
    found.push(...tcpBlocks(block.DependentBlockList));
  }
  return found;
}

/** The target minds other parameters than the host stack has set by OID_TCP_CONNECTION_OFFLOAD_PARAMETERS. */
export function hearing(change: Readonly<Record<string, number>>): BadDriver {
  return {
    handlers: {
      OidRequestHandler: (next) => (context, request) => {
        if (request.Oid !== parametersOid) return next(context, request);
        const decoded = decodeStructure('NDIS_TCP_CONNECTION_OFFLOAD_PARAMETERS', request.InformationBuffer);
        if (!decoded.ok) return next(context, request);
        const bytes = encodeStructure('NDIS_TCP_CONNECTION_OFFLOAD_PARAMETERS', {
          ...decoded.value.values,
          ...change,
        });
        const before = request.InformationBuffer.slice();
        request.InformationBuffer.set(bytes.subarray(0, before.length));
        const status = next(context, request);
        request.InformationBuffer.set(before);
        return status;
      },
    },
  };
}

/** A target whose TCP is set up badly; parameters that the host stack sets are not among it. */
export function badTcp(tcp: Partial<TcpSettings>): Pick<TargetSettings, 'tcp'> {
  return { tcp: { ...defaultTargetSettings.tcp, ...tcp } };
}

/** What may be changed of the state of a connection. */
export interface StateChange {
  readonly delegated?: (
    state: TCP_OFFLOAD_STATE_DELEGATED,
    tools: MutantTools,
  ) => Partial<TCP_OFFLOAD_STATE_DELEGATED>;
  readonly cached?: (state: TCP_OFFLOAD_STATE_CACHED) => Partial<TCP_OFFLOAD_STATE_CACHED>;
}

function changeStates(root: Block | null, { delegated, cached }: StateChange, tools: MutantTools): void {
  for (const { state } of tcpBlocks(root)) {
    if (state?.layer !== 'tcp') continue;
    if (state.delegated !== undefined && delegated !== undefined)
      state.delegated = { ...state.delegated, ...delegated(state.delegated, tools) };
    if (state.cached !== undefined && cached !== undefined)
      state.cached = { ...state.cached, ...cached(state.cached) };
  }
}

/** The target goes on with another state than MiniportInitiateOffload has brought. */
export function taking(change: StateChange): BadDriver {
  return {
    handlers: {
      InitiateOffloadHandler: (next, tools) => (context, block) => {
        changeStates(block, change, tools);
        next(context, block);
      },
    },
  };
}

/** The target minds other cached variables than MiniportUpdateOffload has brought. */
export function updating(change: StateChange): BadDriver {
  return {
    handlers: {
      UpdateOffloadHandler: (next, tools) => (context, block) => {
        changeStates(block, change, tools);
        next(context, block);
      },
    },
  };
}

/** The target hands up another state than it has, with the terminate, the query or both. */
export function handingUp(
  change: StateChange,
  verbs: readonly ('NdisMTerminateOffloadComplete' | 'NdisMQueryOffloadStateComplete')[] = [
    'NdisMTerminateOffloadComplete',
  ],
): BadDriver {
  const wrap = {
    NdisMTerminateOffloadComplete:
      (next: (handle: never, block: never) => void, tools: MutantTools) => (handle: never, block: Block) => {
        changeStates(block, change, tools);
        next(handle, block as never);
      },
  };
  return {
    functions: Object.fromEntries(verbs.map((verb) => [verb, wrap.NdisMTerminateOffloadComplete])),
  };
}

/** The host stack goes on with another state than ProtocolTerminateOffloadComplete has brought. */
export function takingBack(change: StateChange): BadDriver {
  return {
    handlers: {
      TerminateOffloadCompleteHandler: (next, tools) => (context, block) => {
        changeStates(block, change, tools);
        next(context, block);
      },
    },
  };
}

/** The target keeps events of its connections to itself. */
export const silentEvents: BadDriver = {
  functions: { NdisTcpOffloadEventHandler: () => () => undefined },
};
