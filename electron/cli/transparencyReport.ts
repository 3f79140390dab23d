/** What `chimneysweep transparency` prints. */
import type { TransparencyResult } from '../emulator/transparency/transparencyRun';

/** Failing seeds whose findings are printed, and findings printed of each. */
export const mostTransparencyFailures = 10;
const mostFindings = 8;

/** What all seeds came to. */
export interface TransparencyTally {
  readonly failures: TransparencyResult[];
  readonly frames: Record<string, number>;
  done: number;
  offloads: number;
  uploads: number;
  bytes: number;
  chimneyBytes: number;
  events: number;
}

/** What was asked for. */
export interface TransparencyRange {
  readonly seeds: number;
  readonly first: number;
  readonly connections: number;
}

/** A tally of no seed. */
export function emptyTransparencyTally(): TransparencyTally {
  return { failures: [], frames: {}, done: 0, offloads: 0, uploads: 0, bytes: 0, chimneyBytes: 0, events: 0 };
}

/** Counts a seed in. */
export function addTransparencyResult(tally: TransparencyTally, result: TransparencyResult): void {
  tally.done++;
  tally.offloads += result.offloads;
  tally.uploads += result.uploads;
  tally.bytes += result.bytes;
  tally.chimneyBytes += result.chimneyBytes;
  tally.events += result.events;
  for (const [fate, count] of Object.entries(result.frames))
    tally.frames[fate] = (tally.frames[fate] ?? 0) + count;
  if (result.findings.length > 0) tally.failures.push(result);
}

/** The command that repeats one seed. */
function repeatCommand(seed: number, connections: number): string {
  return `npx chimneysweep transparency --seeds 1 --first ${seed} --connections ${connections}`;
}

/** A seed in which something is wrong, for people, with the command that repeats it. */
export function transparencyFailureText({ seed, findings }: TransparencyResult, connections: number): string {
  const shown = findings.slice(0, mostFindings).map((finding) => `  ${finding}`);
  if (findings.length > mostFindings) shown.push(`  and ${findings.length - mostFindings} more`);
  return [`FAILED seed ${seed}:`, ...shown, `  again: ${repeatCommand(seed, connections)}`].join('\n') + '\n';
}

/** The whole, for people. */
export function transparencyText(tally: TransparencyTally, seconds: number): string {
  const { failures, done, offloads, uploads, bytes, chimneyBytes, frames } = tally;
  const failed = failures.length === 0 ? 'nothing found' : `${failures.length} failed`;
  const fates = Object.entries(frames).map(([fate, count]) => `${fate} ${count}`);
  const lines = [
    `${failures.length === 0 ? 'OK' : 'FAILED'}: ${done} seeds, ${failed}, in ${seconds.toFixed(1)} s`,
    `  hand-overs        ${offloads} to the chimney, ${uploads} back on request`,
    `  bytes             ${bytes} by applications, ${chimneyBytes} sent by the chimney`,
    `  frames            ${fates.join(', ')}`,
  ];
  if (failures.length > 0) lines.push(`  failing seeds     ${failures.map(({ seed }) => seed).join(' ')}`);
  return lines.join('\n') + '\n';
}

/** The whole, as JSON. */
export function transparencyJson(
  tally: TransparencyTally,
  { seeds, first, connections }: TransparencyRange,
  seconds: number,
  stopped: boolean,
): string {
  const { failures, ...totals } = tally;
  const failed = failures.map((result) => ({ ...result, again: repeatCommand(result.seed, connections) }));
  const wallTimeMs = Math.round(seconds * 1000);
  return (
    JSON.stringify({ seeds, first, connections, stopped, ...totals, wallTimeMs, failures: failed }, null, 2) +
    '\n'
  );
}
