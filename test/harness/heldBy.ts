import type { TeamingDriver } from '../../electron/emulator/intermediate/teamingDriver';
import type { OffloadTarget } from '../../electron/emulator/target/offloadTarget';

/** How many things each driver still holds of others, has lent to them or owes them: 0 for each at the end of a run. */
export function heldBy(intermediates: readonly TeamingDriver[], targets: readonly OffloadTarget[]): number[] {
  return [
    ...intermediates.map((driver) => driver.outstanding),
    ...targets.map((target) => Object.values(target.outstanding).reduce((sum, count) => sum + count, 0)),
  ];
}
