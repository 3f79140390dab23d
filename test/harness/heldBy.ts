import type { IntermediateDriver, TargetDriver } from '../../electron/emulator/scenarios/moduleDriver';

/** How many things each driver still holds of others, has lent to them or owes them: 0 for each at the end of a run. */
export function heldBy(
  intermediates: readonly IntermediateDriver[],
  targets: readonly TargetDriver[],
): (number | undefined)[] {
  return [
    ...intermediates.map((driver) => driver.outstanding),
    ...targets.map((target) => Object.values(target.outstanding).reduce((sum, count) => sum + count, 0)),
  ];
}
