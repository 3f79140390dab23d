/** Which scenarios of the library many tests can be about. */
import type { ScenarioId } from '../../shared/contract/scenarios';
import { library } from '../../shared/scenario/library';

/** Scenarios in which nothing goes wrong on purpose: all bytes come back, a good part of them by the chimney, in frames without tags. */
export const carryingScenarios: readonly ScenarioId[] = library
  .filter(
    ({ faults, expectations: { verdict, bytes }, policy, workload, steps }) =>
      faults.length === 0 &&
      policy.host.vlanId === undefined &&
      verdict === 'unchanged' &&
      bytes?.chimney?.atMost === undefined &&
      policy.offload !== 'never' &&
      workload.peer.echoes === undefined &&
      steps.every((step) => step.do !== 'abort' && step.do !== 'peer-reset'),
  )
  .map(({ scenario }) => scenario as ScenarioId);

/** Scenarios that are not about a broken rule. */
export const cleanScenarios: readonly ScenarioId[] = library
  .filter(({ expectations: { findings = [] } }) => findings.length === 0)
  .map(({ scenario }) => scenario as ScenarioId);
