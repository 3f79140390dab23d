/** What scenarios differ in, as a run wants to know it. */
import type { ScenarioId } from '../../../shared/contract/scenarios';
import type { ScenarioDefinition } from '../../../shared/scenario/definition';
import { library } from '../../../shared/scenario/library';
import type { ScenarioStep } from '../../../shared/scenario/steps';
import type { HostSettings } from '../host/hostSettings';
import type { ReceivePolicy } from '../host/receivePolicy';
import type { NdisSettings } from '../ndis/ndisSettings';
import type { TargetSettings } from '../target/targetSettings';
import { planOf } from './definedPlan';
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
   * part of its bytes for the others, and then all are offered in one tree. `policy`: the host stack decides by its own policy. `never`:
   * only steps offer.
   */
  readonly offload: 'each' | 'together' | 'policy' | 'never';
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
  /** What happens besides; nothing if absent. */
  readonly steps?: readonly ScenarioStep[];
  /** How applications read while offloaded; as the host stack's settings say if absent. */
  readonly receives?: ReceivePolicy;
  /** What the peers do; they echo everything if absent. */
  readonly peer?: ScenarioDefinition['workload']['peer'];
  /** How the run must end to reach its goal; `unchanged` if absent. */
  readonly verdict?: ScenarioDefinition['expectations']['verdict'];
}

/** Plans of the library's scenarios. */
export const scenarioPlans = Object.fromEntries(
  library.map((definition) => [definition.scenario, planOf(definition)]),
) as Readonly<Record<ScenarioId, ScenarioPlan>>;
