/** The mutant for CAP-019: a target that counts in another unit than it was told to. */
import { defaultHostSettings } from '../../../host/hostSettings';
import { hearing } from '../../badTiming';
import type { Mutant } from '../../mutant';
import { quietConnection } from '../../quietConnection';
import { half } from '../timers/pushing';
import { toldParameters, uploadAt } from '../timers/retransmitting';

/** All that the host stack says in ticks, a hundred of them a second. Without timestamps nothing else shows the unit. */
const slowTicks = {
  host: {
    ...toldParameters({
      TicksPerSecond: 100,
      TcpDelayedAckTicks: 20,
      TcpPushTicks: 50,
      TcpSwsPreventionTicks: 20,
    })?.host,
    tcp: { ...defaultHostSettings.tcp, ticksPerSecond: 100, timestamps: false },
  },
};

/** See the file's head. */
export const tickMutants: readonly Mutant[] = [
  {
    breaks: 'CAP-019',
    how: 'The target counts a thousand ticks a second though it has been told a hundred.',
    entails: {
      'TMR-056': 'The push timer that counts so expires after a tenth of its time.',
      'TMR-060': 'It is the first one after the offload.',
    },
    in: 'offload-target',
    driver: hearing({ TicksPerSecond: 1000 }),
    situation: quietConnection([...half, uploadAt(3000)], { plan: slowTicks }),
  },
];
