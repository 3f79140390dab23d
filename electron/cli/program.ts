/** The program with all its verbs: one verb, one file. What they are, what they answer and print: docs/cli.md. */
import { Command } from 'commander';
import { addAgainCommand } from './againCommand';
import { addBreakCommand } from './breakCommand';
import { addCheckCommand } from './checkCommand';
import { addCutCommand } from './cutCommand';
import { addDdiCommand } from './ddiCommand';
import { addEventsCommand } from './eventsCommand';
import { addExportCommand } from './exportCommand';
import { addDiffCommand } from './diffCommand';
import { addHostCommands } from './hostCommands';
import { addInfoCommand } from './infoCommand';
import { addMutantsCommand } from './mutantsCommand';
import { addOpenCommand } from './openCommand';
import { addOwnersCommand } from './ownersCommand';
import { addPacketdrillCommand } from './packetdrillCommand';
import { addPcapngCommand } from './pcapngCommand';
import { addPendingCommand } from './pendingCommand';
import { addQueryCommand } from './queryCommand';
import { addRecoverCommand } from './recoverCommand';
import { addRunCommand } from './runCommand';
import { addSanitizeCommand } from './sanitizeCommand';
import { addScenarioCommand } from './scenarioCommand';
import { addSoakCommand } from './soakCommand';
import { addStateCommand } from './stateCommand';
import { addStatsCommand } from './statsCommand';
import { addStepCommand } from './stepCommand';
import { addTransparencyCommand } from './transparencyCommand';
import { applicationVersion } from './version';
import { addWhyCommand } from './whyCommand';
import { addWireCommand } from './wireCommand';

/**
 * Builds the program.
 * @param exitWith told the exit code of the verb that has run: 0 as asked, 1 something was found, 2 it could not be done
 */
export function buildProgram(exitWith: (code: number) => void): Command {
  const program = new Command('chimneysweep')
    .description('Debugger and tracer for NDIS TCP chimney offload.')
    .version(applicationVersion)
    .exitOverride()
    .showHelpAfterError('(chimneysweep --help tells how it is called)');
  addRunCommand(program, exitWith);
  addAgainCommand(program, exitWith);
  addScenarioCommand(program, exitWith);
  addInfoCommand(program, exitWith);
  addCheckCommand(program, exitWith);
  addOpenCommand(program, exitWith);
  addStateCommand(program, exitWith);
  addPendingCommand(program, exitWith);
  addOwnersCommand(program, exitWith);
  addWhyCommand(program, exitWith);
  addBreakCommand(program, exitWith);
  addStepCommand(program, exitWith);
  addStatsCommand(program, exitWith);
  addDiffCommand(program, exitWith);
  addDdiCommand(program, exitWith);
  addEventsCommand(program, exitWith);
  addCutCommand(program, exitWith);
  addSanitizeCommand(program, exitWith);
  addRecoverCommand(program, exitWith);
  addPcapngCommand(program, exitWith);
  addQueryCommand(program, exitWith);
  addExportCommand(program, exitWith);
  addMutantsCommand(program, exitWith);
  addSoakCommand(program, exitWith);
  addWireCommand(program, exitWith);
  addTransparencyCommand(program, exitWith);
  addHostCommands(program, exitWith);
  addPacketdrillCommand(program, exitWith);
  return program;
}
