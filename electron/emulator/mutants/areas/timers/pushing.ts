/** Mutants for the rules about the push timer. */
import { chainToArray, netBufferListInfo, type NET_BUFFER_LIST } from '../../../ndis/netBufferList';
import { hearing } from '../../badTiming';
import type { BadDriver } from '../../badDriver';
import type { LegalOddity, Mutant, Situation } from '../../mutant';
import { quietConnection, type QuietStep } from '../../quietConnection';
import { toldParameters, until } from './retransmitting';

/** The target takes the requests that are posted for ones with a slot of another value. */
export function mistaking(slot: 'TcpReceiveNoPush', value: number): BadDriver {
  return {
    handlers: {
      TcpOffloadReceiveHandler: (next) => (adapter, context, lists) => {
        mark(lists, slot, value);
        return next(adapter, context, lists);
      },
    },
  };
}

function mark(
  lists: NET_BUFFER_LIST,
  slot: 'TcpReceiveNoPush' | 'TcpReceiveBytesTransferred',
  value: number,
): void {
  for (const list of chainToArray(lists)) list.NetBufferListInfo[netBufferListInfo[slot]] = value;
}

/** The host stack posts requests with a slot of a value. */
export function posting(
  slot: 'TcpReceiveNoPush' | 'TcpReceiveBytesTransferred',
  value: number,
): NonNullable<Situation['besides']> {
  return {
    in: 'host-stack',
    driver: {
      functions: {
        NdisOffloadTcpReceive: (next) => (handle, lists) => {
          mark(lists, slot, value);
          return next(handle, lists);
        },
      },
    },
  };
}

/** One message settles what is known; then the first segment of another one comes, without its end. */
export const half: readonly QuietStep[] = [
  [
    1000,
    (scene) => {
      scene.answer(100);
    },
  ],
  [
    1500,
    (scene) => {
      scene.passSegments(1);
      scene.answer(2000);
    },
  ],
];

/** A message comes. */
function messageAt(time: number): QuietStep {
  return [
    time,
    (scene) => {
      scene.answer(100);
    },
  ];
}

/** See the file's head. */
export const pushingMutants: readonly Mutant[] = [
  {
    breaks: 'TMR-047',
    how: 'The target starts no push timer for the bytes that it places.',
    in: 'offload-target',
    driver: mistaking('TcpReceiveNoPush', 1),
    situation: quietConnection([half[1]!, until(20_000)]),
  },
  {
    breaks: 'TMR-048',
    how: 'The target starts no push timer for a request with bytes in it.',
    in: 'offload-target',
    driver: mistaking('TcpReceiveNoPush', 1),
    situation: {
      ...quietConnection([until(20_000)], {
        plan: { host: { postedReceives: 1 } },
      }),
      besides: {
        ...posting('TcpReceiveBytesTransferred', 100),
        against: { 'RCV-008': 'Host stacks should not do it, and targets must be ready for it (A107).' },
      },
    },
  },
  {
    breaks: 'TMR-050',
    how: 'The target completes a request too early behind further data.',
    in: 'offload-target',
    driver: hearing({ TcpPushTicks: 200 }),
    situation: quietConnection([
      half[0]!,
      [
        1500,
        (scene) => {
          scene.passSegments(2);
          scene.answer(4000);
        },
      ],
      until(20_000),
    ]),
  },
  {
    breaks: 'TMR-052',
    how: 'The target takes no notice of PSH.',
    in: 'offload-target',
    driver: mistaking('TcpReceiveNoPush', 1),
    situation: quietConnection([...half.slice(0, 1), until(5000)]),
  },
  {
    breaks: 'TMR-053',
    how: 'The target completes nonpush requests at PSH.',
    entails: {
      'RCV-007': 'What PSH completes has not waited until it is full.',
      'RCV-017': 'The same request goes up half empty.',
    },
    in: 'offload-target',
    driver: mistaking('TcpReceiveNoPush', 0),
    situation: {
      ...quietConnection([messageAt(1000), messageAt(1500), until(5000)]),
      besides: posting('TcpReceiveNoPush', 1),
    },
  },
  {
    breaks: 'TMR-055',
    how: 'The target completes nonpush requests when its push timer expires.',
    entails: {
      'TMR-049': 'The timer that expires was started for a nonpush request.',
      'RCV-017': 'The request that it completes is not full.',
    },
    in: 'offload-target',
    driver: mistaking('TcpReceiveNoPush', 0),
    situation: { ...quietConnection([half[1]!, until(5000)]), besides: posting('TcpReceiveNoPush', 1) },
  },
  {
    breaks: 'TMR-056',
    how: 'The push timer of the target runs for two seconds.',
    in: 'offload-target',
    driver: hearing({ TcpPushTicks: 2000 }),
    situation: quietConnection([...half, until(20_000)]),
  },
  {
    breaks: 'TMR-060',
    how: 'The push timer of the target begins with half of its time gone.',
    in: 'offload-target',
    driver: hearing({ TcpPushTicks: 250 }),
    entails: { 'TMR-056': 'The interval is not TcpPushTicks.' },
    situation: quietConnection([...half, until(20_000)]),
  },
];

/** What looks odd and is legal. */
export const pushingOddities: readonly LegalOddity[] = [
  {
    shows: 'TMR-057',
    how: 'The host stack sets TcpPushTicks to 200.',
    situation: quietConnection([...half, until(5000)], { plan: toldParameters({ TcpPushTicks: 200 }) }),
  },
];
