/** What happens in a scenario besides its workload: steps, one after the other, each at its moment. */
import { z } from 'zod';
import { count, duration, share, size } from './quantities';

/** Most steps of a scenario. */
export const mostSteps = 1000;

const owner = z.enum(['host', 'offloading', 'target', 'uploading']);

const tcpStates = [
  'Closed',
  'Listen',
  'SynSent',
  'SynRcvd',
  'Established',
  'FinWait1',
  'FinWait2',
  'CloseWait',
  'Closing',
  'LastAck',
  'TimeWait',
] as const;

/** See the descriptions; all that are given must hold at the same moment. */
export const conditionsSchema = z
  .strictObject({
    time: duration().optional().describe('So much virtual time has passed since the start of the run.'),
    acknowledged: share()
      .optional()
      .describe('The peer has acknowledged this part of the connection’s bytes.'),
    returned: share().optional().describe('This part of the connection’s bytes has come back.'),
    owner: owner.optional().describe('Who has the connection, or is about to get it.'),
    allOwners: owner.optional().describe('Who has every connection that still lives.'),
    settled: z
      .boolean()
      .optional()
      .describe(
        'The target has connection, path and neighbor, and no request about them and no update is under way.',
      ),
    offloadsWelcome: z.boolean().optional().describe('Whether the host stack may offload anything now.'),
    state: z.enum(tcpStates).optional().describe('State of the connection as the host stack knows it.'),
  })
  .describe('What must hold between two events, so that the step is due.');

const moment = {
  after: duration()
    .default(0)
    .describe(
      'Time since the step before. With `when` it is the earliest moment; without, the exact one, counted from the moment of the step before.',
    ),
  when: conditionsSchema.optional().describe('What must hold; nothing if absent.'),
  irql: z
    .enum(['PASSIVE_LEVEL', 'DISPATCH_LEVEL'])
    .default('PASSIVE_LEVEL')
    .describe('Level at which it happens: in a worker thread, or in a deferred procedure call.'),
  connection: count(1, 10_000)
    .default(1)
    .describe('The connection that conditions and step speak of, from 1 in the order in which they connect.'),
  note: z.string().max(300).optional().describe('A milestone that the trace gets at that moment.'),
};

const adapter = count(1, 8).default(1).describe('Which adapter, from 1.');
const neighbor = count(1, 100).default(1).describe('Which remote host on the link, from 1.');
const ticks = count(0, 0xffff_ffff).optional();

/** Options of a connection. */
const optionsSchema = z
  .strictObject({
    keepAlive: z.boolean().optional().describe('TCP_FLAG_KEEP_ALIVE_ENABLED.'),
    nagle: z.boolean().optional().describe('TCP_FLAG_NAGLING_ENABLED.'),
    receiveBuffer: size(1024 ** 3, 1)
      .optional()
      .describe('SO_RCVBUF, InitialRcvWnd.'),
    receiveIndicationSize: size(1024 ** 3)
      .optional()
      .describe('RcvIndicationSize; 0: as much as possible.'),
    keepAliveProbes: count(0, 255).optional().describe('KaProbeCount.'),
    keepAliveTime: ticks.describe('KaTimeout, in ticks.'),
    keepAliveInterval: ticks.describe('KaInterval, in ticks.'),
    maximumRetransmissionTime: ticks.describe('MaxRT, in ticks.'),
    flowLabel: count(0, 0xf_ffff).optional().describe('FlowLabel.'),
    timeToLive: count(1, 255).optional().describe('TtlOrHopLimit.'),
    typeOfService: count(0, 255).optional().describe('TosOrTrafficClass.'),
    userPriority: count(0, 7).optional().describe('UserPriority.'),
  })
  .refine((options) => Object.values(options).some((value) => value !== undefined), {
    error: 'names no option; name one at least',
  });

/** How an application reads while its connection is offloaded. */
export const readsSchema = z.strictObject({
  posted: count(0, 1000)
    .default(4)
    .describe('Receive requests that are posted at a time. With 0 data is indicated.'),
  bytes: size(16 * 1024 ** 2, 1)
    .default(65_536)
    .describe('Bytes of each request.'),
  postDelay: duration()
    .default(40_000)
    .describe('Time until requests are posted, after the offload and after a refusal.'),
  consumes: share().default(1).describe('Part of each indication that is taken.'),
});

/** How a connection's application reads. */
export type ScenarioReads = z.output<typeof readsSchema>;

function step<Name extends string, Shape extends z.ZodRawShape>(
  name: Name,
  description: string,
  shape: Shape,
) {
  return z.strictObject({ do: z.literal(name), ...moment, ...shape }).describe(description);
}

/** See the descriptions. */
export const stepSchema = z.discriminatedUnion(
  'do',
  [
    step('wait', 'Nothing but the note: a moment that further steps count from.', {}),
    step('offload', 'The host stack offers the connection, or all of them in one tree.', {
      connections: z.enum(['this', 'all']).default('this').describe('Which connections.'),
      tellsStatistics: z
        .boolean()
        .default(false)
        .describe('Whether the host stack first reads the counters of the target and notes them.'),
    }),
    step('upload', 'The host stack takes the connection back, or all of them in one tree.', {
      connections: z.enum(['this', 'all']).default('this').describe('Which connections.'),
    }),
    step('query', 'The host stack queries variables of one object.', {
      layer: z.enum(['neighbor', 'path', 'tcp']).describe('The object.'),
      variables: z
        .enum(['const', 'cached', 'delegated', 'all'])
        .default('all')
        .describe('The class of variables.'),
    }),
    step('invalidate', 'The host stack declares an object invalid.', {
      layer: z.enum(['neighbor', 'path', 'tcp']).describe('The object.'),
    }),
    step('set-options', 'The application sets options; the target gets them by update.', {
      options: optionsSchema.describe('The options that change.'),
    }),
    step(
      'set-path-mtu',
      'The MTU of the path changes; the target gets it by update. IPv6 paths keep at least 1280 bytes.',
      {
        mtu: size(9_000, 576).describe('The new MTU.'),
      },
    ),
    step(
      'change-next-hop',
      'The path leads to the second interface of a remote host; it is linked to another neighbor object.',
      {
        neighbor,
      },
    ),
    step('replace-next-hop-adapter', 'A remote host gets another Ethernet address and announces it.', {
      neighbor,
    }),
    step('tell-reachability', 'The host stack tells the target when it last heard of the next hop.', {}),
    step('target-pause', 'The target wants no more offloads: NDIS_STATUS_OFFLOAD_PAUSE.', { adapter }),
    step('target-upload-all', 'The target wants everything back: NDIS_STATUS_UPLOAD_ALL.', { adapter }),
    step('target-resume', 'The target takes offloads again: NDIS_STATUS_OFFLOAD_RESUME.', {
      adapter,
      tcpCapacity: count(0, 1_000_000).optional().describe('Its new capacity; as before if absent.'),
    }),
    step('break-hardware', 'The next request of a kind finds the connection’s state lost.', {
      adapter,
      during: z.enum(['query', 'invalidate', 'terminate']).describe('The kind of request.'),
    }),
    step('hang', 'The hardware stops answering; the next check for hang asks for a reset.', { adapter }),
    step('cable', 'The cable of an adapter is pulled, or plugged in again.', {
      adapter,
      state: z.enum(['unplugged', 'plugged']).describe('What it is from now on.'),
    }),
    step('power', 'The power manager sets the power state of an adapter.', {
      adapter,
      state: z.enum(['D0', 'D3']).describe('The power state.'),
      for: duration()
        .optional()
        .describe('Time until it is set back to D0, from the end of the change on; never if absent.'),
      wakeNote: z.string().max(300).optional().describe('A milestone at that moment.'),
    }),
    step('pause-adapter', 'NDIS pauses the adapter (MiniportPause), and restarts it after a while.', {
      adapter,
      for: duration()
        .default(1_000_000)
        .describe('Time until MiniportRestart, from the end of the pause on.'),
    }),
    step('connection-offload', 'The administrator turns connection offload of the host off or on.', {
      on: z.boolean().describe('Whether it is on from now on.'),
    }),
    step('reads', 'The application reads otherwise while offloaded.', {
      reads: readsSchema.optional().describe('How; as the host stack’s settings say if absent.'),
    }),
    step('abort', 'The application gives the connection up: a RST leaves.', {}),
    step('peer-reset', 'The peer gives the connection up: a RST arrives.', {}),
  ],
  { error: 'must name what happens by `do`, one of the actions of docs/scenarios.md' },
);

/** See {@link stepSchema}. */
export type ScenarioStep = z.output<typeof stepSchema>;

/** See {@link conditionsSchema}. */
export type StepConditions = z.output<typeof conditionsSchema>;
