/** What the built-in scenarios differ in. */
import type { ScenarioId } from '../../../shared/contract/scenarios';
import type { HostSettings } from '../host/hostSettings';
import type { NdisSettings } from '../ndis/ndisSettings';
import type { TargetSettings } from '../target/targetSettings';
import type { Tampering } from './tampering';
import type { SwitchPlan, TeamPlan } from './topology';

/** See the file's head. */
export interface ScenarioPlan {
  /** Processors of the host. */
  readonly processors: number;
  /** Connections of the application; each carries a part of the file. */
  readonly connections: number;
  /** Remote addresses, one path each. */
  readonly paths: number;
  /** Hosts on the link; the paths lead through them in turn. */
  readonly neighbors: number;
  /** Time between two connects, virtual ns. */
  readonly connectInterval: number;
  /**
   * `each`: every connection is offered by itself when a part of its bytes has been acknowledged. `together`: each waits after a
   * part of its bytes for the others, and then all are offered in one tree. `policy`: the host stack decides by its own policy.
   */
  readonly offload: 'each' | 'together' | 'policy';
  /** Whether the application sets options of its connection when a quarter of its bytes have been acknowledged. */
  readonly setsOptions: boolean;
  /** What the host stack does when half of a connection's bytes have been acknowledged. */
  readonly halfway: 'query' | 'invalidate-neighbor' | 'nothing';
  /** What the target has less of than usual. */
  readonly target: Partial<Omit<TargetSettings, 'mac'>>;
  /** Intermediate drivers and the adapters below them; one adapter without any if absent. */
  readonly team?: TeamPlan;
  /** A learning switch with a cable to every host; all hosts at the end of one cable if absent. */
  readonly switch?: SwitchPlan;
  /** What differs from the usual in the settings of the host stack. */
  readonly host?: Partial<HostSettings>;
  /** What differs from the usual in how NDIS behaves. */
  readonly ndis?: Partial<NdisSettings>;
  /** What is wrong on purpose; nothing if absent. */
  readonly tampering?: Tampering;
}

const oneConnection: ScenarioPlan = {
  processors: 4,
  connections: 1,
  paths: 1,
  neighbors: 1,
  connectInterval: 0,
  offload: 'each',
  setsOptions: false,
  halfway: 'query',
  target: {},
};

/** Several connections through intermediate drivers. */
const teamed: ScenarioPlan = {
  ...oneConnection,
  connections: 4,
  paths: 2,
  neighbors: 2,
  connectInterval: 60_000,
  halfway: 'nothing',
};

/** Plans by scenario. */
export const scenarioPlans: Readonly<Record<ScenarioId, ScenarioPlan>> = {
  'first-sweep': { ...oneConnection, setsOptions: true },
  transfer: oneConnection,
  'neighbor-invalidated': { ...oneConnection, halfway: 'invalidate-neighbor' },
  'no-tcp-entries': { ...oneConnection, target: { tcpCapacity: 0, reportedCapacity: 1024 } },
  'upload-all': oneConnection,
  'link-loss': oneConnection,
  'power-down': oneConnection,
  'many-connections': {
    ...oneConnection,
    connections: 30,
    paths: 6,
    neighbors: 3,
    connectInterval: 100_000,
    offload: 'together',
    target: { tcpCapacity: 17 },
  },
  'bulk-offload': {
    ...oneConnection,
    connections: 1000,
    paths: 10,
    neighbors: 3,
    connectInterval: 100_000,
    offload: 'together',
    target: { tcpCapacity: 450 },
  },
  'update-everything': { ...oneConnection, halfway: 'nothing' },
  'address-and-mtu-change': { ...oneConnection, halfway: 'nothing' },
  'query-everything': { ...oneConnection, halfway: 'nothing' },
  'terminate-with-data': { ...oneConnection, halfway: 'nothing' },
  failover: { ...teamed, team: { adapters: 2, mode: 'failover', layers: 1 } },
  'load-balancing': {
    ...teamed,
    connections: 8,
    paths: 8,
    neighbors: 4,
    offload: 'together',
    team: { adapters: 2, mode: 'load-balancing', layers: 1 },
  },
  'stacked-drivers': { ...teamed, team: { adapters: 2, mode: 'failover', layers: 2 } },
};
