/** `chimneysweep scenario`: lists scenarios, shows and checks their files. */
import type { Command } from 'commander';
import { canonicalDefinition } from '../../shared/scenario/canonical';
import { library } from '../../shared/scenario/library';
import { scenarioJsonSchema } from '../../shared/scenario/schemaNames';
import { writeScenario } from '../../shared/scenario/writeScenario';
import { complain } from './complain';
import { namedScenario, readScenarioFile } from './scenarioFile';

const actions = ['list', 'show', 'check', 'schema'] as const;

/** Adds the verb to the program. */
export function addScenarioCommand(program: Command, exitWith: (code: number) => void): void {
  program
    .command('scenario')
    .description('List the scenarios of the library, show one, check a file, or print the JSON Schema.')
    .argument('<action>', actions.join(', '))
    .argument('[scenario]', 'a name of the library (show) or a .yaml file (show, check)')
    .option('--json', 'print JSON (show: instead of YAML)')
    .action((action: string, name: string | undefined, options: { readonly json?: boolean }) => {
      exitWith(act(action, name, options.json === true));
    });
}

function print(value: unknown): number {
  process.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
  return 0;
}

/** Exit codes: 0 done, 1 the file is wrong, 2 the call is wrong. */
function act(action: string, name: string | undefined, json: boolean): number {
  if (action === 'schema') return print(scenarioJsonSchema());
  if (action === 'list') {
    if (json) return print(library.map(({ scenario, title, shows }) => ({ scenario, title, shows })));
    for (const { scenario, title } of library) process.stdout.write(`${scenario.padEnd(24)} ${title}\n`);
    return 0;
  }
  if (action !== 'show' && action !== 'check')
    return complain(`There is no ${action}. What there is: ${actions.join(', ')}.`);
  if (name === undefined) return complain(`Name the scenario that you want to ${action}.`);
  const read = action === 'show' ? namedScenario(name) : readScenarioFile(name);
  if (!read.ok) {
    complain(read.error);
    return action === 'check' ? 1 : 2;
  }
  if (action === 'show') {
    if (json) return print(canonicalDefinition(read.value));
    process.stdout.write(writeScenario(read.value));
    return 0;
  }
  if (json) return print({ scenario: read.value.scenario, valid: true });
  process.stdout.write(`${name} is a scenario: ${read.value.title}.\n`);
  return 0;
}
