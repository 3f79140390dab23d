/** `chimneysweep ddi`: explains a name of the DDI, or tells which tests and built-in scenarios exercise what of it. */
import type { Command } from 'commander';
import { DdiCoverage } from '../../shared/analysis/ddiCoverage';
import { coverableItems, coverageKinds } from '../../shared/analysis/ddiItems';
import { claimsFor, claimText } from '../../shared/analysis/ddiTestClaims';
import { ddiTests } from '../../shared/analysis/generated/ddiTests';
import { scenarioDescription, scenarioIds, type ScenarioId } from '../../shared/contract/scenarios';
import {
  constantEntry,
  functionEntry,
  isFunctionName,
  isStructureName,
  structureLayout,
} from '../../shared/ddi/catalogue';
import { TraceReader } from '../../shared/trace/traceReader';
import { inventFile } from '../emulator/scenarios/scenarioRun';
import { Recording } from '../recorder/recording';
import { applicationName } from './version';

const coverageSeed = 1;

/** Adds the verb to the program. */
export function addDdiCommand(program: Command, exitWith: (code: number) => void): void {
  program
    .command('ddi')
    .description('Explain a function, structure or constant of the DDI, or tell what exercises it.')
    .argument('[name]', 'a name as the WDK spells it, such as MiniportInitiateOffload')
    .option('--coverage', 'list what of the chimney DDI the tests and the built-in scenarios exercise')
    .option('--json', 'print JSON')
    .action((name: string | undefined, options: { readonly coverage?: boolean; readonly json?: boolean }) => {
      if (options.coverage === true) exitWith(coverage(options.json === true));
      else if (name !== undefined) exitWith(explain(name, options.json === true));
      else {
        process.stderr.write('chimneysweep: name something of the DDI, or ask for --coverage.\n');
        exitWith(2);
      }
    });
}

function explain(name: string, json: boolean): number {
  const entry = isFunctionName(name)
    ? functionEntry(name)
    : isStructureName(name)
      ? structureLayout(name)
      : constantEntry(name);
  if (entry === undefined) {
    process.stderr.write(
      `chimneysweep: the DDI catalogue has no ${name}. Names are spelled as in the WDK.\n`,
    );
    return 2;
  }
  if (json) {
    process.stdout.write(JSON.stringify(entry, null, 2) + '\n');
    return 0;
  }
  const lines: string[] = [entry.name];
  if ('parameters' in entry) {
    lines.push(`  ${entry.side}`, `  IRQL: ${entry.irql}`, `  returns: ${entry.returns}`);
    for (const { name: parameter, ctype, direction, meaning } of entry.parameters) {
      lines.push(`  [${direction}] ${ctype} ${parameter}: ${meaning}`);
    }
    if (entry.completes !== undefined) lines.push(`  completed by ${entry.completes}`);
    if (entry.completionOf !== undefined) lines.push(`  completes ${entry.completionOf}`);
  } else if ('fields' in entry) {
    lines.push(`  ${entry.size} bytes on x64`);
    for (const field of entry.fields) {
      const offset = `+${field.offset.toString(16).padStart(2, '0')}`;
      lines.push(`  ${offset} ${field.ctype} ${field.name}: ${field.meaning}`);
    }
  } else {
    const value = entry.value === null ? 'no published value' : `0x${entry.value.toString(16).toUpperCase()}`;
    lines.push(`  ${value} (${entry.group}): ${entry.meaning}`);
  }
  if (entry.page !== undefined) lines.push(`  WDK page: ${entry.page}`);
  process.stdout.write(lines.join('\n') + '\n');
  return 0;
}

/** Runs a scenario without writing anything and answers what it uses. */
function coverageOf(scenario: ScenarioId): DdiCoverage {
  const used = new DdiCoverage();
  const reader = new TraceReader([used]);
  const { defaultLoss, defaultFileBytes } = scenarioDescription(scenario);
  const file = inventFile(coverageSeed, defaultFileBytes);
  const settings = { scenario, seed: coverageSeed, loss: defaultLoss, file };
  const recording = new Recording(applicationName, settings, 'made up', {
    write: (bytes) => {
      reader.push(bytes);
    },
  });
  while (recording.advance(100_000));
  recording.finish(false);
  return used;
}

/** Exit code 1 while there is something of the catalogue that no test exercises. */
function coverage(json: boolean): number {
  const used = scenarioIds.map((scenario) => ({ scenario, coverage: coverageOf(scenario) }));
  const rows = coverableItems.map((item) => {
    const tests = claimsFor(ddiTests, item);
    return {
      ...item,
      exercised: tests.length > 0,
      tests,
      scenarios: used.filter((one) => one.coverage.uses(item)).map((one) => one.scenario),
    };
  });
  const totals = coverageKinds.map((kind) => {
    const ofKind = rows.filter((row) => row.kind === kind);
    return { kind, exercised: ofKind.filter(({ exercised }) => exercised).length, of: ofKind.length };
  });
  const missing = rows.filter(({ exercised }) => !exercised).map(({ kind, name }) => ({ kind, name }));
  if (json) process.stdout.write(JSON.stringify({ totals, missing, rows }, null, 2) + '\n');
  else {
    const lines = totals.map(
      ({ kind, exercised, of }) => `${kind.padEnd(10)} ${exercised} of ${of} exercised`,
    );
    for (const { kind, name, aliases, tests, scenarios } of rows) {
      const spellings = [name, ...(aliases ?? [])].join(', ');
      lines.push(
        '',
        tests.length > 0 ? `${kind} ${spellings}` : `${kind} ${spellings}: NO TEST EXERCISES IT`,
      );
      for (const test of tests) lines.push(`  ${claimText(test)}`);
      if (scenarios.length > 0) lines.push(`  scenarios: ${scenarios.join(', ')}`);
    }
    process.stdout.write(lines.join('\n') + '\n');
  }
  return missing.length === 0 ? 0 : 1;
}
