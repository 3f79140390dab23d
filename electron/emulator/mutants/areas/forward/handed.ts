/** Mutants for the rules about what the host stack forwards, and what it must forward. */
import { NDIS_STATUS } from '../../../../../shared/ddi/status';
import { allocateNetBufferList, netBufferBytes, type NET_BUFFER_LIST } from '../../../ndis/netBufferList';
import { Frame } from '../../../wire/frame';
import { finishChecksum, sumWords } from '../../../wire/internetChecksum';
import type { BadDriver } from '../../badDriver';
import { copyFrame, editSegment, rightChecksums, segmentPlaces } from '../../../tampering/segmentEdits';
import type { Mutant, Situation } from '../../mutant';
import { quietConnection } from '../../quietConnection';

/** Bytes of the first fragment's part of the datagram; a multiple of 8 (RFC 791 section 3.1). */
const firstPart = 64;

/** A part of a segment's datagram, from an offset behind the IPv4 header on. */
function fragmentOf(whole: Frame, ip: number, start: number, end: number, more: boolean): Frame {
  const frame = copyFrame(whole);
  const { bytes } = frame;
  bytes.copyWithin(ip + 20, ip + 20 + start, ip + 20 + end);
  frame.length = ip + 20 + end - start;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  view.setUint16(ip + 2, 20 + end - start);
  view.setUint16(ip + 6, (more ? 0x2000 : 0) | (start / 8));
  view.setUint16(ip + 10, 0);
  view.setUint16(ip + 10, finishChecksum(sumWords(0, bytes, ip, ip + 20)));
  return frame;
}

/** A segment with data as two fragments; any other frame as it is. */
function inFragments(frame: Frame): readonly Frame[] {
  const places = segmentPlaces(frame);
  if (places?.version !== 4 || places.tcp !== places.ip + 20 || frame.payloadLength < 2 * firstPart)
    return [frame];
  rightChecksums(frame, places);
  const { ip } = places;
  const length = new DataView(frame.bytes.buffer, frame.bytes.byteOffset).getUint16(ip + 2) - 20;
  return [fragmentOf(frame, ip, 0, firstPart, true), fragmentOf(frame, ip, firstPart, length, false)];
}

/** A host stack that throws segments away instead of forwarding them, for so long from the first one on, virtual ns. */
function discarding(time = Infinity): BadDriver {
  return {
    handlers: {
      TcpOffloadForwardCompleteHandler: (next, tools) => {
        tools.memory.set('forwarded', next);
        return next;
      },
      // The host stack has one binding, and so one context.
      InitiateOffloadCompleteHandler: (next, tools) => (context, root) => {
        tools.memory.set('context', context);
        next(context, root);
      },
    },
    functions: {
      NdisOffloadTcpForward: (next, tools) => (handle, lists) => {
        const { memory, machine } = tools;
        if (!memory.has('first')) memory.set('first', machine.now);
        if (machine.now - (memory.get('first') as number) > time) return next(handle, lists);
        tools.later(1000, () => {
          lists.Status = NDIS_STATUS.SUCCESS;
          const done = memory.get('forwarded') as (context: unknown, lists: NET_BUFFER_LIST) => void;
          done(memory.get('context'), lists);
        });
        return NDIS_STATUS.PENDING;
      },
    },
  };
}

/** A quiet connection on which the remote application says something, ms after the beginning. */
function answering(time: number, bytes: number): Situation {
  return quietConnection([
    [
      time,
      (scene) => {
        scene.answer(bytes);
      },
    ],
    [6000, () => undefined],
  ]);
}

/** The same with the segment in fragments. */
const fragmented: Situation = { ...answering(1000, 500), remote: inFragments };

/** The remote application says something while the target thinks about the offer. */
const caught: Situation = {
  ...answering(320, 100),
  besides: {
    in: 'offload-target',
    driver: {
      handlers: {
        InitiateOffloadHandler: (next, tools) => (context, root) => {
          tools.later(100_000_000, () => {
            next(context, root);
          });
        },
      },
    },
  },
};

/** See the file's head. `optioned`: a situation in which segments with IPv4 options come. */
export function handedMutants(optioned: Situation): readonly Mutant[] {
  return [
    {
      breaks: 'FWD-006',
      how: 'The host stack acknowledges what it forwards.',
      situation: optioned,
      in: 'host-stack',
      driver: {
        handlers: {
          SendNetBufferListsCompleteHandler:
            (next, { memory }) =>
            (context, lists) => {
              if (memory.get('own') !== lists) next(context, lists);
            },
        },
        functions: {
          NdisSendNetBufferLists:
            (next, { memory }) =>
            (binding, lists, connection) => {
              if (lists.frame !== undefined) memory.set('sent', { binding, lists, connection, next });
              next(binding, lists, connection);
            },
          NdisOffloadTcpForward: (next, { memory, machine }) => {
            return (handle, lists) => {
              const status = next(handle, lists);
              const sent = memory.get('sent') as {
                readonly binding: never;
                readonly lists: NET_BUFFER_LIST;
                readonly connection: number | undefined;
                readonly next: (...values: readonly unknown[]) => void;
              };
              const segment = netBufferBytes(lists.FirstNetBuffer);
              const view = new DataView(segment.buffer, segment.byteOffset);
              const data = segment.length - (segment[12]! >>> 4) * 4 + (segment[13]! & 1);
              const end = view.getUint32(4) + data;
              const frame = new Frame();
              const bytes = netBufferBytes(sent.lists.FirstNetBuffer);
              frame.bytes.set(bytes);
              frame.length = bytes.length;
              const { ip, payload } = segmentPlaces(frame)!;
              frame.length = payload;
              editSegment(frame, (_bytes, { tcp }, edited) => {
                edited.setUint16(ip + 2, payload - ip);
                edited.setUint32(tcp + 8, end);
                // Behind two NOPs and the head of the option: newer than what the target has sent meanwhile.
                edited.setUint32(tcp + 24, edited.getUint32(tcp + 24) + 5);
              });
              const own = allocateNetBufferList(machine.addresses, [frame.bytes.slice(0, payload)]);
              own.frame = { ...sent.lists.frame!, payloadLength: 0 };
              memory.set('own', own);
              sent.next(sent.binding, own, sent.connection);
              return status;
            };
          },
        },
      },
    },
    {
      breaks: 'FWD-007',
      how: 'The host stack forwards a segment that nobody has sent.',
      situation: optioned,
      in: 'host-stack',
      driver: {
        functions: {
          NdisOffloadTcpForward: (next, tools) => (handle, lists) => {
            if (tools.once()) {
              const invented = netBufferBytes(lists.FirstNetBuffer).slice();
              const view = new DataView(invented.buffer);
              // So far outside the window that the target drops it.
              view.setUint32(4, view.getUint32(4) + 2 ** 29);
              const own = allocateNetBufferList(tools.machine.addresses, [invented]);
              tools.memory.set('own', own);
              next(handle, own);
            }
            return next(handle, lists);
          },
        },
        handlers: {
          TcpOffloadForwardCompleteHandler:
            (next, { memory }) =>
            (context, lists) => {
              if (memory.get('own') !== lists) next(context, lists);
            },
        },
      },
    },
    {
      breaks: 'FWD-008',
      how: 'The host stack discards segments with IPv4 options.',
      situation: { ...optioned, ...answering(1000, 100) },
      in: 'host-stack',
      driver: discarding(1_500_000_000),
    },
    {
      breaks: 'FWD-009',
      how: 'The host stack puts fragments together and forgets what comes of them.',
      situation: fragmented,
      in: 'host-stack',
      driver: discarding(1_500_000_000),
    },
    {
      breaks: 'FWD-010',
      how: 'The host stack drops what it has caught during the offload.',
      situation: caught,
      in: 'host-stack',
      driver: discarding(),
    },
  ];
}
