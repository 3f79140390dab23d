/** Mutants for the rules about posted and completed receives. */
import { constantValue } from '../../../../../shared/ddi/catalogue';
import { NDIS_STATUS, type NdisStatus } from '../../../../../shared/ddi/status';
import {
  allocateNetBufferList,
  chainToArray,
  linkChain,
  NET_BUFFER,
  netBufferListInfo,
  type NET_BUFFER_LIST,
} from '../../../ndis/netBufferList';
import type { BadDriver } from '../../badDriver';
import { returning } from '../../badRecords';
import { keepsMiniportHandle, miniportHandle } from '../../miniportHandle';
import type { Mutant, Situation } from '../../mutant';
import { peerCloses } from '../../ownEvents';
import { givesUp, nonpush, prefilled, smallRequests, tinyRequests } from './hosts';

const { TcpOffloadBytesTransferred, TcpReceiveBytesTransferred } = netBufferListInfo;
const disconnectEvent = constantValue('TcpIndicateDisconnect');

/** The target does something to lists that it is about to complete. */
function completing(change: (list: NET_BUFFER_LIST) => void): BadDriver {
  return {
    functions: {
      NdisTcpOffloadReceiveComplete: (next) => (handle, lists) => {
        chainToArray(lists).forEach(change);
        next(handle, lists);
      },
    },
  };
}

/** The host stack posts one more receive when it hears of the disconnect. */
const postsLate: Situation['besides'] = {
  in: 'host-stack',
  driver: {
    handlers: {
      TcpOffloadEventHandler: (next, tools) => (context, type, information) => {
        next(context, type, information);
        if (type !== disconnectEvent) return;
        const list = allocateNetBufferList(tools.machine.addresses, [new Uint8Array(1000)]);
        tools.later(1000, () => tools.functions?.NdisOffloadTcpReceive(context, list));
      },
    },
  },
};

/** See the file's head. */
export const receiveCompletionMutants: readonly Mutant[] = [
  {
    breaks: 'RCV-001',
    how: 'The target returns NDIS_STATUS_SUCCESS from MiniportTcpOffloadReceive.',
    entails: { 'RCV-002': 'NDIS hands on what the target returned.' },
    in: 'offload-target',
    driver: {
      handlers: {
        TcpOffloadReceiveHandler:
          (next) =>
          (...values) => {
            next(...values);
            return NDIS_STATUS.SUCCESS;
          },
      },
    },
  },
  {
    breaks: 'RCV-002',
    how: 'NDIS answers NDIS_STATUS_SUCCESS to NdisOffloadTcpReceive.',
    records: returning('NdisOffloadTcpReceive', NDIS_STATUS.SUCCESS),
  },
  {
    breaks: 'RCV-003',
    how: 'The host stack posts a receive with two NET_BUFFERs.',
    in: 'host-stack',
    driver: {
      functions: {
        NdisOffloadTcpReceive: (next) => (handle, lists) => {
          const { FirstNetBuffer } = lists;
          FirstNetBuffer.Next = new NET_BUFFER(FirstNetBuffer.address + 1, FirstNetBuffer.MdlChain, 0);
          return next(handle, lists);
        },
      },
    },
  },
  {
    breaks: 'RCV-004',
    how: 'The host stack posts two receives of a connection at once, from two processors.',
    situation: { plan: smallRequests },
    in: 'host-stack',
    driver: {
      functions: {
        NdisOffloadTcpReceive: (next, tools) => {
          const held: (() => void)[] = [];
          return (handle, lists) => {
            const post = (): NdisStatus => next(handle, lists);
            if (tools.once()) {
              held.push(post);
              return NDIS_STATUS.PENDING;
            }
            const first = held.pop();
            if (first === undefined) return post();
            tools.later(100, post, tools.otherProcessor);
            first();
            return NDIS_STATUS.PENDING;
          };
        },
      },
    },
  },
  {
    breaks: 'RCV-006',
    how: 'The target hands nonpush requests back empty.',
    situation: { besides: nonpush },
    in: 'offload-target',
    driver: {
      handlers: {
        ...keepsMiniportHandle,
        TcpOffloadReceiveHandler:
          (_next, tools) =>
          (...values) => {
            const [, , lists] = values;
            lists.Status = NDIS_STATUS.SUCCESS;
            lists.NetBufferListInfo[TcpOffloadBytesTransferred] = 0;
            tools.later(1000, () => {
              (tools.memory.get('complete') as (lists: NET_BUFFER_LIST) => void)(lists);
            });
            return NDIS_STATUS.PENDING;
          },
      },
      functions: {
        NdisTcpOffloadReceiveComplete: (next, tools) => {
          tools.memory.set('complete', (lists: NET_BUFFER_LIST) => {
            next(miniportHandle(tools), lists);
          });
          return next;
        },
      },
    },
  },
  {
    breaks: 'RCV-008',
    how: 'The host stack posts push-mode receives with bytes in them.',
    in: 'host-stack',
    driver: {
      functions: {
        NdisOffloadTcpReceive: (next) => (handle, lists) => {
          lists.NetBufferListInfo[TcpReceiveBytesTransferred] = 100;
          return next(handle, lists);
        },
      },
    },
  },
  {
    breaks: 'RCV-009',
    how: 'The target writes over the bytes that requests come with.',
    situation: { plan: smallRequests, besides: prefilled },
    in: 'offload-target',
    driver: {
      handlers: {
        TcpOffloadReceiveHandler:
          (next) =>
          (...values) => {
            values[2].NetBufferListInfo[TcpReceiveBytesTransferred] = 0;
            return next(...values);
          },
      },
    },
  },
  {
    breaks: 'RCV-019',
    how: 'The target completes two receives in the wrong order.',
    situation: { plan: smallRequests },
    in: 'offload-target',
    driver: {
      functions: {
        NdisTcpOffloadReceiveComplete: (next, tools) => {
          let held: NET_BUFFER_LIST | undefined;
          return (handle, lists) => {
            if (tools.once(2)) {
              held = lists;
              return;
            }
            next(handle, lists);
            if (held !== undefined) next(handle, held);
            held = undefined;
          };
        },
      },
    },
  },
  {
    breaks: 'RCV-020',
    how: 'The target forgets the receives that are empty when a connection goes back.',
    entails: { 'TRM-017': 'They are still with it when the terminate is completed.' },
    situation: { scenario: 'upload-all', fileBytes: 400_000 },
    in: 'offload-target',
    driver: {
      functions: {
        NdisTcpOffloadReceiveComplete: (next) => (handle, lists) => {
          const kept = chainToArray(lists).filter(({ Status }) => Status !== NDIS_STATUS.UPLOAD_IN_PROGRESS);
          const chain = linkChain(kept);
          if (chain !== null) next(handle, chain);
        },
      },
    },
  },
  {
    breaks: 'RCV-021',
    how: 'The target completes a list of its own with NdisTcpOffloadReceiveComplete.',
    in: 'offload-target',
    driver: {
      functions: {
        NdisTcpOffloadReceiveComplete: (next, tools) => (handle, lists) => {
          next(handle, lists);
          if (tools.once()) next(handle, allocateNetBufferList(tools.machine.addresses, []));
        },
      },
    },
  },
  {
    breaks: 'RCV-022',
    how: 'The target reports a few bytes of the second receive of a chain with the first, which is full.',
    situation: { plan: tinyRequests },
    entails: {
      'RCV-023': 'Each NET_BUFFER was advanced by the bytes that are in it, not by those that are reported.',
    },
    in: 'offload-target',
    driver: {
      functions: {
        NdisTcpOffloadReceiveComplete: (next) => (handle, lists) => {
          const [first, second, ...others] = chainToArray(lists);
          if (first !== undefined && second !== undefined && others.length === 0) {
            first.NetBufferListInfo[TcpOffloadBytesTransferred]! += 100;
            second.NetBufferListInfo[TcpOffloadBytesTransferred]! -= 100;
          }
          next(handle, lists);
        },
      },
    },
  },
  {
    breaks: 'RCV-023',
    how: 'The target completes receives without NdisAdvanceNetBufferDataStart.',
    in: 'offload-target',
    driver: completing((list) => {
      const { FirstNetBuffer } = list;
      const bytes = list.NetBufferListInfo[TcpOffloadBytesTransferred]!;
      FirstNetBuffer.DataOffset -= bytes;
      FirstNetBuffer.DataLength += bytes;
    }),
  },
  {
    breaks: 'RCV-024',
    how: 'The target completes receives with NDIS_STATUS_RESOURCES.',
    in: 'offload-target',
    driver: completing((list) => {
      list.Status = NDIS_STATUS.RESOURCES;
    }),
  },
  {
    breaks: 'RCV-026',
    how: 'The target reports nothing of the bytes in aborted receives.',
    situation: { plan: { halfway: 'nothing' }, besides: nonpush, act: givesUp },
    in: 'offload-target',
    driver: completing((list) => {
      if (list.Status !== NDIS_STATUS.REQUEST_ABORTED) return;
      const { FirstNetBuffer } = list;
      const bytes = list.NetBufferListInfo[TcpOffloadBytesTransferred]!;
      FirstNetBuffer.DataOffset -= bytes;
      FirstNetBuffer.DataLength += bytes;
      list.NetBufferListInfo[TcpOffloadBytesTransferred] = 0;
    }),
  },
  {
    breaks: 'RCV-027',
    how: 'The target completes a filled receive with NDIS_STATUS_UPLOAD_IN_PROGRESS and goes on with the connection.',
    situation: { plan: smallRequests },
    in: 'offload-target',
    driver: {
      functions: {
        NdisTcpOffloadReceiveComplete: (next, tools) => (handle, lists) => {
          if (tools.once(2)) lists.Status = NDIS_STATUS.UPLOAD_IN_PROGRESS;
          next(handle, lists);
        },
      },
    },
  },
  {
    breaks: 'RCV-028',
    how: 'The target completes a receive with NDIS_STATUS_INVALID_STATE although the peer has not closed.',
    situation: { plan: smallRequests },
    in: 'offload-target',
    driver: {
      functions: {
        NdisTcpOffloadReceiveComplete: (next, tools) => (handle, lists) => {
          if (tools.once(2)) lists.Status = NDIS_STATUS.INVALID_STATE;
          next(handle, lists);
        },
      },
    },
  },
  {
    breaks: 'RCV-029',
    how: 'The target completes receives with success that were posted behind TcpIndicateDisconnect.',
    // The host stack still has much to send when the peer closes, and so keeps the connection offloaded.
    situation: { fileBytes: 400_000, besides: postsLate, act: peerCloses(100_000) },
    in: 'offload-target',
    driver: completing((list) => {
      if (list.Status === NDIS_STATUS.INVALID_STATE) list.Status = NDIS_STATUS.SUCCESS;
    }),
  },
  {
    breaks: 'RCV-031',
    how: 'The target puts the partly filled receive in front of the filled ones.',
    situation: { plan: tinyRequests },
    entails: { 'RCV-019': 'The partly filled one was posted behind the others.' },
    in: 'offload-target',
    driver: {
      functions: {
        NdisTcpOffloadReceiveComplete: (next) => (handle, lists) => {
          const [last, ...others] = chainToArray(lists).reverse();
          if (last === undefined || others.length === 0) {
            next(handle, lists);
            return;
          }
          others[0]!.Next = null;
          last.Next = lists;
          next(handle, last);
        },
      },
    },
  },
  {
    breaks: 'RCV-032',
    how: 'The target completes the rest of a chain of receives when the host stack posts one from inside the completion of the first.',
    situation: { plan: tinyRequests },
    entails: { 'RCV-033': 'Two completions of a connection overlap when one is inside the other.' },
    in: 'offload-target',
    driver: {
      handlers: {
        TcpOffloadReceiveHandler:
          (next, tools) =>
          (...values) => {
            const status = next(...values);
            (tools.memory.get('rest') as (() => void) | undefined)?.();
            return status;
          },
      },
      functions: {
        NdisTcpOffloadReceiveComplete: (next, tools) => (handle, lists) => {
          const rest = lists.Next;
          lists.Next = null;
          const complete = (): void => {
            tools.memory.delete('rest');
            if (rest !== null) next(handle, rest);
          };
          if (rest !== null) tools.memory.set('rest', complete);
          next(handle, lists);
          if (tools.memory.has('rest')) complete();
        },
      },
    },
  },
  {
    breaks: 'RCV-033',
    how: 'The target completes two receives of a connection at once, on two processors.',
    entails: {
      'RSS-003': 'One of them is not the processor to which the indirection table sends the connection.',
    },
    situation: { plan: smallRequests },
    in: 'offload-target',
    driver: {
      functions: {
        NdisTcpOffloadReceiveComplete: (next, tools) => (handle, lists) => {
          const rest = lists.Next;
          if (rest !== null && tools.once()) {
            lists.Next = null;
            tools.later(
              100,
              () => {
                next(handle, rest);
              },
              tools.otherProcessor,
            );
          }
          next(handle, lists);
        },
      },
    },
  },
];
