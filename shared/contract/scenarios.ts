/** The scenarios of the library by name: what the chooser, the command line and the emulator agree on. */
import { libraryNames } from '../scenario/generated/library';
import { library } from '../scenario/library';

/** Ids of the library's scenarios. */
export const scenarioIds = libraryNames;

/** Id of a scenario of the library. */
export type ScenarioId = (typeof scenarioIds)[number];

/** A scenario as people choose it. */
export interface ScenarioDescription {
  readonly id: ScenarioId;
  readonly title: string;
  /** What happens, in a sentence or two. */
  readonly description: string;
  /** What is worth looking at in the recording. */
  readonly lookAt: string;
  /** Frame loss in each direction by default, 0 to 1. */
  readonly defaultLoss: number;
  /** Size of the file that it makes up when none is given, in bytes. */
  readonly defaultFileBytes: number;
}

/** The scenario that `npm start` records. */
export const demonstrationScenario: ScenarioId = 'first-sweep';

/** All scenarios of the library, in the order of the chooser. */
export const scenarios: readonly ScenarioDescription[] = library.map(
  ({ scenario, title, description, lookAt, topology, workload }) => ({
    id: scenario as ScenarioId,
    title,
    description,
    lookAt,
    defaultLoss: topology.link.loss,
    defaultFileBytes: workload.bytes,
  }),
);

/** The description of a scenario. */
export function scenarioDescription(id: ScenarioId): ScenarioDescription {
  return scenarios.find((scenario) => scenario.id === id)!;
}
