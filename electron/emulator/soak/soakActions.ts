/** What happens at random instants of a soak. Each action answers whether the moment was one for it. */
import type { Random } from '../../../shared/base/random';
import type { HostConnection } from '../host/hostConnection';
import type { OffloadableObject } from '../host/offloadCoordinator';
import type { StateClasses } from '../host/unfilledState';
import { macAddress } from '../scenarios/topology';
import type { SoakFaults } from './soakFaults';
import type { SoakStream } from './soakStream';
import type { SoakTopology } from './soakTopology';
import { isIpv6 } from '../wire/address';
import { ipv6MinimumMtu } from '../wire/ipv6';

/** What an action may touch. */
export interface SoakScene {
  readonly topology: SoakTopology;
  readonly streams: readonly SoakStream[];
  readonly faults: SoakFaults;
  readonly random: Random;
}

const stateClasses: readonly StateClasses[] = ['const', 'cached', 'delegated', 'all'];

/** Path MTUs to draw from, bytes: RFC 791's smallest, and up to Ethernet's. */
const smallestMtu = 576;
const largestMtu = 1500;

/** First number of the Ethernet addresses that replaced adapters have. */
const replacementMacs = 0x1000;

function pick<Item>(random: Random, items: readonly Item[]): Item | undefined {
  return items.length === 0 ? undefined : items[random.nextBelow(items.length)];
}

/** Any connection that has been made; half of the time one that the target has, if there is any. */
function anyConnection({ streams, random }: SoakScene): HostConnection | undefined {
  if (random.nextChance(0.5)) {
    const offloaded = streams.filter(({ connection }) => connection?.place === 'Offloaded');
    if (offloaded.length > 0) return pick(random, offloaded)!.connection;
  }
  return pick(random, streams)?.connection;
}

/** A part of all connections. */
function someConnections({ streams, random }: SoakScene): HostConnection[] {
  const share = random.nextFraction();
  return streams.flatMap(({ connection }) => (random.nextChance(share) ? (connection ?? []) : []));
}

/** A connection, its path or its neighbor. */
function anyObject(scene: SoakScene): OffloadableObject | undefined {
  const connection = anyConnection(scene);
  if (connection === undefined) return undefined;
  return pick(scene.random, [connection, connection.path, connection.path.neighbor]);
}

/** An action and how often it is taken, in proportion to the others. */
interface SoakAction {
  readonly weight: number;
  readonly act: (scene: SoakScene) => boolean;
}

const actions = {
  offer: {
    weight: 80,
    act: (scene) => {
      const connection = anyConnection(scene);
      connection?.offload();
      return connection !== undefined;
    },
  },
  'offer-several': {
    weight: 16,
    act: (scene) => {
      const connections = someConnections(scene);
      scene.topology.host.offloads.offer(connections);
      return connections.length > 0;
    },
  },
  upload: {
    weight: 24,
    act: (scene) => {
      const connection = anyConnection(scene);
      const wasOffloaded = connection?.place === 'Offloaded';
      connection?.upload();
      return wasOffloaded;
    },
  },
  'upload-several': {
    weight: 8,
    act: (scene) => {
      const connections = someConnections(scene);
      scene.topology.host.offloads.takeBackSoon(connections);
      return connections.some(({ place }) => place === 'Offloaded');
    },
  },
  'set-options': {
    weight: 40,
    act: (scene) => {
      const { random } = scene;
      const connection = anyConnection(scene);
      connection?.setOptions({
        ...(random.nextChance(0.5) ? { nagle: random.nextChance(0.5) } : {}),
        ...(random.nextChance(0.5) ? { receiveBuffer: 4096 + random.nextBelow(400 * 1024) } : {}),
        ...(random.nextChance(0.3) ? { typeOfService: random.nextBelow(64) * 4 } : {}),
        ...(random.nextChance(0.3) ? { timeToLive: 32 + random.nextBelow(200) } : {}),
        ...(random.nextChance(0.3) ? { keepAliveInterval: 500 + random.nextBelow(1000) } : {}),
      });
      return connection?.place === 'Offloaded';
    },
  },
  'path-mtu': {
    weight: 20,
    act: ({ topology, random }) => {
      const { address } = pick(random, topology.destinations)!;
      const smallest = isIpv6(address) ? ipv6MinimumMtu : smallestMtu;
      topology.host.changePathMtu(address, smallest + random.nextBelow(largestMtu - smallest + 1));
      return true;
    },
  },
  'next-hop': {
    weight: 20,
    act: ({ topology, random }) => {
      const { address, peer } = pick(random, topology.destinations)!;
      const all = topology.neighbors.find((neighbor) => neighbor.peer === peer)!.nextHops;
      const hops = all.filter((hop) => isIpv6(hop) === isIpv6(address));
      topology.host.changeNextHop(address, pick(random, hops)!);
      return true;
    },
  },
  'ethernet-address': {
    weight: 6,
    act: ({ topology, random }) => {
      const { peer } = pick(random, topology.neighbors)!;
      peer.replaceMac(macAddress(replacementMacs + random.nextBelow(0x1000)));
      return true;
    },
  },
  query: {
    weight: 40,
    act: (scene) => {
      const object = anyObject(scene);
      if (object?.record.place !== 'Offloaded') return false;
      scene.topology.host.offloads.query(object, pick(scene.random, stateClasses)!, () => undefined);
      return true;
    },
  },
  invalidate: {
    weight: 3,
    act: (scene) => {
      const object = anyObject(scene);
      if (object?.record.place !== 'Offloaded') return false;
      scene.topology.host.offloads.invalidate(object);
      return true;
    },
  },
  'lose-link': { weight: 1, act: ({ faults }) => faults.loseLink() },
  sleep: { weight: 1, act: ({ faults }) => faults.sleep() },
  'upload-all': { weight: 1, act: ({ faults, streams }) => faults.closeTarget(true, streams.length) },
  pause: { weight: 1, act: ({ faults, streams }) => faults.closeTarget(false, streams.length) },
  'peer-reset': {
    weight: 5,
    act: ({ streams, random }) => {
      const stream = pick(
        random,
        streams.filter(({ isDoomed, ended }) => isDoomed && ended === undefined),
      );
      stream?.resetByPeer();
      return stream !== undefined;
    },
  },
} as const satisfies Record<string, SoakAction>;

/** Name of an action. */
export type SoakActionName = keyof typeof actions;

/** Names of all actions. */
export const soakActionNames = Object.keys(actions) as readonly SoakActionName[];

const totalWeight = Object.values(actions).reduce((sum, { weight }) => sum + weight, 0);

/** Takes an action that chance chooses; answers its name if the moment was one for it. */
export function takeAction(scene: SoakScene): SoakActionName | undefined {
  let left = scene.random.nextBelow(totalWeight);
  for (const name of soakActionNames) {
    const { weight, act } = actions[name];
    if (left < weight) return act(scene) ? name : undefined;
    left -= weight;
  }
  return undefined;
}
