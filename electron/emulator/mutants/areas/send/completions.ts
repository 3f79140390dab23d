/** Mutants for the rules about completed sends. */
import { constantValue } from '../../../../../shared/ddi/catalogue';
import { NDIS_STATUS, type NdisStatus } from '../../../../../shared/ddi/status';
import {
  chainToArray,
  linkChain,
  NdisAdvanceNetBufferDataStart,
  netBufferListInfo,
  type NET_BUFFER_LIST,
} from '../../../ndis/netBufferList';
import type { BadDriver } from '../../badDriver';
import { calling } from '../../badRecords';
import type { Mutant, Situation } from '../../mutant';
import { raise, tcpEvents, withEvents } from '../../ownEvents';
import { answeringSends } from './answering';
import { sendsInChains } from './chains';

const { TcpOffloadBytesTransferred } = netBufferListInfo;

/** What a list reports, made so many bytes more, with the NET_BUFFER advanced to match. */
function reportMore(list: NET_BUFFER_LIST, bytes: number): void {
  list.NetBufferListInfo[TcpOffloadBytesTransferred]! += bytes;
  const { FirstNetBuffer } = list;
  if (bytes > 0) NdisAdvanceNetBufferDataStart(FirstNetBuffer, bytes);
  else {
    FirstNetBuffer.DataOffset += bytes;
    FirstNetBuffer.DataLength -= bytes;
  }
}

/** The target answers a send by itself, with a status and no bytes. */
function answering(number: number, status: NdisStatus): BadDriver {
  return answeringSends(number, (list) => {
    list.Status = status;
    list.NetBufferListInfo[TcpOffloadBytesTransferred] = 0;
  });
}

/** The application gives the connection up while its sends are outstanding. */
const aborted: Situation = {
  act: (run) => {
    const connection = run.streams[0]?.connection;
    if (connection?.place !== 'Offloaded' || run.progress < 0.3) return true;
    connection.abort();
    return false;
  },
};

/** See the file's head. */
export const sendCompletionMutants: readonly Mutant[] = [
  {
    breaks: 'SND-006',
    how: 'The target completes a send with NDIS_STATUS_RESOURCES.',
    in: 'offload-target',
    driver: answering(3, NDIS_STATUS.RESOURCES),
  },
  {
    breaks: 'SND-018',
    how: 'The target completes a send twice.',
    in: 'offload-target',
    driver: {
      functions: {
        NdisTcpOffloadSendComplete: (next, tools) => (handle, lists) => {
          next(handle, lists);
          if (tools.once(9)) next(handle, lists);
        },
      },
    },
  },
  {
    breaks: 'SND-019',
    how: 'The target completes empty receives with NdisTcpOffloadSendComplete when a connection goes back.',
    situation: { scenario: 'upload-all', fileBytes: 400_000 },
    entails: {
      'RCV-020': 'They are never completed as receives.',
      'TRM-017': 'They are outstanding when the terminate is completed.',
    },
    in: 'offload-target',
    driver: {
      functions: {
        NdisTcpOffloadSendComplete: (next, tools) => (handle, lists) => {
          tools.memory.set('complete', next);
          next(handle, lists);
        },
        NdisTcpOffloadReceiveComplete: (next, tools) => (handle, lists) => {
          const complete = tools.memory.get('complete') as typeof next | undefined;
          const all = chainToArray(lists);
          const isEmpty = ({ Status }: NET_BUFFER_LIST): boolean => Status === NDIS_STATUS.UPLOAD_IN_PROGRESS;
          const others = linkChain(all.filter((list) => !isEmpty(list)));
          const empty = linkChain(all.filter(isEmpty));
          if (others !== null) next(handle, others);
          if (empty !== null) (complete ?? next)(handle, empty);
        },
      },
    },
  },
  {
    breaks: 'SND-021',
    how: 'The target reports one byte too few when it completes a send.',
    entails: {
      'SND-023': 'The NET_BUFFER was advanced by all bytes, and one less is reported.',
      'SND-025': 'A send of which a part went out succeeds.',
    },
    in: 'offload-target',
    driver: {
      functions: {
        NdisTcpOffloadSendComplete: (next) => (handle, lists) => {
          lists.NetBufferListInfo[TcpOffloadBytesTransferred]! -= 1;
          next(handle, lists);
        },
      },
    },
  },
  {
    breaks: 'SND-023',
    how: 'The target completes sends without NdisAdvanceNetBufferDataStart.',
    in: 'offload-target',
    driver: {
      functions: {
        NdisTcpOffloadSendComplete: (next) => (handle, lists) => {
          const { FirstNetBuffer } = lists;
          const bytes = lists.NetBufferListInfo[TcpOffloadBytesTransferred]!;
          FirstNetBuffer.DataOffset -= bytes;
          FirstNetBuffer.DataLength += bytes;
          next(handle, lists);
        },
      },
    },
  },
  {
    breaks: 'SND-024',
    how: 'The target fails the first list of a chain for an upload, for which it asks, and completes the second with success.',
    situation: { fileBytes: 100_000, besides: sendsInChains },
    entails: { 'TRM-026': 'What stands behind the failed send goes back in the chain of the terminate.' },
    in: 'offload-target',
    driver: {
      handlers: {
        TcpOffloadSendHandler:
          (next, { memory }) =>
          (...values) => {
            const [, , first] = values;
            if (first.Next !== null && !memory.has('second'))
              memory.set('first', first).set('second', first.Next);
            return next(...values);
          },
      },
      functions: {
        ...withEvents,
        NdisTcpOffloadSendComplete: (next, tools) => (handle, lists) => {
          const first = tools.memory.get('first') as NET_BUFFER_LIST | undefined;
          if (lists === first) return;
          if (first !== undefined && lists === tools.memory.get('second')) {
            first.Status = NDIS_STATUS.UPLOAD_IN_PROGRESS;
            next(handle, first);
            raise(tools, tcpEvents.retrieve, constantValue('UploadRequested'));
          }
          next(handle, lists);
        },
      },
    },
  },
  {
    breaks: 'SND-025',
    how: 'The target completes sends with success of which it says that a part was sent.',
    entails: { 'SND-021': 'A send that succeeds reports all its bytes.' },
    in: 'offload-target',
    driver: {
      functions: {
        NdisTcpOffloadSendComplete: (next) => (handle, lists) => {
          reportMore(lists, -100);
          next(handle, lists);
        },
      },
    },
  },
  {
    breaks: 'SND-026',
    how: 'The target completes two sends in the wrong order.',
    in: 'offload-target',
    driver: {
      functions: {
        NdisTcpOffloadSendComplete: (next, tools) => {
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
    breaks: 'SND-027',
    how: 'The target answers a send with NDIS_STATUS_UPLOAD_IN_PROGRESS and goes on with the connection.',
    entails: { 'TRM-010': 'It answers as if it prepared an upload, and sends what is posted later.' },
    in: 'offload-target',
    driver: answering(3, NDIS_STATUS.UPLOAD_IN_PROGRESS),
  },
  {
    breaks: 'SND-028',
    how: 'The target answers a send with NDIS_STATUS_REQUEST_ABORTED on a connection that nobody has aborted.',
    in: 'offload-target',
    driver: answering(3, NDIS_STATUS.REQUEST_ABORTED),
  },
  {
    breaks: 'SND-022',
    how: 'The target counts bytes of an aborted send as transferred that the peer has not acknowledged.',
    situation: aborted,
    in: 'offload-target',
    driver: {
      functions: {
        NdisTcpOffloadSendComplete: (next) => (handle, lists) => {
          if (lists.Status === NDIS_STATUS.REQUEST_ABORTED)
            reportMore(lists, lists.FirstNetBuffer.DataLength);
          next(handle, lists);
        },
      },
    },
  },
  {
    breaks: 'SND-032',
    how: 'NDIS tells the host stack of completed sends with a context that is not its own.',
    records: calling('ProtocolTcpOffloadSendComplete', (call) => ({
      ...call,
      arguments: call.arguments.map((argument) =>
        argument.name === 'ProtocolBindingContext' && argument.kind === 'pointer'
          ? { ...argument, value: argument.value + 64 }
          : argument,
      ),
    })),
  },
];
