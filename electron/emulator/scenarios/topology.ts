/** The machine, its drivers and its surroundings: one host with one adapter, and echo servers at the other end of the cable. */
import type { ChimneyRequest } from '../../../shared/contract/chimneyRequest';
import type { ComponentRole } from '../../../shared/trace/records';
import { defaultHostSettings } from '../host/hostSettings';
import { HostStack } from '../host/hostStack';
import { chimneyPolicyOf } from '../host/offloadPolicy';
import type { Route } from '../host/routes';
import { TeamingDriver } from '../intermediate/teamingDriver';
import { defaultTeamSettings, type TeamSettings } from '../intermediate/teamSettings';
import { DRIVER_OBJECT } from '../kit';
import type { Machine } from '../machine/machine';
import { Ndis } from '../ndis/ndis';
import { EchoHost } from '../peer/echoHost';
import { PartialEcho } from '../peer/partialEcho';
import { OffloadTarget } from '../target/offloadTarget';
import { defaultTargetSettings } from '../target/targetSettings';
import { defaultTcpSettings } from '../tcp/tcpSettings';
import type { IpAddress, Ipv4Address, Ipv6Address, MacAddress } from '../wire/address';
import { FramePool } from '../wire/frame';
import { LearningSwitch } from '../wire/learningSwitch';
import { Link, type LinkEnd, type LinkSettings } from '../wire/link';
import { LinkAggregation } from '../wire/linkAggregation';
import { Switch } from '../wire/switch';
import {
  ModuleDriver,
  ModuleTarget,
  type DriverModule,
  type DriverModules,
  type IntermediateDriver,
  type TargetDriver,
} from './moduleDriver';
import { gigabitLink } from './scenarioSettings';
import { TamperedLink, type Tampering } from './tampering';
import type { ScenarioPlan } from './scenarioPlan';

/** Processor time of crossing the door, ns. */
const doorCosts = { enter: 180, leave: 60 } as const;

/** The nth locally administered address of the emulated network; the host's adapter is the first. */
export function macAddress(number: number): MacAddress {
  return Uint8Array.from([0x02, 0x15, 0x5d, 0x00, number >>> 8, number & 0xff]);
}

/** The host's address, a documentation address (RFC 5737) like all others here. */
export const hostAddress: Ipv4Address = Uint8Array.from([192, 0, 2, 1]);

/** Address of a neighbor on the link, from 0. */
export function neighborAddress(index: number): Ipv4Address {
  return Uint8Array.from([192, 0, 2, 2 + index]);
}

/** Interface of a neighbor that stands by: its second way onto the link. */
export function standbyInterface(index: number): {
  readonly mac: MacAddress;
  readonly address: Ipv4Address;
  readonly ipv6Address: Ipv6Address;
} {
  return {
    mac: macAddress(0x100 + index),
    address: Uint8Array.from([192, 0, 2, 128 + index]),
    ipv6Address: documentationAddress(0, 0x80 + index),
  };
}

/** An address of the IPv6 documentation prefix (RFC 3849), by subnet and interface. */
function documentationAddress(subnet: number, index: number): Ipv6Address {
  return Uint8Array.from([0x20, 1, 0xd, 0xb8, 0, 0, 0, subnet, 0, 0, 0, 0, 0, 0, index >>> 8, index & 0xff]);
}

/** The host's IPv6 address. */
export const hostIpv6Address: Ipv6Address = documentationAddress(0, 1);

/** IPv6 address of a neighbor on the link, from 0. */
export function neighborIpv6Address(index: number): Ipv6Address {
  return documentationAddress(0, 2 + index);
}

/** Address of an echo server behind a neighbor. */
function farAddress(index: number): Ipv4Address {
  return Uint8Array.from([198, 51, 100, 1 + index]);
}

/** IP versions of the paths: all of one, or one after the other in turn. */
export type IpVersions = 'ipv4' | 'ipv6' | 'both';

/** Remote address of a path and the next hop that leads there. */
function pathEnds(
  path: number,
  neighbors: number,
  versions: IpVersions,
): { readonly address: IpAddress; readonly nextHop: IpAddress } {
  const overIpv6 = versions === 'ipv6' || (versions === 'both' && path % 2 === 1);
  const nextHop = (overIpv6 ? neighborIpv6Address : neighborAddress)(path % neighbors);
  const behind = path - neighbors;
  if (behind < 0) return { address: nextHop, nextHop };
  return { address: overIpv6 ? documentationAddress(1, 1 + behind) : farAddress(behind), nextHop };
}

/** A physical adapter with its driver and its cable. */
export interface Adapter<Target extends TargetDriver = OffloadTarget> {
  readonly target: Target;
  readonly link: Link;
}

/** Intermediate drivers between the host stack and its adapters. */
export interface TeamPlan {
  /** Adapters in the team. */
  readonly adapters: number;
  readonly mode: TeamSettings['mode'];
  /** Intermediate drivers on top of each other: the first has the adapters, each further one the virtual miniport below it. */
  readonly layers: number;
  /** What differs from the usual in the settings of every intermediate driver. */
  readonly settings?: Partial<Pick<TeamSettings, 'chimney' | 'sendEntries'>>;
}

/** A learning switch between the adapters and the remote hosts. */
export interface SwitchPlan {
  /** Cables between the switch and the remote hosts, in their order; the last holds for all further ones. */
  readonly hostLinks: readonly LinkSettings[];
}

/** A machine whose target and intermediate driver may come from modules. */
export type ScenarioTopology = Topology<TargetDriver, IntermediateDriver>;

/** See the file's head. */
export interface Topology<
  Target extends TargetDriver = OffloadTarget,
  Intermediate extends IntermediateDriver = TeamingDriver,
> {
  readonly ndis: Ndis;
  readonly host: HostStack;
  /** All physical adapters. */
  readonly adapters: readonly Adapter<Target>[];
  /** Intermediate drivers, the lowest first. */
  readonly intermediates: readonly Intermediate[];
  /** The first adapter's driver and cable. */
  readonly target: Target;
  /** Frames of everybody. */
  readonly pool: FramePool;
  readonly link: Link;
  /** One for each neighbor. */
  readonly peers: readonly EchoHost[];
  /** Remote addresses, one for each path, with the neighbor that leads there. */
  readonly destinations: readonly { readonly address: IpAddress; readonly peer: EchoHost }[];
}

/** What of a plan decides about drivers, links and peers. */
type TopologyPlan = Pick<
  ScenarioPlan,
  'paths' | 'neighbors' | 'target' | 'team' | 'switch' | 'host' | 'ndis' | 'tampering' | 'peer'
> & {
  readonly link?: Omit<LinkSettings, 'loss'>;
  /** IP versions of the paths; absent: IPv4. */
  readonly versions?: IpVersions | undefined;
  /** What the host offloads by itself; undefined: nothing. */
  readonly chimney?: ChimneyRequest | undefined;
};

/**
 * Builds everything and plugs the cables in; no driver is loaded yet.
 * @param connectionFrom the trace's id of the connection from a local port, once it is known
 * @param modules drivers in the places of built-in ones
 */
export function buildTopology(
  machine: Machine,
  plan: TopologyPlan,
  loss: number,
  connectionFrom: (localPort: number) => number | undefined,
): Topology;
export function buildTopology(
  machine: Machine,
  plan: TopologyPlan,
  loss: number,
  connectionFrom: (localPort: number) => number | undefined,
  modules: DriverModules,
): ScenarioTopology;
export function buildTopology(
  machine: Machine,
  plan: TopologyPlan,
  loss: number,
  connectionFrom: (localPort: number) => number | undefined,
  modules: DriverModules = {},
): ScenarioTopology {
  const pool = new FramePool();
  const endsOf = (path: number) => pathEnds(path, plan.neighbors, plan.versions ?? 'ipv4');
  const paths = Array.from({ length: Math.max(plan.paths, plan.neighbors) }, (_, path) => path);
  const routes: Route[] = paths.slice(plan.neighbors).map((path) => {
    const { address, nextHop } = endsOf(path);
    return { destination: address, nextHop };
  });
  const ndis = new Ndis(machine, doorCosts, plan.ndis);
  const driverObject = driverObjectsOf(machine, ndis, plan.tampering);
  const host = new HostStack(driverObject('host-stack', 'Host TCP/IP stack'), {
    ...defaultHostSettings,
    ...plan.host,
    mac: macAddress(1),
    address: hostAddress,
    ipv6Address: hostIpv6Address,
    routes,
    chimney: plan.chimney === undefined ? undefined : chimneyPolicyOf(plan.chimney),
    linkBitsPerSecond: (plan.link ?? gigabitLink).bitsPerSecond,
  });
  const settings = { ...defaultTcpSettings, clockOffset: 1_700_033 };
  const peers = Array.from({ length: plan.neighbors }, (_, index) => {
    const further = paths.filter((path) => path >= plan.neighbors && path % plan.neighbors === index);
    const addresses = {
      mac: macAddress(2 + index),
      address: neighborAddress(index),
      ipv6Address: neighborIpv6Address(index),
      further: further.map((path) => endsOf(path).address),
      standby: standbyInterface(index),
    };
    const name = plan.neighbors === 1 ? 'Echo server' : `Echo server ${index + 1}`;
    const stream = index === 0 ? 3 : 100 + index;
    const peer = new EchoHost(machine, pool, addresses, settings, connectionFrom, name, stream);
    const { echoes = Infinity, closes = false } = plan.peer ?? {};
    if (echoes !== Infinity || closes)
      peer.serve((connection, window) => new PartialEcho(connection, window, echoes, closes));
    return peer;
  });
  const far = plan.switch === undefined ? gather(peers, plan.team) : wireSwitch(machine, pool, peers, plan);
  const adapters = buildAdapters(machine, ndis, pool, plan, loss, far, modules.target);
  const destinations = paths
    .slice(0, plan.paths)
    .map((path) => ({ address: endsOf(path).address, peer: peers[path % plan.neighbors]! }));
  const intermediates = buildIntermediates(machine, ndis, plan.team, modules.intermediate, plan.tampering);
  return { ndis, host, pool, ...adapters[0]!, adapters, intermediates, peers, destinations };
}

/** Makes the DRIVER_OBJECTs of built-in drivers; those that are to be bad are guarded by what makes them so. */
function driverObjectsOf(
  machine: Machine,
  ndis: Ndis,
  tampering: Tampering | undefined,
): (role: ComponentRole, name: string) => DRIVER_OBJECT {
  return (role, name) =>
    new DRIVER_OBJECT(
      machine,
      ndis,
      role,
      name,
      tampering?.driver?.(machine, ndis, role, name),
      tampering?.timers?.(machine, role),
    );
}

/** Name of a physical adapter's driver; a single one needs no number. */
function targetName(index: number, count: number): string {
  return count === 1 ? 'Offload target' : `Offload target ${index + 1}`;
}

/** What the adapters' cables lead to. */
interface FarEnd {
  readonly ports: readonly LinkEnd[];
  connect(port: number, link: Link): void;
}

/** All remote hosts at the far end of the adapters' cables, without any of their own. */
function gather(peers: readonly EchoHost[], team: TeamPlan | undefined): FarEnd {
  const single = peers.length === 1 ? peers[0] : undefined;
  const farEnd = single ?? new Switch(peers);
  // A team for failover needs nothing of the switch; one that balances its load needs an aggregation there.
  const farEndMode = team?.mode === 'failover' ? 'learning' : 'static';
  const aggregation = new LinkAggregation(farEnd, team?.adapters ?? 1, farEndMode);
  farEnd.connect(aggregation);
  return aggregation;
}

/**
 * A learning switch with a cable to every remote host.
 * @throws Error for a team that balances its load: its members share an address, which a switch can learn at one port only
 */
function wireSwitch(
  machine: Machine,
  pool: FramePool,
  peers: readonly EchoHost[],
  plan: TopologyPlan,
): FarEnd {
  if (plan.team?.mode === 'load-balancing')
    throw new Error('a team that balances its load needs a link aggregation at its switch');
  const adapters = plan.team?.adapters ?? 1;
  const { hostLinks = [] } = plan.switch ?? {};
  const learning = new LearningSwitch(machine, pool, adapters + peers.length);
  peers.forEach((peer, index) => {
    const settings = hostLinks[index] ?? hostLinks.at(-1) ?? { ...gigabitLink, loss: 0 };
    const port = adapters + index;
    const link = new Link(machine, pool, settings, learning.ports[port]!, peer, port);
    learning.connect(port, link);
    peer.connect(link);
  });
  return learning;
}

function buildAdapters(
  machine: Machine,
  ndis: Ndis,
  pool: FramePool,
  plan: TopologyPlan,
  loss: number,
  far: FarEnd,
  module: DriverModule | undefined,
): Adapter<TargetDriver>[] {
  const count = plan.team?.adapters ?? 1;
  const driverObject = driverObjectsOf(machine, ndis, plan.tampering);
  return Array.from({ length: count }, (_, index) => {
    // The members of a team share its Ethernet address, as behind a static link aggregation.
    const settings = { ...defaultTargetSettings, mac: macAddress(1), ...plan.target };
    const name = targetName(index, count);
    const target: TargetDriver =
      module === undefined
        ? new OffloadTarget(driverObject('offload-target', name), pool, settings)
        : new ModuleTarget(
            machine,
            ndis,
            pool,
            name,
            module,
            settings,
            { TcpConnectionOffloadCapacity: settings.tcpCapacity },
            plan.tampering?.driver?.(machine, ndis, 'offload-target', name),
          );
    const { vlanIds, vlans } = settings.limits;
    ndis.registration.configure(`${name} adapter`, { vlanIds, vlanEntries: vlans });
    const linkSettings = { ...(plan.link ?? gigabitLink), loss };
    const port = far.ports[index]!;
    const tamper = plan.tampering?.frames?.(machine, ndis, pool, name);
    const link =
      tamper === undefined
        ? new Link(machine, pool, linkSettings, target, port, index)
        : new TamperedLink(machine, pool, linkSettings, target, port, index, tamper);
    target.connect(link);
    far.connect(index, link);
    return { target, link };
  });
}

/** The plan's team, or an intermediate driver from a module above all adapters. */
function buildIntermediates(
  machine: Machine,
  ndis: Ndis,
  plan: TeamPlan | undefined,
  module: DriverModule | undefined,
  tampering: Tampering | undefined,
): IntermediateDriver[] {
  if (module === undefined) return plan === undefined ? [] : buildTeam(machine, ndis, plan, tampering);
  const count = plan?.adapters ?? 1;
  const members = Array.from({ length: count }, (_, index) => `${targetName(index, count)} adapter`);
  const name = 'Intermediate driver';
  const parameters = { adapterName: `${name} adapter`, members };
  return [new ModuleDriver(machine, ndis, 'intermediate-driver', name, module, parameters)];
}

/** One team over all adapters, and further intermediate drivers on top of it. */
function buildTeam(
  machine: Machine,
  ndis: Ndis,
  plan: TeamPlan,
  tampering: Tampering | undefined,
): TeamingDriver[] {
  const driverObject = driverObjectsOf(machine, ndis, tampering);
  const adapters = Array.from(
    { length: plan.adapters },
    (_, index) => `${targetName(index, plan.adapters)} adapter`,
  );
  return Array.from({ length: plan.layers }, (_, layer) => {
    const name = layer === 0 ? 'Teaming driver' : `Intermediate driver ${layer + 1}`;
    const below = layer === 1 ? 'Teaming driver' : `Intermediate driver ${layer}`;
    const driver = driverObject('intermediate-driver', name);
    return new TeamingDriver(driver, {
      ...defaultTeamSettings,
      ...plan.settings,
      mode: plan.mode,
      adapterName: `${name} adapter`,
      members: layer === 0 ? adapters : [`${below} adapter`],
    });
  });
}
