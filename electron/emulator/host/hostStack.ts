/**
 * The host TCP/IP stack: a protocol driver above NDIS. It registers its client chimney functions in ProtocolSetOptions, opens the
 * adapter, and serves applications with connections that it may hand to the adapter's offload target.
 */
import type { Random } from '../../../shared/base/random';
import { constantValue, nameInGroup } from '../../../shared/ddi/catalogue';
import type { ChimneyStatistics } from '../../../shared/analysis/chimneyStatistics';
import { netstatState, type NetstatRow } from '../../../shared/analysis/netstat';
import { objectHeader } from '../../../shared/ddi/structureCodec';
import { NDIS_STATUS, type NdisStatus } from '../../../shared/ddi/status';
import {
  DISPATCH_LEVEL,
  allocateNetBufferList,
  allocateOidRequest,
  chainToArray,
  checksumInfo,
  linkChain,
  netBufferBytes,
  netBufferListInfo,
  optionalHandlersHeader,
  type ConnectionOffload,
  type DRIVER_OBJECT,
  type Kernel,
  type NDIS_BIND_PARAMETERS,
  type NDIS_CLIENT_CHIMNEY_OFFLOAD_GENERIC_CHARACTERISTICS,
  type NDIS_CLIENT_CHIMNEY_OFFLOAD_TCP_CHARACTERISTICS,
  type NDIS_HANDLE,
  type NDIS_OFFLOAD_HANDLE,
  type NDIS_OID_REQUEST,
  type NDIS_PROTOCOL_OFFLOAD_BLOCK_LIST,
  type NET_BUFFER_LIST,
  type NdisFunctions,
  type Outstanding,
  type PVOID,
  type TCP_OFFLOAD_STATE_CACHED,
} from '../kit';
import { ConnectionMap } from '../tcp/connectionMap';
import { SendQueue } from '../tcp/sendQueue';
import { advance, isBefore } from '../tcp/sequenceNumber';
import { TcpConnectionState } from '../tcp/tcpVariables';
import { formatEndpoint, isIpv6, sameAddress, type IpAddress, type MacAddress } from '../wire/address';
import { etherTypeOf, etherTypes } from '../wire/ethernet';
import { Frame, FramePool } from '../wire/frame';
import {
  carriesInternet,
  fillSegmentFrame,
  leaveTcpChecksum,
  type ReceivedSegment,
  type SegmentAddressing,
} from '../wire/segmentFrame';
import { TcpSegment } from '../wire/tcpSegment';
import { tagInfoOf } from '../wire/vlanTag';
import type { AdapterFacts } from './adapterSetup';
import { AddressResolution } from './addressResolution';
import { ChimneyCounters } from './chimneyCounters';
import { ChimneyGate } from './chimneyGate';
import type { ConnectionUser } from './connectionUser';
import { HostListener, defaultBacklog, type Acceptor, type ListenOptions } from './listener';
import { LocalPorts } from './localPorts';
import { opensConnection, refusalOf } from '../tcp/segmentRefusal';
import { HostConnection } from './hostConnection';
import type { HostSettings } from './hostSettings';
import { mtuLifetime } from './icmp';
import { IpLayer } from './ipLayer';
import { NeighborCache, neighborLabel, type NeighborEntry } from './neighborCache';
import { NeighborUnreachability } from './neighborUnreachability';
import { OffloadAdministration } from './offloadAdministration';
import { OffloadCoordinator } from './offloadCoordinator';
import { OffloadPolicy } from './offloadPolicy';
import { PostedList } from './postedList';
import { PathCache, type PathEntry } from './pathCache';
import type { ReceivePolicy } from './receivePolicy';
import { ReceiveMemory } from './receiveMemory';
import { RoutingTable } from './routes';
import {
  readOffloadStatistics,
  resetOffloadStatistics,
  type OffloadStatisticsAnswer,
} from './offloadStatistics';

const tcpChimney = constantValue('NdisTcpChimneyOffload');

/** Delay before a receive indication's buffers go back: the application has copied them by then. */
const returnDelay = 20_000;

/** What an application chooses about a connection that it opens. */
export interface ConnectOptions {
  /** Its port; absent: a free one of the range for outgoing connections. */
  readonly localPort?: number | undefined;
}

/** Distance between the last sequence number of a connection and the first one of its next incarnation (RFC 9293 section 3.10.7.4). */
const incarnationGap = 128_000;

/** A segment on its way down: its memory is the host stack's again when its list is. */
class SentSegment {
  constructor(
    readonly connection: HostConnection,
    readonly frame: Frame,
  ) {}
}

/** See the file's head. It has one adapter. */
export class HostStack implements PVOID {
  readonly kernel: Kernel;
  readonly ndis: NdisFunctions;
  readonly component: number;
  readonly address: number;
  readonly neighbors: NeighborCache;
  /** Who is asked and answered which Ethernet address belongs to an address. */
  readonly resolution = new AddressResolution(this);
  /** What happens to a datagram before TCP. */
  readonly ip: IpLayer;
  readonly paths: PathCache;
  readonly offloads: OffloadCoordinator;
  private readonly unreachability = new NeighborUnreachability(this);
  /** How applications read that have no wishes of their own. */
  readonly receives: ReceivePolicy;
  private opened: NDIS_HANDLE | undefined;
  /** Status of an open that was completed before NdisOpenAdapterEx returned. */
  private earlyOpen: NdisStatus | undefined;
  private readonly byAddresses = new ConnectionMap<HostConnection>();
  private readonly byHandle = new Map<NDIS_OFFLOAD_HANDLE, HostConnection>();
  private readonly routes: RoutingTable;
  private readonly sequenceNumbers: Random;
  /** When connections may be offloaded. */
  readonly chimney: ChimneyGate;
  /** What has become of the connections that were offered. */
  readonly chimneyCounters = new ChimneyCounters();
  /** What it offloads by itself; undefined: nothing. */
  readonly policy: OffloadPolicy<HostConnection> | undefined;
  private driverHandle: NDIS_HANDLE | undefined;
  private bindParameters: NDIS_BIND_PARAMETERS | undefined;
  private bindContext: NDIS_HANDLE | undefined;
  private readonly administration: OffloadAdministration;
  private readonly oidRequests = new Map<NDIS_OID_REQUEST, (status: NdisStatus) => void>();
  private readonly completions = new Map<NDIS_PROTOCOL_OFFLOAD_BLOCK_LIST, () => void>();
  /** Lists that the target has of connections. */
  private posted = 0;
  /** One for each processor: while one builds or reads a frame, another may begin with the next. */
  private readonly scratches: readonly Frame[];
  /** Memory of segments that NDIS has. */
  private readonly packets = new FramePool();
  private readonly segments: readonly TcpSegment[];
  /** Memory of receives that the target has. */
  readonly receiveMemory = new ReceiveMemory();
  private identification = 0;
  private readonly localPorts = new LocalPorts();
  private readonly listeners = new Map<number, HostListener>();
  private readonly noData = new SendQueue();

  constructor(
    readonly driver: DRIVER_OBJECT,
    readonly settings: HostSettings,
  ) {
    const { kernel, ndis, component } = driver;
    this.kernel = kernel;
    this.ndis = ndis;
    this.component = component;
    this.scratches = Array.from({ length: kernel.processorCount }, () => new Frame());
    this.segments = Array.from({ length: kernel.processorCount }, () => new TcpSegment());
    this.address = kernel.allocate(0x100);
    this.receives = {
      posted: settings.postedReceives,
      bytes: settings.postedReceiveBytes,
      postDelay: settings.receivePostDelay,
      consume: (length) => length,
    };
    const connections = (): readonly HostConnection[] => this.connections;
    this.chimney = new ChimneyGate({
      get connections() {
        return connections();
      },
      learnCapabilities: () => this.administration.learn(),
      completeNetPnPEvent: (event) => {
        this.ndis.NdisCompleteNetPnPEvent(this.binding, event, NDIS_STATUS.SUCCESS);
      },
      closeAdapter: () => {
        this.ndis.NdisCloseAdapterEx(this.binding);
        this.opened = undefined;
      },
      completeUnbind: (UnbindContext) => {
        this.ndis.NdisCompleteUnbindAdapterEx(UnbindContext);
      },
      whenIdle: (work) => {
        this.whenIdle(work);
      },
      note: (connection, text) => {
        this.note(connection, text);
      },
    });
    this.administration = new OffloadAdministration({
      path: settings.capabilityPath,
      parameters: settings.parameters,
      request: (type, oid, buffer, ended) => this.requestOid(type, oid, buffer, ended),
      ipv6Address: settings.ipv6Address,
      processorForHash: (hash) => kernel.processorForHash(hash),
      onEnabled: () => {
        this.chimney.enabled();
      },
      onCapabilities: ({ SupportIPv4, SupportIPv6 }) => {
        this.chimney.capabilitiesLearned(SupportIPv4 || SupportIPv6);
      },
    });
    this.neighbors = new NeighborCache(
      kernel,
      (target) => {
        this.resolution.request(target);
      },
      (neighbor) => {
        this.note(undefined, `${neighborLabel(neighbor)} has another Ethernet address`);
        this.offloads.updates.changed(neighbor);
      },
      settings.caches,
      (isFull) => {
        // A path holds its neighbor.
        this.paths.sweep(isFull);
        const nextHops = new Set(Array.from(this.paths.all, (path) => path.neighbor));
        return (neighbor) =>
          !nextHops.has(neighbor) &&
          !this.unreachability.examines(neighbor) &&
          !this.offloads.updates.awaits(neighbor);
      },
    );
    this.paths = new PathCache(kernel, driver.observer, this.component, settings.caches, (path) =>
      this.offloads.updates.isMoving(path),
    );
    this.routes = new RoutingTable(settings.routes);
    this.sequenceNumbers = kernel.random(4);
    this.ip = new IpLayer(this);
    this.offloads = new OffloadCoordinator(this);
    this.policy =
      settings.chimney === undefined
        ? undefined
        : new OffloadPolicy(kernel, settings.chimney, (connections) => {
            this.offloads.offer(connections);
          });
  }

  /** NdisBindingHandle.
   * @throws Error before ProtocolBindAdapterEx. */
  get binding(): NDIS_HANDLE {
    if (this.opened === undefined) throw new Error('the host stack has no adapter');
    return this.opened;
  }

  /** NdisProtocolHandle, for whoever uninstalls the driver.
   * @throws Error before DriverEntry and after the driver has gone. */
  get protocolHandle(): NDIS_HANDLE {
    if (this.driverHandle === undefined) throw new Error('the host stack is not loaded');
    return this.driverHandle;
  }

  /** The adapter is open, or can't be opened: the bind has ended. */
  private openCompleted(status: NdisStatus): void {
    if (status === NDIS_STATUS.SUCCESS) this.administration.opened(this.bindParameters);
    else this.opened = undefined;
    if (this.bindContext !== undefined) this.ndis.NdisCompleteBindAdapterEx(this.bindContext, status);
  }

  /** DriverEntry: registers with NDIS. */
  load(): NdisStatus {
    let protocolHandle: NDIS_HANDLE | undefined;
    const { status, NdisProtocolHandle } = this.ndis.NdisRegisterProtocolDriver(this, {
      Header: objectHeader('NDIS_PROTOCOL_DRIVER_CHARACTERISTICS'),
      MajorNdisVersion: 6,
      MinorNdisVersion: 20,
      SetOptionsHandler: (NdisDriverHandle) => {
        protocolHandle = NdisDriverHandle;
        return this.ProtocolSetOptions(NdisDriverHandle);
      },
      BindAdapterHandlerEx: (_context, BindContext, BindParameters) => {
        if (protocolHandle === undefined) return NDIS_STATUS.FAILURE;
        const { ndis } = this;
        const opened = ndis.NdisOpenAdapterEx(protocolHandle, this, BindParameters, BindContext);
        if (opened.NdisBindingHandle !== null) this.opened = opened.NdisBindingHandle;
        this.bindParameters = BindParameters;
        this.bindContext = BindContext;
        if (opened.status === NDIS_STATUS.SUCCESS) this.administration.opened(BindParameters);
        const completed = this.earlyOpen;
        this.earlyOpen = undefined;
        if (completed !== undefined) this.openCompleted(completed);
        return opened.status;
      },
      OpenAdapterCompleteHandlerEx: (_context, status) => {
        // On another processor it may come before NdisOpenAdapterEx has returned the handle.
        if (this.opened === undefined) this.earlyOpen = status;
        else this.openCompleted(status);
      },
      ReceiveNetBufferListsHandler: (_context, lists) => {
        this.receivePackets(lists);
      },
      SendNetBufferListsCompleteHandler: (_context, lists) => {
        for (let list: NET_BUFFER_LIST | null = lists; list !== null; list = list.Next) {
          if (!(list.ProtocolReserved instanceof SentSegment)) continue;
          const { connection, frame } = list.ProtocolReserved;
          this.packets.release(frame);
          connection.onFrameSent();
        }
      },
      StatusHandlerEx: (_context, indication) => {
        this.chimney.onStatus(indication);
        this.administration.onStatus(indication);
      },
      OidRequestCompleteHandler: (_context, request, status) => {
        this.onOidRequestEnded(request, status);
      },
      NetPnPEventHandler: (_context, event) => this.chimney.onNetPnPEvent(event),
      UnbindAdapterHandlerEx: (UnbindContext) => this.chimney.onUnbind(UnbindContext),
      UninstallHandler: () => {
        if (this.driverHandle !== undefined) this.ndis.NdisDeregisterProtocolDriver(this.driverHandle);
        this.driverHandle = undefined;
      },
    });
    this.driverHandle = NdisProtocolHandle ?? undefined;
    return status;
  }

  /** What the adapter has answered when it was opened, and what it has indicated since. */
  get adapterFacts(): AdapterFacts {
    return this.administration.facts;
  }

  /** Reads the adapter's capabilities and turns connection offload on (CAP rules); at PASSIVE_LEVEL. */
  enableChimney(): NdisStatus {
    return this.administration.enable();
  }

  /**
   * The administrator turns connection offload on, or off: everything is taken back first (CAP-023). `done` hears how the set went,
   * both at PASSIVE_LEVEL.
   */
  switchConnectionOffload(on: boolean, done: (status: NdisStatus) => void = () => undefined): void {
    if (on) {
      this.chimney.switchOn();
      done(this.administration.set(true));
    } else {
      this.chimney.switchOff(() => {
        done(this.administration.set(false));
      });
    }
  }

  /** What the adapter can take, as it was last read. */
  get capabilities(): ConnectionOffload | undefined {
    return this.administration.capabilities;
  }

  /** Counters of offloaded connections over an IP version, from the adapter; undefined if it keeps none. At PASSIVE_LEVEL. */
  offloadStatistics(version: 'ipv4' | 'ipv6' = 'ipv4'): OffloadStatisticsAnswer | undefined {
    return readOffloadStatistics(this.kernel, this.ndis, this.binding, version);
  }

  /** Makes counters of offloaded connections over an IP version begin anew; what `values` holds means nothing (STT-008). At PASSIVE_LEVEL. */
  resetOffloadStatistics(version: 'ipv4' | 'ipv6', kind: 'ip' | 'tcp', values?: Uint8Array): NdisStatus {
    return resetOffloadStatistics(this.kernel, this.ndis, this.binding, version, kind, values);
  }

  /** Connections and listening ports as `netstat -t` lists them. */
  netstat(): NetstatRow[] {
    const rows = this.connections
      .filter(({ state }) => state !== TcpConnectionState.Closed)
      .map((connection) => connection.netstatRow());
    const { ipv6Address } = this.settings;
    const anywhere = [new Uint8Array(4), ...(ipv6Address === undefined ? [] : [new Uint8Array(16)])];
    const ports = [...this.listeners.values()].flatMap(({ port, options: { address } }) =>
      (address === undefined ? anywhere : [address]).map((local) => ({
        protocol: 'TCP' as const,
        local: formatEndpoint(local, port),
        foreign: formatEndpoint(new Uint8Array(local.length), 0),
        state: netstatState(TcpConnectionState.Listen),
        offloadState: 'InHost' as const,
      })),
    );
    return [...ports, ...rows];
  }

  /** Its adapter and what that has offloaded now, as `chimneystats` lists it; none before it has one. */
  chimneyStatistics(): ChimneyStatistics[] {
    if (this.bindParameters === undefined) return [];
    const { capabilities, adapterFacts, chimney, chimneyCounters } = this;
    const able = adapterFacts.connectionCapabilities ?? capabilities;
    const supported = able?.SupportIPv4 === true || able?.SupportIPv6 === true;
    return [
      {
        index: 1,
        adapter: this.bindParameters.AdapterName,
        supported,
        enabled: supported && chimney.isEnabled,
        capacity: able?.TcpConnectionOffloadCapacity,
        ...chimneyCounters.snapshot(),
      },
    ];
  }

  /** All connections, oldest first. */
  get connections(): readonly HostConnection[] {
    return [...this.byHandle.values()];
  }

  /** Requests that it waits for, lists that others have, and objects that are not back. */
  get outstanding(): Outstanding {
    const { neighbors, paths, connections } = this;
    const records = [...neighbors.all, ...paths.all, ...connections].map(({ record }) => record);
    const count = <Item>(items: Iterable<Item>, numberOf: (item: Item) => number | boolean): number =>
      [...items].reduce((sum, item) => sum + Number(numberOf(item)), 0);
    return {
      'state requests under way': this.completions.size,
      'posted lists': this.posted,
      'OID requests under way': this.oidRequests.size,
      'frames under way': count(connections, (connection) => connection.outstandingFrames),
      'segments held': count(connections, (connection) => connection.heldSegments),
      'offers being prepared': count(connections, (connection) => connection.isPreparingOffload),
      'indicated lists not returned': count(connections, (connection) => connection.indicatedListCount),
      'objects not in the host': count(records, ({ place }) => place !== 'InHost'),
      'requests open on objects': count(records, ({ openRequests }) => openRequests),
      'updates open on objects': count(records, ({ updating }) => updating),
      'objects still invalid': count(records, ({ invalid }) => invalid),
      'context cells in use': count(records, ({ handle }) => handle.MiniportOffloadContext.value !== null),
      'dependents of paths': count(paths.all, ({ dependents }) => dependents.size),
      'dependents of neighbors': count(neighbors.all, ({ dependents }) => dependents.size),
      ...this.offloads.outstanding,
    };
  }

  /** Queries an OID of the adapter; `ended` hears the final status. At PASSIVE_LEVEL. */
  queryOid(oid: number, buffer: Uint8Array, ended: (status: NdisStatus) => void): void {
    this.requestOid('NdisRequestQueryInformation', oid, buffer, ended);
  }

  /** Makes an OID request; `ended` hears its final status, at once or from ProtocolOidRequestComplete. */
  private requestOid(
    type: NDIS_OID_REQUEST['RequestType'],
    oid: number,
    buffer: Uint8Array,
    ended: (status: NdisStatus) => void,
  ): NdisStatus {
    const request = allocateOidRequest(this.kernel.addresses, type, oid, buffer);
    this.oidRequests.set(request, ended);
    const status = this.ndis.NdisOidRequest(this.binding, request);
    if (status !== NDIS_STATUS.PENDING) this.onOidRequestEnded(request, status);
    return status;
  }

  private onOidRequestEnded(request: NDIS_OID_REQUEST, status: NdisStatus): void {
    const ended = this.oidRequests.get(request);
    this.oidRequests.delete(request);
    ended?.(status);
  }

  /**
   * Resolves the neighbor and opens a connection; the user hears what becomes of it.
   * @throws Error if the host has no address of the IP version
   */
  connect(
    remote: IpAddress,
    port: number,
    user: ConnectionUser,
    options: ConnectOptions = {},
  ): HostConnection {
    const local = this.addressLike(remote);
    if (local === undefined) throw new Error('the host has no IPv6 address');
    const isFree = (localPort: number): boolean =>
      !this.listeners.has(localPort) && this.byAddresses.get(local, localPort, remote, port) === undefined;
    const { localPort } = options;
    const free = localPort === undefined ? this.localPorts.allocate(isFree) : localPort;
    const connection = this.newConnection(local, remote, port, free ?? 0, user);
    if (free === undefined || this.byAddresses.get(local, free, remote, port) !== undefined) {
      this.kernel.queueDeferredCall(() => {
        connection.fail('no-port');
      });
      return connection;
    }
    this.byAddresses.set(local, free, remote, port, connection);
    this.resolveNextHop(connection.path, (resolved) => {
      if (resolved === undefined) {
        connection.fail('unreachable');
        return;
      }
      this.note(connection.id, 'The neighbor is resolved');
      this.driver.observer.wrote(resolved.handle, this.component, this.neighborState(resolved));
      connection.connect();
    });
    return connection;
  }

  /** The host's own address of the same IP version; undefined if it has none. */
  addressLike(other: IpAddress): IpAddress | undefined {
    return isIpv6(other) ? this.settings.ipv6Address : this.settings.address;
  }

  /** The connection between two ends, if there is one. */
  findConnection(
    local: IpAddress,
    localPort: number,
    remote: IpAddress,
    remotePort: number,
  ): HostConnection | undefined {
    return this.byAddresses.get(local, localPort, remote, remotePort);
  }

  /** Whether the adapter takes connections of a path's IP version (CAP-014); yes, as long as it has said nothing. */
  supportsOffload(path: PathEntry): boolean {
    const { capabilities } = this;
    if (capabilities === undefined) return true;
    return isIpv6(path.source) ? capabilities.SupportIPv6 : capabilities.SupportIPv4;
  }

  /**
   * Waits for connections to a port; `accept` is given each whose handshake is done. Undefined if somebody listens there already.
   */
  listen(port: number, options: Partial<ListenOptions>, accept: Acceptor): HostListener | undefined {
    if (this.listeners.has(port)) return undefined;
    const listener = new HostListener(port, { backlog: defaultBacklog, ...options }, accept, () => {
      this.listeners.delete(port);
    });
    this.listeners.set(port, listener);
    return listener;
  }

  /** Nothing of a connection is left. */
  forget(connection: HostConnection): void {
    const { localPort, remoteAddress, remotePort } = connection;
    const { path } = connection;
    const { source } = path;
    if (path.connections.delete(connection)) path.neighbor.usedAt = path.usedAt = this.kernel.now;
    this.byHandle.delete(connection.handle);
    this.policy?.forget(connection);
    if (this.byAddresses.get(source, localPort, remoteAddress, remotePort) === connection)
      this.byAddresses.delete(source, localPort, remoteAddress, remotePort);
  }

  private newConnection(
    local: IpAddress,
    remote: IpAddress,
    remotePort: number,
    localPort: number,
    user: ConnectionUser,
  ): HostConnection {
    const neighbor = this.neighborFor(this.routes.nextHop(remote));
    const path = this.paths.entry(local, remote, neighbor, this.settings.pathMtu);
    const connection = new HostConnection(this, path, remotePort, localPort, user);
    path.connections.add(connection);
    this.byHandle.set(connection.handle, connection);
    return connection;
  }

  /** Answers the SYN of a connection to a port where somebody listens. */
  private openPassively(
    listener: HostListener,
    ends: { readonly local: IpAddress; readonly remote: IpAddress; readonly remotePort: number },
    syn: Uint8Array,
    initialSequence: number,
  ): void {
    if (!listener.admits()) return;
    const { local, remote, remotePort } = ends;
    const user = listener.userOf(() => connection);
    const connection: HostConnection = this.newConnection(local, remote, remotePort, listener.port, user);
    this.byAddresses.set(local, listener.port, remote, remotePort, connection);
    listener.begun(connection);
    this.resolveNextHop(connection.path, (resolved) => {
      if (resolved === undefined) {
        connection.fail('unreachable');
        return;
      }
      this.driver.observer.wrote(resolved.handle, this.component, this.neighborState(resolved));
      connection.accept(syn, initialSequence);
    });
  }

  /**
   * Resolves the neighbor that a path leads through at the end: the route may change while ARP waits. `done` gets undefined if it
   * does not answer.
   */
  private resolveNextHop(path: PathEntry, done: (neighbor: NeighborEntry | undefined) => void): void {
    const { neighbor } = path;
    this.neighbors.resolve(neighbor, (mac) => {
      if (path.neighbor !== neighbor) this.resolveNextHop(path, done);
      else done(mac === undefined ? undefined : neighbor);
    });
  }

  /** The route to an address leads through another neighbor now, as a redirect or the administrator says (UPD-013). */
  changeNextHop(destination: IpAddress, nextHop: IpAddress): void {
    this.routes.change({ destination, nextHop });
    const path = this.pathTo(destination);
    if (path === undefined) return;
    path.history = undefined;
    const neighbor = this.neighborFor(nextHop);
    this.neighbors.resolve(neighbor, (mac) => {
      if (mac !== undefined) this.offloads.updates.move(path, neighbor);
    });
  }

  /** The MTU of the path to an address is another one, as the administrator says; bytes. */
  changePathMtu(destination: IpAddress, mtu: number): void {
    const path = this.pathTo(destination);
    if (path !== undefined) this.setPathMtu(path, mtu, false);
  }

  /** A router has refused packets of a path and told its MTU (RFC 1191): raised again after a while, lest it stay low for ever. */
  onPacketTooBig(path: PathEntry, mtu: number): void {
    this.setPathMtu(path, mtu, true);
    this.kernel.queueDeferredCall(() => {
      if (path.mtu === mtu) this.setPathMtu(path, this.settings.pathMtu, false);
    }, mtuLifetime);
  }

  private setPathMtu(path: PathEntry, mtu: number, tooBig: boolean): void {
    if (path.mtu === mtu) return;
    path.mtu = mtu;
    for (const connection of this.byHandle.values())
      if (connection.path === path) connection.pathMtuChanged(tooBig);
    this.offloads.updates.changed(path);
  }

  private pathTo(destination: IpAddress): PathEntry | undefined {
    const local = this.addressLike(destination);
    return local === undefined ? undefined : this.paths.find(local, destination);
  }

  /** Initial sequence number of a connection. */
  nextInitialSequence(): number {
    return this.sequenceNumbers.nextUint32();
  }

  private neighborFor(address: IpAddress): NeighborEntry {
    const { observer } = this.driver;
    const neighbor = this.neighbors.entry(address);
    if (observer.find(neighbor.handle) === undefined) {
      observer.declare(neighbor.handle, 'neighbor', undefined, undefined, neighborLabel(neighbor));
    }
    return neighbor;
  }

  /** TCP makes no progress on the host path through a neighbor. */
  doubt(neighbor: NeighborEntry): void {
    this.unreachability.doubt(neighbor);
  }

  /** Age of the host's last confirmation of a neighbor, ticks. */
  reachabilityDelta(neighbor: NeighborEntry): number {
    const age = this.kernel.now - neighbor.confirmedAt;
    return Math.floor((age * this.settings.parameters.TicksPerSecond) / 1e9);
  }

  /** Virtual ns for ticks. */
  ticksToTime(ticks: number): number {
    return (ticks * 1e9) / this.settings.parameters.TicksPerSecond;
  }

  /** State of a neighbor, for the offload and for the trace. */
  neighborState(neighbor: NeighborEntry) {
    const DlDestinationAddress = new Uint8Array(32);
    if (neighbor.mac !== undefined) DlDestinationAddress.set(neighbor.mac);
    const delta = this.reachabilityDelta(neighbor);
    return {
      layer: 'neighbor',
      const: { DlSourceAddress: new Uint8Array(32), VlanId: this.settings.vlanId },
      cached: { DlDestinationAddress, HostReachabilityDelta: delta },
      delegated: { NicReachabilityDelta: delta },
    } as const;
  }

  /** Sends a segment of the host path. */
  sendSegment(
    connection: HostConnection,
    segment: TcpSegment,
    queue: SendQueue,
    offset: number,
    retransmission: boolean,
  ): void {
    const { neighbor } = connection.path;
    const { mac } = neighbor;
    if (mac === undefined) this.neighbors.resolve(neighbor, () => undefined);
    if (this.opened === undefined || mac === undefined) {
      // Without an adapter or an Ethernet address a segment is lost at once; TCP repeats it (RFC 1122 section 2.3.2.2).
      this.kernel.queueDeferredCall(() => {
        connection.onFrameSent();
      });
      return;
    }
    this.unreachability.beforeSending(neighbor);
    const addressing = this.addressingOf(connection.path, connection.cachedState, mac);
    const frame = this.packets.take('host');
    fillSegmentFrame(frame, addressing, this.nextIdentification(), segment, queue, offset);
    // The task that the adapter may have is one of IPv4.
    const leavesChecksum = this.administration.leavesChecksum && !isIpv6(addressing.source);
    if (leavesChecksum) leaveTcpChecksum(frame, addressing.source, addressing.destination);
    const list = this.packet(frame.bytes.subarray(0, frame.length), connection.cachedState.UserPriority);
    if (leavesChecksum)
      list.NetBufferListInfo[netBufferListInfo.TcpIpChecksum] =
        checksumInfo.IsIPv4 | checksumInfo.TcpChecksum;
    list.ProtocolReserved = new SentSegment(connection, frame);
    list.frame = { connection: connection.id, payloadLength: segment.payloadLength, retransmission };
    this.ndis.NdisSendNetBufferLists(this.binding, list, connection.id);
  }

  /** What goes around the segments of a connection: one object for all connections of a path that need the same. */
  private addressingOf(
    path: PathEntry,
    { TtlOrHopLimit, TosOrTrafficClass, FlowLabel }: TCP_OFFLOAD_STATE_CACHED,
    mac: MacAddress,
  ): SegmentAddressing {
    const { addressing } = path;
    if (
      addressing?.destinationMac === mac &&
      addressing.timeToLive === TtlOrHopLimit &&
      addressing.typeOfService === TosOrTrafficClass &&
      addressing.flowLabel === FlowLabel
    )
      return addressing;
    return (path.addressing = {
      sourceMac: this.settings.mac,
      destinationMac: mac,
      source: path.source,
      destination: path.destination,
      timeToLive: TtlOrHopLimit,
      typeOfService: TosOrTrafficClass,
      flowLabel: FlowLabel,
    });
  }

  /** A list for a frame of the host path, with VLAN and priority out of band. */
  private packet(bytes: Uint8Array, UserPriority: number): NET_BUFFER_LIST {
    const list = allocateNetBufferList(this.kernel.addresses, [bytes]);
    const { vlanId } = this.settings;
    if (vlanId !== 0 || UserPriority !== 0)
      list.NetBufferListInfo[netBufferListInfo.Ieee8021QNetBufferListInfo] = tagInfoOf({
        VlanId: vlanId,
        UserPriority,
      });
    return list;
  }

  /** Calls `then` when the request with this root has been completed. */
  whenCompleted(root: NDIS_PROTOCOL_OFFLOAD_BLOCK_LIST, then: () => void): void {
    this.completions.set(root, then);
  }

  /** Runs `work` at PASSIVE_LEVEL once what runs now has ended. */
  whenIdle(work: () => void): void {
    this.kernel.queueWorkItem(work);
  }

  /** Notes which connection a posted list belongs to. */
  own(list: PostedList, connection: HostConnection): void {
    list.owner = connection;
    this.posted++;
  }

  /** A posted list is back without a completion of its own. */
  disown(list: NET_BUFFER_LIST): void {
    this.ownerOf(list);
  }

  /** Whose list it is that is back; undefined if it is nobody's, or was back before. */
  private ownerOf(list: NET_BUFFER_LIST): HostConnection | undefined {
    if (!(list instanceof PostedList)) return undefined;
    const { owner } = list;
    if (owner !== undefined) this.posted--;
    list.owner = undefined;
    return owner;
  }

  /** Gives indicated lists back to the target after a while. */
  returnReceivedLater(take: () => NET_BUFFER_LIST[]): void {
    this.kernel.queueDeferredCall(() => {
      const chain = linkChain(take());
      if (chain !== null) this.ndis.NdisOffloadTcpReceiveReturn(this.binding, chain);
    }, returnDelay);
  }

  /** Records a milestone. */
  note(connection: number | undefined, text: string): void {
    this.kernel.print(text, connection);
  }

  /** Name of a TCP_UPLOAD_REASON. */
  uploadReasonName(reason: number): string {
    return nameInGroup('TCP_UPLOAD_REASON', reason) ?? `reason ${reason}`;
  }

  private ProtocolSetOptions(NdisDriverHandle: NDIS_HANDLE): NdisStatus {
    const completed = (_context: PVOID, root: NDIS_PROTOCOL_OFFLOAD_BLOCK_LIST): void => {
      const then = this.completions.get(root);
      this.completions.delete(root);
      then?.();
    };
    const each =
      (handle: (connection: HostConnection, list: NET_BUFFER_LIST) => void) =>
      (_context: PVOID, lists: NET_BUFFER_LIST): void => {
        for (const list of chainToArray(lists)) {
          list.Next = null;
          const owner = this.ownerOf(list);
          if (owner !== undefined) handle(owner, list);
        }
      };
    const generic: NDIS_CLIENT_CHIMNEY_OFFLOAD_GENERIC_CHARACTERISTICS = {
      Header: optionalHandlersHeader('NDIS_CLIENT_CHIMNEY_OFFLOAD_GENERIC_CHARACTERISTICS'),
      Flags: 0,
      InitiateOffloadCompleteHandler: completed,
      TerminateOffloadCompleteHandler: completed,
      UpdateOffloadCompleteHandler: completed,
      InvalidateOffloadCompleteHandler: completed,
      QueryOffloadCompleteHandler: completed,
      IndicateOffloadEventHandler: (_context, block, IndicationCode) => {
        this.unreachability.answer(block, IndicationCode);
      },
    };
    const tcp: NDIS_CLIENT_CHIMNEY_OFFLOAD_TCP_CHARACTERISTICS = {
      Header: optionalHandlersHeader('NDIS_CLIENT_CHIMNEY_OFFLOAD_TCP_CHARACTERISTICS'),
      Flags: 0,
      OffloadType: tcpChimney,
      TcpOffloadSendCompleteHandler: each((connection, list) => {
        connection.onSendComplete(list);
      }),
      TcpOffloadReceiveCompleteHandler: each((connection, list) => {
        connection.onReceiveComplete(list);
      }),
      TcpOffloadDisconnectCompleteHandler: each((connection, list) => {
        connection.onDisconnectComplete(list);
      }),
      TcpOffloadForwardCompleteHandler: each((connection, list) => {
        connection.onForwardComplete(list);
      }),
      TcpOffloadEventHandler: (handle, EventType, information) => {
        this.connectionOf(handle)?.onEvent(EventType, information);
      },
      TcpOffloadReceiveIndicateHandler: (handle, list) =>
        this.connectionOf(handle)?.onReceiveIndicate(list) ?? {
          status: NDIS_STATUS.OFFLOAD_DATA_NOT_ACCEPTED,
          BytesConsumed: 0,
        },
    };
    const { ndis } = this;
    const status = ndis.NdisSetOptionalHandlers(NdisDriverHandle, {
      structure: 'NDIS_CLIENT_CHIMNEY_OFFLOAD_GENERIC_CHARACTERISTICS',
      value: generic,
    });
    if (status !== NDIS_STATUS.SUCCESS) return status;
    return ndis.NdisSetOptionalHandlers(NdisDriverHandle, {
      structure: 'NDIS_CLIENT_CHIMNEY_OFFLOAD_TCP_CHARACTERISTICS',
      value: tcp,
    });
  }

  private connectionOf(handle: NDIS_OFFLOAD_HANDLE): HostConnection | undefined {
    return this.byHandle.get(handle);
  }

  private receivePackets(lists: NET_BUFFER_LIST): void {
    for (let list: NET_BUFFER_LIST | null = lists; list !== null; list = list.Next) {
      const bytes = netBufferBytes(list.FirstNetBuffer);
      if (carriesInternet(bytes, bytes.length)) this.ip.receive(bytes, this.segments[this.kernel.processor]!);
      else if (etherTypeOf(bytes, bytes.length) === etherTypes.arp) this.resolution.receiveArp(bytes);
    }
    this.ndis.NdisReturnNetBufferLists(this.binding, lists);
  }

  /** A segment for one of the host's addresses: for its connection, for a listener, or for nobody. */
  receiveSegment(bytes: Uint8Array, received: ReceivedSegment, segment: TcpSegment): void {
    const { source, destination, tcpAt, tcpLength } = received;
    const { sourcePort, destinationPort } = segment;
    const known = this.byAddresses.get(destination, destinationPort, source, sourcePort);
    const again = known === undefined ? undefined : this.nextIncarnation(known, segment);
    if (known !== undefined && again === undefined) {
      known.receiveSegment(segment, bytes, tcpAt, tcpLength);
      return;
    }
    const listener = this.listenerFor(destinationPort, destination);
    if (listener !== undefined && opensConnection(segment)) {
      if (known !== undefined) this.forget(known);
      const initialSequence = again ?? this.nextInitialSequence();
      const ends = { local: destination.slice(), remote: source.slice(), remotePort: sourcePort };
      this.openPassively(listener, ends, bytes.slice(tcpAt, tcpAt + tcpLength), initialSequence);
      return;
    }
    this.refuse(segment, received, bytes.subarray(6, 12));
  }

  private listenerFor(port: number, address: IpAddress): HostListener | undefined {
    const listener = this.listeners.get(port);
    const bound = listener?.options.address;
    return bound === undefined || sameAddress(bound, address) ? listener : undefined;
  }

  /**
   * First sequence number of a connection that takes the place of one in TIME-WAIT, if a segment asks for that: a SYN that is newer
   * than everything of the old one (RFC 9293 section 3.10.7.4, RFC 6191 section 2). Undefined: the old one takes the segment.
   */
  private nextIncarnation(known: HostConnection, segment: TcpSegment): number | undefined {
    const { State, RcvNxt, SndMax, TsRecent, timestampsEnabled } = known.engine.variables;
    if (State !== TcpConnectionState.TimeWait || known.place !== 'InHost') return undefined;
    if (!opensConnection(segment) || !this.listeners.has(known.localPort)) return undefined;
    const { timestampValue, SequenceNumber } = segment;
    const newer =
      timestampsEnabled && timestampValue !== undefined && timestampValue !== TsRecent
        ? isBefore(TsRecent, timestampValue)
        : isBefore(RcvNxt, SequenceNumber);
    return newer ? advance(SndMax, incarnationGap) : undefined;
  }

  /** Answers a segment that no connection takes, to where its frame came from (RFC 9293 section 3.10.7.1). */
  private refuse(segment: TcpSegment, { source, destination }: ReceivedSegment, sourceMac: MacAddress): void {
    const answer = refusalOf(segment);
    if (answer === undefined) return;
    const scratch = this.scratches[this.kernel.processor]!;
    const addressing = {
      sourceMac: this.settings.mac,
      destinationMac: sourceMac,
      source: destination,
      destination: source,
      timeToLive: this.settings.timeToLive,
      typeOfService: 0,
    };
    fillSegmentFrame(scratch, addressing, this.nextIdentification(), answer, this.noData, 0);
    this.kernel.atLeast(DISPATCH_LEVEL, () => {
      this.sendFrame(scratch.bytes.slice(0, scratch.length));
    });
  }

  /** The next IPv4 identification of the host's half (A131). */
  nextIdentification(): number {
    return (this.identification = (this.identification + 1) & 0x7fff);
  }

  /** Hands a frame that belongs to no connection to NDIS, at DISPATCH_LEVEL; without an adapter it is lost. */
  sendFrame(bytes: Uint8Array): void {
    if (this.opened === undefined) return;
    this.ndis.NdisSendNetBufferLists(this.binding, this.packet(bytes, 0), undefined);
  }
}
