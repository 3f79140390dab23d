/** What a soak walks on: a host stack above one adapter or several, and echo servers beyond. Any such arrangement can be walked. */
import { NDIS_STATUS, type NdisStatus } from '../../../shared/ddi/status';
import type { Random } from '../../../shared/base/random';
import type { HostStack } from '../host/hostStack';
import type { Machine } from '../machine/machine';
import type { Ndis } from '../ndis/ndis';
import { describeOutstanding } from '../observe/outstanding';
import type { EchoHost } from '../peer/echoHost';
import {
  buildTopology,
  neighborAddress,
  neighborIpv6Address,
  standbyInterface,
  type IpVersions,
  type TeamPlan,
} from '../scenarios/topology';
import type { OffloadTarget } from '../target/offloadTarget';
import { defaultTargetLimits, type TargetLimits } from '../target/targetLimits';
import type { IpAddress } from '../wire/address';
import type { Link } from '../wire/link';

/** An adapter with its offload target and its cable. */
export interface SoakAdapter {
  readonly target: OffloadTarget;
  readonly link: Link;
}

/** See the file's head. */
export interface SoakTopology {
  readonly ndis: Ndis;
  readonly host: HostStack;
  /** What can lose its link, its power or its capacity. */
  readonly adapters: readonly SoakAdapter[];
  /** Remote addresses, one for each path, with the host that answers there. */
  readonly destinations: readonly { readonly address: IpAddress; readonly peer: EchoHost }[];
  /** Neighbors, each with the addresses on the link that lead to it. */
  readonly neighbors: readonly { readonly peer: EchoHost; readonly nextHops: readonly IpAddress[] }[];
  /** Whether an adapter's link goes down while it sleeps, as a static link aggregation needs it. */
  readonly linkFollowsPower: boolean;
  /** Loads the drivers, starts the adapters and turns the chimney on; at PASSIVE_LEVEL. */
  boot(): NdisStatus;
  /** Everything that anybody still holds or waits for, as lines; none at the end of a run. */
  outstanding(): string[];
}

/** Makes a topology whose size and limits are drawn from chance. */
export type SoakTopologyMaker = (
  machine: Machine,
  random: Random,
  /** Connections that are going to be made. */
  connections: number,
  /** The trace's id of the connection from a local port, once it is known. */
  connectionFrom: (localPort: number) => number | undefined,
) => SoakTopology;

/** Most neighbors, and most paths besides one for each. */
const mostNeighbors = 4;
const mostFurtherPaths = 6;

/** Frame losses of which each seed takes one. */
const losses = [0, 0, 0.002, 0.01] as const;

/** IP versions of the paths, of which each seed takes one. */
const ipVersions: readonly IpVersions[] = ['ipv4', 'both', 'both', 'ipv6'];

/** Speeds of the link, bits per second, and its longest delay, virtual ns. */
const linkSpeeds = [1e9, 1e9, 1e8, 2e7] as const;
const longestLinkDelay = 2_000_000;

/** Times that a target's firmware needs for an object, virtual ns: requests of a slow one overlap. */
const objectTimes = [2_000, 6_000, 60_000, 600_000] as const;

function pick<Item>(random: Random, items: readonly Item[]): Item {
  return items[random.nextBelow(items.length)]!;
}

/** Limits that a part of all seeds runs into; the others have room for everything. */
function drawLimits(random: Random, connections: number): TargetLimits {
  const sometimes = (limit: () => number): number => (random.nextChance(0.12) ? limit() : Infinity);
  return {
    ...defaultTargetLimits,
    neighbors: sometimes(() => 1 + random.nextBelow(mostNeighbors)),
    paths: sometimes(() => 1 + random.nextBelow(mostNeighbors + mostFurtherPaths)),
    contextAreas: sometimes(() => 2 + random.nextBelow(connections)),
    sendBufferBytes: sometimes(() => 1024 + random.nextBelow(64 * 1024)),
    receiveBufferBytes: sometimes(() => 1024 * 1024 * (1 + random.nextBelow(20))),
    bufferedDataBytes: sometimes(() => random.nextBelow(4096)),
    pathMtu: random.nextChance(0.05) ? 1500 - random.nextBelow(300) : defaultTargetLimits.pathMtu,
    receiveWindow: random.nextChance(0.15) ? 300 * 1024 : defaultTargetLimits.receiveWindow,
  };
}

/** Intermediate drivers and adapters below them, of which seeds take one; undefined for a single adapter without any. */
const teams: readonly (TeamPlan | undefined)[] = [
  undefined,
  undefined,
  { adapters: 2, mode: 'failover', layers: 1 },
  { adapters: 2, mode: 'load-balancing', layers: 1 },
  { adapters: 2, mode: 'failover', layers: 2 },
  { adapters: 3, mode: 'load-balancing', layers: 2 },
];

/** One host with one adapter and one offload target, between one and four neighbors. */
export const oneTarget: SoakTopologyMaker = (...parts) => drawTopology(undefined, ...parts);

/** The same, or a team of adapters below one intermediate driver or two. */
export const anyTopology: SoakTopologyMaker = (machine, random, connections, connectionFrom) =>
  drawTopology(pick(random, teams), machine, random, connections, connectionFrom);

function drawTopology(
  team: TeamPlan | undefined,
  ...[machine, random, connections, connectionFrom]: Parameters<SoakTopologyMaker>
): SoakTopology {
  const neighbors = 1 + random.nextBelow(mostNeighbors);
  const plan = {
    neighbors,
    paths: neighbors + random.nextBelow(mostFurtherPaths),
    link: {
      bitsPerSecond: pick(random, linkSpeeds),
      delay: random.nextBelow(longestLinkDelay),
      queueBytes: 64 * 1024 + random.nextBelow(512 * 1024),
    },
    target: {
      objectTime: pick(random, objectTimes),
      tcpCapacity: random.nextChance(0.5) ? connections : 1 + random.nextBelow(connections),
      limits: drawLimits(random, connections),
    },
    ...(team === undefined ? {} : { team }),
  };
  const loss = pick(random, losses);
  const versions = pick(random, ipVersions);
  const { ndis, host, adapters, intermediates, peers, destinations, pool } = buildTopology(
    machine,
    { ...plan, versions },
    loss,
    connectionFrom,
  );
  return {
    ndis,
    host,
    destinations,
    adapters,
    linkFollowsPower: team !== undefined,
    neighbors: peers.map((peer, index) => ({
      peer,
      nextHops: [
        neighborAddress(index),
        standbyInterface(index).address,
        neighborIpv6Address(index),
        standbyInterface(index).ipv6Address,
      ],
    })),
    boot: () => {
      for (const driver of [...adapters.map(({ target }) => target), ...intermediates, host]) {
        const status = driver.load();
        if (status !== NDIS_STATUS.SUCCESS) return status;
      }
      ndis.registration.startAdapters();
      return host.enableChimney();
    },
    outstanding: () => [
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
    ],
  };
}
