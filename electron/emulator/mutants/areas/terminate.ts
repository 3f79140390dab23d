/** Mutants for the rules of the area "terminate" (TRM). */
import { constantValue } from '../../../../shared/ddi/catalogue';
import { NDIS_STATUS, type NdisStatus } from '../../../../shared/ddi/status';
import type { NDIS_TCP_OFFLOAD_EVENT_HANDLERS } from '../../ndis/characteristics';
import {
  allocateNetBufferList,
  chainToArray,
  linkChain,
  type NET_BUFFER_LIST,
} from '../../ndis/netBufferList';
import {
  walkBlocks,
  type NDIS_MINIPORT_OFFLOAD_BLOCK_LIST,
  type NDIS_PROTOCOL_OFFLOAD_BLOCK_LIST,
} from '../../ndis/offloadBlockList';
import type { Machine } from '../../machine/machine';
import type { TCP_OFFLOAD_STATE_DELEGATED } from '../../ndis/offloadState';
import { OffloadTarget } from '../../target/offloadTarget';
import type { FaultyOperation } from '../../target/hardwareFault';
import { tcpFlags } from '../../wire/tcpSegment';
import type { Frame } from '../../wire/frame';
import { copyFrame, editSegment, segmentPlaces } from '../../tampering/segmentEdits';
import type { BadDriver } from '../badDriver';
import type { LegalOddity, Mutant, Situation } from '../mutant';
import { once, uploadedHalfway } from '../situations';
import { firstConnection, inOrder, readsNothing, startReading, whenSettled } from '../acting';
import {
  adapterOf,
  asStranger,
  rememberingAdapter,
  strangerHandlers,
  twinOf,
  type ProtocolBlock,
} from '../treeTools';
import { placeholder } from './tree/types';

type Block = NDIS_PROTOCOL_OFFLOAD_BLOCK_LIST | NDIS_MINIPORT_OFFLOAD_BLOCK_LIST;
type EventHandler = NDIS_TCP_OFFLOAD_EVENT_HANDLERS['NdisTcpOffloadEventHandler'];

/** The first block of a tree that stands for a connection. */
function connectionBlock<Kind extends Block>(root: Kind): Kind | undefined {
  let found: Kind | undefined;
  walkBlocks(root, (block) => {
    if (block.layer === 'tcp') found ??= block;
  });
  return found;
}

function delegatedOf(block: Block | undefined): TCP_OFFLOAD_STATE_DELEGATED | undefined {
  return block?.state?.layer === 'tcp' ? block.state.delegated : undefined;
}

/** A target that changes the answer of its terminates before it gives it. */
function answering(
  change: (block: NDIS_MINIPORT_OFFLOAD_BLOCK_LIST, delegated: TCP_OFFLOAD_STATE_DELEGATED) => void,
): BadDriver {
  return {
    functions: {
      NdisMTerminateOffloadComplete: (next) => (handle, root) => {
        walkBlocks(root, (block) => {
          const delegated = delegatedOf(block);
          if (delegated !== undefined) change(block, delegated);
        });
        next(handle, root);
      },
    },
  };
}

/** As above, for what a terminate hands back of received data. */
function answeringWithLists(
  change: (lists: readonly NET_BUFFER_LIST[], machine: Machine) => readonly NET_BUFFER_LIST[],
): BadDriver {
  return {
    functions: {
      NdisMTerminateOffloadComplete:
        (next, { machine }) =>
        (handle, root) => {
          const delegated = delegatedOf(connectionBlock(root));
          if (delegated !== undefined)
            delegated.BufferedData = linkChain(change(chainToArray(delegated.BufferedData), machine));
          next(handle, root);
        },
    },
  };
}

/** Whether a frame of the target's engine carries no payload and no FIN. */
function isAcknowledgment(frame: Frame): boolean {
  const places = frame.path === 'chimney' && frame.payloadLength === 0 ? segmentPlaces(frame) : undefined;
  return places !== undefined && (frame.bytes[places.tcp + 13]! & tcpFlags.FIN) === 0;
}

/** The hardware breaks down during the next operation of a kind, which is made halfway. */
function broken(operation: FaultyOperation): Situation {
  return {
    plan: { halfway: 'nothing' },
    act: once(
      (connection, run) => connection.place === 'Offloaded' && run.streams[0]!.acknowledgedPart >= 0.5,
      (connection, run) => {
        const { target } = run.topology;
        if (target instanceof OffloadTarget) target.breakHardwareDuring(operation);
        if (operation === 'terminate') connection.upload();
        else run.topology.host.offloads.query(connection, 'delegated', () => undefined);
      },
    ),
  };
}

const withData: Situation = { scenario: 'terminate-with-data' };

/** The application reads nothing for a while, and asks for all that there is right before its connection is taken back. */
const readThenUploaded: Situation = {
  plan: { halfway: 'nothing' },
  act: inOrder(
    readsNothing,
    whenSettled((run) => {
      startReading(run);
      firstConnection(run).upload();
    }, 1 / 4),
  ),
};

/** Two connections of one path that come back in one tree. */
const twoTogether: Situation = {
  plan: { halfway: 'nothing', connections: 2, offload: 'together' },
  act: once(
    (_connection, run) =>
      run.streams.every(
        ({ connection, acknowledgedPart }) => connection?.place === 'Offloaded' && acknowledgedPart >= 0.6,
      ),
    (_connection, run) => {
      run.topology.host.offloads.takeBack(run.topology.host.connections);
    },
  ),
};

/** See the file's head. */
export const terminateMutants: readonly Mutant[] = [
  {
    breaks: 'TRM-001',
    how: 'An intermediate driver gives a neighbor back to the host stack first, and terminates it below of its own accord.',
    situation: { scenario: 'failover' },
    in: 'intermediate-driver',
    driver: {
      functions: {
        NdisTerminateOffload: (next, tools) => (binding, root) => {
          if (root.layer !== 'neighbor' || root.DependentBlockList === null || root.NextBlock !== null) {
            next(binding, root);
            return;
          }
          const stand = placeholder(tools, 'neighbor');
          stand.DependentBlockList = root.DependentBlockList;
          const own = asStranger(tools, twinOf(tools, root));
          for (const block of [stand, own]) block.ImReserved = root.ImReserved;
          tools.memory.set(`held ${stand.address}`, {
            root,
            afterwards: () => {
              next(binding, own);
            },
          });
          next(binding, stand);
        },
      },
      handlers: {
        TerminateOffloadCompleteHandler: (next, tools) =>
          strangerHandlers.TerminateOffloadCompleteHandler((context, root) => {
            const held = tools.memory.get(`held ${root.address}`) as
              { readonly root: ProtocolBlock; readonly afterwards: () => void } | undefined;
            if (held === undefined) {
              next(context, root);
              return;
            }
            held.root.DependentBlockList = root.DependentBlockList;
            held.root.Status = NDIS_STATUS.SUCCESS;
            next(context, held.root);
            held.afterwards();
          }, tools),
      },
    },
  },
  {
    breaks: 'TRM-002',
    how: 'The host stack terminates a connection twice.',
    in: 'host-stack',
    driver: {
      functions: {
        NdisTerminateOffload: (next, tools) => (binding, root) => {
          const connection = connectionBlock(root);
          const again = connection && asStranger(tools, twinOf(tools, connection));
          next(binding, root);
          if (again !== undefined) next(binding, again);
        },
      },
      handlers: strangerHandlers,
    },
  },
  {
    breaks: 'TRM-003',
    how: 'The host stack queries a connection after its terminate.',
    entails: { 'CTX-008': 'NDIS has cleared the cell when the terminate was completed.' },
    in: 'host-stack',
    driver: {
      functions: {
        NdisQueryOffloadState:
          (next, { memory }) =>
          (binding, root) => {
            memory.set('query', () => {
              next(binding, root);
            });
            next(binding, root);
          },
      },
      handlers: {
        TerminateOffloadCompleteHandler:
          (next, { memory }) =>
          (context, root) => {
            next(context, root);
            (memory.get('query') as () => void)();
          },
      },
    },
  },
  {
    breaks: 'TRM-004',
    how: 'The host stack terminates a connection while it queries it.',
    in: 'host-stack',
    driver: {
      functions: {
        NdisQueryOffloadState:
          (next, { memory }) =>
          (binding, root) => {
            memory.set('query', () => {
              next(binding, root);
            });
            next(binding, root);
          },
        NdisTerminateOffload:
          (next, { memory }) =>
          (binding, root) => {
            (memory.get('query') as () => void)();
            next(binding, root);
          },
      },
    },
  },
  {
    breaks: 'TRM-005',
    how: 'The host stack terminates a path and its neighbor, and leaves the connection where it is.',
    entails: {
      'DSC-032': 'The terminate without its block is the only one that there is.',
      'EVT-021': 'The terminate without its block was to answer the upload that the target asked for.',
    },
    situation: uploadedHalfway,
    in: 'host-stack',
    driver: {
      functions: {
        NdisTerminateOffload: (next) => (binding, root) => {
          walkBlocks(root, (block) => {
            if (block.layer === 'path') block.DependentBlockList = null;
          });
          next(binding, root);
        },
      },
    },
  },
  {
    breaks: 'TRM-006',
    how: 'The host stack terminates a path with one of its two connections.',
    situation: twoTogether,
    in: 'host-stack',
    driver: {
      functions: {
        NdisTerminateOffload: (next) => (binding, root) => {
          walkBlocks(root, (block) => {
            if (block.layer === 'tcp') block.NextBlock = null;
          });
          next(binding, root);
        },
      },
    },
  },
  {
    breaks: 'TRM-007',
    how: 'The host stack terminates the last connection of a path, and not the path.',
    in: 'host-stack',
    driver: {
      functions: {
        NdisTerminateOffload: (next) => (binding, root) => {
          next(binding, connectionBlock(root) ?? root);
        },
      },
    },
  },
  {
    breaks: 'TRM-008',
    how: 'The host stack attaches cached variables to a terminate.',
    entails: {
      'TRE-013': 'The type of the block asks for delegated state alone.',
      'TRM-009': 'They come back as they went.',
    },
    in: 'host-stack',
    driver: {
      functions: {
        NdisTerminateOffload: (next) => (binding, root) => {
          walkBlocks(root, ({ state }) => {
            if (state?.layer === 'path') Object.assign(state, { cached: { PathMtu: 1500 } });
          });
          next(binding, root);
        },
      },
    },
  },
  {
    breaks: 'TRM-009',
    how: 'The target writes cached variables behind a path that comes back.',
    in: 'offload-target',
    driver: {
      functions: {
        NdisMTerminateOffloadComplete: (next) => (handle, root) => {
          walkBlocks(root, ({ state }) => {
            if (state?.layer === 'path') Object.assign(state, { cached: { PathMtu: 1500 } });
          });
          next(handle, root);
        },
      },
    },
  },
  {
    breaks: 'TRM-010',
    how: 'The target hands one send back for an upload, and goes on with the next.',
    entails: { 'SND-027': 'No upload follows on which the send could have been handed back.' },
    in: 'offload-target',
    driver: {
      functions: rememberingAdapter,
      handlers: {
        TcpOffloadSendHandler: (next, tools) => (adapter, context, lists) => {
          if (!tools.once(2)) return next(adapter, context, lists);
          const { handle, table } = adapterOf(tools);
          tools.later(1000, () => {
            lists.Status = NDIS_STATUS.UPLOAD_IN_PROGRESS;
            table.NdisTcpOffloadSendComplete(handle, lists);
          });
          return NDIS_STATUS.PENDING;
        },
      },
    },
  },
  {
    breaks: 'TRM-011',
    how: 'The host stack posts a receive after it has asked for the terminate.',
    situation: uploadedHalfway,
    in: 'host-stack',
    driver: {
      functions: {
        NdisOffloadTcpReceive:
          (next, { machine, memory }) =>
          (handle, lists) => {
            memory.set('receive', () =>
              next(handle, allocateNetBufferList(machine.addresses, [new Uint8Array(512)])),
            );
            return next(handle, lists);
          },
        NdisTerminateOffload:
          (next, { memory }) =>
          (binding, root) => {
            next(binding, root);
            (memory.get('receive') as () => NdisStatus)();
          },
      },
    },
  },
  {
    breaks: 'TRM-012',
    how: 'The target goes on with a connection for a while after its terminate has been asked for.',
    situation: uploadedHalfway,
    in: 'offload-target',
    driver: {
      handlers: {
        TerminateOffloadHandler: (next, tools) => (context, root) => {
          tools.later(300_000, () => {
            next(context, root);
          });
        },
      },
    },
  },
  {
    breaks: 'TRM-013',
    how: 'The target loses the segments of a connection that it has given back.',
    situation: uploadedHalfway,
    in: 'offload-target',
    driver: {
      functions: {
        NdisMTerminateOffloadComplete:
          (next, { memory }) =>
          (handle, root) => {
            next(handle, root);
            memory.set('given back', true);
          },
        NdisMIndicateReceiveNetBufferLists: (next, tools) => (handle, lists, connection) => {
          if (connection === undefined || !tools.memory.has('given back') || tools.count() % 2 === 0)
            next(handle, lists, connection);
        },
      },
    },
  },
  {
    breaks: 'TRM-014',
    how: 'The host stack forwards a segment after it has asked for the terminate.',
    situation: { scenario: 'neighbor-invalidated' },
    in: 'host-stack',
    driver: {
      functions: {
        NdisOffloadTcpForward:
          (next, { memory }) =>
          (handle, lists) => {
            const forward = (): NdisStatus => next(handle, lists);
            const held = memory.get('forward') as (() => NdisStatus) | undefined;
            memory.set('forward', forward);
            held?.();
            return NDIS_STATUS.PENDING;
          },
        NdisTerminateOffload:
          (next, { memory }) =>
          (binding, root) => {
            next(binding, root);
            (memory.get('forward') as () => NdisStatus)();
          },
      },
    },
  },
  {
    breaks: 'TRM-015',
    how: 'The target never sends an acknowledgment by itself.',
    situation: uploadedHalfway,
    frames: (frame) => (isAcknowledgment(frame) ? [] : [frame]),
  },
  {
    breaks: 'TRM-016',
    how: 'The target hands back data from behind a hole.',
    situation: withData,
    in: 'offload-target',
    driver: answeringWithLists((lists, machine) => [
      ...lists,
      allocateNetBufferList(machine.addresses, [new Uint8Array(1000)]),
    ]),
  },
  {
    breaks: 'TRM-017',
    how: 'The target forgets to complete the receives that are posted at a terminate.',
    entails: { 'RCV-020': 'What it forgets are receives.' },
    situation: uploadedHalfway,
    in: 'offload-target',
    driver: {
      functions: {
        NdisTcpOffloadReceiveComplete: (next) => (handle, lists) => {
          if (lists.Status !== NDIS_STATUS.UPLOAD_IN_PROGRESS) next(handle, lists);
        },
      },
    },
  },
  {
    breaks: 'TRM-018',
    how: 'The target completes a terminate on one processor while it indicates an event on another.',
    situation: uploadedHalfway,
    in: 'offload-target',
    driver: {
      functions: {
        NdisTcpOffloadEventHandler: (next, { memory }) => {
          memory.set('event', next);
          return next;
        },
        NdisMTerminateOffloadComplete: (next, tools) => (handle, root) => {
          const event = tools.memory.get('event') as EventHandler;
          tools.later(
            100,
            () => {
              next(handle, root);
            },
            tools.otherProcessor,
          );
          const object = connectionBlock(root)?.NdisOffloadHandle;
          if (object !== null && object !== undefined)
            event(object, constantValue('TcpIndicateSendBacklogChange'), 65_536);
        },
      },
    },
  },
  {
    breaks: 'TRM-019',
    how: 'The target returns receives empty at the terminate that are posted shortly before, and keeps its data back for it.',
    situation: readThenUploaded,
    in: 'offload-target',
    driver: {
      functions: rememberingAdapter,
      handlers: {
        TcpOffloadReceiveHandler: (next, tools) => (adapter, context, lists) => {
          const { memory } = tools;
          const kept = (memory.get('kept') as Set<NET_BUFFER_LIST> | undefined) ?? new Set();
          memory.set('kept', kept.add(lists));
          tools.later(3000, () => {
            if (kept.delete(lists)) next(adapter, context, lists);
          });
          return NDIS_STATUS.PENDING;
        },
        TerminateOffloadHandler: (next, tools) => (context, root) => {
          const kept = tools.memory.get('kept') as Set<NET_BUFFER_LIST>;
          const lists = [...kept].flatMap((chain) => chainToArray(chain));
          kept.clear();
          next(context, root);
          const { handle, table } = adapterOf(tools);
          for (const list of lists) list.Status = NDIS_STATUS.UPLOAD_IN_PROGRESS;
          if (lists.length > 0) table.NdisTcpOffloadReceiveComplete(handle, linkChain(lists)!);
        },
      },
    },
  },
  {
    breaks: 'TRM-020',
    how: 'The target keeps the received data that it has not delivered.',
    entails: { 'TRM-021': 'The peer has its acknowledgment, and nobody has the data.' },
    situation: withData,
    in: 'offload-target',
    driver: answering((_block, delegated) => {
      delegated.BufferedData = null;
    }),
  },
  {
    breaks: 'TRM-021',
    how: 'The target drops the last bytes that it has acknowledged, and the FIN behind them.',
    entails: {
      'TRM-031': 'The RcvNxt that comes back is another one than the target had.',
    },
    situation: withData,
    in: 'offload-target',
    driver: answering((_block, delegated) => {
      const last = chainToArray(delegated.BufferedData).at(-1);
      if (last === undefined) return;
      last.FirstNetBuffer.DataLength -= 100;
      delegated.RcvNxt -= 101;
    }),
  },
  {
    breaks: 'TRM-022',
    how: 'The target indicates a list of BufferedData that the host stack still has.',
    entails: {
      'IND-012': 'The list is lent a second time.',
      'IND-023': 'The host stack gives the list back twice: as a packet, and as received data.',
    },
    situation: withData,
    in: 'offload-target',
    driver: {
      functions: {
        NdisMTerminateOffloadComplete:
          (next, { functions }) =>
          (handle, root) => {
            const list = delegatedOf(connectionBlock(root))?.BufferedData;
            next(handle, root);
            if (list !== null && list !== undefined)
              functions!.NdisMIndicateReceiveNetBufferLists(handle, list, undefined);
          },
      },
    },
  },
  {
    breaks: 'TRM-023',
    how: 'The host stack keeps the lists of BufferedData.',
    situation: withData,
    in: 'host-stack',
    driver: {
      functions: {
        NdisOffloadTcpReceiveReturn:
          (next, { memory }) =>
          (binding, lists) => {
            if (!memory.has('terminated')) next(binding, lists);
          },
        NdisTerminateOffload:
          (next, { memory }) =>
          (binding, root) => {
            memory.set('terminated', true);
            next(binding, root);
          },
      },
    },
  },
  {
    breaks: 'TRM-025',
    how: 'The target forgets the last of the sends that it hands back.',
    entails: {
      'SND-018': 'The host stack never gets it back.',
      'TRM-017': 'It is outstanding, and never was completed.',
    },
    situation: uploadedHalfway,
    in: 'offload-target',
    driver: answering((block, delegated) => {
      const lists = chainToArray(block.NetBufferListChain).slice(0, -1);
      if (lists.length === 0) return;
      block.NetBufferListChain = linkChain(lists);
      delegated.SendDataTail = lists.at(-1)!;
    }),
  },
  {
    breaks: 'TRM-026',
    how: 'The target hands sends back in the wrong order.',
    situation: uploadedHalfway,
    in: 'offload-target',
    driver: answering((block, delegated) => {
      const lists = chainToArray(block.NetBufferListChain).reverse();
      block.NetBufferListChain = linkChain(lists);
      delegated.SendDataHead = lists[0] ?? null;
      delegated.SendDataTail = lists.at(-1) ?? null;
    }),
  },
  {
    breaks: 'TRM-027',
    how: 'The target hands a send back that it has completed.',
    in: 'offload-target',
    driver: {
      functions: {
        NdisTcpOffloadSendComplete:
          (next, { memory }) =>
          (handle, lists) => {
            next(handle, lists);
            memory.set('stale', lists);
          },
        NdisMTerminateOffloadComplete:
          (next, { memory }) =>
          (handle, root) => {
            const block = connectionBlock(root);
            const stale = memory.get('stale') as NET_BUFFER_LIST;
            stale.Next = null;
            const delegated = delegatedOf(block);
            if (block?.NetBufferListChain === null && delegated !== undefined) {
              block.NetBufferListChain = stale;
              delegated.SendDataHead = stale;
              delegated.SendDataTail = stale;
            }
            next(handle, root);
          },
      },
    },
  },
  {
    breaks: 'TRM-028',
    how: 'The target leaves SendDataTail NULL.',
    entails: { 'INI-019': 'NULL is no list of the chain.' },
    situation: uploadedHalfway,
    in: 'offload-target',
    driver: answering((_block, delegated) => {
      delegated.SendDataTail = null;
    }),
  },
  {
    breaks: 'TRM-029',
    how: 'The target returns a SndUna that lies 200,000 bytes back.',
    entails: { 'TRM-031': 'It is not the SndUna that the target had.' },
    situation: uploadedHalfway,
    in: 'offload-target',
    driver: answering((_block, delegated) => {
      delegated.SndUna -= 200_000;
    }),
  },
  {
    breaks: 'TRM-030',
    how: 'The host stack goes on 20,000 bytes away from where the target has stopped.',
    situation: uploadedHalfway,
    frames: (frame, { memory }) => {
      if (frame.path === 'chimney') memory.set('offloaded', true);
      if (frame.path !== 'host' || frame.payloadLength === 0 || !memory.has('offloaded')) return [frame];
      return [
        editSegment(frame, (_bytes, { tcp }, view) => {
          view.setUint32(tcp + 4, view.getUint32(tcp + 4) + 20_000);
        }),
      ];
    },
  },
  {
    breaks: 'TRM-031',
    how: 'The target does not write CWnd.',
    in: 'offload-target',
    driver: answering((_block, delegated) => {
      delegated.CWnd = 0;
    }),
  },
  {
    breaks: 'TRM-032',
    how: 'The target ends a terminate with NDIS_STATUS_RESOURCES.',
    entails: { 'TRE-044': 'The status is one of initiates alone.' },
    in: 'offload-target',
    driver: answering((block) => {
      block.Status = NDIS_STATUS.RESOURCES;
    }),
  },
  {
    breaks: 'TRM-033',
    how: 'The target indicates an event on a connection that it has given back.',
    entails: { 'CTX-017': 'The handle is one of nothing that is offloaded.' },
    in: 'offload-target',
    driver: {
      functions: {
        NdisTcpOffloadEventHandler: (next, { memory }) => {
          memory.set('event', next);
          return next;
        },
        NdisMTerminateOffloadComplete:
          (next, { memory }) =>
          (handle, root) => {
            const object = connectionBlock(root)?.NdisOffloadHandle;
            next(handle, root);
            if (object !== null && object !== undefined)
              (memory.get('event') as EventHandler)(object, constantValue('TcpIndicateAbort'), 0);
          },
      },
    },
  },
  {
    breaks: 'TRM-035',
    how: 'The target refuses lists that come back after the terminate.',
    entails: { 'IND-026': 'It refuses all lists that come back.' },
    situation: withData,
    in: 'offload-target',
    driver: {
      handlers: {
        TcpOffloadReceiveReturnHandler: (next) => (context, lists) => {
          next(context, lists);
          return NDIS_STATUS.INVALID_STATE;
        },
      },
    },
  },
  {
    breaks: 'TRM-036',
    how: 'The target says nothing after a terminate that has failed.',
    entails: {
      'TRM-032': 'Nobody hears of a hardware failure.',
      'TRM-038': 'Nobody asks for another terminate.',
    },
    situation: broken('terminate'),
    in: 'offload-target',
    driver: { functions: { NdisTcpOffloadEventHandler: () => () => undefined } },
  },
  {
    breaks: 'TRM-037',
    how: 'The target speaks of an upload when it gives receives back that the hardware has lost.',
    entails: {
      'EVT-014': 'The receives come back after the TcpIndicateAbort that follows the failed query.',
    },
    situation: broken('query'),
    in: 'offload-target',
    driver: {
      functions: {
        NdisTcpOffloadReceiveComplete: (next) => (handle, lists) => {
          for (const list of chainToArray(lists))
            if (list.Status === NDIS_STATUS.REQUEST_ABORTED) list.Status = NDIS_STATUS.UPLOAD_IN_PROGRESS;
          next(handle, lists);
        },
      },
    },
  },
  {
    breaks: 'TRM-038',
    how: 'The host stack never asks again for a terminate that has failed.',
    entails: {
      'EVT-015': 'The connection is left where it is after the TcpIndicateAbort that follows the failure.',
      'EVT-021': 'The connection is left where it is after the TcpIndicateRetrieve that follows the failure.',
    },
    situation: broken('terminate'),
    in: 'host-stack',
    driver: {
      functions: {
        NdisTerminateOffload: (next, tools) => (binding, root) => {
          if (tools.once()) next(binding, root);
        },
      },
    },
  },
  {
    breaks: 'TRM-039',
    how: 'The target resets a connection that it gives back.',
    entails: { 'DSC-023': 'Nobody has asked for an abortive disconnect of the connection.' },
    situation: uploadedHalfway,
    frames: (frame, tools) => {
      const { ndis } = tools;
      if (frame.path !== 'chimney' || ndis.outstanding['trees under way'] === 0) return [frame];
      if (!tools.once()) return [frame];
      const reset = editSegment(copyFrame(frame), (bytes, { tcp }) => {
        bytes[tcp + 13]! |= tcpFlags.RST;
      });
      return [frame, reset];
    },
  },
  {
    breaks: 'TRM-040',
    how: 'The target sends a segment again of a connection that it has given back.',
    situation: uploadedHalfway,
    frames: (frame, { memory }) => {
      if (frame.path === 'chimney' && frame.payloadLength > 0) {
        memory.set('segment', copyFrame(frame));
        return [frame];
      }
      const again = memory.get('segment') as Frame | undefined;
      if (frame.path !== 'host' || frame.payloadLength === 0 || again === undefined) return [frame];
      memory.delete('segment');
      return [frame, again];
    },
  },
];

/** What looks odd in the area and is legal; the catalogue has nothing of the kind. */
export const terminateOddities: readonly LegalOddity[] = [];
