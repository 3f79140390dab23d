/** Scenarios as the command line names them: by their name in the library, or by a file. */
import { readFileSync } from 'node:fs';
import { fail, succeed, type Result } from '../../shared/base/result';
import type { ScenarioDefinition } from '../../shared/scenario/definition';
import { library, libraryScenario } from '../../shared/scenario/library';
import { readScenario, scenarioProblemText } from '../../shared/scenario/readScenario';
import { fileProblem } from '../files/fileProblem';

/** Reads a file; what is wrong with it has a line for each problem. */
export function readScenarioFile(path: string): Result<ScenarioDefinition, string> {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    return fail(fileProblem(error, 'read', path));
  }
  const read = readScenario(text);
  return read.ok
    ? read
    : fail(read.error.map((problem) => scenarioProblemText(path, problem)).join('\nchimneysweep: '));
}

/** Whether a name is that of a file with a scenario in it. */
export function isScenarioFile(name: string): boolean {
  return /\.(ya?ml|json)$/i.test(name);
}

/** The scenario of this name in the library, or in this file if the name ends like one. */
export function namedScenario(name: string): Result<ScenarioDefinition, string> {
  if (isScenarioFile(name)) return readScenarioFile(name);
  const definition = libraryScenario(name);
  const names = library.map(({ scenario }) => scenario).join(', ');
  return definition === undefined
    ? fail(`There is no scenario ${name}. The scenarios are: ${names}; or name a .yaml file.`)
    : succeed(definition);
}
