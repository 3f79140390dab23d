/**
 * The workload of the bench: a host with an offload target, a fast link without loss, a plain host, and connections that carry bytes
 * in one direction without end. Everything in it is the emulator's own but the plain host's service and the application.
 */
import type { ConnectionUser } from '../../../electron/emulator/host/connectionUser';
import type { HostConnection } from '../../../electron/emulator/host/hostConnection';
import { defaultHostSettings } from '../../../electron/emulator/host/hostSettings';
import { HostStack } from '../../../electron/emulator/host/hostStack';
import { DRIVER_OBJECT } from '../../../electron/emulator/kit';
import { Machine } from '../../../electron/emulator/machine/machine';
import { Ndis } from '../../../electron/emulator/ndis/ndis';
import type { Probe } from '../../../electron/emulator/probe';
import { hostAddress, macAddress, neighborAddress } from '../../../electron/emulator/scenarios/topology';
import { OffloadTarget } from '../../../electron/emulator/target/offloadTarget';
import { defaultTargetSettings } from '../../../electron/emulator/target/targetSettings';
import { defaultTcpSettings } from '../../../electron/emulator/tcp/tcpSettings';
import { FramePool } from '../../../electron/emulator/wire/frame';
import { Link } from '../../../electron/emulator/wire/link';
import { NDIS_STATUS } from '../../../shared/ddi/status';
import { PlainHost, servicePort } from './plainHost';

/** Which way the bytes of the host go: by its own TCP, or by the offload target's. */
export type DataPath = 'host' | 'chimney';

/** Which way the bytes go: `send` leaves the host, `receive` comes to it. */
export type TransferDirection = 'send' | 'receive';

/** What a workload consists of. */
export interface BulkTransferPlan {
  readonly connections: number;
  readonly path: DataPath;
  readonly direction: TransferDirection;
}

/** Link and processors: the setting in which the notes measured ns-3, but that the link never is what limits. */
export const link = {
  bitsPerSecond: 10_000_000_000,
  delay: 50_000,
  queueBytes: Number.MAX_SAFE_INTEGER,
  loss: 0,
};
const processors = 4;

/**
 * Processor time of crossing the door, virtual ns: a tenth of what it is in the built-in scenarios, as the link is ten times as fast.
 * With more, the emulated host could not keep up with the link on the host path, and its events would never end.
 */
const doorCosts = { enter: 18, leave: 6 } as const;

/** Most bytes on the way over all connections; a link of 10 Gb/s and 100 us holds 125 KB of them, the rest waits. */
const bytesOnTheWay = 64 * 1024 * 1024;

/** Largest receive window of a connection, bytes. */
const largestWindow = 256 * 1024;

/** Bytes of a message of the application, at most. */
const largestMessage = 64 * 1024;

/** Messages of a connection that are outstanding at a time. */
const outstandingMessages = 2;

/** Connections in one tree. */
const offeredTogether = 256;

/** Time between two connects, virtual ns. */
const connectInterval = 2_000;

/** See the file's head. */
export class BulkTransfer {
  readonly machine: Machine;
  private readonly host: HostStack;
  private readonly peer: PlainHost;
  private readonly message: Uint8Array;
  private readonly connections: HostConnection[] = [];
  /** The application of all connections; it discards what it receives. */
  private readonly user: ConnectionUser = {
    keepsBytes: false,
    onConnected: () => {
      this.connected++;
    },
    onData: () => undefined,
    onPeerClosed: () => undefined,
    onClosed: (reason) => {
      throw new Error(`a connection of the bench has ended: ${reason}`);
    },
  };
  private connected = 0;

  constructor(
    probe: Probe,
    private readonly plan: BulkTransferPlan,
  ) {
    const machine = new Machine(probe, 1, processors);
    this.machine = machine;
    const window = Math.min(largestWindow, Math.max(16 * 1024, bytesOnTheWay / plan.connections));
    this.message = new Uint8Array(Math.min(largestMessage, window)).fill(0x5a);
    const tcp = { ...defaultTcpSettings, timestamps: false, receiveBuffer: window };
    const pool = new FramePool();
    const ndis = new Ndis(machine, doorCosts);
    this.host = new HostStack(new DRIVER_OBJECT(machine, ndis, 'host-stack', 'Host TCP/IP stack'), {
      ...defaultHostSettings,
      tcp,
      mac: macAddress(1),
      address: hostAddress,
      postedReceives: plan.direction === 'receive' ? 2 : 0,
      postedReceiveBytes: this.message.length,
      framesUnderWay: plan.connections > 64 ? 2 : 8,
    });
    this.peer = new PlainHost(machine, pool, macAddress(2), neighborAddress(0), tcp);
    const driver = new DRIVER_OBJECT(machine, ndis, 'offload-target', 'Offload target');
    const target = new OffloadTarget(driver, pool, {
      ...defaultTargetSettings,
      mac: macAddress(1),
      tcpCapacity: plan.connections,
      linkSpeed: link.bitsPerSecond,
    });
    const cable = new Link(machine, pool, link, target, this.peer);
    target.connect(cable);
    this.peer.connect(cable);
    machine.queueWorkItem(0, () => {
      if (target.load() !== NDIS_STATUS.SUCCESS || this.host.load() !== NDIS_STATUS.SUCCESS)
        throw new Error('a driver could not be registered');
      ndis.registration.startAdapters();
      if (this.host.enableChimney() !== NDIS_STATUS.SUCCESS)
        throw new Error('the adapter refused the chimney');
      this.connectNext();
    });
  }

  /**
   * Payload bytes that have arrived at the far end of the plan's direction: at its TCP, not at its application, whose posted receives
   * become full all at once where many connections share a link.
   */
  get bytes(): number {
    return this.plan.direction === 'send' ? this.peer.bytes : this.peer.acknowledged;
  }

  /** Bytes of one message on every connection: what takes less is a phase of the transfer and no steady state. */
  get round(): number {
    return this.plan.connections * this.message.length;
  }

  /** Lets the bytes flow; two messages of each connection are outstanding at any time. */
  start(): void {
    const { machine, plan, peer, message } = this;
    machine.queueWorkItem(0, () => {
      if (plan.direction === 'receive') peer.generate(message, outstandingMessages);
      else
        for (const connection of this.connections)
          for (let left = outstandingMessages; left > 0; left--) this.sendTo(connection);
    });
  }

  /**
   * Runs until `bytes` more have arrived.
   * @throws Error if nothing happens any more.
   */
  carry(bytes: number): void {
    const { machine } = this;
    const end = this.bytes + bytes;
    while (this.bytes < end) if (!machine.step()) throw new Error('the transfer has stalled');
  }

  /**
   * Runs until every connection is up and where the plan wants it.
   * @throws Error if that never happens.
   */
  settle(): void {
    const { machine, plan, host } = this;
    while (this.connected < plan.connections) this.step();
    if (plan.path === 'chimney') {
      for (let first = 0; first < this.connections.length; first += offeredTogether) {
        const connections = this.connections.slice(first, first + offeredTogether);
        machine.queueWorkItem(0, () => {
          host.offloads.offer(connections);
        });
        for (const connection of connections) while (connection.place !== 'Offloaded') this.step();
      }
    }
    // Whatever is on its way arrives.
    const quiet = machine.now + 10_000_000;
    while (machine.scheduler.nextTime < quiet) machine.step();
  }

  private step(): void {
    if (!this.machine.step()) throw new Error('the bench has stalled before its connections were up');
  }

  private connectNext(): void {
    const { machine, host, plan } = this;
    const remote = neighborAddress(0);
    const connection = host.connect(remote, servicePort, this.user);
    this.connections.push(connection);
    if (this.connections.length < plan.connections)
      machine.queueWorkItem(connectInterval, () => {
        this.connectNext();
      });
  }

  private sendTo(connection: HostConnection): void {
    connection.send(this.message, () => {
      this.sendTo(connection);
    });
  }
}
