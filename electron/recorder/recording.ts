/** Runs a scenario and records it: the one way in which window and command line make a trace. */
import type { RunReport } from '../../shared/analysis/runReport';
import { captureComment, FrameTaps } from '../../shared/capture/frameTaps';
import { PcapngWriter, type CaptureSink } from '../../shared/capture/pcapngWriter';
import type { DriverPlace } from '../../shared/contract/recording';
import type { LiveEdit } from '../../shared/contract/liveEdit';
import type { RecordingCost } from '../../shared/contract/recordingCost';
import type { TraceEncoderOptions, TraceSink } from '../../shared/trace/traceEncoder';
import type { MonotonicClock } from '../../shared/trace/encodingMeter';
import { RingTrace } from '../../shared/trace/ringTrace';
import type { RuleChecker } from '../../shared/rules/engine/checker';
import { checkingProbe } from '../emulator/observe/checkingProbe';
import { sourceProbe, type SourceOfCall } from '../emulator/observe/sourceProbe';
import { tappedProbe, type RecordTap } from '../emulator/observe/recordTap';
import { ScenarioRun } from '../emulator/scenarios/scenarioRun';
import type { ScenarioSettings } from '../emulator/scenarios/scenarioSettings';
import type { Probe } from '../emulator/probe';
import { captureProbe } from './captureProbe';
import { recordingHeader } from './recordingHeader';
import { RecordingMeter } from './recordingMeter';
import { TraceRecorder } from './traceRecorder';

/** Bytes kept of each frame; headers and 16 bytes behind them are kept in any case. */
export const defaultSnapLength = 64;

/** What differs from the usual in a recording. */
export interface RecordingOptions {
  /** Bytes kept of each frame in the trace. */
  readonly snapLength?: number | undefined;
  /** CRC-32, where a room has a faster one than ours. */
  readonly checksum?: TraceEncoderOptions['checksum'];
  /** As of a TraceEncoder: without it a sink that fails ends the run. */
  readonly onSinkError?: TraceEncoderOptions['onSinkError'];
  /** Keeps only what happens in the last so many ns of virtual time, in memory, and writes it when the run is finished. */
  readonly keepLast?: number | undefined;
  /** Measures what recording costs; the trace is the same with it and without it. */
  readonly clock?: MonotonicClock | undefined;
  /** A capture of whole frames besides the trace, at interfaces with these names; by default the wire sides of all adapters. */
  readonly capture?:
    { readonly sink: CaptureSink; readonly taps?: readonly string[] | undefined } | undefined;
  /** Rules that look at the run while it is recorded; the trace is the same with them and without. */
  readonly checker?: RuleChecker | undefined;
  /** Where in the source of driver modules calls are made; undefined: the trace does not say. */
  readonly sourceOfCall?: SourceOfCall | undefined;
  /** Stands behind every record, and may hold the run there. */
  readonly tap?: RecordTap | undefined;
}

/** See the file's head. */
export class Recording {
  private readonly recorder: TraceRecorder;
  private readonly run: ScenarioRun;
  private readonly ring: RingTrace | undefined;
  private readonly meter: RecordingMeter | undefined;
  private readonly checker: RuleChecker | undefined;
  /** What goes into a capture besides; undefined without one. */
  readonly taps: FrameTaps | undefined;

  /** @param application name and version, for the headers of trace and capture. */
  constructor(
    application: string,
    settings: ScenarioSettings,
    fileName: string,
    private readonly sink: TraceSink,
    {
      snapLength = defaultSnapLength,
      capture,
      checksum,
      onSinkError,
      keepLast,
      clock,
      checker,
      sourceOfCall,
      tap,
    }: RecordingOptions = {},
  ) {
    const header = recordingHeader(application, settings, fileName, snapLength, {
      keepLast,
      hasSource: sourceOfCall !== undefined,
    });
    if (keepLast !== undefined) this.ring = new RingTrace(header, { keep: keepLast });
    if (clock !== undefined) this.meter = new RecordingMeter(clock);
    this.meter?.beginRun();
    const meter = this.meter?.encoding;
    // A ring makes the index of what it has kept.
    const hasIndex = this.ring === undefined;
    this.recorder = new TraceRecorder(header, this.ring ?? sink, { checksum, onSinkError, hasIndex, meter });
    let probe: Probe = this.recorder;
    this.checker = checker;
    if (checker !== undefined) probe = checkingProbe(probe, checker, snapLength);
    if (capture !== undefined) {
      const section = {
        application,
        comment: captureComment(settings.scenario, settings.seed),
      };
      this.taps = new FrameTaps(new PcapngWriter(capture.sink, section), {
        names: capture.taps,
        snapLength: 0,
      });
      probe = captureProbe(probe, this.taps);
    }
    if (tap !== undefined) probe = tappedProbe(probe, tap, snapLength);
    if (sourceOfCall !== undefined) probe = sourceProbe(probe, sourceOfCall);
    this.run = new ScenarioRun(probe, settings);
    this.meter?.endRun();
  }

  /** 0 to 1. */
  get progress(): number {
    return this.run.progress;
  }

  /** Virtual time, ns. */
  get now(): number {
    return this.run.now;
  }

  /** When the next thing happens, virtual ns; Infinity if nothing is left to happen. */
  get nextTime(): number {
    return this.run.nextTime;
  }

  /** Hands over everything that has been recorded, and then waits, in the midst of whatever goes on; what waiting takes is not the run's time. */
  standStill(wait: () => void): void {
    if (this.ring === undefined) this.recorder.flushAll();
    this.meter?.endRun();
    try {
      wait();
    } finally {
      this.meter?.beginRun();
    }
  }

  /** Records that the sink did not take. */
  get lostCount(): number {
    return this.recorder.lostCount;
  }

  /** Records so far. */
  get eventCount(): number {
    return this.recorder.eventCount;
  }

  /** What recording has cost so far; undefined without a clock. */
  get cost(): RecordingCost | undefined {
    return this.meter?.cost(this.recorder.eventCount);
  }

  /** Whether `flush` has closed chunks early: a saved trace must not depend on when that was. */
  get wasFlushed(): boolean {
    return this.recorder.wasFlushed;
  }

  /** For a clock to call: hands what has been recorded so far to the sink, if nothing went there since the last call. What is not there is lost if the process dies. */
  flush(): void {
    // What a ring keeps must not depend on clocks.
    if (this.ring === undefined) this.measured(() => this.recorder.flush());
  }

  /** Hands everything that has been recorded so far to the sink: somebody looks at it while nothing goes on. */
  flushAll(): void {
    if (this.ring === undefined) this.measured(() => this.recorder.flushAll());
  }

  /** Runs up to `events` events of the emulator, and none that is due after `until`, virtual ns; false when the run has ended. */
  advance(events: number, until?: number): boolean {
    return this.measured(() => {
      const goesOn = this.run.advance(events, until);
      // A ring forgets whole chunks.
      if (this.ring !== undefined) this.recorder.flush();
      return goesOn;
    });
  }

  /** Has the run do something by hand, at the present virtual time; the trace says so. */
  edit(edit: LiveEdit): void {
    this.run.edit(edit);
  }

  /** The run can't go on; the trace and `finish` say why. `place`: where the driver module stands that is to blame. */
  fail(message: string, place?: DriverPlace): void {
    this.run.fail(message, place);
  }

  /** Closes the trace and answers its report; `stopped` says that the run was ended early. */
  finish(stopped: boolean): RunReport {
    return this.measured(() => {
      const report = this.run.report(stopped);
      const end = this.recorder.eventCount;
      this.recorder.finish(report);
      this.checker?.onRecord({ kind: 'end', report: '' }, end, report.virtualTime);
      this.checker?.finish();
      this.meter?.encoding.beginWork();
      this.ring?.save(this.sink, undefined);
      this.meter?.encoding.endWork();
      this.taps?.finish(report.virtualTime);
      return report;
    });
  }

  /** Does what belongs to the run, with a look at the clock around it. */
  private measured<Answer>(work: () => Answer): Answer {
    if (this.meter?.isRunning === true) return work();
    this.meter?.beginRun();
    try {
      return work();
    } finally {
      this.meter?.endRun();
    }
  }
}
