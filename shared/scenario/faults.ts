/** Faults as data: what goes wrong in a run on purpose, and when. The same in scenario files, on the command line and in the window; docs/faults.md is made of it. */
import { z } from 'zod';
import { statusValue } from '../expression/valueNames';
import { longestExpression } from '../expression/syntax';
import { linkLimits } from '../contract/linkRequest';
import { count, duration, rate, share, size } from './quantities';

/** Most faults of a run: each is asked at every event that it might be about. */
export const mostFaults = 200;

/** Most times that a fault may name. */
export const mostTimes = 1_000_000;

/** What every fault has: when it happens, and how often. */
const moment = {
  at: duration().optional().describe('Virtual time from which on it may happen; from the start if absent.'),
  when: z
    .string()
    .min(1)
    .max(longestExpression)
    .optional()
    .describe('An expression (docs/expressions.md): it may happen once each time that an event matches.'),
  probability: share()
    .optional()
    .describe('How likely it is each time that it may happen; drawn from a stream of the fault’s own.'),
  times: count(1, mostTimes)
    .optional()
    .describe(
      'How often at most; once if absent, or, where a probability is drawn for each request, any number of times.',
    ),
};

/** As `moment`, for what happens by itself and not to a request: there is no request to draw for. */
const deedMoment = {
  ...moment,
  every: duration(undefined, 1)
    .optional()
    .describe('How long it is between two times, or, with a probability, between two draws. 1ms if absent.'),
};

const adapter = count(1, 8).default(1).describe('Which adapter, from 1.');
const connection = count(1, 10_000)
  .default(1)
  .describe('Which connection of the application, from 1 in the order in which they connect.');

const status = z
  .string()
  .max(100)
  .refine((name) => statusValue(name) !== undefined, {
    error: 'must be the name of a status such as RESOURCES',
  });

/** Requests that a driver answers by completing block lists. */
export const stateRequests = ['initiate', 'terminate', 'update', 'query', 'invalidate'] as const;

/** Requests that a driver answers by completing NET_BUFFER_LISTs of a connection. */
export const dataRequests = ['send', 'receive', 'disconnect', 'forward'] as const;

/** Every request whose answer can go wrong. */
export const faultyRequests = [...stateRequests, ...dataRequests, 'oid'] as const;

/** See {@link faultyRequests}. */
export type FaultyRequest = (typeof faultyRequests)[number];

/** What an offload target can lack, with the status and the layer that belong to it (INI-036 to INI-044). */
export const faultResources = {
  neighbors: { layer: 'neighbor', status: 'OFFLOAD_NEIGHBOR_ENTRIES' },
  'source-addresses': { layer: 'neighbor', status: 'OFFLOAD_HW_ADDRESS_ENTRIES' },
  vlans: { layer: 'neighbor', status: 'OFFLOAD_VLAN_ENTRIES' },
  paths: { layer: 'path', status: 'OFFLOAD_PATH_ENTRIES' },
  'local-addresses': { layer: 'path', status: 'OFFLOAD_IP_ADDRESS_ENTRIES' },
  'path-mtu': { layer: 'path', status: 'OFFLOAD_PATH_MTU' },
  connections: { layer: 'tcp', status: 'OFFLOAD_TCP_ENTRIES' },
  'receive-window': { layer: 'tcp', status: 'OFFLOAD_TCP_RCV_WINDOW' },
  'receive-buffer': { layer: 'tcp', status: 'OFFLOAD_TCP_RCV_BUFFER' },
  'send-buffer': { layer: 'tcp', status: 'OFFLOAD_TCP_XMIT_BUFFER' },
  memory: { layer: 'tcp', status: 'RESOURCES' },
  'memory-for-paths': { layer: 'path', status: 'RESOURCES' },
  'memory-for-neighbors': { layer: 'neighbor', status: 'RESOURCES' },
} as const;

/** See {@link faultResources}. */
export type FaultResource = keyof typeof faultResources;

const resources = Object.keys(faultResources) as [FaultResource, ...FaultResource[]];

const request = z.enum(faultyRequests);
const layer = z.enum(['neighbor', 'path', 'tcp']);
const outage = duration(undefined, 1);

const wireShare = share(linkLimits.probability).optional();
const lateness = duration(linkLimits.delay);

function fault<Kind extends string, Shape extends z.ZodRawShape>(
  kind: Kind,
  description: string,
  shape: Shape,
) {
  return z.strictObject({ kind: z.literal(kind), ...shape }).describe(description);
}

/** See the descriptions. */
export const faultSchema = z.discriminatedUnion(
  'kind',
  [
    fault(
      'resource-failure',
      'The target lacks a resource for new state objects, and refuses them with its status.',
      {
        resource: z.enum(resources).describe('What it lacks.'),
        adapter,
        ...moment,
      },
    ),
    fault('refuse', 'A request is answered with a failure; the driver never sees it.', {
      request: request.describe('The kind of request.'),
      status: status.default('FAILURE').describe('The status that it gets.'),
      adapter,
      ...moment,
    }),
    fault('partial', 'Of the connections of a tree that is offered only some are taken.', {
      take: count(0, 10_000).describe('How many connections of the tree are taken, the first ones.'),
      status: status.default('OFFLOAD_TCP_ENTRIES').describe('The status of the others.'),
      adapter,
      ...moment,
    }),
    fault('hardware-failure', 'The hardware loses the state of the connections that a request concerns.', {
      during: z.enum(['query', 'invalidate', 'terminate']).describe('The kind of request.'),
      adapter,
      ...deedMoment,
    }),
    fault('delay-completion', 'A completion comes late; others of its kind wait behind it.', {
      request: request.describe('The kind of request that it ends.'),
      by: outage.describe('How late it comes.'),
      adapter,
      ...moment,
    }),
    fault('drop-completion', 'A completion never comes.', {
      request: request.describe('The kind of request that it would end.'),
      adapter,
      ...moment,
    }),
    fault('duplicate-completion', 'A completion comes twice.', {
      request: request.describe('The kind of request that it ends.'),
      after: duration().default(0).describe('How long after the first time.'),
      adapter,
      ...moment,
    }),
    fault('reorder-completions', 'A completion comes behind the next one of its kind.', {
      request: request.describe('The kind of requests.'),
      adapter,
      ...moment,
    }),
    fault('false-status', 'A completion tells another status than what has happened.', {
      request: request.describe('The kind of request that it ends.'),
      status: status.describe('What it tells.'),
      layer: layer.optional().describe('Blocks of this layer only; of all layers if absent.'),
      adapter,
      ...moment,
    }),
    fault(
      'corrupt-context',
      'The target writes a foreign MiniportOffloadContext into the cell of a connection that it takes.',
      {
        adapter,
        ...moment,
      },
    ),
    fault('corrupt-handle', 'A completion of the target names a handle that NDIS gave to nobody.', {
      request: request.describe('The kind of request that it ends.'),
      adapter,
      ...moment,
    }),
    fault('stall', 'A target does nothing for a while: requests, frames and what it has to say wait.', {
      for: outage.describe('How long.'),
      adapter,
      ...deedMoment,
    }),
    fault('link-down', 'The cable of an adapter is pulled.', {
      for: outage.optional().describe('After this time it is plugged in again; never if absent.'),
      adapter,
      ...deedMoment,
    }),
    fault('link-up', 'The cable of an adapter is plugged in.', { adapter, ...deedMoment }),
    fault('media-change', 'The cable of an adapter goes to a link of another speed.', {
      bitsPerSecond: rate(linkLimits.slowest, linkLimits.fastest).describe('The speed of the new link.'),
      for: outage.default(1_000_000).describe('How long there is no carrier meanwhile.'),
      adapter,
      ...deedMoment,
    }),
    fault('reset', 'The hardware hangs, and NDIS resets the adapter.', { adapter, ...deedMoment }),
    fault('surprise-removal', 'The adapter is pulled out of its slot.', { adapter, ...deedMoment }),
    fault('power-down', 'The power manager puts an adapter to sleep.', {
      state: z.enum(['D1', 'D2', 'D3']).default('D3').describe('Its power state.'),
      for: outage.optional().describe('After this time it is woken; never if absent.'),
      adapter,
      ...deedMoment,
    }),
    fault('power-up', 'The power manager wakes an adapter.', { adapter, ...deedMoment }),
    fault('offload-pause', 'The target wants no more offloads: NDIS_STATUS_OFFLOAD_PAUSE.', {
      for: outage.optional().describe('After this time it takes offloads again; never if absent.'),
      adapter,
      ...deedMoment,
    }),
    fault('upload-all', 'The target wants everything back: NDIS_STATUS_UPLOAD_ALL.', {
      for: outage.optional().describe('After this time it takes offloads again; never if absent.'),
      adapter,
      ...deedMoment,
    }),
    fault('mac-change', 'A remote host gets another Ethernet address and announces it.', {
      neighbor: count(1, 100).default(1).describe('Which remote host on the link, from 1.'),
      ...deedMoment,
    }),
    fault('mtu-change', 'The MTU of a path changes; IPv6 paths keep at least 1280 bytes.', {
      mtu: size(9_000, 576).describe('The new MTU.'),
      connection,
      ...deedMoment,
    }),
    fault('peer-reset', 'The peer resets a connection.', { connection, ...deedMoment }),
    fault('zero-window', 'The peer advertises a window of 0 for a while.', {
      for: outage.describe('How long.'),
      connection,
      ...deedMoment,
    }),
    fault(
      'window-shrink',
      'The peer takes back a part of the window that it has advertised (RFC 9293 section 3.8.6).',
      {
        for: outage.describe('How long.'),
        by: size(1024 ** 3, 1).describe('How much of it is missing.'),
        connection,
        ...deedMoment,
      },
    ),
    fault('wrong-ack', 'The peer acknowledges bytes that nobody has sent (RFC 9293 section 3.10.7.4).', {
      for: outage.describe('How long.'),
      by: size(2 ** 30, 1)
        .default(2 ** 24)
        .describe('How far beyond what it has received.'),
      connection,
      ...deedMoment,
    }),
    fault('peer-silence', 'Nothing comes from the peer for a while.', {
      for: outage.describe('How long.'),
      connection,
      ...deedMoment,
    }),
    fault('wire', 'The wire of an adapter is bad for a while.', {
      for: outage.describe('How long.'),
      direction: z
        .enum(['both', 'outbound', 'inbound'])
        .default('both')
        .describe('Frames of which direction suffer: both, or those that leave or reach the adapter.'),
      loss: share().optional().describe('Probability that a frame is lost.'),
      duplicate: wireShare.describe('Probability that a frame arrives twice.'),
      reorder: wireShare.describe('Probability that a frame is held back.'),
      reorderDelay: lateness.default(200_000).describe('Longest time for which it is.'),
      corrupt: wireShare.describe('Probability that bits of a frame flip.'),
      corruptPastFcs: share()
        .default(0.1)
        .describe('Part of those whose frame check sequence is right all the same.'),
      delay: lateness.default(0).describe('Additional delay of every frame.'),
      jitter: lateness.default(0).describe('Longest additional delay of a frame by itself.'),
      adapter,
      ...deedMoment,
    }),
  ],
  { error: 'must have a kind of fault: docs/faults.md lists them' },
);

/** See {@link faultSchema}: times in virtual ns, sizes in bytes, rates in bits per second. */
export type Fault = z.output<typeof faultSchema>;

/** A fault as people write it, with units and without what goes without saying. */
export type WrittenFault = z.input<typeof faultSchema>;

/** The kinds of faults. */
export type FaultKind = Fault['kind'];

/** A fault of one kind. */
export type FaultOf<Kind extends FaultKind> = Extract<Fault, { kind: Kind }>;

/** The faults of a run. */
export const faultsSchema = z
  .array(faultSchema)
  .max(mostFaults, { error: `there may be at most ${mostFaults} faults` });

/** Every kind, in the order of the documentation. */
export const faultKinds: readonly FaultKind[] = faultSchema.options.map(({ shape }) => shape.kind.value);
