/** A plan from the definition of a scenario. */
import type { ScenarioDefinition } from '../../../shared/scenario/definition';
import { defaultHostSettings, type HostSettings } from '../host/hostSettings';
import type { ReceivePolicy } from '../host/receivePolicy';
import { defaultTargetLimits } from '../target/targetLimits';
import type { TargetSettings } from '../target/targetSettings';
import type { ScenarioReads } from '../../../shared/scenario/steps';
import type { LinkRequest } from '../../../shared/contract/linkRequest';
import { gigabitLink } from './scenarioSettings';
import type { ScenarioPlan } from './scenarioPlan';
import type { SwitchPlan, TeamPlan } from './topology';

/** Members that are not undefined. */
type Given<Members> = { readonly [Name in keyof Members]?: Exclude<Members[Name], undefined> };

/** An object without its undefined members. */
function given<Members extends object>(members: Members): Given<Members> {
  return Object.fromEntries(
    Object.entries(members).filter(([, value]) => value !== undefined),
  ) as Given<Members>;
}

/** What a definition asks of the links; only what differs from the usual is there. */
export function linkOf({ topology }: ScenarioDefinition): LinkRequest {
  const { rate: bitsPerSecond, delay, queue: queueBytes, loss: _loss, ...impairments } = topology.link;
  return given({ bitsPerSecond, delay, queueBytes, ...impairments });
}

function teamOf(team: ScenarioDefinition['topology']['team']): TeamPlan | undefined {
  if (team === undefined) return undefined;
  const { adapters, mode, layers, chimney, sendEntries } = team;
  return { adapters, mode, layers, settings: given({ chimney, sendEntries }) };
}

function switchOf(plan: ScenarioDefinition['topology']['switch']): SwitchPlan | undefined {
  if (plan === undefined) return undefined;
  return {
    hostLinks: plan.hostLinks.map(({ rate, delay, queue, loss }) => ({
      bitsPerSecond: rate ?? gigabitLink.bitsPerSecond,
      delay: delay ?? gigabitLink.delay,
      queueBytes: queue ?? gigabitLink.queueBytes,
      loss,
    })),
  };
}

function targetOf({ limits, ...others }: ScenarioDefinition['topology']['adapter']): Partial<TargetSettings> {
  return {
    ...(given(others) as Partial<TargetSettings>),
    ...(limits === undefined ? {} : { limits: { ...defaultTargetLimits, ...given(limits) } }),
  };
}

function hostOf({ parameters, ...others }: ScenarioDefinition['policy']['host']): Partial<HostSettings> {
  return {
    ...given(others),
    ...(parameters === undefined
      ? {}
      : { parameters: { ...defaultHostSettings.parameters, ...given(parameters) } }),
  };
}

/** How an application reads, as the host stack wants to know it. */
export function receivePolicyOf(reads: ScenarioReads | undefined): ReceivePolicy | undefined {
  if (reads === undefined) return undefined;
  const { posted, bytes, postDelay, consumes } = reads;
  return { posted, bytes, postDelay, consume: (length) => Math.floor(length * consumes) };
}

/** See the file's head. */
export function planOf(definition: ScenarioDefinition): ScenarioPlan {
  const { topology, workload, policy, steps, expectations } = definition;
  const { connections, connectInterval, setsOptions, halfway, reads, peer } = workload;
  const team = teamOf(topology.team);
  const switchPlan = switchOf(topology.switch);
  const receives = receivePolicyOf(reads);
  return {
    processors: topology.processors,
    connections,
    paths: topology.paths,
    neighbors: topology.neighbors,
    connectInterval,
    offload: policy.offload,
    setsOptions,
    halfway,
    target: targetOf(topology.adapter),
    host: hostOf(policy.host),
    ndis: given(policy.ndis),
    steps,
    verdict: expectations.verdict,
    peer,
    ...(receives === undefined ? {} : { receives }),
    ...(team === undefined ? {} : { team }),
    ...(switchPlan === undefined ? {} : { switch: switchPlan }),
  };
}
