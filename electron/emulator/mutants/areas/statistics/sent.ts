/** Mutants for rules that count again what has left, and which connections have ended at once. */
import type { Mutant } from '../../mutant';
import { peerResets } from '../../ownEvents';
import { abortedHalfway } from '../../situations';
import { answeringWith, asked, slowLink } from './asking';

/** Some frames get lost. */
const lossy = asked({ settings: { link: slowLink, loss: 0.05 } }, { interval: 100_000_000, count: 60 });

/** See the file's head. */
export const sentMutants: readonly Mutant[] = [
  {
    breaks: 'STT-014',
    how: 'The target counts datagrams in OutDiscards that have left.',
    situation: asked(),
    in: 'offload-target',
    driver: answeringWith('ip4', 'OutDiscards', ({ member }) => member('OutRequests') / 2n),
  },
  {
    breaks: 'STT-015',
    how: 'The target counts every tenth datagram as one without a path.',
    situation: asked(),
    in: 'offload-target',
    driver: answeringWith('ip4', 'OutNoRoutes', ({ member }) => member('OutRequests') / 10n),
  },
  {
    breaks: 'STT-020',
    how: 'The target counts retransmissions in OutSegments.',
    situation: lossy,
    in: 'offload-target',
    driver: answeringWith(
      'tcp4',
      'OutSegments',
      ({ value, member }) => value + member('RetransmittedSegments'),
    ),
  },
  {
    breaks: 'STT-021',
    how: 'The target counts no retransmissions.',
    situation: lossy,
    in: 'offload-target',
    driver: answeringWith('tcp4', 'RetransmittedSegments', () => 0),
  },
  {
    breaks: 'STT-023',
    how: 'The target does not count a connection that its peer has reset.',
    situation: asked({ plan: { halfway: 'nothing', connections: 2 }, act: peerResets() }),
    in: 'offload-target',
    driver: answeringWith('tcp4', 'ResetEstablished', () => 0),
  },
  {
    breaks: 'STT-023',
    how: 'The target counts connections in ResetEstablished that have been closed in peace.',
    situation: asked(),
    in: 'offload-target',
    driver: answeringWith('tcp4', 'ResetEstablished', ({ member }) => member('OutSegments') / 100n),
  },
  {
    breaks: 'STT-024',
    how: 'The target counts every tenth good segment in InErrors.',
    situation: asked(),
    in: 'offload-target',
    driver: answeringWith('tcp4', 'InErrors', ({ member }) => member('InSegments') / 10n),
  },
  {
    breaks: 'STT-025',
    how: 'The target does not count the RST of an abortive disconnect.',
    situation: asked(
      { ...abortedHalfway, plan: { ...abortedHalfway.plan, connections: 2 } },
      { interval: 15_000_000 },
    ),
    in: 'offload-target',
    driver: answeringWith('tcp4', 'OutResets', () => 0),
  },
];
