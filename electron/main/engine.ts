/** The engine: a utility process that hosts the threads of runs, so that the window stays at hand, and that stays at hand itself whatever a run does. */
import path from 'node:path';
import { RunSupervisor } from '../engine/runSupervisor';
import { engineCommandSchema } from './engineMessages';

const port = process.parentPort;
let run: RunSupervisor | undefined;

port.on('message', ({ data }: { data: unknown }) => {
  const command = engineCommandSchema.parse(data);
  switch (command.kind) {
    case 'stop':
      run?.wish({ kind: 'stop' });
      return;
    case 'control':
      run?.wish(command.control);
      return;
    case 'record': {
      const { kind: _kind, ...task } = command;
      run = new RunSupervisor(task, {
        program: path.join(__dirname, 'runThread.js'),
        onEvent: (event) => {
          if (event.kind === 'end' || event.kind === 'failed') run = undefined;
          port.postMessage(event);
        },
      });
    }
  }
});
