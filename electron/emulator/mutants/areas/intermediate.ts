/** Mutants for the rules of the area "intermediate". */
import { constantValue } from '../../../../shared/ddi/catalogue';
import { NDIS_STATUS } from '../../../../shared/ddi/status';
import type { EventId } from '../../../../shared/trace/records';
import type {
  NDIS_CLIENT_CHIMNEY_OFFLOAD_GENERIC_CHARACTERISTICS,
  NDIS_OID_REQUEST,
} from '../../ndis/characteristics';
import { OffloadEntry } from '../../intermediate/offloadEntry';
import { allocateNetBufferList, chainToArray, type NET_BUFFER_LIST } from '../../ndis/netBufferList';
import {
  NDIS_OFFLOAD_HANDLE,
  walkBlocks,
  type NDIS_PROTOCOL_OFFLOAD_BLOCK_LIST,
  type PVOID,
} from '../../ndis/offloadBlockList';
import { passOn } from '../../observe/passOn';
import type { Probe } from '../../probe';
import type { BadDriver } from '../badDriver';
import { calling } from '../badRecords';
import { forgetful, tcpEvents } from '../ownEvents';
import type { LegalOddity, Mutant, Situation } from '../mutant';
import type { MutantTools } from '../mutantTools';
import { once } from '../situations';

const taskOffload = constantValue('OID_TCP_TASK_OFFLOAD');

type ProtocolBlock = NDIS_PROTOCOL_OFFLOAD_BLOCK_LIST;
type TreeCompletion = NDIS_CLIENT_CHIMNEY_OFFLOAD_GENERIC_CHARACTERISTICS['QueryOffloadCompleteHandler'];

/** Two adapters, of which one carries everything. */
const team: Situation = { scenario: 'failover', fileBytes: 400_000 };

/** The same, and the application changes an option of the first connection when it has been offloaded. */
const updated: Situation = {
  ...team,
  act: once(
    ({ place }) => place === 'Offloaded',
    (connection) => {
      connection.setOptions({ keepAliveProbes: 7 });
    },
  ),
};

/** The same, with memory for few sends. */
const poorTeam: Situation = {
  scenario: 'failover',
  fileBytes: 400_000,
  plan: { team: { adapters: 2, mode: 'failover', layers: 1, settings: { sendEntries: 2 } } },
};

/** Calls that an intermediate driver makes fail, in the eyes of whoever watches. */
function refusedRegistrations(inner: Probe): Probe {
  const between = new Set<number>();
  const calls = new Set<EventId>();
  return passOn(inner, {
    component: (role, name) => {
      const id = inner.component(role, name);
      if (role === 'intermediate-driver') between.add(id);
      return id;
    },
    call: (time, call) => {
      const event = inner.call(time, call);
      if (call.functionName === 'NdisSetOptionalHandlers' && between.has(call.caller)) calls.add(event);
      return event;
    },
    return: (time, result) => {
      inner.return(time, calls.delete(result.call) ? { ...result, status: NDIS_STATUS.FAILURE } : result);
    },
  });
}

/** An intermediate driver that answers OID_TCP_TASK_OFFLOAD by itself. */
function answering(type: NDIS_OID_REQUEST['RequestType']): BadDriver {
  return {
    handlers: {
      OidRequestHandler: (next) => (context, request) =>
        request.Oid === taskOffload && request.RequestType === type
          ? NDIS_STATUS.SUCCESS
          : next(context, request),
    },
  };
}

/** Completions of queries by an intermediate driver that name another root block than it was given. */
function otherRoots(inner: Probe): Probe {
  const between = new Set<number>();
  return passOn(inner, {
    component: (role, name) => {
      const id = inner.component(role, name);
      if (role === 'intermediate-driver') between.add(id);
      return id;
    },
    call: (time, call) => {
      if (call.functionName !== 'NdisMQueryOffloadStateComplete' || !between.has(call.caller))
        return inner.call(time, call);
      const copied = call.arguments.map((one) =>
        one.kind === 'block-list'
          ? {
              ...one,
              blocks: one.blocks.map((block) => ({ ...block, address: block.address + 0x1000_0000 })),
            }
          : one,
      );
      return inner.call(time, { ...call, arguments: copied });
    },
  });
}

/** See the file's head. */
export const intermediateMutants: readonly Mutant[] = [
  {
    breaks: 'IMD-001',
    how: 'The intermediate driver registers for chimney offload at its miniport edge only.',
    situation: team,
    in: 'intermediate-driver',
    driver: {
      functions: {
        NdisSetOptionalHandlers: (next) => (handle, registered) =>
          registered.structure.startsWith('NDIS_CLIENT') ? NDIS_STATUS.SUCCESS : next(handle, registered),
      },
    },
  },
  {
    breaks: 'IMD-002',
    how: 'NDIS refuses the handlers of the intermediate driver, and lets offloads through it all the same.',
    situation: team,
    records: refusedRegistrations,
    entails: {
      'REG-027': 'The handlers that it lets offloads through to are those that it has refused.',
      'REG-030': 'The intermediate driver starts all the same.',
    },
  },
  {
    breaks: 'IMD-003',
    how: 'The intermediate driver asks below once what can be offloaded, and answers later queries from memory.',
    situation: { ...team, plan: { host: { capabilityPath: 'task-offload' } } },
    in: 'intermediate-driver',
    driver: {
      handlers: {
        OidRequestHandler:
          (next, { memory }) =>
          (context, request) => {
            if (request.Oid !== taskOffload || request.RequestType !== 'NdisRequestQueryInformation')
              return next(context, request);
            const first = memory.get('first') as NDIS_OID_REQUEST | undefined;
            memory.set('first', first ?? request);
            if (first === undefined) return next(context, request);
            request.InformationBuffer.set(first.InformationBuffer);
            request.bytesProcessed = first.bytesProcessed;
            return NDIS_STATUS.SUCCESS;
          },
      },
    },
  },
  {
    breaks: 'IMD-004',
    how: 'The intermediate driver permits no offload, and answers the query of what can be offloaded all the same.',
    situation: {
      ...team,
      plan: {
        host: { capabilityPath: 'task-offload' },
        team: { adapters: 2, mode: 'failover', layers: 1, settings: { chimney: false } },
      },
    },
    in: 'intermediate-driver',
    driver: answering('NdisRequestQueryInformation'),
  },
  {
    breaks: 'IMD-005',
    how: 'The intermediate driver keeps the set of what is to be offloaded to itself.',
    situation: { ...team, plan: { host: { capabilityPath: 'task-offload' } } },
    in: 'intermediate-driver',
    driver: answering('NdisRequestSetInformation'),
    entails: { 'CAP-002': 'What is offered through it comes to an adapter in which nothing was enabled.' },
  },
  {
    breaks: 'IMD-006',
    how: 'The intermediate driver passes an update down as a query.',
    situation: updated,
    in: 'intermediate-driver',
    driver: {
      functions: {
        NdisUpdateOffload: (_next, tools) => (binding, tree) => {
          tools.functions!.NdisQueryOffloadState(binding, tree);
        },
      },
    },
  },
  {
    breaks: 'IMD-008',
    how: 'The intermediate driver leaves ImReserved empty.',
    situation: team,
    in: 'intermediate-driver',
    driver: {
      functions: {
        NdisInitiateOffload: (next, tools) => (binding, tree) => {
          walkBlocks(tree, (block) => {
            tools.memory.set(`entry ${block.address}`, block.ImReserved);
            block.ImReserved = [null, null];
          });
          next(binding, tree);
        },
      },
      handlers: {
        InitiateOffloadCompleteHandler: (next, tools) => (context, tree) => {
          walkBlocks(tree, (block) => {
            block.ImReserved = tools.memory.get(`entry ${block.address}`) as typeof block.ImReserved;
          });
          next(context, tree);
        },
      },
    },
  },
  {
    breaks: 'IMD-009',
    how: 'The intermediate driver terminates a neighbor by the handle of the driver above, into which it has put the context of the driver below.',
    situation: team,
    in: 'intermediate-driver',
    driver: {
      functions: {
        NdisTerminateOffload:
          (next, { memory }) =>
          (binding, tree) => {
            const above = memory.get('above') as Map<number, NDIS_OFFLOAD_HANDLE>;
            walkBlocks(tree, (block) => {
              const handle = above.get(block.address);
              if (handle === undefined || block.OffloadHandle === null) return;
              handle.MiniportOffloadContext.value = block.OffloadHandle.MiniportOffloadContext.value;
              block.OffloadHandle = handle;
            });
            next(binding, tree);
          },
      },
      handlers: {
        TerminateOffloadHandler:
          (next, { memory }) =>
          (context, tree) => {
            const above = new Map<number, NDIS_OFFLOAD_HANDLE>();
            walkBlocks(tree, ({ address, layer, NdisOffloadHandle }) => {
              if (NdisOffloadHandle !== null && layer === 'neighbor') above.set(address, NdisOffloadHandle);
            });
            memory.set('above', above);
            next(context, tree);
          },
      },
    },
    entails: {
      'CTX-010': 'The context cell is the one in that handle.',
      'CTX-013': 'The neighbor was offered by the handle of its own.',
      'IMD-019': 'Until then it has used its own.',
    },
  },
  {
    breaks: 'IMD-010',
    how: 'The intermediate driver changes the port of the blocks that it passes on.',
    situation: team,
    in: 'intermediate-driver',
    driver: {
      functions: {
        NdisInitiateOffload: (next) => (binding, tree) => {
          walkBlocks(tree, (block) => {
            block.PortNumber = 3;
          });
          next(binding, tree);
        },
      },
    },
    entails: { 'TRE-029': 'No miniport has allocated the port that it puts there.' },
  },
  {
    breaks: 'IMD-011',
    how: 'The target clears ImReserved when it completes.',
    entails: { 'TRE-047': 'ImReserved is not for targets to touch.' },
    situation: team,
    in: 'offload-target',
    driver: {
      functions: {
        NdisMInitiateOffloadComplete: (next) => (miniport, tree) => {
          walkBlocks(tree, (block) => {
            block.ImReserved = [null, null];
          });
          next(miniport, tree);
        },
      },
    },
  },
  {
    breaks: 'IMD-012',
    how: 'The intermediate driver gives blocks back with its own SourceHandle.',
    entails: { 'TRE-048': 'At its miniport edge it is a target.' },
    situation: team,
    in: 'intermediate-driver',
    driver: {
      functions: {
        NdisMInitiateOffloadComplete: (next) => (miniport, tree) => {
          walkBlocks(tree, (block) => {
            block.SourceHandle = null;
          });
          next(miniport, tree);
        },
      },
    },
  },
  {
    breaks: 'IMD-013',
    how: "The intermediate driver hands the target's contexts to the driver above.",
    situation: team,
    in: 'intermediate-driver',
    driver: {
      functions: {
        NdisMInitiateOffloadComplete: (next, tools) => (miniport, tree) => {
          walkBlocks(tree, ({ layer, MiniportOffloadContext: cell }) => {
            const entry = cell?.value;
            if (layer !== 'tcp' || !(entry instanceof OffloadEntry)) return;
            const below = entry.handle.MiniportOffloadContext.value!;
            contextsOf(tools).set(below, entry);
            cell!.value = below;
          });
          next(miniport, tree);
        },
      },
      handlers: {
        TcpOffloadSendHandler: (next, tools) => (adapter, context, lists) =>
          next(adapter, ownContext(tools, context), lists),
        TcpOffloadReceiveHandler: (next, tools) => (adapter, context, lists) =>
          next(adapter, ownContext(tools, context), lists),
        TcpOffloadDisconnectHandler: (next, tools) => (adapter, context, list, flags) =>
          next(adapter, ownContext(tools, context), list, flags),
        TcpOffloadForwardHandler: (next, tools) => (adapter, context, lists) =>
          next(adapter, ownContext(tools, context), lists),
        TerminateOffloadHandler: (next, tools) => (context, tree) => {
          walkBlocks(tree, ({ MiniportOffloadContext: cell }) => {
            if (cell !== null && cell.value !== null) cell.value = ownContext(tools, cell.value);
          });
          next(context, tree);
        },
      },
    },
  },
  {
    breaks: 'IMD-014',
    how: 'The intermediate driver keeps the completion of the terminate of a neighbor to itself.',
    situation: team,
    in: 'intermediate-driver',
    driver: {
      functions: {
        NdisMTerminateOffloadComplete: (next) => (miniport, tree) => {
          const neighbors: number[] = [];
          walkBlocks(tree, ({ layer, MiniportOffloadContext, address }) => {
            if (layer === 'neighbor' && MiniportOffloadContext !== null) neighbors.push(address);
          });
          if (neighbors.length === 0) next(miniport, tree);
        },
      },
    },
    entails: { 'TRE-040': 'The request of the driver above is never completed.' },
  },
  {
    breaks: 'IMD-015',
    how: 'The intermediate driver completes an update before the target has.',
    situation: updated,
    in: 'intermediate-driver',
    driver: {
      functions: {
        NdisUpdateOffload: (next, tools) => (binding, tree) => {
          next(binding, tree);
          tools.later(0, () => {
            const handles = new Map<ProtocolBlock, NDIS_OFFLOAD_HANDLE | null>();
            walkBlocks(tree, (block) => {
              block.Status = NDIS_STATUS.SUCCESS;
              handles.set(block, block.OffloadHandle);
            });
            (tools.memory.get('complete') as TreeCompletion)(null as never, tree);
            // The driver below has the blocks still, and completes them.
            for (const [block, handle] of handles) block.OffloadHandle = handle;
          });
        },
      },
      handlers: {
        UpdateOffloadCompleteHandler: (next, tools) => {
          tools.memory.set('complete', next);
          return () => undefined;
        },
      },
    },
  },
  {
    breaks: 'IMD-016',
    how: 'The intermediate driver gives back a copy of the block that it was handed.',
    situation: { ...team, plan: { halfway: 'query' } },
    // NDIS takes no other block back: what a driver would do shows in the records only.
    records: otherRoots,
    entails: {
      'IMD-014': 'The block that was handed down never comes back.',
      'TRE-040': 'No request with such a tree is under way.',
    },
  },
  {
    breaks: 'IMD-017',
    how: 'The intermediate driver says that everything was offloaded, whatever the target said.',
    situation: { ...team, plan: { target: { tcpCapacity: 0, reportedCapacity: 1024 } } },
    in: 'intermediate-driver',
    driver: {
      functions: {
        NdisMInitiateOffloadComplete: (next) => (miniport, tree) => {
          walkBlocks(tree, (block) => {
            if (block.layer === 'tcp') block.Status = NDIS_STATUS.FAILURE;
          });
          next(miniport, tree);
        },
      },
    },
  },
  {
    breaks: 'IMD-019',
    how: 'The intermediate driver queries a connection by another handle than the one that it was offloaded with.',
    situation: { ...team, plan: { halfway: 'query' } },
    in: 'intermediate-driver',
    driver: {
      functions: {
        NdisQueryOffloadState:
          (next, { machine }) =>
          (binding, tree) => {
            const other = new NDIS_OFFLOAD_HANDLE(machine.addresses);
            other.MiniportOffloadContext.value = tree.OffloadHandle!.MiniportOffloadContext.value;
            tree.OffloadHandle = other;
            next(binding, tree);
          },
      },
    },
    entails: {
      'CTX-010': 'The context cell is the one in the other handle.',
      'CTX-013': 'The connection was offered by the first one.',
    },
  },
  {
    breaks: 'IMD-021',
    how: 'The intermediate driver tells of the send backlog with its own handle instead of the one of the driver above.',
    situation: {
      ...team,
      plan: { target: { sendBacklog: { smallest: 2 ** 18, largest: 2 ** 20, interval: 1_000_000 } } },
    },
    in: 'intermediate-driver',
    driver: {
      functions: {
        NdisTcpOffloadEventHandler: (next, tools) => (handle, type, information) => {
          const own = tools.memory.get('own') as NDIS_OFFLOAD_HANDLE;
          next(type === tcpEvents.sendBacklogChange ? own : handle, type, information);
        },
      },
      handlers: {
        TcpOffloadEventHandler: (next, tools) => (handle, type, information) => {
          tools.memory.set('own', handle);
          next(handle, type, information);
        },
      },
    },
    entails: {
      'CTX-017': 'The driver above has not given that handle.',
      'CTX-019': 'NDIS hands it on as the OffloadContext.',
    },
  },
  {
    breaks: 'IMD-022',
    how: 'The intermediate driver changes the reason for which an upload is asked for.',
    situation: team,
    in: 'intermediate-driver',
    driver: {
      functions: {
        NdisTcpOffloadEventHandler: (next) => (handle, type, information) => {
          next(handle, type, information === 0 ? 0x77 : information - 1);
        },
      },
    },
  },
  {
    breaks: 'IMD-023',
    how: 'The intermediate driver passes disconnects on with a list of its own, and gives the other back when that comes back.',
    entails: { 'IMD-024': 'What goes up is not the list that came back from below.' },
    situation: team,
    in: 'intermediate-driver',
    driver: {
      functions: {
        NdisOffloadTcpDisconnect:
          (next, { machine, memory }) =>
          (handle, list, flags) => {
            const own = allocateNetBufferList(machine.addresses, []);
            own.NetBufferListInfo.splice(0, own.NetBufferListInfo.length, ...list.NetBufferListInfo);
            memory.set(`list ${own.address}`, list);
            return next(handle, own, flags);
          },
      },
      handlers: {
        TcpOffloadDisconnectCompleteHandler:
          (next, { memory }) =>
          (context, own) => {
            const list = memory.get(`list ${own.address}`) as NET_BUFFER_LIST;
            list.Status = own.Status;
            next(context, list);
          },
      },
    },
  },
  {
    breaks: 'IMD-024',
    how: 'The intermediate driver passes only the first list of a chain up.',
    entails: {
      'RCV-020': 'The others, which are receives, are never completed.',
      'TRM-017': 'They are outstanding when the connection is terminated.',
    },
    situation: team,
    in: 'intermediate-driver',
    driver: {
      functions: {
        NdisTcpOffloadReceiveComplete: (next, tools) => (miniport, lists) => {
          if (lists.Next !== null && tools.once()) lists.Next = null;
          next(miniport, lists);
        },
      },
    },
  },
  {
    breaks: 'IMD-025',
    how: 'The intermediate driver lacks memory for a send and says that it has been sent.',
    situation: poorTeam,
    in: 'intermediate-driver',
    driver: {
      functions: {
        NdisTcpOffloadSendComplete: (next) => (miniport, lists) => {
          for (const list of chainToArray(lists))
            if (list.Status === NDIS_STATUS.REQUEST_UPLOAD) list.Status = NDIS_STATUS.UPLOAD_REQUESTED;
          next(miniport, lists);
        },
      },
    },
  },
  {
    breaks: 'IMD-026',
    how: 'The host stack forgets sends that came back for it to perform.',
    situation: poorTeam,
    in: 'host-stack',
    driver: {
      handlers: {
        TcpOffloadSendCompleteHandler: (next) => (context, lists) => {
          const refused = [NDIS_STATUS.REQUEST_UPLOAD, NDIS_STATUS.UPLOAD_REQUESTED] as number[];
          if (!chainToArray(lists).some(({ Status }) => refused.includes(Status))) next(context, lists);
        },
      },
    },
  },
  {
    breaks: 'IMD-029',
    how: 'NDIS gives a neighbor event the context of another binding.',
    situation: forgetful,
    records: calling('ProtocolIndicateOffloadEvent', (call) => ({
      ...call,
      arguments: call.arguments.map((one) =>
        one.kind === 'pointer' && one.name === 'ProtocolBindingContext'
          ? { ...one, value: 0x1234_5670 }
          : one,
      ),
    })),
  },
];

/** The intermediate driver's entries by the contexts of the driver below. */
function contextsOf(tools: MutantTools): Map<PVOID, PVOID> {
  let contexts = tools.memory.get('contexts') as Map<PVOID, PVOID> | undefined;
  if (contexts === undefined) tools.memory.set('contexts', (contexts = new Map<PVOID, PVOID>()));
  return contexts;
}

function ownContext(tools: MutantTools, context: PVOID): PVOID {
  return contextsOf(tools).get(context) ?? context;
}

/** What looks odd in the area and is legal. */
export const intermediateOddities: readonly LegalOddity[] = [
  {
    shows: 'IMD-028',
    how: 'The intermediate driver keeps questions about a neighbor to itself.',
    situation: { ...forgetful, scenario: 'failover' },
    in: 'intermediate-driver',
    driver: { handlers: { IndicateOffloadEventHandler: () => () => undefined } },
  },
];
