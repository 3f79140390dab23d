/** `chimneysweep diff`: where two recorded runs part. */
import type { Command } from 'commander';
import { differenceText, handlerDifferences } from '../../shared/analysis/differenceText';
import { compareTraces, isSameRun } from '../../shared/analysis/traceDifference';
import { fileProblem } from '../files/fileProblem';
import { complain } from './complain';
import { analyseFile, sameFiles, type AnalysedFile } from './analyseFile';

/** Adds the verb to the program. */
export function addDiffCommand(program: Command, exitWith: (code: number) => void): void {
  program
    .command('diff')
    .description('Compare two traces call by call; the first difference comes first.')
    .argument('<left>', 'a .sweep file')
    .argument('<right>', 'another one')
    .option('--json', 'print the differences as JSON; all times in ns')
    .action((left: string, right: string, options: { readonly json?: boolean }) => {
      exitWith(diff(left, right, options.json === true));
    });
}

function open(path: string): AnalysedFile | undefined {
  const analysed = analyseFile(path);
  if (!analysed.ok) {
    complain(analysed.error);
    return undefined;
  }
  if (analysed.value.flaw !== undefined) complain(`${path}: ${analysed.value.flaw}`);
  return analysed.value;
}

/** Exit codes: 0 the runs are the same, 1 they differ, 2 one of the files cannot be read. */
function diff(leftPath: string, rightPath: string, asJson: boolean): number {
  const left = open(leftPath);
  const right = open(rightPath);
  if (left === undefined || right === undefined) return 2;
  let isSameBytes: boolean;
  try {
    isSameBytes = sameFiles(leftPath, rightPath);
  } catch (error) {
    complain(fileProblem(error, 'read', leftPath));
    return 2;
  }
  if (isSameBytes) {
    process.stdout.write(
      asJson
        ? `${JSON.stringify({ same: true, sameBytes: true }, null, 2)}\n`
        : 'The two traces are the same, byte for byte.\n',
    );
    return 0;
  }
  const difference = compareTraces(left, right);
  const handlers = handlerDifferences(left, right);
  const same = isSameRun(difference) && (left.flaw === undefined) === (right.flaw === undefined);
  process.stdout.write(
    asJson
      ? `${JSON.stringify({ same, sameBytes: false, ...difference, handlers }, null, 2)}\n`
      : differenceText(difference, handlers),
  );
  return same ? 0 : 1;
}
