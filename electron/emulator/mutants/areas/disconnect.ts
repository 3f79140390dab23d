/** Mutants for the rules of the area "disconnect" (DSC). */
import { NDIS_STATUS, type NdisStatus } from '../../../../shared/ddi/status';
import { defaultHostSettings } from '../../host/hostSettings';
import type { NDIS_TCP_OFFLOAD_EVENT_HANDLERS } from '../../ndis/characteristics';
import { allocateNetBufferList, netBufferListInfo, type NET_BUFFER_LIST } from '../../ndis/netBufferList';
import { tcpFlags } from '../../wire/tcpSegment';
import type { Frame } from '../../wire/frame';
import { copyFrame, editSegment, segmentPlaces } from '../../tampering/segmentEdits';
import { calling, returning } from '../badRecords';
import { keepsMiniportHandle, miniportHandle } from '../miniportHandle';
import type { LegalOddity, Mutant, Situation } from '../mutant';
import type { MutantTools } from '../mutantTools';
import { abortedBehindFin, abortedHalfway, abortedInIndication, uploadedBehindFin } from '../situations';

type DisconnectComplete = NDIS_TCP_OFFLOAD_EVENT_HANDLERS['NdisTcpOffloadDisconnectComplete'];

/** Keeps the function, so that a handler of the same driver can call it. */
function keepComplete(next: DisconnectComplete, tools: MutantTools): DisconnectComplete {
  tools.memory.set('complete', (list: NET_BUFFER_LIST) => {
    next(miniportHandle(tools), list);
  });
  return next;
}

/** Completes a disconnect a little later with a status. */
function completeLater(tools: MutantTools, list: NET_BUFFER_LIST, status: NdisStatus, delay = 1000): void {
  const complete = tools.memory.get('complete') as (list: NET_BUFFER_LIST) => void;
  tools.later(delay, () => {
    list.Status = status;
    complete(list);
  });
}

/** TCP flags of a frame; 0 where it has none. */
function flagsOf(frame: Frame): number {
  const places = frame.path === 'chimney' ? segmentPlaces(frame) : undefined;
  return places === undefined ? 0 : frame.bytes[places.tcp + 13]!;
}

/** A RST with the sequence number that follows a frame. */
function resetBehind(frame: Frame): Frame {
  const reset = copyFrame(frame);
  const { payloadLength } = reset;
  reset.length -= payloadLength;
  reset.payloadLength = 0;
  return editSegment(reset, (bytes, { ip, tcp }, view) => {
    view.setUint16(ip + 2, view.getUint16(ip + 2) - payloadLength);
    view.setUint32(tcp + 4, view.getUint32(tcp + 4) + payloadLength);
    bytes[tcp + 13] = tcpFlags.RST | tcpFlags.ACK;
  });
}

const isFin = (frame: Frame): boolean => (flagsOf(frame) & tcpFlags.FIN) !== 0;

/** Small segments need not wait: the last one, which carries the FIN, leaves without it as well. */
const withoutNagle: Situation = {
  act: (run) => {
    const connection = run.streams[0]?.connection;
    connection?.setOptions({ nagle: false });
    return connection === undefined;
  },
};

/** See the file's head. */
export const disconnectMutants: readonly Mutant[] = [
  {
    breaks: 'DSC-001',
    how: 'The target returns NDIS_STATUS_SUCCESS from MiniportTcpOffloadDisconnect.',
    entails: { 'DSC-002': 'NDIS hands on what the target returned.' },
    in: 'offload-target',
    driver: {
      handlers: {
        TcpOffloadDisconnectHandler:
          (next) =>
          (...values) => {
            next(...values);
            return NDIS_STATUS.SUCCESS;
          },
      },
    },
  },
  {
    breaks: 'DSC-002',
    how: 'NDIS answers NDIS_STATUS_SUCCESS to NdisOffloadTcpDisconnect.',
    records: returning('NdisOffloadTcpDisconnect', NDIS_STATUS.SUCCESS),
  },
  {
    breaks: 'DSC-003',
    how: 'The host stack asks for a graceful and an abortive close at once.',
    in: 'host-stack',
    driver: {
      functions: { NdisOffloadTcpDisconnect: (next) => (handle, list) => next(handle, list, 3) },
    },
  },
  {
    breaks: 'DSC-004',
    how: 'The host stack passes a NET_BUFFER_LIST with two NET_BUFFERs.',
    in: 'host-stack',
    driver: {
      functions: {
        NdisOffloadTcpDisconnect:
          (next, { machine }) =>
          (handle, list, flags) => {
            list.FirstNetBuffer.Next = allocateNetBufferList(machine.addresses, []).FirstNetBuffer;
            return next(handle, list, flags);
          },
      },
    },
  },
  {
    breaks: 'DSC-005',
    how: 'The host stack attaches data to an abortive disconnect.',
    situation: abortedHalfway,
    in: 'host-stack',
    driver: {
      functions: {
        NdisOffloadTcpDisconnect: (next) => (handle, list, flags) => {
          list.FirstNetBuffer.DataLength = 16;
          return next(handle, list, flags);
        },
      },
    },
  },
  {
    breaks: 'DSC-006',
    how: 'The host stack posts the last send only after the graceful disconnect.',
    in: 'host-stack',
    driver: {
      functions: {
        NdisOffloadTcpSend:
          (next, { memory }) =>
          (handle, lists) => {
            const held = memory.get('held') as (() => NdisStatus) | undefined;
            memory.set('held', () => next(handle, lists));
            held?.();
            return NDIS_STATUS.PENDING;
          },
        NdisOffloadTcpDisconnect:
          (next, { memory }) =>
          (handle, list, flags) => {
            const status = next(handle, list, flags);
            (memory.get('held') as (() => NdisStatus) | undefined)?.();
            return status;
          },
      },
    },
  },
  {
    breaks: 'DSC-008',
    how: 'The target completes a graceful disconnect with NDIS_STATUS_SUCCESS and sends no FIN.',
    entails: { 'DSC-015': 'The sends in front of it are as little acknowledged.' },
    in: 'offload-target',
    driver: {
      functions: { NdisTcpOffloadDisconnectComplete: keepComplete },
      handlers: {
        ...keepsMiniportHandle,
        TcpOffloadDisconnectHandler: (_next, tools) => (_adapter, _context, list) => {
          completeLater(tools, list, NDIS_STATUS.SUCCESS);
          return NDIS_STATUS.PENDING;
        },
      },
    },
  },
  {
    breaks: 'DSC-009',
    how: 'The target puts the FIN one byte before the end of the data.',
    frames: (frame) => [
      isFin(frame)
        ? editSegment(frame, (_bytes, { tcp }, view) => {
            view.setUint32(tcp + 4, view.getUint32(tcp + 4) - 1);
          })
        : frame,
    ],
  },
  {
    breaks: 'DSC-010',
    how: 'The target holds the FIN back until the peer has acknowledged all data.',
    situation: withoutNagle,
    frames: (frame, tools) => {
      if (!isFin(frame) || !tools.once(1, 'fin')) return [frame];
      if (frame.payloadLength === 0) return [];
      return [
        editSegment(frame, (bytes, { tcp }) => {
          bytes[tcp + 13]! &= ~tcpFlags.FIN;
        }),
      ];
    },
  },
  {
    breaks: 'DSC-012',
    how: 'The target sends payload beyond its FIN.',
    frames: (frame, { memory }) => {
      if (frame.path === 'chimney' && frame.payloadLength > 0 && !memory.has('data'))
        memory.set('data', copyFrame(frame));
      if (!isFin(frame)) return [frame];
      const beyond = copyFrame(memory.get('data') as Frame);
      const { tcp } = segmentPlaces(frame)!;
      const at = new DataView(frame.bytes.buffer, frame.bytes.byteOffset).getUint32(tcp + 4);
      editSegment(beyond, (_bytes, places, view) => {
        view.setUint32(places.tcp + 4, at + frame.payloadLength + 1);
      });
      return [frame, beyond];
    },
  },
  {
    breaks: 'DSC-013',
    how: 'Behind its FIN the target acknowledges nothing any more.',
    // A small window, so that the peer still has data to send when it hears of the FIN.
    situation: { plan: { host: { tcp: { ...defaultHostSettings.tcp, receiveBuffer: 4096 } } } },
    frames: (frame, { memory }) => {
      if (isFin(frame)) memory.set('closed', true);
      else if (memory.has('closed') && frame.path === 'chimney') return [];
      return [frame];
    },
  },
  {
    breaks: 'DSC-014',
    how: 'The target completes a graceful disconnect when its FIN has left, not when it has been acknowledged.',
    situation: { fileBytes: 8_000 },
    entails: { 'DSC-015': 'The sends in front of it are as little acknowledged.' },
    in: 'offload-target',
    driver: {
      functions: {
        NdisTcpOffloadDisconnectComplete: (next, tools) => {
          keepComplete(next, tools);
          return () => undefined;
        },
      },
      handlers: {
        ...keepsMiniportHandle,
        TcpOffloadDisconnectHandler: (next, tools) => (adapter, context, list, flags) => {
          const status = next(adapter, context, list, flags);
          completeLater(tools, list, NDIS_STATUS.SUCCESS, 20_000);
          return status;
        },
      },
    },
  },
  {
    breaks: 'DSC-015',
    how: 'The target completes sends a little late, and the disconnect behind them at once.',
    in: 'offload-target',
    driver: {
      functions: {
        NdisTcpOffloadSendComplete: (next, tools) => (handle, lists) => {
          tools.later(20_000, () => {
            next(handle, lists);
          });
        },
      },
    },
  },
  {
    breaks: 'DSC-016',
    how: 'The target reports more bytes of a disconnect than it brought.',
    in: 'offload-target',
    driver: {
      functions: {
        NdisTcpOffloadDisconnectComplete: (next) => (handle, list) => {
          list.NetBufferListInfo[netBufferListInfo.TcpOffloadBytesTransferred] = 100;
          next(handle, list);
        },
      },
    },
  },
  {
    breaks: 'DSC-017',
    how: 'The target leaves the acknowledged bytes in the NET_BUFFER of a disconnect.',
    situation: { plan: { host: { closesWithData: true } } },
    in: 'offload-target',
    driver: {
      functions: {
        NdisTcpOffloadDisconnectComplete: (next) => (handle, list) => {
          const { FirstNetBuffer } = list;
          FirstNetBuffer.DataLength += FirstNetBuffer.DataOffset;
          FirstNetBuffer.DataOffset = 0;
          next(handle, list);
        },
      },
    },
  },
  {
    breaks: 'DSC-018',
    how: 'The target completes a disconnect with NDIS_STATUS_RESOURCES.',
    in: 'offload-target',
    driver: {
      functions: {
        NdisTcpOffloadDisconnectComplete: (next) => (handle, list) => {
          list.Status = NDIS_STATUS.RESOURCES;
          next(handle, list);
        },
      },
    },
  },
  {
    breaks: 'DSC-019',
    how: 'The target fails a disconnect with NDIS_STATUS_UPLOAD_IN_PROGRESS, and no upload is under way.',
    in: 'offload-target',
    driver: {
      functions: { NdisTcpOffloadDisconnectComplete: keepComplete },
      handlers: {
        ...keepsMiniportHandle,
        TcpOffloadDisconnectHandler: (_next, tools) => (_adapter, _context, list) => {
          completeLater(tools, list, NDIS_STATUS.UPLOAD_IN_PROGRESS);
          return NDIS_STATUS.PENDING;
        },
      },
    },
  },
  {
    breaks: 'DSC-020',
    how: 'The target reports an abort of a disconnect whose FIN has been acknowledged.',
    entails: { 'DSC-019': 'Nothing has aborted the connection.' },
    in: 'offload-target',
    driver: {
      functions: {
        NdisTcpOffloadDisconnectComplete: (next) => (handle, list) => {
          list.Status = NDIS_STATUS.REQUEST_ABORTED;
          next(handle, list);
        },
      },
    },
  },
  {
    breaks: 'DSC-021',
    how: 'The host stack posts a disconnect again that the target has failed for an upload.',
    situation: uploadedBehindFin,
    in: 'host-stack',
    driver: {
      functions: {
        NdisOffloadTcpDisconnect:
          (next, { memory }) =>
          (handle, list, flags) => {
            memory.set('again', () => next(handle, list, flags));
            return next(handle, list, flags);
          },
      },
      handlers: {
        TcpOffloadDisconnectCompleteHandler: (next, tools) => (context, list) => {
          next(context, list);
          if (tools.once()) (tools.memory.get('again') as () => NdisStatus)();
        },
      },
    },
  },
  {
    breaks: 'DSC-022',
    how: 'The RST of an abortive disconnect never leaves the target.',
    situation: abortedHalfway,
    frames: (frame) => ((flagsOf(frame) & tcpFlags.RST) === 0 ? [frame] : []),
  },
  {
    breaks: 'DSC-023',
    how: 'The target resets a connection on its own.',
    frames: (frame, tools) =>
      frame.path === 'chimney' && tools.count() === 5 ? [frame, resetBehind(frame)] : [frame],
  },
  {
    breaks: 'DSC-024',
    how: 'The target waits with an abortive disconnect until its indication has returned.',
    situation: abortedInIndication,
    entails: { 'DSC-025': 'Until then the connection goes on as if nothing had been asked.' },
    in: 'offload-target',
    driver: {
      functions: {
        NdisTcpOffloadReceiveHandler:
          (next, { memory }) =>
          (handle, list, status) => {
            memory.set('indicating', true);
            const answer = next(handle, list, status);
            memory.delete('indicating');
            return answer;
          },
      },
      handlers: {
        TcpOffloadDisconnectHandler: (next, tools) => (adapter, context, list, flags) => {
          if (!tools.memory.has('indicating')) return next(adapter, context, list, flags);
          tools.later(2_000_000, () => {
            next(adapter, context, list, flags);
          });
          return NDIS_STATUS.PENDING;
        },
      },
    },
  },
  {
    breaks: 'DSC-025',
    how: 'The target goes on with the receive side for a while after an abortive disconnect.',
    situation: abortedHalfway,
    in: 'offload-target',
    driver: {
      handlers: {
        TcpOffloadDisconnectHandler: (next, tools) => (adapter, context, list, flags) => {
          tools.later(300_000, () => {
            next(adapter, context, list, flags);
          });
          return NDIS_STATUS.PENDING;
        },
      },
    },
  },
  {
    breaks: 'DSC-026',
    how: 'The target completes an abortive disconnect before the sends that it aborts.',
    entails: { 'DSC-015': 'The graceful disconnect that it overtakes stands behind the same sends.' },
    situation: abortedHalfway,
    in: 'offload-target',
    driver: {
      functions: {
        NdisTcpOffloadSendComplete: (next, { memory }) => {
          const held: (() => void)[] = [];
          memory.set('held', held);
          return (handle, lists) => {
            if (lists.Status !== NDIS_STATUS.REQUEST_ABORTED) next(handle, lists);
            else
              held.push(() => {
                next(handle, lists);
              });
          };
        },
        NdisTcpOffloadDisconnectComplete: (next, tools) => (handle, list) => {
          next(handle, list);
          // The graceful disconnect comes first, then the abortive one.
          if (tools.once(2)) for (const complete of tools.memory.get('held') as (() => void)[]) complete();
        },
      },
    },
  },
  {
    breaks: 'DSC-028',
    how: 'The target chains another NET_BUFFER_LIST to the one of the disconnect.',
    in: 'offload-target',
    driver: {
      functions: {
        NdisTcpOffloadDisconnectComplete:
          (next, { machine }) =>
          (handle, list) => {
            list.Next = allocateNetBufferList(machine.addresses, []);
            next(handle, list);
          },
      },
    },
  },
  {
    breaks: 'DSC-029',
    how: 'The target completes a disconnect twice.',
    in: 'offload-target',
    driver: {
      functions: {
        NdisTcpOffloadDisconnectComplete: (next) => (handle, list) => {
          next(handle, list);
          next(handle, list);
        },
      },
    },
  },
  {
    breaks: 'DSC-031',
    how: 'NDIS hands another NET_BUFFER_LIST up than the target completed.',
    records: calling('ProtocolTcpOffloadDisconnectComplete', (call) => ({
      ...call,
      arguments: call.arguments.map((argument) =>
        argument.kind === 'net-buffer-lists'
          ? { ...argument, lists: argument.lists.map((list) => ({ ...list, address: list.address + 64 })) }
          : argument,
      ),
    })),
  },
  {
    breaks: 'DSC-032',
    how: 'The host stack never terminates a connection that has been closed.',
    entails: {
      'EVT-021': 'The target asks for the upload of a closed connection, and nothing comes of that either.',
    },
    in: 'host-stack',
    driver: { functions: { NdisTerminateOffload: () => () => undefined } },
  },
];

/** What looks odd in the area and is legal. */
export const disconnectOddities: readonly LegalOddity[] = [
  {
    shows: 'DSC-007',
    how: 'The application gives the connection up while the FIN of its graceful close is on the way.',
    situation: abortedBehindFin,
  },
  {
    shows: 'DSC-011',
    how: 'The FIN rides on the last data segment, or travels alone behind it.',
    situation: { fileBytes: 100_000, settings: { loss: 0.02 } },
  },
  {
    shows: 'DSC-027',
    how: 'An abortive disconnect finds sends outstanding: its RST leaves first, then they are aborted.',
    situation: abortedHalfway,
  },
];
