/** The headless command line: `chimneysweep --help`. One verb, one file. */
import { Command, CommanderError } from 'commander';
import { addCutCommand } from './cutCommand';
import { addDdiCommand } from './ddiCommand';
import { addEventsCommand } from './eventsCommand';
import { addExportCommand } from './exportCommand';
import { addDiffCommand } from './diffCommand';
import { addHostCommands } from './hostCommands';
import { addInfoCommand } from './infoCommand';
import { addPacketdrillCommand } from './packetdrillCommand';
import { addPcapngCommand } from './pcapngCommand';
import { addQueryCommand } from './queryCommand';
import { addRunCommand } from './runCommand';
import { addSanitizeCommand } from './sanitizeCommand';
import { addSoakCommand } from './soakCommand';
import { isSeedWorker, serveSeeds } from './seedWorker';
import { addStateCommand } from './stateCommand';
import { addStatsCommand } from './statsCommand';
import { addTransparencyCommand } from './transparencyCommand';
import { applicationVersion } from './version';
import { addWireCommand } from './wireCommand';

/** Exit codes: 0 as asked, 1 the run did not reach its goal, 2 the call or its files are wrong. */
async function main(): Promise<number> {
  let exitCode = 0;
  const program = new Command('chimneysweep')
    .description('Debugger and tracer for NDIS TCP chimney offload.')
    .version(applicationVersion)
    .exitOverride()
    .showHelpAfterError('(chimneysweep --help tells how it is called)');
  const exitWith = (code: number): void => {
    exitCode = code;
  };
  addRunCommand(program, exitWith);
  addInfoCommand(program, exitWith);
  addStateCommand(program, exitWith);
  addStatsCommand(program, exitWith);
  addDiffCommand(program, exitWith);
  addDdiCommand(program, exitWith);
  addEventsCommand(program, exitWith);
  addCutCommand(program, exitWith);
  addSanitizeCommand(program, exitWith);
  addPcapngCommand(program, exitWith);
  addQueryCommand(program, exitWith);
  addExportCommand(program, exitWith);
  addSoakCommand(program, exitWith);
  addWireCommand(program, exitWith);
  addTransparencyCommand(program, exitWith);
  addHostCommands(program, exitWith);
  addPacketdrillCommand(program, exitWith);
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
