/** Mutants for the rules of the area "statistics". */
import { constantValue, structureLayout, type StructureName } from '../../../../shared/ddi/catalogue';
import { NDIS_STATUS } from '../../../../shared/ddi/status';
import type { BadDriver } from '../badDriver';
import type { LegalOddity, Mutant, Situation } from '../mutant';

const statistics = {
  ip: { oid: constantValue('OID_IP4_OFFLOAD_STATS'), structure: 'IP_OFFLOAD_STATS' },
  tcp: { oid: constantValue('OID_TCP4_OFFLOAD_STATS'), structure: 'TCP_OFFLOAD_STATS' },
} as const satisfies Record<string, { oid: number; structure: StructureName }>;

/** Virtual ns between two queries. */
const queryInterval = 1_000_000;

/** The host stack asks for the statistics every millisecond. */
function asksOften(): NonNullable<Situation['act']> {
  let next = 0;
  return (run) => {
    if (run.streams[0]?.connection === undefined || run.now < next) return true;
    next = run.now + queryInterval;
    run.topology.host.offloadStatistics();
    return next < 50 * queryInterval;
  };
}

/** A target that answers a query of IPv4 statistics with another value of a member; `change` gets the number of the query, from 1. */
function lying(kind: keyof typeof statistics, member: string, change: (query: number) => number): BadDriver {
  const { oid, structure } = statistics[kind];
  const { offset } = structureLayout(structure).fields.find(({ name }) => name === member)!;
  return {
    handlers: {
      OidRequestHandler: (next, tools) => (context, request) => {
        const status = next(context, request);
        const { Oid, RequestType, InformationBuffer } = request;
        if (Oid === oid && RequestType === 'NdisRequestQueryInformation')
          new DataView(InformationBuffer.buffer, InformationBuffer.byteOffset).setUint32(
            offset,
            change(tools.count()),
            true,
          );
        return status;
      },
    },
  };
}

/** Every mutant has the host ask in a run of its own, so that no two share a clock. */
function asked(more: Partial<Situation> = {}): Situation {
  let act: NonNullable<Situation['act']> | undefined;
  let of: unknown;
  return {
    fileBytes: 600_000,
    ...more,
    act: (run) => {
      if (of !== run) {
        of = run;
        act = asksOften();
      }
      return act!(run);
    },
  };
}

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
          request.Oid === statistics.tcp.oid ? NDIS_STATUS.NOT_SUPPORTED : next(context, request),
      },
    },
  },
  {
    breaks: 'STT-004',
    how: 'The target counts datagrams while nothing is offloaded.',
    situation: asked({ plan: { target: { tcpCapacity: 0, reportedCapacity: 1024 } } }),
    in: 'offload-target',
    driver: lying('ip', 'InOctets', (query) => 1000 * query),
  },
  {
    breaks: 'STT-005',
    how: 'The target counts segments while nothing is offloaded.',
    situation: asked({ plan: { target: { tcpCapacity: 0, reportedCapacity: 1024 } } }),
    in: 'offload-target',
    driver: lying('tcp', 'InSegments', (query) => query),
  },
  {
    breaks: 'STT-009',
    how: 'The target leaves headers out of InOctets.',
    situation: asked(),
    in: 'offload-target',
    driver: lying('ip', 'InOctets', () => 0),
  },
  {
    breaks: 'STT-010',
    how: 'The target counts more datagrams as delivered than have come.',
    situation: asked(),
    in: 'offload-target',
    driver: lying('ip', 'InDelivers', (query) => 5000 * query),
    entails: { 'STT-004': 'It counts before anything is offloaded, too.' },
  },
  {
    breaks: 'STT-011',
    how: 'The target leaves OutOctets where it is.',
    situation: asked(),
    in: 'offload-target',
    driver: lying('ip', 'OutOctets', () => 0),
  },
  {
    breaks: 'STT-019',
    how: 'The target counts bad segments in InErrors only.',
    situation: asked(),
    in: 'offload-target',
    driver: lying('tcp', 'InErrors', (query) => 5000 * query),
    entails: { 'STT-005': 'It counts before anything is offloaded, too.' },
  },
  {
    breaks: 'STT-022',
    how: 'The target counts seven established connections where there is one.',
    situation: asked(),
    in: 'offload-target',
    driver: lying('tcp', 'CurrentlyEstablished', () => 7),
  },
];

/** What looks odd in the area and is legal. */
export const statisticsOddities: readonly LegalOddity[] = [];
