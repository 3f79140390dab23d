/** Host stack, NDIS, offload target and echo server on one machine, driven by a test instead of a scenario. */
import { HostStack } from '../../electron/emulator/host/hostStack';
import type { HostConnection } from '../../electron/emulator/host/hostConnection';
import type { ConnectionUser } from '../../electron/emulator/host/connectionUser';
import { defaultHostSettings, type HostSettings } from '../../electron/emulator/host/hostSettings';
import { Machine } from '../../electron/emulator/machine/machine';
import { Ndis } from '../../electron/emulator/ndis/ndis';
import { EchoHost, echoPort } from '../../electron/emulator/peer/echoHost';
import { OffloadTarget } from '../../electron/emulator/target/offloadTarget';
import { defaultTargetSettings, type TargetSettings } from '../../electron/emulator/target/targetSettings';
import { defaultTcpSettings } from '../../electron/emulator/tcp/tcpSettings';
import { FramePool } from '../../electron/emulator/wire/frame';
import { Link } from '../../electron/emulator/wire/link';
import type { Probe } from '../../electron/emulator/probe';
import type { CallArgument } from '../../shared/trace/records';
import { silentProbe } from './silentProbe';

const hostAddress = Uint8Array.from([192, 0, 2, 1]);
const peerAddress = Uint8Array.from([192, 0, 2, 2]);

/** A call that went through the door. */
export interface SeenCall {
  readonly functionName: string;
  readonly arguments: readonly CallArgument[];
}

/** See the file's head. */
export class OffloadBench {
  /** Every call through the door, in order. */
  readonly calls: SeenCall[] = [];
  readonly machine: Machine;
  readonly ndis: Ndis;
  readonly host: HostStack;
  readonly target: OffloadTarget;
  readonly link: Link;
  readonly connection: HostConnection;
  /** Bytes that came back from the echo server, and bytes that it has acknowledged. */
  returned = 0;
  readonly returnedBytes: number[] = [];
  /** Bytes that were posted. */
  readonly sentBytes: number[] = [];
  private readonly statuses = new Map<number, number | undefined>();
  private readonly eventOf: number[] = [];
  acknowledged = 0;

  constructor(
    choices: {
      readonly host?: Partial<HostSettings>;
      readonly target?: Partial<TargetSettings>;
      readonly user?: Partial<ConnectionUser>;
    } = {},
  ) {
    const silent = silentProbe();
    const probe: Probe = {
      ...silent,
      call: (time, call) => {
        this.calls.push(call);
        const event = silent.call(time, call);
        this.eventOf.push(event);
        return event;
      },
      return: (time, result) => {
        this.statuses.set(result.call, result.status);
        silent.return(time, result);
      },
    };
    const machine = new Machine(probe, 1);
    this.machine = machine;
    this.ndis = new Ndis(machine, { enter: 10, leave: 10 });
    const mac = Uint8Array.from([2, 0, 0, 0, 0, 1]);
    const pool = new FramePool();
    this.host = new HostStack(machine, this.ndis, {
      ...defaultHostSettings,
      mac,
      address: hostAddress,
      ...choices.host,
    });
    this.target = new OffloadTarget(machine, this.ndis, pool, {
      ...defaultTargetSettings,
      mac,
      ...choices.target,
    });
    const peerMac = Uint8Array.from([2, 0, 0, 0, 0, 2]);
    const peer = new EchoHost(
      machine,
      pool,
      { mac: peerMac, address: peerAddress },
      defaultTcpSettings,
      () => 0,
    );
    const speed = { bitsPerSecond: 1e9, delay: 50_000, queueBytes: 512 * 1024, loss: 0 };
    this.link = new Link(machine, pool, speed, this.target, peer);
    this.target.connect(this.link);
    peer.connect(this.link);
    this.target.load();
    this.host.load();
    this.ndis.registration.startAdapters();
    this.host.enableChimney();
    this.connection = this.host.connect(peerAddress, echoPort, {
      onConnected: () => undefined,
      onData: (bytes) => {
        this.returned += bytes.length;
        for (const byte of bytes) this.returnedBytes.push(byte);
      },
      onPeerClosed: () => undefined,
      onClosed: () => undefined,
      ...choices.user,
    });
    this.runFor(1e6);
  }

  /** Runs everything that happens in the next `time` ns. */
  runFor(time: number): void {
    const { machine } = this;
    const until = machine.now + time;
    while (machine.scheduler.nextTime <= until) machine.step();
    machine.schedule(until, { onEvent: () => undefined });
    while (machine.scheduler.nextTime <= until) machine.step();
  }

  /** Does something at PASSIVE_LEVEL and runs what follows from it in `time` ns. */
  passively(work: () => void, time = 1e6): void {
    this.machine.queueWorkItem(0, work);
    this.runFor(time);
  }

  /** Posts bytes to send. */
  send(count: number): void {
    const first = this.sentBytes.length;
    const bytes = Uint8Array.from({ length: count }, (_, index) => (first + index) % 251);
    for (const byte of bytes) this.sentBytes.push(byte);
    this.connection.send(bytes, () => {
      this.acknowledged += count;
    });
  }

  /** Offloads the connection.
   * @throws Error if it has not arrived after a millisecond. */
  offload(): void {
    this.passively(() => {
      this.connection.offload();
    });
    if (this.connection.place !== 'Offloaded') throw new Error('the connection has not been offloaded');
  }

  /** Statuses that the calls of a function since `from` have returned. */
  returnsSince(from: number, functionName: string): (number | undefined)[] {
    return this.calls.flatMap((call, index) =>
      index >= from && call.functionName === functionName ? [this.statuses.get(this.eventOf[index]!)] : [],
    );
  }

  /** Names of the calls since `from`, an index into `calls`. */
  namesSince(from: number): string[] {
    return this.calls.slice(from).map((call) => call.functionName);
  }
}
