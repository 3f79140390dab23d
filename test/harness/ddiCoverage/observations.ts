/** What a test file passes from its worker to the reporter: who in it exercised which items. */
import type { DdiTestClaim } from '../../../shared/analysis/ddiTestClaims';

/** One test, suite or module and what ran under its name. */
export interface Observation extends Omit<DdiTestClaim, 'file'> {
  /** Positions in `coverableItems`, ascending. */
  readonly items: readonly number[];
}

/** The member of vitest's metadata of a file that carries the observations to the reporter. */
interface MetaWithObservations {
  ddiObservations?: readonly Observation[];
}

/** Leaves the observations of a file in its metadata. */
export function putObservations(meta: MetaWithObservations, observations: readonly Observation[]): void {
  meta.ddiObservations = observations;
}

/** What a file has left in its metadata; empty if nothing of it drove the emulator. */
export function observationsIn(meta: object): readonly Observation[] {
  return (meta as MetaWithObservations).ddiObservations ?? [];
}
