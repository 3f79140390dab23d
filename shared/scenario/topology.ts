/** What a scenario is played on: hosts, adapters, intermediate drivers, links, and the remote hosts at their other end. */
import { z } from 'zod';
import { highestLoss, linkLimits } from '../contract/linkRequest';
import { adapterSchema } from './adapter';
import { count, duration, rate, share, size } from './quantities';

/** Most processors of the host: one bit each in a KAFFINITY. */
const mostProcessors = 64;

/** Most hosts on the link, and most paths: each needs addresses of its own in the documentation prefixes (RFC 5737). */
const mostNeighbors = 100;
const mostPaths = 250;

/** Most adapters of a team, and most intermediate drivers on top of each other. */
const mostTeamAdapters = 8;
const mostLayers = 8;

const linkMembers = {
  rate: rate(linkLimits.slowest, linkLimits.fastest)
    .optional()
    .describe('Speed of each direction. 1Gbit/s if absent.'),
  delay: duration(linkLimits.delay)
    .optional()
    .describe('Time that a frame takes to the other end. 50us if absent.'),
  queue: size(linkLimits.largestQueue, linkLimits.smallestQueue)
    .optional()
    .describe('Bytes that may wait in front of each transmitter. 512KiB if absent.'),
};

const probability = share(linkLimits.probability).optional();

/** See the descriptions. */
export const linkSchema = z.strictObject({
  ...linkMembers,
  loss: share(highestLoss).default(0).describe('Probability that a frame is lost, in each direction.'),
  duplicate: probability.describe('Probability that a frame arrives twice.'),
  reorder: probability.describe('Probability that a frame is held back.'),
  reorderDelay: duration(linkLimits.delay)
    .optional()
    .describe('Longest time for which such a frame is held back.'),
  corrupt: probability.describe('Probability that bits of a frame flip.'),
  corruptPastFcs: share()
    .optional()
    .describe('Part of those frames that the frame check sequence does not show.'),
  jitter: duration(linkLimits.delay).optional().describe('Longest additional delay of a frame.'),
  burstLoss: z
    .strictObject({
      goodToBad: share(linkLimits.probability).describe(
        'Probability of the change to a state that loses every frame.',
      ),
      badToGood: z.number().min(0.01).max(1).describe('Probability of the change back.'),
    })
    .optional()
    .describe('Losses in bursts, by a model of two states that is asked before each frame.'),
});

const switchSchema = z.strictObject({
  hostLinks: z
    .array(
      z.strictObject({
        ...linkMembers,
        loss: share(highestLoss).default(0).describe('Probability of a loss.'),
      }),
    )
    .max(mostNeighbors)
    .default([])
    .describe(
      'Cables between the switch and the remote hosts, in their order; the last holds for all further ones.',
    ),
});

const teamSchema = z.strictObject({
  adapters: count(1, mostTeamAdapters).default(2).describe('Adapters in the team.'),
  mode: z
    .enum(['failover', 'load-balancing'])
    .default('failover')
    .describe(
      'failover: one adapter carries everything, the others stand by. load-balancing: each next hop falls to one adapter.',
    ),
  layers: count(1, mostLayers)
    .default(1)
    .describe('Intermediate drivers on top of each other; the lowest has the adapters.'),
  chimney: z
    .boolean()
    .optional()
    .describe('Whether the drivers register chimney functions on both edges. True if absent.'),
  sendEntries: count(1, 1_000_000)
    .optional()
    .describe('Sends that each driver has memory for at a time. No limit if absent.'),
});

/** See the descriptions. */
export const topologySchema = z.strictObject({
  processors: count(1, mostProcessors).default(4).describe('Processors of the host.'),
  neighbors: count(1, mostNeighbors).default(1).describe('Remote hosts on the link.'),
  paths: count(1, mostPaths)
    .default(1)
    .describe('Remote addresses, one path each; they lead through the neighbors in turn.'),
  ipVersions: z
    .enum(['ipv4', 'ipv6', 'both'])
    .default('ipv4')
    .describe('IP versions of the paths; both: one after the other in turn.'),
  link: linkSchema.prefault({}).describe('The cable of each adapter.'),
  adapter: adapterSchema
    .prefault({})
    .describe('What every adapter and its offload target can do; absent: as usual.'),
  team: teamSchema
    .optional()
    .describe('Intermediate drivers above the adapters. One adapter without any if absent.'),
  switch: switchSchema
    .optional()
    .describe('A learning switch with a cable to every remote host. If absent, they share one cable.'),
});

/** See {@link topologySchema}. */
export type ScenarioTopologyDefinition = z.output<typeof topologySchema>;
