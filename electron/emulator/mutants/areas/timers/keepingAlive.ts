/** Mutants for the rules about the keepalive timer. */
import { constantValue } from '../../../../../shared/ddi/catalogue';
import { handingUp, silentEvents, taking, takingBack, updating } from '../../badTiming';
import type { Mutant } from '../../mutant';
import { quietConnection, type QuietStep } from '../../quietConnection';
import { until, uploadAt } from './retransmitting';

const flags = {
  enabled: constantValue('TCP_FLAG_KEEP_ALIVE_ENABLED'),
  restarts: constantValue('TCP_FLAG_KEEP_ALIVE_RESTART') | constantValue('TCP_FLAG_MAX_RT_RESTART'),
} as const;

/** Keepalive is set on the host path: after two seconds, half a second apart, three probes. */
const keepsAlive: QuietStep = [
  100,
  (scene) => {
    scene.connection.setOptions({
      keepAlive: true,
      keepAliveTime: 2000,
      keepAliveInterval: 500,
      keepAliveProbes: 3,
    });
  },
];

/** A segment comes after a second; the idle time begins with it. */
const hears: QuietStep = [
  1000,
  (scene) => {
    scene.answer(100);
  },
];

const goesSilent: QuietStep = [
  1500,
  (scene) => {
    scene.silence();
  },
];

const changesTime: QuietStep = [
  2500,
  (scene) => {
    scene.connection.setOptions({ keepAliveTime: 2100 });
  },
];

const ignoresRestart = updating({ cached: ({ Flags }) => ({ Flags: Flags & ~flags.restarts }) });

/** See the file's head. */
export const keepingAliveMutants: readonly Mutant[] = [
  {
    breaks: 'TMR-029',
    how: 'The target keeps connections alive that nobody wants it to.',
    in: 'offload-target',
    driver: taking({ cached: ({ Flags }) => ({ Flags: Flags | flags.enabled, KaTimeout: 2000 }) }),
    situation: quietConnection([hears, until(10_000)]),
  },
  {
    breaks: 'TMR-030',
    how: 'The target probes after half of KaTimeout.',
    in: 'offload-target',
    driver: taking({ cached: ({ KaTimeout }) => ({ KaTimeout: KaTimeout / 2 }) }),
    entails: { 'TMR-037': 'What is left of half the time is handed up.' },
    situation: quietConnection([keepsAlive, hears, uploadAt(10_000)]),
  },
  {
    breaks: 'TMR-031',
    how: 'The target waits three times KaInterval between its probes.',
    in: 'offload-target',
    driver: taking({ cached: ({ KaInterval }) => ({ KaInterval: 3 * KaInterval }) }),
    entails: { 'TMR-033': 'It gives up that much later.' },
    situation: quietConnection([keepsAlive, hears, goesSilent, until(20_000)]),
  },
  {
    breaks: 'TMR-032',
    how: 'The target sends twice as many probes as KaProbeCount says.',
    in: 'offload-target',
    driver: taking({ cached: ({ KaProbeCount }) => ({ KaProbeCount: 2 * KaProbeCount }) }),
    situation: quietConnection([keepsAlive, hears, goesSilent, until(20_000)]),
  },
  {
    breaks: 'TMR-033',
    how: 'The target finds its peer dead without a word.',
    in: 'offload-target',
    driver: silentEvents,
    situation: quietConnection([keepsAlive, hears, goesSilent, until(20_000)]),
  },
  {
    breaks: 'TMR-034',
    how: 'The target goes on to the old deadline in spite of TCP_FLAG_KEEP_ALIVE_RESTART.',
    in: 'offload-target',
    driver: ignoresRestart,
    situation: quietConnection([keepsAlive, hears, changesTime, until(10_000)]),
  },
  {
    breaks: 'TMR-035',
    how: 'The target keeps its keepalive time when its parameters change.',
    in: 'offload-target',
    driver: ignoresRestart,
    situation: quietConnection([
      keepsAlive,
      hears,
      changesTime,
      [
        2600,
        (scene) => {
          scene.query();
        },
      ],
      uploadAt(2700),
    ]),
  },
  {
    breaks: 'TMR-036',
    how: 'The target forgets its unanswered probes when it hands a connection up.',
    in: 'offload-target',
    driver: handingUp({ delegated: () => ({ KeepAliveProbeCount: 0 }) }),
    situation: quietConnection([keepsAlive, hears, goesSilent, uploadAt(3700)]),
  },
  {
    breaks: 'TMR-037',
    how: 'The target begins the idle time anew when it takes a connection.',
    in: 'offload-target',
    driver: taking({ delegated: () => ({ KeepAliveTimeoutDelta: 0xffff_ffff }) }),
    situation: quietConnection([keepsAlive, until(10_000)], { offloadAt: 1000 }),
  },
  {
    breaks: 'TMR-038',
    how: 'The target hands up a TimeoutDelta of 0 for keepalive that is not enabled.',
    in: 'offload-target',
    driver: handingUp({ delegated: () => ({ KeepAliveTimeoutDelta: 0 }) }),
    situation: quietConnection([uploadAt(1000)]),
  },
  {
    breaks: 'TMR-039',
    how: 'The host stack begins the idle time anew where its keepalive timer ought to fire at once.',
    in: 'host-stack',
    driver: takingBack({ delegated: () => ({ KeepAliveTimeoutDelta: 0xffff_ffff }) }),
    situation: quietConnection([keepsAlive, hears, goesSilent, until(20_000)]),
  },
];
