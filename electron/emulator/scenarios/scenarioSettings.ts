/** Everything that a run depends on: with equal settings, two runs record the same trace, byte for byte. */
import type { ScenarioId } from '../../../shared/contract/scenarios';
import type { DriverModules } from './moduleDriver';

/** See the file's head. */
export interface ScenarioSettings {
  readonly scenario: ScenarioId;
  readonly seed: number;
  /** Probability that a frame is lost, each direction. */
  readonly loss: number;
  /** Bytes to carry. */
  readonly file: Uint8Array;
  /** Driver modules in the places of built-in drivers. */
  readonly drivers?: DriverModules;
}

/** The link of all built-in scenarios: gigabit Ethernet over a short distance. */
export const gigabitLink = {
  bitsPerSecond: 1_000_000_000,
  delay: 50_000,
  queueBytes: 512 * 1024,
} as const;
