/** Priority of the thread that runs this, where the system has one for each thread: Linux. Elsewhere nothing happens. */
import { readlinkSync } from 'node:fs';
import { constants, setPriority } from 'node:os';

/** Lets the other threads of the process go first wherever a processor is wanted by more than one. */
export function standBack(): void {
  setOwnPriority(constants.priority.PRIORITY_BELOW_NORMAL / 2);
}

/** Ends {@link standBack}, where the user may raise priorities. */
export function stepForward(): void {
  setOwnPriority(constants.priority.PRIORITY_NORMAL);
}

function setOwnPriority(priority: number): void {
  if (process.platform !== 'linux') return;
  try {
    // "PID/task/TID"
    const thread = Number(readlinkSync('/proc/thread-self').split('/').at(-1));
    if (Number.isInteger(thread) && thread > 0) setPriority(thread, priority);
  } catch {
    // Without it the check only takes more of the recording's time.
  }
}
