/** Mutants for the rules about the FIN_WAIT_2 timer. */
import { TcpConnectionState } from '../../../tcp/tcpVariables';
import { badTcp, handingUp, silentEvents, taking } from '../../badTiming';
import type { Mutant } from '../../mutant';
import { quietConnection, type QuietStep } from '../../quietConnection';
import { toldParameters, until, uploadAt } from './retransmitting';

const stopped = 0xffff_ffff;

/** The application closes after a second, and the remote one does not. */
const closesHalf: QuietStep = [
  1000,
  (scene) => {
    scene.keepsOpen = true;
    scene.application.open(1);
  },
];

function queryAt(time: number): QuietStep {
  return [
    time,
    (scene) => {
      scene.query();
    },
  ];
}

const told = { plan: toldParameters({}) };

/** See the file's head. */
export const finWait2Mutants: readonly Mutant[] = [
  {
    breaks: 'TMR-040',
    how: 'The target answers a query as if no timer ran in FIN_WAIT_2.',
    in: 'offload-target',
    driver: handingUp({ delegated: () => ({ RetransmitTimeoutDelta: stopped }) }, [
      'NdisMQueryOffloadStateComplete',
    ]),
    situation: quietConnection([closesHalf, queryAt(5000), uploadAt(6000)], told),
  },
  {
    breaks: 'TMR-041',
    how: 'The target stays ten seconds in FIN_WAIT_2.',
    target: badTcp({ finWait2Time: 10e9 }),
    situation: quietConnection([closesHalf, until(20_000)], told),
  },
  {
    breaks: 'TMR-042',
    how: 'Segments that come in FIN_WAIT_2 leave the deadline where it was.',
    in: 'offload-target',
    driver: handingUp(
      {
        delegated: ({ RetransmitTimeoutDelta }, { memory, machine }) => {
          const now = machine.now / 1e6;
          const deadline = (memory.get('deadline') as number | undefined) ?? now + RetransmitTimeoutDelta;
          memory.set('deadline', deadline);
          return { RetransmitTimeoutDelta: Math.round(deadline - now) };
        },
      },
      ['NdisMQueryOffloadStateComplete'],
    ),
    situation: quietConnection(
      [
        closesHalf,
        queryAt(5000),
        [
          20_000,
          (scene) => {
            scene.answer(100);
          },
        ],
        queryAt(25_000),
        until(30_000),
      ],
      told,
    ),
  },
  {
    breaks: 'TMR-043',
    how: 'The target ends FIN_WAIT_2 without a word.',
    in: 'offload-target',
    driver: silentEvents,
    situation: quietConnection([closesHalf, until(300_000)], told),
  },
  {
    breaks: 'TMR-044',
    how: 'The target hands a connection up in FIN_WAIT_2 after its timer has expired.',
    entails: { 'TRM-031': 'The State that comes back is another one than the target had.' },
    in: 'offload-target',
    driver: handingUp({
      delegated: ({ State }) =>
        State === TcpConnectionState.Closed ? { State: TcpConnectionState.FinWait2 } : {},
    }),
    situation: quietConnection([closesHalf, until(300_000)], told),
  },
  {
    breaks: 'TMR-045',
    how: 'The target begins FIN_WAIT_2 anew where a part of its time has been handed over.',
    in: 'offload-target',
    driver: taking({ delegated: () => ({ RetransmitTimeoutDelta: 120_000 }) }),
    situation: quietConnection(
      [
        closesHalf,
        [
          41_000,
          (scene) => {
            scene.offload();
          },
        ],
        until(300_000),
      ],
      { plan: { host: { ...told.plan?.host, offloadsHalfClosed: true } }, offloadAt: 'by-script' },
    ),
  },
  {
    breaks: 'TMR-046',
    how: 'The target hands a connection up as if no timer ran in FIN_WAIT_2.',
    in: 'offload-target',
    driver: handingUp({ delegated: () => ({ RetransmitTimeoutDelta: stopped }) }),
    situation: quietConnection([closesHalf, uploadAt(20_000)], told),
  },
];
