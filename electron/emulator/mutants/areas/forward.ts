/** Mutants for the rules of the area "forward" (FWD). */
import { NDIS_STATUS, type NdisStatus } from '../../../../shared/ddi/status';
import { allocateNetBufferList, chainToArray, type NET_BUFFER_LIST } from '../../ndis/netBufferList';
import type { Frame } from '../../wire/frame';
import { rightChecksums, segmentPlaces } from '../../tampering/segmentEdits';
import { calling, returning } from '../badRecords';
import type { LegalOddity, Mutant, Situation } from '../mutant';
import { abortedInIndication } from '../situations';
import { adapterOf, rememberingAdapter } from '../treeTools';
import { handedMutants } from './forward/handed';

/** The segment with four bytes of IPv4 options that say nothing (RFC 791 section 3.1). */
function withOptions(frame: Frame): Frame {
  const places = segmentPlaces(frame);
  if (places?.version !== 4 || places.tcp !== places.ip + 20) return frame;
  const { bytes } = frame;
  bytes.copyWithin(places.tcp + 4, places.tcp, frame.length);
  bytes.fill(1, places.tcp, places.tcp + 4);
  frame.length += 4;
  bytes[places.ip] = 0x46;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  view.setUint16(places.ip + 2, view.getUint16(places.ip + 2) + 4);
  rightChecksums(frame, { ...places, tcp: places.tcp + 4, payload: places.payload + 4 });
  return frame;
}

/** The remote host puts options into its smaller packets: the target passes them up, and the host stack forwards the segments. */
const optioned: Situation = {
  plan: { halfway: 'nothing' },
  remote: (frame) => [frame.payloadLength > 0 && frame.length < 1500 ? withOptions(frame) : frame],
};

/** See the file's head. */
export const forwardMutants: readonly Mutant[] = [
  {
    breaks: 'FWD-001',
    how: 'The target returns NDIS_STATUS_SUCCESS from MiniportTcpOffloadForward.',
    entails: { 'FWD-002': 'NDIS hands on what the target returned.' },
    situation: optioned,
    in: 'offload-target',
    driver: {
      handlers: {
        TcpOffloadForwardHandler:
          (next) =>
          (...values) => {
            next(...values);
            return NDIS_STATUS.SUCCESS;
          },
      },
    },
  },
  {
    breaks: 'FWD-002',
    how: 'NDIS answers NDIS_STATUS_SUCCESS to NdisOffloadTcpForward.',
    situation: optioned,
    records: returning('NdisOffloadTcpForward', NDIS_STATUS.SUCCESS),
  },
  {
    breaks: 'FWD-003',
    how: 'The host stack forwards a NET_BUFFER_LIST with two NET_BUFFERs.',
    situation: optioned,
    in: 'host-stack',
    driver: {
      functions: {
        NdisOffloadTcpForward:
          (next, { machine }) =>
          (handle, lists) => {
            lists.FirstNetBuffer.Next = allocateNetBufferList(machine.addresses, []).FirstNetBuffer;
            return next(handle, lists);
          },
      },
    },
  },
  {
    breaks: 'FWD-004',
    how: 'The host stack forwards a segment with four bytes in front of the TCP header.',
    entails: { 'FWD-007': 'What is passed in the place of a TCP header has never been received.' },
    situation: optioned,
    in: 'host-stack',
    driver: {
      functions: {
        NdisOffloadTcpForward: (next, tools) => (handle, lists) => {
          const { MdlChain } = lists.FirstNetBuffer;
          if (tools.once()) MdlChain.bytes.copyWithin(4, 0).fill(0x45, 0, 4);
          return next(handle, lists);
        },
      },
    },
  },
  {
    breaks: 'FWD-005',
    how: 'The host stack forwards the first segment of the connection, which it has acknowledged, in the place of the caught one.',
    entails: { 'FWD-007': 'It has processed that segment long before the offload.' },
    situation: optioned,
    in: 'host-stack',
    driver: {
      functions: {
        NdisOffloadTcpForward: (next, tools) => (handle, lists) => {
          const { bytes } = lists.FirstNetBuffer.MdlChain;
          const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
          if (tools.once()) view.setUint32(4, view.getUint32(4) - 50_000);
          return next(handle, lists);
        },
      },
    },
  },
  {
    breaks: 'FWD-011',
    how: 'The host stack forwards the same list again before it is back.',
    entails: { 'FWD-013': 'The target completes it once for each time.' },
    situation: optioned,
    in: 'host-stack',
    driver: {
      functions: {
        NdisOffloadTcpForward: (next) => (handle, lists) => {
          next(handle, lists);
          return next(handle, lists);
        },
      },
    },
  },
  {
    breaks: 'FWD-012',
    how: 'The target completes forwards with NDIS_STATUS_SUCCESS and drops the segments.',
    situation: optioned,
    in: 'offload-target',
    driver: {
      functions: rememberingAdapter,
      handlers: {
        TcpOffloadForwardHandler: (_next, tools) => (_adapter, _context, lists) => {
          tools.later(1000, () => {
            const { handle, table } = adapterOf(tools);
            table.NdisTcpOffloadForwardComplete(handle, lists);
          });
          return NDIS_STATUS.PENDING;
        },
      },
    },
  },
  {
    breaks: 'FWD-013',
    how: 'The target completes each forward twice.',
    situation: optioned,
    in: 'offload-target',
    driver: {
      functions: {
        NdisTcpOffloadForwardComplete: (next) => (handle, lists) => {
          next(handle, lists);
          next(handle, lists);
        },
      },
    },
  },
  {
    breaks: 'FWD-014',
    how: 'The target completes a send as if it were a forward.',
    in: 'offload-target',
    driver: {
      functions: {
        NdisTcpOffloadForwardComplete: (next, { memory }) => {
          memory.set('complete', next);
          return next;
        },
        NdisTcpOffloadSendComplete: (next, tools) => (handle, lists) => {
          const complete = tools.memory.get('complete') as typeof next;
          if (tools.once(3)) complete(handle, lists);
          next(handle, lists);
        },
      },
    },
  },
  {
    breaks: 'FWD-015',
    how: 'The target completes forwards with NDIS_STATUS_RESOURCES.',
    situation: optioned,
    in: 'offload-target',
    driver: {
      functions: {
        NdisTcpOffloadForwardComplete: (next) => (handle, lists) => {
          for (const list of chainToArray(lists)) list.Status = NDIS_STATUS.RESOURCES;
          next(handle, lists);
        },
      },
    },
  },
  {
    breaks: 'FWD-016',
    how: 'The host stack discards segments that come back for an upload.',
    situation: { scenario: 'neighbor-invalidated' },
    in: 'host-stack',
    driver: {
      handlers: {
        TcpOffloadForwardCompleteHandler: (next) => (context, lists) => {
          for (const list of chainToArray(lists)) list.Status = NDIS_STATUS.SUCCESS;
          next(context, lists);
        },
      },
    },
  },
  {
    breaks: 'FWD-017',
    how: 'The host stack forwards a segment again whose forward was aborted.',
    situation: abortedInIndication,
    in: 'host-stack',
    driver: {
      functions: {
        NdisOffloadTcpForward:
          (next, { memory }) =>
          (handle, lists) => {
            memory.set('again', () => next(handle, lists));
            return next(handle, lists);
          },
      },
      handlers: {
        TcpOffloadForwardCompleteHandler: (next, tools) => (context, lists) => {
          const isAborted = lists.Status === NDIS_STATUS.REQUEST_ABORTED;
          next(context, lists);
          if (isAborted && tools.once()) (tools.memory.get('again') as () => NdisStatus)();
        },
      },
    },
  },
  {
    breaks: 'FWD-019',
    how: 'NDIS hands another NET_BUFFER_LIST up than the target completed.',
    situation: optioned,
    records: calling('ProtocolTcpOffloadForwardComplete', (call) => ({
      ...call,
      arguments: call.arguments.map((argument) =>
        argument.kind === 'net-buffer-lists'
          ? { ...argument, lists: argument.lists.map((list) => ({ ...list, address: list.address + 64 })) }
          : argument,
      ),
    })),
  },
  ...handedMutants(optioned),
];

/** What looks odd in the area and is legal. */
export const forwardOddities: readonly LegalOddity[] = [
  {
    shows: 'FWD-018',
    how: 'The target completes forwards of several calls in one chain.',
    situation: optioned,
    in: 'offload-target',
    driver: {
      functions: {
        NdisTcpOffloadForwardComplete: (next, tools) => (handle, lists) => {
          const held = tools.memory.get('held') as NET_BUFFER_LIST | undefined;
          tools.memory.set('held', lists);
          if (held !== undefined) {
            chainToArray(lists).at(-1)!.Next = held;
            return;
          }
          tools.later(3_000, () => {
            const chain = tools.memory.get('held') as NET_BUFFER_LIST;
            tools.memory.delete('held');
            next(handle, chain);
          });
        },
      },
    },
  },
];
