/** The thread that checks a recording, as the command line has it; leaves what it took behind. */
import { writeFileSync } from 'node:fs';
import { serveChecker } from '../../../electron/cli/checkerThread';
import { checkingThreadFile, threadTime } from './threadTime';

serveChecker();
process.on('exit', () => {
  writeFileSync(checkingThreadFile, String(threadTime()));
});
