/** Driver modules as the command line takes them: only from who trusts them, and blamed for what goes wrong in them. */
import { fail, type Result } from '../../shared/base/result';
import { loadTrustedDriverModules, type LoadedDriverModules } from '../drivers/driverModules';
import { trustWarning } from '../drivers/trust';
import type { Recording } from '../recorder/recording';

/** What is said of driver modules on the command line. */
export interface DriverOptions {
  /** Files of the modules. */
  readonly targetDriver?: string;
  readonly intermediateDriver?: string;
  readonly trustDrivers?: boolean;
}

/** Loads the modules that are named; the error, for people, says which is not loaded and why. */
export async function chosenDrivers({
  targetDriver,
  intermediateDriver,
  trustDrivers,
}: DriverOptions): Promise<Result<LoadedDriverModules, string>> {
  const named = targetDriver ?? intermediateDriver;
  if (named !== undefined && trustDrivers !== true)
    return fail(`${named} is not loaded without --trust-drivers. ${trustWarning}`);
  return loadTrustedDriverModules({ target: targetDriver, intermediate: intermediateDriver });
}

/** As `recording.advance`; where a module is to blame for an error, the recording fails with it, and false says that the run has ended. */
export function advanceOrBlame(
  recording: Recording,
  eventsPerSlice: number,
  blame: LoadedDriverModules['blame'],
): boolean {
  try {
    return recording.advance(eventsPerSlice);
  } catch (error) {
    const blamed = blame(error);
    if (blamed === undefined) throw error;
    recording.fail(blamed.message, blamed.place);
    return false;
  }
}
