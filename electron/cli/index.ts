/** The headless command line: `chimneysweep --help`. */
import { CommanderError } from 'commander';
import { buildProgram } from './program';
import { isSeedWorker, serveSeeds } from './seedWorker';

/** Runs the verb that was asked for, and answers its exit code. */
async function main(): Promise<number> {
  let exitCode = 0;
  const program = buildProgram((code) => {
    exitCode = code;
  });
  try {
    await program.parseAsync(process.argv);
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return error.exitCode === 0 ? 0 : 2;
  }
  return exitCode;
}

// Who reads the output, such as head, may have seen enough.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(0);
});

if (isSeedWorker()) serveSeeds();
else {
  void main().then((code) => {
    process.exitCode = code;
  });
}
