/** The scripts of the scenarios that have one. */
import type { ScenarioId } from '../../../shared/contract/scenarios';
import type { StateLayer } from '../../../shared/trace/records';
import type { ConnectionOptions } from '../host/connectionOptions';
import type { OffloadableObject } from '../host/offloadCoordinator';
import type { OffloadPlace } from '../host/offloadRecord';
import type { ReceivePolicy } from '../host/receivePolicy';
import type { StateClasses } from '../host/unfilledState';
import type { ScriptScene, ScriptStep } from './scenarioScript';
import { isIpv6 } from '../wire/address';
import { ipv6MinimumMtu } from '../wire/ipv6';
import { macAddress, standbyInterface } from './topology';

/** Time between two steps that follow each other closely: an update or a query takes less, virtual ns. */
const pause = 400_000;

/** Ethernet address that the next hop gets. */
const replacementMac = macAddress(0x200);

/** Path MTUs that are smaller than Ethernet's, bytes: the one of IPv6's links (RFC 8200 section 5), and a thousand. */
const smallerMtu = 1280;
const smallestMtu = 1000;

/** Whether the target has the connection and no update waits or is under way. */
function isSettled({ connection, topology }: ScriptScene): boolean {
  const { path } = connection;
  return (
    [connection, path, path.neighbor].every(
      ({ record }) => record.place === 'Offloaded' && !record.updating && record.openRequests === 0,
    ) && Object.values(topology.host.offloads.updates.outstanding).every((count) => count === 0)
  );
}

/** A step as soon as nothing else is under way and a part of the stream has been acknowledged. */
function whenSettled(act: (scene: ScriptScene) => void, part = 0): ScriptStep {
  return { after: pause, isDue: (scene) => isSettled(scene) && scene.stream.acknowledgedPart >= part, act };
}

function replaceNextHop({ topology }: ScriptScene): void {
  topology.host.note(undefined, 'The adapter of the next hop is replaced');
  topology.peers[0]!.replaceMac(replacementMac);
}

function tellReachability({ topology, connection }: ScriptScene): void {
  topology.host.note(undefined, 'The host stack says how long ago it last heard of the next hop');
  topology.host.offloads.updates.changed(connection.path.neighbor);
}

function lowerMtu(mtu: number): (scene: ScriptScene) => void {
  return ({ topology, connection }) => {
    const { remoteAddress } = connection;
    const found = isIpv6(remoteAddress) ? Math.max(mtu, ipv6MinimumMtu) : mtu;
    topology.host.note(undefined, `Path MTU discovery finds ${found} bytes`);
    topology.host.changePathMtu(remoteAddress, found);
  };
}

function changeRoute({ topology, connection }: ScriptScene): void {
  topology.host.note(undefined, 'A redirect names another next hop');
  const { address, ipv6Address } = standbyInterface(0);
  const { remoteAddress } = connection;
  topology.host.changeNextHop(remoteAddress, isIpv6(remoteAddress) ? ipv6Address : address);
}

/** Every option of a connection with a value that it doesn't have by default; each is set by itself. */
const options = {
  keepAlive: true,
  nagle: false,
  receiveBuffer: 384 * 1024,
  receiveIndicationSize: 8192,
  keepAliveProbes: 5,
  keepAliveTime: 60_000,
  keepAliveInterval: 2_000,
  maximumRetransmissionTime: 90_000,
  flowLabel: 0xbeef,
  timeToLive: 64,
  typeOfService: 0x08,
  userPriority: 5,
} as const satisfies ConnectionOptions;

function setOption(name: keyof ConnectionOptions): ScriptStep {
  return whenSettled(({ topology, connection }) => {
    topology.host.note(connection.id, `The application sets ${name} to ${options[name]}`);
    connection.setOptions({ [name]: options[name] });
  });
}

const layers = ['neighbor', 'path', 'tcp'] as const satisfies readonly StateLayer[];
const classes = ['const', 'cached', 'delegated', 'all'] as const satisfies readonly StateClasses[];

function query(layer: StateLayer, stateClass: StateClasses): ScriptStep {
  return whenSettled(({ topology: { host }, connection }) => {
    const objects: Record<StateLayer, OffloadableObject> = {
      neighbor: connection.path.neighbor,
      path: connection.path,
      tcp: connection,
    };
    const what = stateClass === 'all' ? 'all variables' : `the ${stateClass} variables`;
    host.offloads.query(objects[layer], stateClass, (state) => {
      const answer = state === undefined ? 'refuses to tell' : 'tells';
      host.note(connection.id, `The target ${answer} ${what} of the ${layer}`);
    });
  });
}

/** An application that reads in small pieces, and one that does not read at all. */
const readsPieces: ReceivePolicy = {
  posted: 2,
  bytes: 8192,
  postDelay: 40_000,
  consume: (length) => length,
};
const readsNothing: ReceivePolicy = { posted: 0, bytes: 65536, postDelay: 1_000_000_000, consume: () => 0 };

/** Time without reading until the terminate: what comes back in it is left with the target. */
const timeWithoutReading = 2_000_000;

/** Whether every connection that still lives is at a place. */
function areAll({ topology: { host } }: ScriptScene, place: OffloadPlace): boolean {
  return host.connections.every((connection) => connection.isClosed || connection.place === place);
}

/** The team loses the adapter that carries everything; what has come back is offered again to what is left. */
const failover: readonly ScriptStep[] = [
  {
    after: 0,
    isDue: (scene) => scene.stream.acknowledgedPart >= 3 / 8 && areAll(scene, 'Offloaded'),
    act: ({ topology }) => {
      topology.host.note(undefined, 'The cable of the first adapter is pulled');
      topology.adapters[0]!.link.setCarrier(false);
    },
  },
  {
    after: pause,
    isDue: (scene) => scene.topology.host.chimney.mayOffload && areAll(scene, 'InHost'),
    act: ({ topology: { host } }) => {
      host.note(undefined, 'The host stack offers everything to the team again');
      host.offloads.offer(host.connections);
    },
  },
];

const scripts: Partial<Record<ScenarioId, readonly ScriptStep[]>> = {
  failover,
  'stacked-drivers': failover,
  'update-everything': [
    whenSettled(replaceNextHop, 1 / 8),
    whenSettled(lowerMtu(smallerMtu)),
    ...(Object.keys(options) as (keyof ConnectionOptions)[]).map(setOption),
    whenSettled(tellReachability),
    whenSettled(changeRoute),
  ],
  'address-and-mtu-change': [whenSettled(lowerMtu(smallestMtu), 1 / 4), whenSettled(replaceNextHop, 1 / 2)],
  'query-everything': layers.flatMap((layer) => classes.map((stateClass) => query(layer, stateClass))),
  'terminate-with-data': [
    {
      after: 0,
      isDue: () => true,
      act: ({ stream }) => {
        stream.application.receives = readsPieces;
      },
    },
    whenSettled(({ stream, connection, topology }) => {
      topology.host.note(connection.id, 'The application stops reading');
      stream.application.receives = readsNothing;
    }, 3 / 8),
    {
      after: timeWithoutReading,
      isDue: isSettled,
      act: ({ connection, topology }) => {
        topology.host.note(connection.id, 'The host stack wants the connection back');
        connection.upload();
      },
    },
    {
      after: 0,
      isDue: ({ connection }) => connection.place === 'InHost',
      act: ({ stream, connection, topology }) => {
        topology.host.note(connection.id, 'The application reads again');
        stream.application.receives = undefined;
      },
    },
  ],
};

/** The steps of a scenario; none for most. */
export function scriptOf(scenario: ScenarioId): readonly ScriptStep[] {
  return scripts[scenario] ?? [];
}
