/** What faults that happen by themselves may look at and touch: what an owner of the machine could. */
import type { HostConnection } from '../host/hostConnection';
import type { Machine } from '../machine/machine';
import type { EchoHost } from '../peer/echoHost';
import type { ScenarioTopology } from '../scenarios/topology';
import type { IpAddress } from '../wire/address';
import type { FrameChanges } from './frameChanges';
import type { Stall } from './stall';

/** An adapter with its cable, and what stands between it and the rest. */
export interface FaultyAdapter {
  readonly target: ScenarioTopology['adapters'][number]['target'];
  readonly link: ScenarioTopology['adapters'][number]['link'];
  readonly component: number;
  readonly stall: Stall;
}

/** A connection of the application with the remote host at its other end. */
export interface FaultyConnection {
  readonly connection: HostConnection;
  readonly peer: EchoHost;
  /** The remote host's address. */
  readonly address: IpAddress;
}

/** See the file's head. Numbers count from 1. */
export interface FaultScene {
  readonly machine: Machine;
  readonly topology: ScenarioTopology;
  readonly frames: FrameChanges;
  adapter(number: number): FaultyAdapter | undefined;
  connection(number: number): FaultyConnection | undefined;
  /** Another number for everything that must be told apart. */
  nextNumber(): number;
}
