/** Mutants for the rules of the delivery algorithm. */
import { NDIS_STATUS } from '../../../../../shared/ddi/status';
import { chainToArray, netBufferListInfo } from '../../../ndis/netBufferList';
import { editSegment } from '../../../tampering/segmentEdits';
import type { BadDriver } from '../../badDriver';
import type { Mutant, Situation } from '../../mutant';
import type { MutantTools } from '../../mutantTools';
import { reading, refusing } from '../indicate/hosts';
import { nonpush, tinyRequests } from './hosts';

/** Time that no pass of the algorithm takes, virtual ns. */
const longWhile = 20_000_000;

/** The host stack takes its time to close. */
const closesLate: Situation['besides'] = {
  in: 'host-stack',
  driver: {
    functions: {
      NdisOffloadTcpDisconnect:
        (next, tools) =>
        (...values) => {
          tools.later(60_000_000, () => next(...values));
          return NDIS_STATUS.PENDING;
        },
    },
  },
};

/** Keeps what is to be done back from the `number`th time on, for a while; in order, and never again. */
function valve(number: number, tools: MutantTools, time = longWhile): (action: () => void) => boolean {
  let state: 'before' | 'closed' | 'open' = 'before';
  const waiting: (() => void)[] = [];
  return (action) => {
    if (state === 'before' && tools.once(number, 'valve')) {
      state = 'closed';
      tools.later(time, () => {
        state = 'open';
        for (const one of waiting.splice(0)) one();
      });
    }
    if (state === 'closed') waiting.push(action);
    return state === 'closed';
  };
}

/** The target says yes to itself and indicates later. */
function indicatingLate(number: number): BadDriver {
  return {
    functions: {
      NdisTcpOffloadReceiveHandler: (next, tools) => {
        const holds = valve(number, tools);
        return (handle, list, status) => {
          const BytesConsumed = list.FirstNetBuffer.DataLength;
          const isHeld = holds(() => {
            next(handle, list, status);
          });
          return isHeld ? { status: NDIS_STATUS.SUCCESS, BytesConsumed } : next(handle, list, status);
        };
      },
    },
  };
}

/** The target takes requests for smaller than they are. */
const shortened: BadDriver = {
  handlers: {
    TcpOffloadReceiveHandler:
      (next, tools) =>
      (...values) => {
        for (const list of chainToArray(values[2])) {
          const { FirstNetBuffer } = list;
          tools.memory.set(`${list.address}`, FirstNetBuffer.DataLength - 500);
          FirstNetBuffer.DataLength = 500;
        }
        return next(...values);
      },
  },
  functions: {
    NdisTcpOffloadReceiveComplete: (next, tools) => (handle, lists) => {
      for (const list of chainToArray(lists))
        list.FirstNetBuffer.DataLength += tools.memory.get(`${list.address}`) as number;
      next(handle, lists);
    },
  },
};

/** See the file's head. */
export const deliveryMutants: readonly Mutant[] = [
  {
    breaks: 'RCV-007',
    how: 'The target takes all requests for push mode.',
    situation: { besides: nonpush },
    entails: {
      'RCV-017': 'A nonpush request is completed before it is full.',
      'TMR-053': 'It is PSH that completes it.',
    },
    in: 'offload-target',
    driver: {
      handlers: {
        TcpOffloadReceiveHandler:
          (next) =>
          (...values) => {
            values[2].NetBufferListInfo[netBufferListInfo.TcpReceiveNoPush] = 0;
            return next(...values);
          },
      },
    },
  },
  {
    breaks: 'RCV-017',
    how: 'The target completes nonpush requests when 500 bytes are in them.',
    situation: { besides: nonpush },
    entails: { 'RCV-031': 'Several of them are completed with one call, none of them full.' },
    in: 'offload-target',
    driver: shortened,
  },
  {
    breaks: 'RCV-018',
    how: 'The target completes push requests when 500 bytes are in them.',
    entails: { 'RCV-031': 'Several of them are completed with one call, none of them full.' },
    in: 'offload-target',
    driver: shortened,
  },
  {
    breaks: 'RCV-010',
    how: 'The target looks at posted receives late, though it holds data.',
    situation: refusing(1000),
    in: 'offload-target',
    driver: {
      handlers: {
        TcpOffloadReceiveHandler:
          (next, tools) =>
          (...values) => {
            if (!tools.once()) return next(...values);
            tools.later(longWhile, () => {
              next(...values);
            });
            return NDIS_STATUS.PENDING;
          },
      },
    },
  },
  {
    breaks: 'RCV-011',
    how: 'The target indicates data for a while although receives are posted.',
    situation: { fileBytes: 1_000_000 },
    in: 'offload-target',
    driver: {
      handlers: {
        TcpOffloadReceiveHandler: (next, tools) => {
          const holds = valve(1, tools, 2_000_000);
          return (...values) => {
            const isHeld = holds(() => {
              next(...values);
            });
            return isHeld ? NDIS_STATUS.PENDING : next(...values);
          };
        },
      },
    },
  },
  {
    breaks: 'RCV-012',
    how: 'The target puts the bytes of two receives into each other.',
    situation: { plan: tinyRequests },
    in: 'offload-target',
    driver: {
      functions: {
        NdisTcpOffloadReceiveComplete: (next) => (handle, lists) => {
          const [one, other] = chainToArray(lists).map(({ FirstNetBuffer }) => FirstNetBuffer.MdlChain.bytes);
          if (one !== undefined && other !== undefined) {
            const kept = one.slice(0, 400);
            one.set(other.subarray(0, 400));
            other.set(kept);
          }
          next(handle, lists);
        },
      },
    },
  },
  {
    breaks: 'RCV-013',
    how: 'The target keeps data for a while that it should indicate at once.',
    entails: {
      'IND-006':
        'What is indicated later comes in the pieces in which it arrived, and was acknowledged meanwhile.',
    },
    situation: {
      plan: { halfway: 'nothing', host: { postedReceives: 0 } },
      fileBytes: 12_000,
      besides: closesLate,
    },
    in: 'offload-target',
    driver: indicatingLate(2),
  },
  {
    breaks: 'RCV-014',
    how: 'The target indicates when a segment comes although it holds refused data.',
    situation: refusing(65_536),
    entails: { 'IND-015': 'No receive has been posted since the refusal.' },
    in: 'offload-target',
    driver: {
      functions: {
        NdisTcpOffloadReceiveHandler:
          (next, tools) =>
          (...values) => {
            const answer = next(...values);
            if (answer.status !== NDIS_STATUS.SUCCESS && tools.once())
              tools.later(50_000, () => next(...values));
            return answer;
          },
      },
    },
  },
  {
    breaks: 'RCV-015',
    how: 'The target keeps what finds no room in posted receives for a while.',
    situation: {
      fileBytes: 12_000,
      besides: closesLate,
      ...reading(() => {
        let indications = 0;
        return {
          posted: 0,
          bytes: 1000,
          postDelay: 100_000,
          consume: (length) => (indications++ === 0 ? 0 : length),
        };
      }),
    },
    in: 'offload-target',
    driver: indicatingLate(2),
  },
  {
    breaks: 'RCV-016',
    how: 'The target completes receives a while after they are full.',
    situation: {
      fileBytes: 12_000,
      plan: { host: { postedReceives: 24, postedReceiveBytes: 1000 } },
      besides: closesLate,
    },
    in: 'offload-target',
    driver: {
      functions: {
        NdisTcpOffloadReceiveComplete: (next, tools) => {
          const holds = valve(2, tools);
          return (handle, lists) => {
            const complete = (): void => {
              next(handle, lists);
            };
            if (!holds(complete)) complete();
          };
        },
      },
    },
  },
  {
    breaks: 'RCV-037',
    how: 'The target does not acknowledge data that the application refuses.',
    entails: { 'DSC-013': 'Data behind the FIN of the host stack is not acknowledged either.' },
    situation: refusing(65_536),
    in: 'offload-target',
    frames: (frame, tools) => {
      if (frame.path !== 'chimney') return [frame];
      return [
        editSegment(frame, (_bytes, { tcp }, view) => {
          const known = tools.memory.get('until') as { time: number; acknowledgment: number } | undefined;
          const until = known ?? {
            time: tools.machine.now + 1_500_000_000,
            acknowledgment: view.getUint32(tcp + 8),
          };
          tools.memory.set('until', until);
          if (tools.machine.now < until.time) view.setUint32(tcp + 8, until.acknowledgment);
        }),
      ];
    },
  },
];
