/**
 * Records a run into nothing, in a process of its own: without a tap, behind a gate whose watch sleeps, as it does in the app until somebody
 * sets a breakpoint or steps, or behind one whose watch looks for so many breakpoints, which count and don't hold the run. Prints what it took as one line of JSON.
 * Usage: node --expose-gc measureWatch SCENARIO FILE-BYTES CONNECTIONS plain|asleep|NUMBER-OF-BREAKPOINTS
 */
import { zlibChecksum } from '../../../electron/files/zlibCodec';
import { inventFile } from '../../../electron/emulator/scenarios/scenarioRun';
import { Recording } from '../../../electron/recorder/recording';
import { RunGate } from '../../../electron/recorder/runGate';
import type { Breakpoint } from '../../../shared/debug/breakpoints';
import { StopWatch } from '../../../shared/debug/stopWatch';
import { libraryScenario } from '../../../shared/scenario/library';
import { breakpointExpressions } from '../../harness/breakpointExpressions';
import { threadTime } from '../check/threadTime';

/** What a recording took. */
export interface WatchMeasurement {
  readonly events: number;
  /** CPU time of the thread, s. */
  readonly thread: number;
  /** CPU time of the process, V8's own threads included, s. */
  readonly cpu: number;
  /** What the heap holds at the end of the run beyond what it held before it, bytes; NaN where nobody may collect its garbage. */
  readonly heap: number;
  /** How often a breakpoint was met. */
  readonly stops: number;
}

/** What V8 has if it is started with `--expose-gc`. */
const collector: { readonly gc?: (() => void) | undefined } = globalThis;

function heldBytes(): number {
  const { gc } = collector;
  if (gc === undefined) return NaN;
  gc();
  return process.memoryUsage().heapUsed;
}

const [scenario = 'transfer', fileBytes = '12000000', connections = '', way = 'plain'] =
  process.argv.slice(2);
const inLibrary = libraryScenario(scenario);
if (inLibrary === undefined) throw new Error(`no scenario is called ${scenario}`);
const workload =
  connections === ''
    ? inLibrary.workload
    : { ...inLibrary.workload, connections: Number(connections), bytes: Number(fileBytes) };
const definition = { ...inLibrary, workload };

const breakpoints = Array.from({ length: Number(way) || 0 }, (_, index): Breakpoint => {
  const text = breakpointExpressions[index % breakpointExpressions.length]!;
  return { id: String(index), on: { kind: 'expression', text }, enabled: true };
});
let stops = 0;
const gate = new RunGate(
  {
    hasWish: () => false,
    take: () => undefined,
    wait: () => ({ kind: 'resume' }),
    tell: (saying) => {
      if (saying.kind === 'paused') stops++;
    },
  },
  { watch: new StopWatch(), retell: way === 'asleep' ? () => undefined : undefined, breakpoints },
);

const file = inventFile(1, Number(fileBytes));
const settings = { scenario, definition, seed: 1, loss: inLibrary.topology.link.loss, file } as const;
const heapBefore = heldBytes();
const cpuBefore = process.cpuUsage();
const threadBefore = threadTime();
const recording = new Recording(
  'bench',
  settings,
  'made up',
  { write: () => undefined },
  {
    checksum: zlibChecksum,
    tap: way === 'plain' ? undefined : gate,
  },
);
gate.attach({
  get now() {
    return recording.now;
  },
  get eventCount() {
    return recording.eventCount;
  },
  // What showing costs is not the watch's.
  standStill: (wait) => {
    wait();
  },
});
while (recording.advance(10_000));
recording.finish(false);
const thread = threadTime() - threadBefore;
const { user, system } = process.cpuUsage(cpuBefore);
const heap = heldBytes() - heapBefore;
const measured: WatchMeasurement = {
  events: recording.eventCount,
  thread,
  cpu: (user + system) / 1e6,
  heap,
  stops,
};
process.stdout.write(`${JSON.stringify(measured)}\n`);
