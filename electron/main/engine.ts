/**
 * The engine: a utility process that runs the emulated stack and records it, so that the window stays at hand. It emulates in
 * slices and looks for a wish to stop in between.
 */
import path from 'node:path';
import type { TraceStreamEvent } from '../../shared/contract/desktopBridge';
import { scenarioDescription } from '../../shared/contract/scenarios';
import { loadTrustedDriverModules } from '../drivers/driverModules';
import { inventFile } from '../emulator/scenarios/scenarioRun';
import { fileProblem } from '../files/fileProblem';
import { readSourceFile } from '../files/sourceFile';
import { saveTrace } from '../files/saveTrace';
import { TraceFileSink } from '../files/traceFileSink';
import { zlibChecksum } from '../files/zlibCodec';
import { RuleChecker } from '../../shared/rules/engine/checker';
import { implementedRules } from '../../shared/rules/rules';
import { Recording } from '../recorder/recording';
import { RunPauses } from '../recorder/runPauses';
import { engineCommandSchema, type EngineCommand } from './engineMessages';

/** Emulator events between two looks at the message queue: a few milliseconds of work. */
const eventsPerSlice = 2_000;

/** Bytes of trace that go to the window in one message at most; what there is goes after each slice. */
const bytesPerMessage = 256 * 1024;

/** Longest time between what happens and its way to the window and the disk, ms. */
const flushInterval = 100;

const port = process.parentPort;
let stopWanted = false;
let pauses: RunPauses | undefined;
/** Wakes a run that stands still. */
let wake: (() => void) | undefined;

function tell(event: TraceStreamEvent): void {
  port.postMessage(event);
}

function tellCost({ cost }: Recording, saveMilliseconds?: number): void {
  if (cost === undefined) return;
  tell({
    kind: 'recording-cost',
    cost: saveMilliseconds === undefined ? cost : { ...cost, saveMilliseconds },
  });
}

/** Collects the pieces of a trace and sends them to the window in larger ones; each message owns its memory. */
class WindowFeed {
  private pieces: Uint8Array[] = [];
  private length = 0;

  add(bytes: Uint8Array): void {
    this.pieces.push(bytes.slice());
    this.length += bytes.length;
    if (this.length >= bytesPerMessage) this.flush();
  }

  flush(): void {
    if (this.length === 0) return;
    const message = new Uint8Array(this.length);
    let at = 0;
    for (const piece of this.pieces) {
      message.set(piece, at);
      at += piece.length;
    }
    this.pieces = [];
    this.length = 0;
    tell({ kind: 'bytes', bytes: message });
  }
}

/** Shows everything up to where the run stands, says why, and waits until it goes on or ends. */
async function standStill(recording: Recording, why: RunPauses, feed: WindowFeed): Promise<void> {
  recording.flushAll();
  feed.flush();
  tellCost(recording);
  const pause = why.takePause();
  if (pause !== undefined) tell({ kind: 'paused', pause });
  while (recording.isPaused && !stopWanted) await new Promise<void>((resolve) => (wake = resolve));
  wake = undefined;
  tell({ kind: 'resumed' });
}

async function record(command: Extract<EngineCommand, { kind: 'record' }>): Promise<void> {
  const description = scenarioDescription(command.scenario);
  let file: Uint8Array;
  let name = `made up from seed ${command.seed}`;
  if (command.file === undefined) file = inventFile(command.seed, description.defaultFileBytes);
  else {
    const source = readSourceFile(command.file);
    if (!source.ok) {
      tell({ kind: 'failed', message: source.error });
      return;
    }
    file = source.value;
    name = path.basename(command.file);
  }
  const loaded = await loadTrustedDriverModules(command.drivers ?? {});
  if (!loaded.ok) {
    tell({ kind: 'failed', message: loaded.error });
    return;
  }
  const { modules: drivers, describe } = loaded.value;
  let sink: TraceFileSink | undefined;
  try {
    sink = new TraceFileSink(command.tracePath);
    const feed = new WindowFeed();
    const { scenario, seed, loss, link } = command;
    tell({ kind: 'begin', origin: 'recording', name: description.title });
    const traceFile = sink;
    const { breakOnFinding } = command;
    const checker = breakOnFinding === undefined ? undefined : new RuleChecker(implementedRules);
    const recording = new Recording(
      command.application,
      { scenario, seed, loss, link, file, drivers },
      name,
      {
        write: (bytes) => {
          traceFile.write(bytes);
          feed.add(bytes);
        },
      },
      { checksum: zlibChecksum, clock: () => performance.now(), checker },
    );
    pauses = new RunPauses(recording, checker, breakOnFinding);
    let running = true;
    let flushed = performance.now();
    while (running && !stopWanted) {
      try {
        running = recording.advance(eventsPerSlice);
      } catch (error) {
        const problem = describe(error);
        if (problem === undefined) throw error;
        recording.fail(problem);
        running = false;
      }
      if (performance.now() - flushed > flushInterval) {
        recording.flush();
        tellCost(recording);
        flushed = performance.now();
      }
      if (running && recording.isPaused) await standStill(recording, pauses, feed);
      feed.flush();
      tell({ kind: 'progress', fraction: Math.min(1, recording.progress) });
      await new Promise((resolve) => setImmediate(resolve));
    }
    recording.finish(running);
    feed.flush();
    sink.close();
    const saveBegun = performance.now();
    await saveTrace(command.tracePath, recording.wasFlushed);
    tellCost(recording, performance.now() - saveBegun);
    tell({ kind: 'end' });
  } catch (error) {
    const message =
      error instanceof Error && 'code' in error
        ? fileProblem(error, 'write', command.tracePath)
        : `The emulated stack stopped: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`;
    tell({ kind: 'failed', message });
  } finally {
    pauses = undefined;
    sink?.close();
  }
}

port.on('message', ({ data }: { data: unknown }) => {
  const command = engineCommandSchema.parse(data);
  if (command.kind === 'stop') stopWanted = true;
  else if (command.kind === 'control') pauses?.control(command.control);
  else {
    stopWanted = false;
    void record(command);
  }
  wake?.();
});
