/** The thread that checks a recording, as the command line has it, without the rest of the command line. */
import { serveChecker } from '../../../electron/cli/checkerThread';

serveChecker();
