/** The most memory that this process has had at a time. */
import { readFileSync } from 'node:fs';

/** Peak resident memory in bytes. Where the system tells, that of this program alone: what getrusage tells begins with its parent's. */
export function peakBytes(): number {
  try {
    const kilobytes = /VmHWM:\s*(\d+) kB/u.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
    if (kilobytes !== undefined) return Number(kilobytes) * 1024;
  } catch {
    // No such file: not Linux.
  }
  return process.resourceUsage().maxRSS * 1024;
}
