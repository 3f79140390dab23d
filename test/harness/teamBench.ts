/**
 * A host whose adapters are a team behind one or more intermediate drivers, driven by a test: connections that echo files, offered to
 * the chimney whenever it takes offloads, and every request watched until it has been completed.
 */
import { constantValue, type FunctionName } from '../../shared/ddi/catalogue';
import { NDIS_STATUS, statusName } from '../../shared/ddi/status';
import type { CallRecord, EventId } from '../../shared/trace/records';
import type { HostConnection } from '../../electron/emulator/host/hostConnection';
import type { TeamingDriver } from '../../electron/emulator/intermediate/teamingDriver';
import { Machine } from '../../electron/emulator/machine/machine';
import { devicePowerStates } from '../../electron/emulator/ndis/characteristics';
import type { NdisSettings } from '../../electron/emulator/ndis/ndisSettings';
import { echoPort } from '../../electron/emulator/peer/echoHost';
import type { Probe } from '../../electron/emulator/probe';
import { inventFile } from '../../electron/emulator/scenarios/scenarioRun';
import {
  buildTopology,
  type Adapter,
  type TeamPlan,
  type Topology,
} from '../../electron/emulator/scenarios/topology';
import { TransferApplication } from '../../electron/emulator/scenarios/transferApplication';
import { silentProbe } from './silentProbe';

/** What a bench is made of. */
export interface TeamBenchChoices {
  readonly team?: Partial<TeamPlan>;
  readonly neighbors?: number;
  /** Paths; as many as neighbors if absent. */
  readonly paths?: number;
  readonly seed?: number;
  readonly loss?: number;
  readonly tcpCapacity?: number;
  readonly ndis?: Partial<NdisSettings>;
}

/** What is kept of a call that went through the door. */
export interface SeenCall extends Pick<CallRecord, 'functionName' | 'caller' | 'callee' | 'completes'> {
  readonly event: EventId;
  /** Its status argument, if it has one. */
  readonly statusCode: number | undefined;
  /** Its Oid argument, if it has one. */
  readonly oid: number | undefined;
}

/** A frame that has arrived, from a component to a component. */
export interface SeenFrame {
  readonly sender: number;
  receiver: number | undefined;
  /** The Ethernet header. */
  readonly bytes: Uint8Array;
}

/** A connection with the file that it echoes. */
export interface BenchStream {
  readonly application: TransferApplication;
  readonly connection: HostConnection;
  readonly file: Uint8Array;
  /** Whether the file has come back unchanged. */
  isUnchanged(): boolean;
}

/** Requests that the driver below completes later, each once. */
const requests: ReadonlySet<string> = new Set<FunctionName>([
  'NdisInitiateOffload',
  'NdisTerminateOffload',
  'NdisUpdateOffload',
  'NdisQueryOffloadState',
  'NdisInvalidateOffload',
  'MiniportInitiateOffload',
  'MiniportTerminateOffload',
  'MiniportUpdateOffload',
  'MiniportQueryOffload',
  'MiniportInvalidateOffload',
  'NdisOffloadTcpSend',
  'NdisOffloadTcpReceive',
  'NdisOffloadTcpDisconnect',
  'NdisOffloadTcpForward',
  'MiniportTcpOffloadSend',
  'MiniportTcpOffloadReceive',
  'MiniportTcpOffloadDisconnect',
  'MiniportTcpOffloadForward',
  'NdisSendNetBufferLists',
  'MiniportSendNetBufferLists',
]);

/** Virtual time after which a run counts as stuck, ns. */
const longest = 3600e9;

/** See the file's head. */
export class TeamBench {
  readonly calls: SeenCall[] = [];
  readonly frames: SeenFrame[] = [];
  readonly machine: Machine;
  readonly topology: Topology;
  readonly streams: BenchStream[] = [];
  /** Names of components, by number. */
  readonly components: string[] = [];
  /** Whether connections that are with the host are offered as soon as the chimney takes offloads. */
  offers = true;
  /** Events until it is looked again whether anything can be offered. */
  private untilOffers = 0;
  private readonly lastOffer = new Map<HostConnection, number>();

  constructor(choices: TeamBenchChoices = {}) {
    const silent = silentProbe();
    const frames = new Map<EventId, SeenFrame>();
    const probe: Probe = {
      ...silent,
      component: (role, name) => {
        const component = silent.component(role, name);
        this.components[component] = name;
        return component;
      },
      call: (time, call) => {
        const event = silent.call(time, call);
        const { functionName, caller, callee, completes } = call;
        const statusCode = call.arguments.find((argument) => argument.kind === 'status')?.value;
        const oid = call.arguments
          .filter((argument) => argument.kind === 'number')
          .find((argument) => argument.name === 'Oid')?.value;
        this.calls.push({ functionName, caller, callee, completes, event, statusCode, oid });
        return event;
      },
      frame: (time, sender, path, connection, cause, length, payload, retransmission, bytes) => {
        const event = silent.frame(
          time,
          sender,
          path,
          connection,
          cause,
          length,
          payload,
          retransmission,
          bytes,
        );
        frames.set(event, { sender, receiver: undefined, bytes: bytes.slice(0, 14) });
        return event;
      },
      frameFate: (_time, event, fate, receiver) => {
        const frame = frames.get(event);
        frames.delete(event);
        if (frame === undefined || fate !== 'delivered') return;
        frame.receiver = receiver;
        this.frames.push(frame);
      },
    };
    const machine = new Machine(probe, choices.seed ?? 1);
    this.machine = machine;
    const neighbors = choices.neighbors ?? 1;
    const target = choices.tcpCapacity === undefined ? {} : { tcpCapacity: choices.tcpCapacity };
    this.topology = buildTopology(
      machine,
      {
        paths: choices.paths ?? neighbors,
        neighbors,
        target,
        team: { adapters: 2, mode: 'failover', layers: 1, ...choices.team },
        ...(choices.ndis === undefined ? {} : { ndis: choices.ndis }),
      },
      choices.loss ?? 0,
      () => undefined,
    );
    const { adapters, intermediates, host, ndis } = this.topology;
    machine.queueWorkItem(0, () => {
      for (const driver of [...adapters.map((adapter) => adapter.target), ...intermediates, host]) {
        const status = driver.load();
        if (status !== NDIS_STATUS.SUCCESS) throw new Error('a driver can not be loaded');
      }
      ndis.registration.startAdapters();
    });
    this.runFor(1e6);
  }

  /** The intermediate driver that the host stack is bound to. */
  get team(): TeamingDriver {
    return this.topology.intermediates[this.topology.intermediates.length - 1]!;
  }

  /** A physical adapter. */
  adapter(index: number): Adapter {
    return this.topology.adapters[index]!;
  }

  /** Component of a driver by name. */
  component(name: string): number {
    const component = this.components.indexOf(name);
    if (component < 0) throw new Error(`there is no component ${name}`);
    return component;
  }

  /** Turns connection offload on. */
  enable(): void {
    this.passively(() => {
      const status = this.topology.host.enableChimney();
      if (status !== NDIS_STATUS.SUCCESS) throw new Error('the chimney can not be enabled');
    });
  }

  /** Connects, one connection to each destination in turn, each with a file of its own. */
  connect(count: number, fileBytes: number, seed = 1): void {
    const { host, destinations } = this.topology;
    for (let index = 0; index < count; index++) {
      this.passively(() => {
        const { address, peer } = destinations[index % destinations.length]!;
        const file = inventFile(seed * 1000 + index, fileBytes);
        const made: { connection?: HostConnection } = {};
        const application = new TransferApplication(this.machine, 0, file, () => made.connection!);
        const connection = (made.connection = host.connect(address, echoPort, application));
        const isUnchanged = (): boolean => {
          const { source, returned } = application.digests();
          const atPeer = peer.application(address, host.settings.address, connection.localPort)?.digest;
          return application.complete && source === returned && source === atPeer;
        };
        this.streams.push({ application, connection, file, isUnchanged });
      }, 50_000);
    }
  }

  /** A team that is enabled and whose connections have all been offloaded; a short one may be over by then. */
  startOffloaded(connections: number, fileBytes: number, seed = 1): void {
    this.enable();
    this.connect(connections, fileBytes, seed);
    this.runUntil(() =>
      this.streams.every(
        ({ application, connection }) => connection.place === 'Offloaded' || application.ended !== undefined,
      ),
    );
  }

  /** One event of the machine, and the decisions between events; false when nothing is left. */
  step(): boolean {
    if (this.offers && --this.untilOffers <= 0) {
      this.untilOffers = 20;
      this.offer();
    }
    return this.machine.step();
  }

  /** Runs until something holds.
   * @throws Error if it never does. */
  runUntil(holds: () => boolean): void {
    // Looked at now and then: what a test waits for is dear to find out.
    for (let events = 0; events++ % 8 > 0 || !holds();)
      if (!this.step() || this.machine.now > longest) throw new Error('what was waited for does not happen');
  }

  /** Runs everything that happens in the next `time` ns. */
  runFor(time: number): void {
    const { machine } = this;
    const until = machine.now + time;
    machine.schedule(until, { onEvent: () => undefined });
    while (machine.scheduler.nextTime <= until) this.step();
  }

  /** Does something at PASSIVE_LEVEL and runs what follows from it in `time` ns. */
  passively(work: () => void, time = 200_000): void {
    this.machine.queueWorkItem(0, work);
    this.runFor(time);
  }

  /** Runs until every stream is over, with the host, and all lists are back. */
  finish(): void {
    this.runUntil(() =>
      this.streams.every(
        ({ application, connection }) => application.ended !== undefined && connection.place === 'InHost',
      ),
    );
    this.runFor(20e6);
  }

  /** Sets the power of an adapter. One that sleeps has no carrier. */
  setPower(index: number, state: 'D0' | 'D3', done: () => void = () => undefined): void {
    const { target, link } = this.adapter(index);
    this.machine.queueWorkItem(0, () => {
      if (state === 'D0') link.setCarrier(true);
      this.topology.ndis.life.setPower(target.miniportHandle, devicePowerStates[state], (status) => {
        if (status !== NDIS_STATUS.SUCCESS) throw new Error('the power state can not be set');
        if (state === 'D3') link.setCarrier(false);
        done();
      });
    });
  }

  /** Calls of a function, those of one caller or callee if its name is given. */
  callsOf(name: FunctionName, party?: string): SeenCall[] {
    const component = party === undefined ? undefined : this.component(party);
    return this.calls.filter(
      (call) =>
        call.functionName === name &&
        (component === undefined || call.caller === component || call.callee === component),
    );
  }

  /** Names of the status codes that a driver's adapter has indicated. */
  statusesOf(driver: string): string[] {
    return this.callsOf('NdisMIndicateStatusEx', driver).map((call) => statusName(call.statusCode!));
  }

  /** Problems with the completion of requests: those that were completed never, or more than once. */
  unevenCompletions(): string[] {
    const completions = new Map<EventId, number>();
    const initiates = new Set(
      this.calls.filter((call) => call.functionName.endsWith('InitiateOffload')).map((call) => call.event),
    );
    for (const { completes, functionName } of this.calls)
      for (const event of completes) {
        // Sends that came with an initiate name it too when they end.
        if (initiates.has(event) && !functionName.endsWith('InitiateOffloadComplete')) continue;
        completions.set(event, (completions.get(event) ?? 0) + 1);
      }
    return this.calls
      .filter((call) => requests.has(call.functionName) && completions.get(call.event) !== 1)
      .map((call) => `${call.functionName} ${call.event}: ${completions.get(call.event) ?? 0}`);
  }

  private offer(): void {
    const { host } = this.topology;
    if (!host.chimney.mayOffload) return;
    const { now } = this.machine;
    for (const { application, connection } of this.streams) {
      if (connection.place !== 'InHost' || application.acknowledged === 0) continue;
      if (application.acknowledged === this.streamBytes(application)) continue;
      // Not more often than an administrator would wait.
      if (now < (this.lastOffer.get(connection) ?? -Infinity) + 5e6) continue;
      this.lastOffer.set(connection, now);
      this.machine.queueWorkItem(0, () => {
        connection.offload();
      });
    }
  }

  private streamBytes(application: TransferApplication): number {
    return this.streams.find((stream) => stream.application === application)!.file.length;
  }
}

/** Flags of NdisOffloadTcpDisconnect. */
export const gracefulClose = constantValue('TCP_DISCONNECT_GRACEFUL_CLOSE');
