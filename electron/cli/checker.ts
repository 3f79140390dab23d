/** The program of the thread that checks a recording: the rules and what reads a trace, without the rest of the command line. */
import { serveChecker } from './checkerThread';

serveChecker();
