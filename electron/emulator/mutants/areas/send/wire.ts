/** Mutants for the rules about sends that frames decide. */
import { NDIS_STATUS } from '../../../../../shared/ddi/status';
import { NdisAdvanceNetBufferDataStart, netBufferListInfo } from '../../../ndis/netBufferList';
import { walkBlocks } from '../../../ndis/offloadBlockList';
import type { Frame } from '../../../wire/frame';
import { copyFrame, editSegment, segmentPlaces } from '../../../tampering/segmentEdits';
import type { Mutant, Situation } from '../../mutant';
import { answeringSends } from './answering';
import { sendsInChains } from './chains';

const urgent = 0x20;
const push = 0x08;
const reset = 0x04;

/** The host stack takes its time to close: the last bytes go out without FIN. */
const closesLate: Situation['besides'] = {
  in: 'host-stack',
  driver: {
    functions: {
      NdisOffloadTcpDisconnect:
        (next, tools) =>
        (...values) => {
          tools.later(5_000_000, () => next(...values));
          return NDIS_STATUS.PENDING;
        },
    },
  },
};

type Frames = NonNullable<Mutant['frames']>;

/** The segment of the target's with a number leaves behind the next one. */
function swapped(number: number): Frames {
  return (frame, tools) => {
    const held = tools.memory.get('held') as Frame | undefined;
    if (frame.path !== 'chimney' || frame.payloadLength === 0 || frame.retransmission) return [frame];
    if (tools.once(number)) {
      tools.memory.set('held', copyFrame(frame));
      return [];
    }
    tools.memory.delete('held');
    return held === undefined ? [frame] : [frame, held];
  };
}

/** Two segments in the place of one: the first carries `size` bytes. */
function halves(frame: Frame, size: number): Frame[] {
  const part = (start: number, length: number): Frame => {
    const copy = copyFrame(frame);
    const cut = copy.payloadLength - length;
    copy.payloadLength = length;
    copy.length -= cut;
    return editSegment(copy, (bytes, { ip, version, tcp, payload }, view) => {
      const lengthAt = version === 4 ? ip + 2 : ip + 4;
      view.setUint16(lengthAt, view.getUint16(lengthAt) - cut);
      view.setUint32(tcp + 4, view.getUint32(tcp + 4) + start);
      bytes.copyWithin(payload, payload + start, payload + start + length);
    });
  };
  return [part(0, size), part(size, frame.payloadLength - size)];
}

/** See the file's head. */
export const sendWireMutants: readonly Mutant[] = [
  {
    breaks: 'SND-012',
    how: 'The target marks data as urgent.',
    in: 'offload-target',
    frames: (frame, tools) => {
      if (frame.path !== 'chimney' || frame.payloadLength === 0 || !tools.once(3)) return [frame];
      return [
        editSegment(frame, (bytes, { tcp }) => {
          bytes[tcp + 13]! |= urgent;
        }),
      ];
    },
  },
  {
    breaks: 'SND-014',
    how: 'The target sends the bytes of a chain in another order than they are linked.',
    entails: { 'INI-062': 'The segment that leaves first begins behind bytes that nobody has sent.' },
    situation: { besides: sendsInChains },
    in: 'offload-target',
    frames: swapped(3),
  },
  {
    breaks: 'SND-015',
    how: 'The target sends bytes of one post before the last bytes of the post before.',
    entails: { 'INI-062': 'The segment that leaves first begins behind bytes that nobody has sent.' },
    situation: { fileBytes: 200_000 },
    in: 'offload-target',
    frames: swapped(73),
  },
  {
    breaks: 'SND-016',
    how: 'The target never sets PSH.',
    situation: { besides: closesLate },
    in: 'offload-target',
    frames: (frame) => [
      frame.path !== 'chimney'
        ? frame
        : editSegment(frame, (bytes, { tcp }) => {
            bytes[tcp + 13]! &= ~push;
          }),
    ],
  },
  {
    breaks: 'SND-017',
    how: 'The target sends small segments although TCP_FLAG_NAGLING_ENABLED is set and data is unacknowledged.',
    in: 'offload-target',
    frames: (frame, tools) => {
      const places = segmentPlaces(frame);
      const half = frame.payloadLength >> 1;
      if (frame.path !== 'chimney' || half === 0 || places === undefined || !tools.once(6)) return [frame];
      return halves(frame, half);
    },
  },
  {
    breaks: 'SND-020',
    how: 'The target completes a send with success without having sent it.',
    entails: {
      'SND-026': 'Sends that were posted before it are not acknowledged yet.',
      'DSC-009': 'The bytes are missing in front of the FIN.',
    },
    in: 'offload-target',
    driver: answeringSends(3, (list) => {
      const { FirstNetBuffer } = list;
      list.Status = NDIS_STATUS.SUCCESS;
      list.NetBufferListInfo[netBufferListInfo.TcpOffloadBytesTransferred] = FirstNetBuffer.DataLength;
      NdisAdvanceNetBufferDataStart(FirstNetBuffer, FirstNetBuffer.DataLength);
    }),
  },
  {
    breaks: 'SND-029',
    how: 'The host stack loses the last of the sends that a terminate hands back.',
    situation: { scenario: 'upload-all', fileBytes: 1_000_000 },
    in: 'host-stack',
    driver: {
      handlers: {
        TerminateOffloadCompleteHandler: (next) => (context, root) => {
          walkBlocks(root, ({ NetBufferListChain }) => {
            let list = NetBufferListChain;
            if (list === null) return;
            while (list.Next !== null && list.Next.Next !== null) list = list.Next;
            list.Next = null;
          });
          next(context, root);
        },
      },
    },
  },
  {
    breaks: 'SND-030',
    how: 'The host stack sends bytes of sends that were aborted with their connection.',
    situation: {
      plan: { connections: 2 },
      act: (run) => {
        const connection = run.streams[0]?.connection;
        if (connection?.place !== 'Offloaded' || run.progress < 0.2) return true;
        connection.abort();
        return false;
      },
    },
    in: 'host-stack',
    frames: (frame, tools) => {
      const last = tools.memory.get('last') as Frame | undefined;
      if (frame.path === 'chimney' && frame.payloadLength > 0 && !tools.memory.has('reset'))
        tools.memory.set(`of ${frame.connection}`, copyFrame(frame));
      const places = segmentPlaces(frame);
      if (places !== undefined && frame.path === 'chimney' && (frame.bytes[places.tcp + 13]! & reset) !== 0) {
        tools.memory.set('reset', true);
        tools.memory.set('last', tools.memory.get(`of ${frame.connection}`));
      }
      if (last === undefined || !tools.once(8)) return [frame];
      last.path = 'host';
      const own = editSegment(last, (_bytes, { ip }, view) => {
        view.setUint16(ip + 4, view.getUint16(ip + 4) & 0x7fff);
      });
      return [frame, own];
    },
  },
];
