/** Where the connections of a transparency run are: hosts, adapters and a wire that does anything to frames, drawn from a seed. */
import type { Random } from '../../../shared/base/random';
import type { Machine } from '../machine/machine';
import { describeOutstanding } from '../observe/outstanding';
import { buildTopology, type TeamPlan, type Topology } from '../scenarios/topology';
import type { Impairments } from '../wire/impairments';
import type { DirectionSettings, LinkSettings } from '../wire/link';

/** Most neighbors, and most paths besides one for each. */
const mostNeighbors = 3;
const mostFurtherPaths = 3;

const linkSpeeds = [1e9, 1e9, 1e8, 1e7] as const;
const longestDelay = 8_000_000;
const objectTimes = [2_000, 6_000, 60_000, 600_000] as const;

/**
 * The least probability that a burst ends before a frame. Bursts count frames and not time: a lone retransmission may find the same
 * burst again and again, and TCP gives up after eight of them, with hand-overs or without.
 */
const leastBurstEnd = 0.75;

/** Intermediate drivers and the adapters below them, of which seeds take one. */
const teams: readonly (TeamPlan | undefined)[] = [
  undefined,
  undefined,
  undefined,
  { adapters: 2, mode: 'failover', layers: 1 },
  { adapters: 2, mode: 'load-balancing', layers: 1 },
];

function pick<Item>(random: Random, items: readonly Item[]): Item {
  return items[random.nextBelow(items.length)]!;
}

/** Each kind of impairment in half of all directions. */
function drawImpairments(random: Random): Impairments {
  const sometimes = (most: number): number => (random.nextChance(0.5) ? random.nextFraction() * most : 0);
  return {
    burstLoss: random.nextChance(0.3)
      ? {
          goodToBad: random.nextFraction() * 0.01,
          badToGood: leastBurstEnd + random.nextFraction() * (1 - leastBurstEnd),
          lossInGood: 0,
          lossInBad: 1,
        }
      : undefined,
    duplicate: sometimes(0.05),
    reorder: sometimes(0.1),
    reorderDelay: 1 + random.nextBelow(2_000_000),
    corrupt: sometimes(0.03),
    corruptPastFcs: random.nextFraction(),
    jitter: Math.floor(sometimes(1_000_000)),
  };
}

function drawDirection(random: Random): DirectionSettings {
  return {
    bitsPerSecond: pick(random, linkSpeeds),
    delay: random.nextBelow(longestDelay),
    queueBytes: 8 * 1024 + random.nextBelow(256 * 1024),
    loss: random.nextChance(0.5) ? random.nextFraction() * 0.03 : 0,
    impairments: drawImpairments(random),
  };
}

/** Draws a link whose directions have nothing to do with each other. */
export function drawLink(random: Random): LinkSettings {
  return { ...drawDirection(random), reverse: drawDirection(random) };
}

/** Builds a world. Equal seeds give equal worlds, whatever happens in them. */
export function buildWorld(
  machine: Machine,
  random: Random,
  connections: number,
  connectionFrom: (localPort: number) => number | undefined,
): Topology {
  const team = pick(random, teams);
  const neighbors = 1 + random.nextBelow(mostNeighbors);
  const { loss, ...link } = drawLink(random);
  const plan = {
    neighbors,
    paths: neighbors + random.nextBelow(mostFurtherPaths),
    link,
    target: {
      objectTime: pick(random, objectTimes),
      tcpCapacity: random.nextChance(0.8) ? connections : 1 + random.nextBelow(connections),
    },
    ...(team === undefined ? {} : { team }),
  };
  return buildTopology(machine, plan, loss, connectionFrom);
}

/** Everything that anybody still holds or waits for, as lines; none at the end of a run. */
export function outstandingIn({ host, ndis, adapters, intermediates, pool }: Topology): string[] {
  return [
    ...describeOutstanding('host stack', host.outstanding),
    ...describeOutstanding('NDIS', ndis.outstanding),
    ...adapters.flatMap(({ target }, index) =>
      describeOutstanding(`offload target ${index + 1}`, target.outstanding),
    ),
    ...intermediates.flatMap(({ outstanding }, index) =>
      describeOutstanding(`intermediate driver ${index + 1}`, {
        'objects, requests and lists': outstanding,
      }),
    ),
    ...describeOutstanding('wire', { 'frames not given back': pool.outstanding }),
  ];
}
