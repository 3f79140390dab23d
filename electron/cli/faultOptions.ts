/** Options about what goes wrong in a run on purpose: docs/faults.md lists the kinds. */
import { InvalidArgumentError, Option, type Command } from 'commander';
import { readFileSync } from 'node:fs';
import { fail, succeed, type Result } from '../../shared/base/result';
import { mostFaults, type Fault } from '../../shared/scenario/faults';
import { readFault } from '../../shared/scenario/readFault';
import { readFaultList } from '../../shared/scenario/readFaultList';
import { fileProblem } from '../files/fileProblem';

/** Values of the options as commander names them. */
export interface FaultOptions {
  readonly fault?: readonly Fault[];
  readonly faults?: string;
}

function collectFaults(text: string, before: readonly Fault[] = []): Fault[] {
  const read = readFault(text);
  if (!read.ok) throw new InvalidArgumentError(`At character ${read.error.at + 1}: ${read.error.message}`);
  return [...before, read.value];
}

/** Gives a verb the options. */
export function addFaultOptions(command: Command): Command {
  return command
    .addOption(
      new Option(
        '--fault <kind key=value...>',
        "what goes wrong on purpose, such as 'link-down at=2ms for=250ms'; repeatable (docs/faults.md)",
      ).argParser(collectFaults),
    )
    .option('--faults <file>', 'a YAML file with a list of faults');
}

/** The faults that were asked for, those of the file first; the error says what is wrong with the file, and where. */
export function chosenFaults({ fault = [], faults: file }: FaultOptions): Result<readonly Fault[], string> {
  const fromFile = file === undefined ? succeed([]) : readFile(file);
  if (!fromFile.ok) return fromFile;
  const all = [...fromFile.value, ...fault];
  return all.length > mostFaults
    ? fail(`There are ${all.length} faults; a run may have ${mostFaults}.`)
    : succeed(all);
}

function readFile(file: string): Result<readonly Fault[], string> {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    return fail(fileProblem(error, 'read', file));
  }
  const read = readFaultList(text);
  if (read.ok) return read;
  return fail(
    read.error.map(({ line, column, message }) => `${file}:${line}:${column}: ${message}`).join('\n'),
  );
}
