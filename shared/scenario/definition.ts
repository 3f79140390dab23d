/** What a scenario is: everything that a run depends on but its seed, as data that a file can hold. */
import { z } from 'zod';
import { chimneyStates } from '../contract/chimneyRequest';
import { hostSchema, ndisSchema } from './adapter';
import { faultsSchema } from './faults';
import { count, duration, rate, size } from './quantities';
import { mostSteps, readsSchema, stepSchema } from './steps';
import { topologySchema } from './topology';

/** Largest file that a scenario carries, in bytes: virtual buffers must fit into memory. */
const largestBytes = 512 * 1024 * 1024;

/** Most connections of a scenario. */
const mostConnections = 10_000;

const chimneyRule = z.enum(['enabled', 'disabled']);

const workloadSchema = z.strictObject({
  connections: count(1, mostConnections)
    .default(1)
    .describe('Connections of the application; each carries a part of the bytes.'),
  bytes: size(largestBytes)
    .default(2 * 1024 * 1024)
    .describe('What is carried, all connections together.'),
  connectInterval: duration().default(0).describe('Time between two connects.'),
  setsOptions: z
    .boolean()
    .default(false)
    .describe(
      'Whether the application enlarges its receive buffer and marks its packets after a quarter of its bytes.',
    ),
  halfway: z
    .enum(['query', 'invalidate-neighbor', 'nothing'])
    .default('nothing')
    .describe('What the host stack does with each offloaded connection after half of its bytes.'),
  reads: readsSchema
    .optional()
    .describe('How the application reads while offloaded; as the host stack’s settings say if absent.'),
  peer: z
    .strictObject({
      echoes: size(largestBytes)
        .optional()
        .describe(
          'Bytes of each connection that the peer sends back; what follows it only reads. All if absent.',
        ),
      closes: z
        .boolean()
        .default(false)
        .describe(
          'Whether the peer sends its FIN as soon as it has sent those back, and not when its peer has closed.',
        ),
    })
    .prefault({})
    .describe('What the application at the other end does: an echo (RFC 862), if nothing is said.'),
});

const policySchema = z.strictObject({
  offload: z
    .enum(['each', 'together', 'policy', 'never'])
    .default('each')
    .describe(
      'each: every connection is offered by itself after a part of its bytes. together: all are offered in one tree. policy: the host ' +
        'stack decides by itself. never: only steps offer.',
    ),
  chimney: z
    .strictObject({
      state: z.enum(chimneyStates).describe('As of `netsh interface tcp set global chimney=`.'),
      ports: z
        .record(z.string().regex(/^\d{1,5}$/), chimneyRule)
        .optional()
        .describe('Rules for local or remote ports.'),
      applications: z
        .record(z.string().max(260), chimneyRule)
        .optional()
        .describe('Rules for applications by name.'),
      minimumBytes: size(largestBytes).optional().describe('Automatic mode: bytes exchanged.'),
      minimumAge: duration().optional().describe('Automatic mode: age of the connection.'),
      largestRoundTripTime: duration().optional().describe('Automatic mode: longest round trip.'),
      slowestLink: rate(0, 400e9).optional().describe('Automatic mode: slowest link.'),
    })
    .optional()
    .describe('The policy of the host stack; with it, it decides.'),
  host: hostSchema.prefault({}).describe('What differs from the usual in the host stack.'),
  ndis: ndisSchema.prefault({}).describe('What differs from the usual in NDIS.'),
});

const bytesRange = z
  .strictObject({
    atLeast: size(2 * largestBytes)
      .default(0)
      .describe('Fewest bytes.'),
    atMost: size(2 * largestBytes)
      .optional()
      .describe('Most bytes; no limit if absent.'),
  })
  .refine(({ atLeast, atMost }) => atMost === undefined || atLeast <= atMost, {
    error: 'no number is at least `atLeast` and at most `atMost`',
  });

const expectationsSchema = z.strictObject({
  verdict: z
    .enum(['unchanged', 'reset', 'aborted', 'timeout'])
    .default('unchanged')
    .describe(
      'unchanged: all bytes arrive, and what is echoed comes back, unchanged. Otherwise how every connection ends: by the peer’s RST, ' +
        'given up by its application, or given up by TCP.',
    ),
  findings: z
    .union(
      [
        z.literal('none').transform((): string[] => []),
        z
          .array(
            z.string().regex(/^[A-Z]{2,4}-\d{3}$/, { error: 'must be the id of a rule such as INI-012' }),
          )
          .max(100),
      ],
      { error: 'must be none, or a list of rules such as [INI-012]' },
    )
    .optional()
    .describe(
      'Rules that a run breaks, all of these and no others, with the severity of a warning or a graver one; none: it breaks none. Not looked ' +
        'at if absent.',
    ),
  events: z
    .array(
      z
        .strictObject({
          where: z.string().min(1).max(2000).describe('An expression (docs/expressions.md).'),
          atLeast: count(0, 1_000_000_000).default(1).describe('Fewest events that match.'),
          atMost: count(0, 1_000_000_000).optional().describe('Most events that match; no limit if absent.'),
        })
        .refine(({ atLeast, atMost }) => atMost === undefined || atLeast <= atMost, {
          error: 'no number is at least `atLeast` and at most `atMost`',
        }),
    )
    .max(100)
    .default([])
    .describe('Events that the trace must have.'),
  bytes: z
    .strictObject({
      hostPath: bytesRange.optional().describe('By the host path.'),
      chimney: bytesRange.optional().describe('By offload targets.'),
    })
    .optional()
    .describe('Bytes of payload that leave the host for the first time; not looked at if absent.'),
});

/** See the descriptions. */
export const scenarioDefinitionSchema = z
  .strictObject({
    scenario: z
      .string()
      .max(60)
      .regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, {
        error: 'must be small letters and digits with hyphens between, such as link-loss',
      })
      .describe('Its name.'),
    title: z.string().min(1).max(120).describe('Its title for people.'),
    description: z.string().max(2000).default('').describe('What happens, in a sentence or two.'),
    lookAt: z.string().max(4000).default('').describe('What is worth looking at in the recording.'),
    shows: z
      .array(z.string().max(120))
      .max(40)
      .default([])
      .describe('Pages of the WDK whose sequences or flowcharts it shows, by the names of their files.'),
    topology: topologySchema.prefault({}).describe('What it is played on.'),
    workload: workloadSchema.prefault({}).describe('What is carried.'),
    policy: policySchema.prefault({}).describe('What the host stack does of its own accord.'),
    steps: z
      .array(stepSchema)
      .max(mostSteps)
      .default([])
      .describe('What happens besides, one step after the other.'),
    faults: faultsSchema.default([]).describe('What goes wrong on purpose.'),
    expectations: expectationsSchema.prefault({}).describe('What must be true of a run.'),
  })
  .superRefine(({ topology, workload, steps }, context) => {
    const { team, neighbors } = topology;
    if (team?.mode === 'load-balancing' && topology.switch !== undefined)
      context.addIssue({
        code: 'custom',
        path: ['topology', 'switch'],
        message:
          'a team that balances its load needs a link aggregation at its switch, which a learning switch has not',
      });
    const most = { connection: workload.connections, adapter: team?.adapters ?? 1, neighbor: neighbors };
    steps.forEach((step, index) => {
      for (const [name, limit] of Object.entries(most)) {
        const value = (step as Readonly<Record<string, unknown>>)[name];
        if (typeof value === 'number' && value > limit)
          context.addIssue({
            code: 'custom',
            path: ['steps', index, name],
            message: `there is no ${name} ${value}: the scenario has ${limit}`,
          });
      }
    });
  })
  .describe('A scenario of Chimneysweep: docs/scenarios.md.');

/** See {@link scenarioDefinitionSchema}. Times in virtual ns, sizes in bytes, rates in bits per second. */
export type ScenarioDefinition = z.output<typeof scenarioDefinitionSchema>;
