/** A thread that compares two traces: answers once, and ends. */
import { parentPort, workerData } from 'node:worker_threads';
import { compareRuns, type CompareTask } from './compareRuns';

parentPort?.postMessage(compareRuns(workerData as CompareTask));
