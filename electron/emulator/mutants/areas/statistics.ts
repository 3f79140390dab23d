/** Mutants for the rules of the area "statistics". */
import { NDIS_STATUS } from '../../../../shared/ddi/status';
import type { LegalOddity, Mutant } from '../mutant';
import { answeringWith, asked, statistics } from './statistics/asking';
import { faultMutants } from './statistics/faults';
import { sentMutants } from './statistics/sent';
import { separateMutants } from './statistics/separate';

/** See the file's head. */
export const statisticsMutants: readonly Mutant[] = [
  {
    breaks: 'STT-001',
    how: 'The target supports no statistics.',
    situation: asked(),
    in: 'offload-target',
    driver: {
      handlers: {
        OidRequestHandler: (next) => (context, request) =>
          request.Oid === statistics.tcp4.oid ? NDIS_STATUS.NOT_SUPPORTED : next(context, request),
      },
    },
  },
  {
    breaks: 'STT-004',
    how: 'The target counts datagrams while nothing is offloaded.',
    situation: asked({ plan: { target: { tcpCapacity: 0, reportedCapacity: 1024 } } }),
    in: 'offload-target',
    driver: answeringWith('ip4', 'InOctets', ({ tools }) => 1000 * tools.count()),
  },
  {
    breaks: 'STT-005',
    how: 'The target counts segments while nothing is offloaded.',
    situation: asked({ plan: { target: { tcpCapacity: 0, reportedCapacity: 1024 } } }),
    in: 'offload-target',
    driver: answeringWith('tcp4', 'InSegments', ({ tools }) => tools.count()),
  },
  {
    breaks: 'STT-009',
    how: 'The target leaves headers out of InOctets.',
    situation: asked(),
    in: 'offload-target',
    driver: answeringWith('ip4', 'InOctets', () => 0),
  },
  {
    breaks: 'STT-010',
    how: 'The target counts more datagrams as delivered than have come.',
    situation: asked(),
    in: 'offload-target',
    driver: answeringWith('ip4', 'InDelivers', ({ tools }) => 5000 * tools.count()),
    entails: { 'STT-004': 'It counts before anything is offloaded, too.' },
  },
  {
    breaks: 'STT-011',
    how: 'The target leaves OutOctets where it is.',
    situation: asked(),
    in: 'offload-target',
    driver: answeringWith('ip4', 'OutOctets', () => 0),
  },
  {
    breaks: 'STT-019',
    how: 'The target counts bad segments in InErrors only.',
    situation: asked(),
    in: 'offload-target',
    driver: answeringWith('tcp4', 'InErrors', ({ tools }) => 5000 * tools.count()),
    entails: {
      'STT-005': 'It counts before anything is offloaded, too.',
      'STT-018': 'And so before there is any path.',
      'STT-024': 'It counts where no segment is at fault.',
    },
  },
  {
    breaks: 'STT-022',
    how: 'The target counts seven established connections where there is one.',
    situation: asked(),
    in: 'offload-target',
    driver: answeringWith('tcp4', 'CurrentlyEstablished', () => 7),
  },
  ...separateMutants,
  ...faultMutants,
  ...sentMutants,
];

/** What looks odd in the area and is legal. */
export const statisticsOddities: readonly LegalOddity[] = [];
