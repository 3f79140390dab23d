/**
 * One run that is recorded into a file and shown while it goes on: emulator, recorder, rules and gate, in the thread that is theirs. It emulates
 * in slices, and hears in between what is wished of it; a gate hears it behind every record.
 */
import { realpathSync } from 'node:fs';
import path from 'node:path';
import { getHeapStatistics } from 'node:v8';
import type { TraceStreamEvent } from '../../shared/contract/desktopBridge';
import { StopWatch } from '../../shared/debug/stopWatch';
import { RuleChecker } from '../../shared/rules/engine/checker';
import { implementedRules } from '../../shared/rules/rules';
import {
  loadTrustedDriverModules,
  type LoadedDriverModules,
  type ModuleBlame,
} from '../drivers/driverModules';
import type { CodePlace } from '../drivers/moduleProblem';
import { fileProblem } from '../files/fileProblem';
import { saveTrace } from '../files/saveTrace';
import { TraceFileSink } from '../files/traceFileSink';
import { zlibChecksum } from '../files/zlibCodec';
import { Recording } from '../recorder/recording';
import { RunGate } from '../recorder/runGate';
import { Pace } from './pace';
import { planRun, type PlannedRun } from './planRun';
import { retellFile } from './retellFile';
import type { FromRun, Interruption, InterruptionAnswer, RunLimits, RunTask } from './runTask';
import { runPhases, type ThreadState } from './threadState';
import { WindowFeed } from './windowFeed';
import type { WishPort } from './wishPort';

/** Emulator events between two looks at the clock: a few milliseconds of work. */
const eventsPerSlice = 2_000;

/** Longest time between what happens and its way to the window and the disk, ms. */
const flushInterval = 100;

/** Longest time for which a run waits for real time to go by without looking around, ms. */
const longestRest = 100;

/** Records between two looks at the memory. */
const recordsPerMemoryLook = 4096;

/** What a run needs of its thread. */
export interface RunSurroundings {
  readonly wishes: WishPort;
  readonly state: ThreadState;
  readonly limits: RunLimits;
  readonly tell: (message: FromRun) => void;
  /** Ends the thread at once: nothing behind the call happens any more. */
  readonly endThread: () => void;
}

function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1e6)} MB`;
}

/** See the file's head. */
export class LiveRun {
  private readonly feed: WindowFeed;
  private readonly pace = new Pace(() => performance.now());
  private modules: LoadedDriverModules | undefined;
  private recording: Recording | undefined;
  private sink: TraceFileSink | undefined;
  private gate: RunGate | undefined;
  private untilMemoryLook = recordsPerMemoryLook;

  constructor(
    private readonly task: RunTask,
    private readonly surroundings: RunSurroundings,
  ) {
    this.feed = new WindowFeed((event) => {
      this.tell(event);
    });
  }

  /** Records the run to its end. Problems are told, not thrown. */
  async record(): Promise<void> {
    const { task } = this;
    const loaded = await loadTrustedDriverModules(task.drivers ?? {});
    if (!loaded.ok) {
      this.tell({ kind: 'failed', message: loaded.error });
      return;
    }
    this.modules = loaded.value;
    const planned = planRun(task, this.modules.modules);
    if (!planned.ok) {
      this.tell({ kind: 'failed', message: planned.error });
      return;
    }
    try {
      const running = this.begin(planned.value);
      await this.emulate(running);
      await this.finish(running);
    } catch (error) {
      const message =
        error instanceof Error && 'code' in error
          ? fileProblem(error, 'write', task.tracePath)
          : `The emulated stack stopped: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`;
      this.tell({ kind: 'failed', message });
    } finally {
      this.sink?.close();
    }
  }

  /** Somebody has stopped the thread wherever it was, and asks what is to become of the run. */
  interrupted({ why, stack }: Interruption): InterruptionAnswer {
    const { state } = this.surroundings;
    if ((state.beats & 1) !== 0) return 'later';
    const loading = this.modules === undefined ? this.moduleUnderLoad(stack) : undefined;
    if (loading !== undefined) {
      this.close({
        message: `${path.basename(loading)}: does not return while it is loaded.`,
        place: undefined,
      });
      return 'closed';
    }
    const does = {
      'no-progress': 'does not return',
      memory: 'takes more memory than a run may have',
      stop: 'does not return, and had to be ended',
    }[why];
    const blame = this.modules?.blameCode(stack, does);
    if (blame === undefined && why === 'no-progress') return 'goes-on';
    const ours =
      why === 'memory' ? 'The run takes more memory than it may have.' : 'The run had to be ended.';
    this.close(blame ?? { message: ours, place: undefined });
    return 'closed';
  }

  /** Something has gone wrong that no call returns with: an error in a callback of Node's, or the end of the thread. */
  broken(error: unknown): void {
    const blame = this.modules?.blame(error);
    const message = error instanceof Error ? error.message : String(error);
    this.close(blame ?? { message: `The emulated stack stopped: ${message}`, place: undefined });
  }

  /** Somebody has called process.exit: whoever that is ends its run. */
  exited(code: string): void {
    const does = `called process.exit(${code})`;
    this.close(this.modules?.blameCaller(does) ?? { message: `Somebody ${does}.`, place: undefined });
  }

  /** A file of a module, or beside one, whose code runs while modules are loaded. */
  private moduleUnderLoad(stack: readonly CodePlace[]): string | undefined {
    const files = Object.values(this.task.drivers ?? {}).filter((file) => file !== undefined);
    const folders = files.map((file) => realpathSync(path.dirname(file)) + path.sep);
    return stack.find(({ script }) => folders.some((folder) => script.startsWith(folder)))?.script;
  }

  private tell(event: TraceStreamEvent): void {
    this.surroundings.tell({ kind: 'stream', event });
  }

  private tellCost(recording: Recording, saveMilliseconds?: number): void {
    const { cost } = recording;
    if (cost === undefined) return;
    this.tell({
      kind: 'recording-cost',
      cost: saveMilliseconds === undefined ? cost : { ...cost, saveMilliseconds },
    });
  }

  private begin({ settings, fileName, title, options, hasSource }: PlannedRun): Recording {
    const { task, surroundings, feed, pace } = this;
    const { wishes, state } = surroundings;
    const sink = new TraceFileSink(task.tracePath);
    this.sink = sink;
    this.tell({ kind: 'begin', origin: 'recording', name: title });
    const { breakOnFinding: least, breakpoints } = task;
    const wantsFindings =
      least !== undefined || breakpoints?.some(({ on }) => on.kind === 'finding') === true;
    const checker = wantsFindings ? new RuleChecker(implementedRules) : undefined;
    const gate = new RunGate(
      {
        hasWish: () => wishes.hasWish(),
        take: () => wishes.take(),
        wait: () => wishes.wait(),
        tell: (saying) => {
          if (saying.kind === 'paused') {
            feed.flush();
            if (this.recording !== undefined) this.tellCost(this.recording);
          }
          this.tell(saying);
        },
      },
      {
        checker,
        least,
        watch: new StopWatch(),
        retell: (to) => {
          this.recording?.flushAll();
          retellFile(task.tracePath, to, () => {
            // Two: in the midst of a record nobody is asked anything.
            state.beat();
            state.beat();
          });
        },
        breakpoints,
        startPaused: task.startPaused,
        onOther: (wish) => {
          if (wish.kind === 'edit') this.recording?.edit(wish.edit);
          else pace.set(wish.factor ?? undefined, this.recording?.now ?? 0);
        },
      },
    );
    this.gate = gate;
    state.phase = runPhases.running;
    const recording: Recording = new Recording(
      task.application,
      settings,
      fileName,
      {
        write: (bytes) => {
          sink.write(bytes);
          feed.add(bytes);
        },
      },
      {
        ...options,
        checksum: zlibChecksum,
        clock: () => performance.now(),
        checker,
        sourceOfCall: hasSource ? this.modules?.sourceOfCall : undefined,
        tap: {
          get wantsRecords() {
            return gate.wantsRecords;
          },
          begins: () => {
            state.beat();
          },
          recorded: (event, time, record) => {
            state.beat();
            if (--this.untilMemoryLook <= 0) this.lookAtMemory();
            gate.recorded(event, time, record);
          },
        },
      },
    );
    gate.attach({
      get now() {
        return recording.now;
      },
      get eventCount() {
        return recording.eventCount;
      },
      standStill: (wait) => {
        recording.standStill(wait);
        pace.restart(recording.now);
      },
    });
    this.recording = recording;
    pace.set(task.pace, recording.now);
    return recording;
  }

  private async emulate(recording: Recording): Promise<void> {
    const { pace, feed } = this;
    const { wishes } = this.surroundings;
    const gate = this.gate!;
    let flushed = performance.now();
    for (;;) {
      gate.betweenEvents();
      if (gate.isStopped) return;
      const { until } = pace;
      if (!this.advance(recording, until)) return;
      if (performance.now() - flushed > flushInterval) {
        recording.flush();
        this.tellCost(recording);
        flushed = performance.now();
      }
      gate.flushLogs();
      feed.flush();
      this.tell({ kind: 'progress', fraction: Math.min(1, recording.progress) });
      // Modules may have promises of their own.
      await new Promise((resolve) => setImmediate(resolve));
      if (until !== undefined && recording.nextTime > until) {
        const delay = pace.delayTo(recording.nextTime);
        if (delay > 0) wishes.rest(Math.min(delay, longestRest));
      }
    }
  }

  private advance(recording: Recording, until: number | undefined): boolean {
    try {
      return recording.advance(eventsPerSlice, until);
    } catch (error) {
      const blame = this.modules?.blame(error);
      if (blame === undefined) throw error;
      this.surroundings.state.rest();
      recording.fail(blame.message, blame.place);
      return false;
    }
  }

  private async finish(recording: Recording): Promise<void> {
    const { task, feed, surroundings } = this;
    surroundings.state.phase = runPhases.ending;
    recording.finish(this.gate?.isStopped === true);
    this.gate?.flushLogs();
    feed.flush();
    this.sink?.close();
    const saveBegun = performance.now();
    await saveTrace(task.tracePath, recording.wasFlushed);
    this.tellCost(recording, performance.now() - saveBegun);
    this.tell({ kind: 'end' });
  }

  /** Finishes the recording wherever the run stands: nothing of the run may happen behind that. */
  private close({ message, place }: ModuleBlame): void {
    const { recording, surroundings, feed } = this;
    const { state } = surroundings;
    if (state.phase === runPhases.ending) return;
    state.phase = runPhases.ending;
    state.rest();
    if (recording === undefined || this.sink === undefined) {
      surroundings.tell({ kind: 'refused', message });
      return;
    }
    if (this.gate !== undefined) this.gate.isStopped = true;
    recording.fail(message, place);
    recording.finish(false);
    feed.flush();
    this.sink.close();
    surroundings.tell({ kind: 'closed' });
  }

  private lookAtMemory(): void {
    this.untilMemoryLook = recordsPerMemoryLook;
    const { limits, endThread } = this.surroundings;
    if (getHeapStatistics().used_heap_size < limits.heapBytes) return;
    const does = `takes more memory than a run may have (${megabytes(limits.heapBytes)})`;
    this.close(this.modules?.blameHandler(does) ?? { message: `The run ${does}.`, place: undefined });
    endThread();
  }
}
