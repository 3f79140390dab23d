/** The program of the thread of a run. */
import { serveRun } from './serveRun';

serveRun();
