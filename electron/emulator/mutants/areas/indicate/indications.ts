/** Mutants for the rules about receive indications. */
import { NDIS_STATUS } from '../../../../../shared/ddi/status';
import {
  allocateNetBufferList,
  NET_BUFFER,
  NET_BUFFER_LIST,
  netBufferBytes,
} from '../../../ndis/netBufferList';
import { walkBlocks } from '../../../ndis/offloadBlockList';
import type { BadDriver } from '../../badDriver';
import { calling } from '../../badRecords';
import type { Mutant, Situation } from '../../mutant';
import { indicated, lifting, refusing, taking } from './hosts';

type Answer = { readonly status: number; readonly BytesConsumed: number };

/** The host stack answers indications otherwise than it means. */
function answering(change: (answer: Answer) => Answer): BadDriver {
  return {
    handlers: {
      TcpOffloadReceiveIndicateHandler:
        (next) =>
        (...values) =>
          change(next(...values)),
    },
  };
}

/** The application wants to hear of so many bytes at a time. */
const wantsLittle: Situation = {
  ...indicated,
  act: (run) => {
    const connection = run.streams[0]?.connection;
    if (connection === undefined) return true;
    connection.setOptions({ receiveIndicationSize: 500 });
    return false;
  },
};

/** The host stack posts a receive from inside the first indication. */
const postsInside: Situation['besides'] = {
  in: 'host-stack',
  driver: {
    handlers: {
      TcpOffloadReceiveIndicateHandler:
        (next, tools) =>
        (...values) => {
          const answer = next(...values);
          if (tools.once()) {
            const list = allocateNetBufferList(tools.machine.addresses, [new Uint8Array(100)]);
            tools.functions?.NdisOffloadTcpReceive(values[0], list);
          }
          return answer;
        },
    },
  },
};

/** See the file's head. */
export const indicationMutants: readonly Mutant[] = [
  {
    breaks: 'IND-001',
    how: 'The target indicates a chain of two lists, of which the second is empty.',
    situation: indicated,
    in: 'offload-target',
    driver: {
      functions: {
        NdisTcpOffloadReceiveHandler: (next, tools) => (handle, list, status) => {
          list.Next = allocateNetBufferList(tools.machine.addresses, [new Uint8Array(0)]);
          const answer = next(handle, list, status);
          list.Next = null;
          return answer;
        },
      },
    },
  },
  {
    breaks: 'IND-002',
    how: 'The target indicates a list with two NET_BUFFERs.',
    situation: indicated,
    in: 'offload-target',
    driver: {
      functions: {
        NdisTcpOffloadReceiveHandler: (next) => (handle, list, status) => {
          const { FirstNetBuffer } = list;
          FirstNetBuffer.Next = new NET_BUFFER(FirstNetBuffer.address + 1, FirstNetBuffer.MdlChain, 0);
          return next(handle, list, status);
        },
      },
    },
  },
  {
    breaks: 'IND-003',
    how: 'The target indicates data of a connection with NDIS_STATUS_RESOURCES.',
    situation: indicated,
    in: 'offload-target',
    driver: {
      functions: {
        NdisTcpOffloadReceiveHandler: (next) => (handle, list) => next(handle, list, NDIS_STATUS.RESOURCES),
      },
    },
  },
  {
    breaks: 'IND-004',
    how: 'The target indicates data at PASSIVE_LEVEL.',
    situation: indicated,
    in: 'offload-target',
    driver: {
      functions: {
        NdisTcpOffloadReceiveHandler:
          (next, { machine }) =>
          (...values) => {
            const before = machine.irql;
            machine.irql = 0;
            const answer = next(...values);
            machine.irql = before;
            return answer;
          },
      },
    },
  },
  {
    breaks: 'IND-006',
    how: 'The target indicates half of what it has, although RcvIndicationSize is 0.',
    situation: refusing(1000),
    in: 'offload-target',
    driver: {
      functions: {
        NdisTcpOffloadReceiveHandler: (next) => (handle, list, status) => {
          list.FirstNetBuffer.DataLength >>= 1;
          return next(handle, list, status);
        },
      },
    },
  },
  {
    breaks: 'IND-007',
    how: 'The target does not look at RcvIndicationSize.',
    situation: wantsLittle,
    in: 'offload-target',
    driver: {
      handlers: {
        InitiateOffloadHandler: (next) => (context, root) => {
          walkBlocks(root, ({ state }) => {
            if (state?.layer === 'tcp' && state.cached !== undefined)
              state.cached = { ...state.cached, RcvIndicationSize: 0 };
          });
          next(context, root);
        },
      },
    },
  },
  {
    breaks: 'IND-008',
    how: 'The host stack answers an indication with NDIS_STATUS_FAILURE.',
    in: 'host-stack',
    driver: {
      handlers: {
        TcpOffloadReceiveIndicateHandler:
          (next, tools) =>
          (...values) =>
            tools.once() ? { status: NDIS_STATUS.FAILURE, BytesConsumed: 0 } : next(...values),
      },
    },
  },
  {
    breaks: 'IND-009',
    how: 'The host stack takes an indication and says that it has consumed one byte less.',
    situation: indicated,
    in: 'host-stack',
    driver: answering(({ status, BytesConsumed }) => ({ status, BytesConsumed: BytesConsumed - 1 })),
  },
  {
    breaks: 'IND-010',
    how: 'The host stack refuses an indication and says that it has consumed ten bytes.',
    situation: refusing(65_536),
    in: 'host-stack',
    driver: answering(({ status }) => ({ status, BytesConsumed: 10 })),
  },
  {
    breaks: 'IND-011',
    how: 'The host stack takes a part of an indication and says that it has consumed nothing.',
    situation: taking((length) => length >> 1),
    in: 'host-stack',
    driver: answering(({ status }) => ({ status, BytesConsumed: 0 })),
  },
  {
    breaks: 'IND-012',
    how: 'The target uses the memory of a list again that the host stack has not returned.',
    situation: indicated,
    in: 'offload-target',
    driver: {
      functions: {
        NdisTcpOffloadReceiveHandler: (next, tools) => {
          let first: NET_BUFFER_LIST | undefined;
          return (handle, list, status) => {
            if (first === undefined || !tools.once()) {
              first ??= list;
              return next(handle, list, status);
            }
            return next(handle, new NET_BUFFER_LIST(first.address, list.FirstNetBuffer), status);
          };
        },
      },
    },
  },
  {
    breaks: 'IND-015',
    how: 'The target indicates data a second time as soon as the host stack has refused it.',
    situation: refusing(65_536),
    in: 'offload-target',
    driver: {
      functions: {
        NdisTcpOffloadReceiveHandler:
          (next, tools) =>
          (...values) => {
            const answer = next(...values);
            if (answer.status === NDIS_STATUS.SUCCESS || !tools.once()) return answer;
            return next(...values);
          },
      },
    },
  },
  {
    breaks: 'IND-016',
    how: 'The target indicates refused data again when the host stack posts a receive for it, before it fills the receive.',
    situation: refusing(65_536),
    entails: {
      'IND-006': 'It shows what it had then, and more has come since.',
      'IND-015': 'This indication is refused as well, and the target knows only of the first.',
      'RCV-014': 'Segments come while refused data is held, and data is indicated.',
    },
    in: 'offload-target',
    driver: {
      handlers: {
        TcpOffloadReceiveHandler:
          (next, tools) =>
          (...values) => {
            (tools.memory.get('again') as (() => void) | undefined)?.();
            tools.memory.delete('again');
            return next(...values);
          },
      },
      functions: {
        NdisTcpOffloadReceiveHandler:
          (next, tools) =>
          (...values) => {
            const answer = next(...values);
            if (answer.status !== NDIS_STATUS.SUCCESS && tools.once())
              tools.memory.set('again', () => {
                tools.machine.atLeast(2, () => next(...values));
              });
            return answer;
          },
      },
    },
  },
  {
    breaks: 'IND-017',
    how: 'The target takes all but a thousand bytes out of what it holds when a receive without room lifts the block, and indicates them apart.',
    situation: lifting,
    entails: { 'IND-006': 'The bytes that are left out had been acknowledged as well.' },
    in: 'offload-target',
    driver: {
      functions: {
        NdisTcpOffloadReceiveHandler: (next, tools) => (handle, list, status) => {
          if (!tools.once(2)) return next(handle, list, status);
          const bytes = netBufferBytes(list.FirstNetBuffer).slice();
          list.FirstNetBuffer.DataLength = 1000;
          next(handle, list, status);
          const rest = allocateNetBufferList(tools.machine.addresses, [bytes.subarray(1000)]);
          // The host stack refuses every other indication: the bytes that it refuses here stay with the target.
          next(handle, rest, status);
          return { status: NDIS_STATUS.OFFLOAD_DATA_PARTIALLY_ACCEPTED, BytesConsumed: 1000 };
        },
      },
    },
  },
  {
    breaks: 'IND-018',
    how: 'The target hands data over again from its first byte, of which the host stack has taken four bytes.',
    situation: { ...taking((length) => Math.min(4, length)), plan: { halfway: 'nothing' } },
    entails: { 'TRM-016': 'The bytes that come twice make more of them than RcvNxt says.' },
    in: 'offload-target',
    driver: {
      functions: {
        NdisTcpOffloadReceiveHandler:
          (next) =>
          (...values) => {
            const answer = next(...values);
            const isPart = answer.status === NDIS_STATUS.OFFLOAD_DATA_PARTIALLY_ACCEPTED;
            return isPart ? { ...answer, BytesConsumed: 0 } : answer;
          },
      },
    },
  },
  {
    breaks: 'IND-019',
    how: 'The target mixes up data that the host stack has refused.',
    situation: lifting,
    in: 'offload-target',
    driver: {
      functions: {
        NdisTcpOffloadReceiveHandler: (next, tools) => (handle, list, status) => {
          if (tools.once(2)) netBufferBytes(list.FirstNetBuffer).subarray(0, 1000).reverse();
          return next(handle, list, status);
        },
      },
    },
  },
  {
    breaks: 'IND-020',
    how: 'The target cuts an indication in two and makes the second one although a receive has been posted in the first.',
    situation: { ...indicated, besides: postsInside },
    in: 'offload-target',
    driver: {
      functions: {
        NdisTcpOffloadReceiveHandler: (next, tools) => (handle, list, status) => {
          const bytes = netBufferBytes(list.FirstNetBuffer).slice();
          const half = bytes.length >> 1;
          list.FirstNetBuffer.DataLength = half;
          next(handle, list, status);
          const rest = allocateNetBufferList(tools.machine.addresses, [bytes.subarray(half)]);
          return { ...next(handle, rest, status), BytesConsumed: bytes.length };
        },
      },
    },
  },
  {
    breaks: 'IND-021',
    how: 'NDIS hands indications up with another status.',
    records: calling('ProtocolTcpOffloadReceiveIndicate', (call) => ({
      ...call,
      arguments: call.arguments.map((argument) =>
        argument.kind === 'status' ? { ...argument, value: NDIS_STATUS.RESOURCES } : argument,
      ),
    })),
  },
];
