/** Mutants for rules about sets of counters that are kept apart, that begin anew, and that wrap. */
import { structureLayout } from '../../../../../shared/ddi/catalogue';
import type { Mutant, Situation } from '../../mutant';
import { answeringWith, asked, note, setting, statistics, type StatisticsKind } from './asking';

/** Two connections, one over each IP version. */
const bothVersions: Partial<Situation> = {
  settings: { ipVersions: 'both' },
  plan: { connections: 2, paths: 2, halfway: 'nothing' },
};

/** In the middle of both transfers the host stack sets an OID. */
function withSet(version: 'ipv4' | 'ipv6', kind: 'ip' | 'tcp', value = 0): Situation {
  const size = structureLayout(kind === 'ip' ? 'IP_OFFLOAD_STATS' : 'TCP_OFFLOAD_STATS').size;
  return asked(bothVersions, {
    both: true,
    at: [
      10,
      ({ topology }) => {
        topology.host.resetOffloadStatistics(version, kind, new Uint8Array(size).fill(value));
      },
    ],
  });
}

/** The set of counters of the other IP version. */
const others: ReadonlyMap<number, StatisticsKind> = new Map([
  [statistics.ip4.oid, 'ip6'],
  [statistics.ip6.oid, 'ip4'],
  [statistics.tcp4.oid, 'tcp6'],
  [statistics.tcp6.oid, 'tcp4'],
]);

/** A target that makes the counters of both versions begin anew. */
const setsBoth = setting((request, serve) => {
  serve(request);
  serve({ ...request, Oid: statistics[others.get(request.Oid)!].oid });
});

/** See the file's head. */
export const separateMutants: readonly Mutant[] = [
  {
    breaks: 'STT-002',
    how: 'The target counts segments over IPv4 among those over IPv6.',
    situation: asked({ plan: { halfway: 'nothing' } }, { both: true }),
    in: 'offload-target',
    driver: answeringWith('tcp6', 'InSegments', ({ value, ask }) => value + ask('tcp4', 'InSegments')),
  },
  {
    breaks: 'STT-003',
    how: 'Two adapters share one counter.',
    situation: asked(
      { scenario: 'failover', fileBytes: 1_500_000, settings: { link: {} } },
      { interval: 1_000_000, count: 60 },
    ),
    in: 'offload-target',
    driver: answeringWith('tcp4', 'InSegments', ({ value, tools }) => {
      const own = Number(value);
      const before = note(tools, tools.driver, 0);
      note(tools, tools.driver, own - before);
      return note(tools, 'all', own - before);
    }),
    entails: { 'STT-005': 'To the adapter that stands by nothing is offloaded.' },
  },
  {
    breaks: 'STT-006',
    how: 'A set of OID_IP4_OFFLOAD_STATS makes nothing begin anew.',
    situation: withSet('ipv4', 'ip'),
    in: 'offload-target',
    driver: { handlers: setting(() => undefined) },
  },
  {
    breaks: 'STT-006',
    how: 'A set of OID_IP6_OFFLOAD_STATS makes the counters of IPv4 begin anew as well.',
    situation: withSet('ipv6', 'ip'),
    in: 'offload-target',
    driver: { handlers: setsBoth },
  },
  {
    breaks: 'STT-007',
    how: 'A set of OID_TCP6_OFFLOAD_STATS makes nothing begin anew.',
    situation: withSet('ipv6', 'tcp'),
    in: 'offload-target',
    driver: { handlers: setting(() => undefined) },
  },
  {
    breaks: 'STT-007',
    how: 'A set of OID_TCP4_OFFLOAD_STATS makes the counters of IPv6 begin anew as well.',
    situation: withSet('ipv4', 'tcp'),
    in: 'offload-target',
    driver: { handlers: setsBoth },
  },
  {
    breaks: 'STT-007',
    how: 'Behind a set the target answers CurrentlyEstablished with 0 for a while.',
    situation: withSet('ipv4', 'tcp'),
    in: 'offload-target',
    driver: answeringWith('tcp4', 'CurrentlyEstablished', ({ value, member, tools }) => {
      const before = note(tools, 'InSegments', 0);
      const now = Number(member('InSegments'));
      note(tools, 'InSegments', now - before);
      return now < before ? 0 : value;
    }),
  },
  {
    breaks: 'STT-008',
    how: 'The target takes the values that a set brings.',
    situation: withSet('ipv4', 'tcp', 1),
    in: 'offload-target',
    driver: {
      handlers: {
        OidRequestHandler: (next, tools) => {
          const sets = setting((request, serve) => {
            serve(request);
            tools.memory.set('values', request.InformationBuffer.slice());
          }).OidRequestHandler!(next, tools);
          return (context, request) => {
            const status = sets(context, request);
            const values = tools.memory.get('values') as Uint8Array | undefined;
            const asks = request.RequestType === 'NdisRequestQueryInformation';
            if (asks && request.Oid === statistics.tcp4.oid && values !== undefined) {
              const { InformationBuffer: bytes } = request;
              for (let at = 0; at < values.length; at++) bytes[at]! += values[at]!;
            }
            return status;
          };
        },
      },
    },
    entails: {
      'STT-007': 'Its counters do not begin at zero.',
      'STT-022': 'CurrentlyEstablished is one of the members that it takes.',
    },
  },
  {
    breaks: 'STT-026',
    how: 'OutSegments stays at its maximum.',
    situation: asked({ plan: { target: { countersBelowWrap: 100 } } }),
    in: 'offload-target',
    driver: answeringWith('tcp4', 'OutSegments', ({ value }) => (value < 2n ** 63n ? 2n ** 64n - 1n : value)),
    entails: { 'STT-020': 'What leaves behind the maximum is not counted.' },
  },
];
