/** The library of scenarios: definitions that come with the program, made from the files in `scenarios/`. */
import type { ScenarioDefinition } from './definition';
import { libraryDefinitions } from './generated/library';

/** All of them, in the order of the chooser. */
export const library: readonly ScenarioDefinition[] = libraryDefinitions;

const byName = new Map(library.map((definition) => [definition.scenario, definition]));

/** The scenario of this name; undefined if there is none. */
export function libraryScenario(name: string): ScenarioDefinition | undefined {
  return byName.get(name);
}
