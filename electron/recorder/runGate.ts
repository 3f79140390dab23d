/**
 * Lets a recording stand still behind any record, also in the midst of an event: where somebody asks for it, a rule is broken, a breakpoint is
 * met, or a step has come to its end. How it waits is whoever runs it to say. What happens in the run, and its trace, are the same.
 */
import { ruleSeverities } from '../../shared/contract/ruleSeverity';
import type { BreakpointLog, RunControl, RunPause } from '../../shared/contract/runControl';
import type { Breakpoint } from '../../shared/debug/breakpoints';
import type { StopCondition } from '../../shared/debug/stopCondition';
import type { RuleSeverity } from '../../shared/rules/catalogue';
import type { RuleChecker } from '../../shared/rules/engine/checker';
import type { Finding } from '../../shared/rules/engine/finding';
import type { EventId, TraceRecord, VirtualTime } from '../../shared/trace/records';
import type { RecordTap } from '../emulator/observe/recordTap';

/** What may be asked of a run by whoever has it: what the window may, and its end. */
export type RunWish = RunControl | { readonly kind: 'stop' };

/** Who decides at which records a run stops; a StopWatch is one. */
export interface RunWatch {
  /** What the record that came last meets; undefined where that is nothing. */
  readonly hit:
    | { readonly breakpoints: readonly { readonly breakpoint: string }[]; readonly isStepDone: boolean }
    | undefined;
  /** What log-points say of it. */
  readonly logs: readonly BreakpointLog[];
  setBreakpoints(breakpoints: readonly Breakpoint[]): unknown;
  /** Undefined: no step is under way. */
  stopAt(until: StopCondition | undefined): void;
  /** A rule is broken by the record that comes next. */
  onFinding(finding: Finding): void;
  onRecord(record: TraceRecord, event: EventId, time: VirtualTime): void;
}

/** What the gate says, in the words of the stream to the window. */
export type GateSaying =
  | { readonly kind: 'paused'; readonly pause: RunPause }
  | { readonly kind: 'resumed' }
  | { readonly kind: 'breakpoint-logs'; readonly logs: readonly BreakpointLog[] };

/** The gate's way to whoever has the run. */
export interface GatePorts {
  /** Whether somebody may have said something; asked at every record, so that it must cost nothing. */
  hasWish(): boolean;
  /** What was said next, without waiting; undefined: nothing. */
  take(): RunWish | undefined;
  /** Waits for what is said next. */
  wait(): RunWish;
  tell(saying: GateSaying): void;
}

/** What of a recording the gate needs. */
export interface GatedRecording {
  /** Virtual time, ns. */
  readonly now: VirtualTime;
  readonly eventCount: number;
  /** Shows everything up to here, and waits. */
  standStill(wait: () => void): void;
}

/** What a gate begins with. */
export interface RunGateOptions {
  /** Looks at the run while it goes on; without one it pauses at no findings. */
  readonly checker?: RuleChecker | undefined;
  /** Severity from which on a finding pauses the run; undefined: none does. */
  readonly least?: RuleSeverity | undefined;
  readonly watch?: RunWatch | undefined;
  /**
   * Tells everything that has been recorded so far, that in hand included. With it, the watch sleeps until there is something to look for, and costs
   * nothing by then; without it, it sees every record as it is made.
   */
  readonly retell?:
    ((to: (record: TraceRecord, event: EventId, time: VirtualTime) => void) => void) | undefined;
  readonly breakpoints?: readonly Breakpoint[] | undefined;
  /** Whether it stops at the first record. */
  readonly startPaused?: boolean | undefined;
  /** Is told of wishes that are not about standing still: those that the gate leaves to others. */
  readonly onOther?: ((wish: Extract<RunWish, { kind: 'pace' | 'edit' }>) => void) | undefined;
}

/** Logs that wait for their way to the window, at most. */
const mostLogs = 1000;

/** See the file's head. */
export class RunGate implements RecordTap {
  /** Whether the run is to end; the gate lets everything pass then. */
  isStopped = false;
  private recording: GatedRecording | undefined;
  private readonly watch: RunWatch | undefined;
  private readonly retell: RunGateOptions['retell'];
  /** Whether the watch sees records: it knows all that came before then. */
  private isAwake: boolean;
  private readonly onOther: RunGateOptions['onOther'];
  private least: RuleSeverity | undefined;
  /** Findings of the record in hand that are grave enough. */
  private found: Finding[] = [];
  private asked = false;
  private logs: BreakpointLog[] = [];

  constructor(
    private readonly ports: GatePorts,
    { checker, least, watch, retell, breakpoints = [], startPaused = false, onOther }: RunGateOptions = {},
  ) {
    this.least = least;
    this.watch = watch;
    this.retell = retell;
    this.isAwake = watch !== undefined && (retell === undefined || breakpoints.length > 0);
    this.onOther = onOther;
    this.asked = startPaused;
    if (breakpoints.length > 0) watch?.setBreakpoints(breakpoints);
    if (checker !== undefined)
      checker.onFinding = (finding) => {
        this.onFinding(finding);
      };
  }

  /** Says which recording it is about, before anything is recorded. */
  attach(recording: GatedRecording): void {
    this.recording = recording;
  }

  get wantsRecords(): boolean {
    return this.isAwake;
  }

  begins(): void {
    // What stops the run is known behind the record.
  }

  recorded(event: EventId, time: VirtualTime, record: TraceRecord | undefined): void {
    const { watch } = this;
    let hit: RunWatch['hit'];
    if (record !== undefined && watch !== undefined && this.isAwake) {
      watch.onRecord(record, event, time);
      if (watch.logs.length > 0) this.log(watch.logs);
      // Wishes change what the watch looks for, but not what it has found.
      ({ hit } = watch);
    }
    // What is recorded before the recording is known can't be told again yet.
    if (this.recording === undefined) return;
    if (this.ports.hasWish()) this.hear();
    if (this.isStopped) return;
    const pause = this.pauseAt(event, time, hit);
    if (pause !== undefined) this.stand(pause);
  }

  /** For whoever runs the recording, between events: hears what was said, and stands still if that was asked for. */
  betweenEvents(): void {
    if (this.ports.hasWish()) this.hear();
    this.flushLogs();
    if (!this.asked || this.isStopped || this.recording === undefined) return;
    const { now, eventCount } = this.recording;
    this.stand({ cause: 'asked', time: now, event: eventCount - 1 });
  }

  /** Says what log-points have said since the last time. */
  flushLogs(): void {
    if (this.logs.length === 0) return;
    const { logs } = this;
    this.logs = [];
    this.ports.tell({ kind: 'breakpoint-logs', logs });
  }

  /** Hears everything that was said, while the run goes on. */
  private hear(): void {
    for (let wish = this.ports.take(); wish !== undefined; wish = this.ports.take()) this.hearOne(wish);
  }

  /** Answers whether a run that stands still goes on. */
  private hearOne(wish: RunWish): boolean {
    switch (wish.kind) {
      case 'stop':
        this.isStopped = true;
        return true;
      case 'pause':
        this.asked = true;
        return false;
      case 'resume':
        this.asked = false;
        this.watch?.stopAt(undefined);
        return true;
      case 'step':
        this.asked = false;
        this.wake();
        this.watch?.stopAt(wish.until);
        return true;
      case 'breakpoints':
        if (wish.breakpoints.length > 0) this.wake();
        if (this.isAwake) this.watch?.setBreakpoints(wish.breakpoints);
        return false;
      case 'break-on':
        this.least = wish.least ?? undefined;
        return false;
      case 'pace':
      case 'edit':
        this.onOther?.(wish);
        return false;
    }
  }

  /** From here on the watch sees every record, and knows what came before. */
  private wake(): void {
    const { watch, retell } = this;
    if (this.isAwake || watch === undefined) return;
    this.isAwake = true;
    retell?.((record, event, time) => {
      watch.onRecord(record, event, time);
    });
  }

  /** Why the run stops at the record in hand: the gravest reason, if there is any. */
  private pauseAt(event: EventId, time: VirtualTime, hit: RunWatch['hit']): RunPause | undefined {
    const { found } = this;
    if (found.length > 0) {
      this.found = [];
      const gravest = ruleSeverities
        .map((severity) => found.find((finding) => finding.severity === severity))
        .find((finding) => finding !== undefined);
      if (gravest !== undefined) {
        const { rule, severity, found: text, events } = gravest;
        return { cause: 'finding', time, event, rule, severity, found: text, events, count: found.length };
      }
    }
    if (hit !== undefined && hit.breakpoints.length > 0) {
      const breakpoints = [...new Set(hit.breakpoints.map(({ breakpoint }) => breakpoint))];
      return { cause: 'breakpoint', time, event, breakpoints };
    }
    if (hit?.isStepDone === true) return { cause: 'step', time, event };
    return this.asked ? { cause: 'asked', time, event } : undefined;
  }

  private stand(pause: RunPause): void {
    const { ports } = this;
    this.asked = false;
    this.watch?.stopAt(undefined);
    this.recording?.standStill(() => {
      this.flushLogs();
      ports.tell({ kind: 'paused', pause });
      while (!this.hearOne(ports.wait()));
      // Who asked for a pause while it stood has got one.
      this.asked = false;
      ports.tell({ kind: 'resumed' });
    });
  }

  private log(logs: readonly BreakpointLog[]): void {
    for (const { breakpoint, event, time, text } of logs) this.logs.push({ breakpoint, event, time, text });
    if (this.logs.length >= mostLogs) this.flushLogs();
  }

  private onFinding(finding: Finding): void {
    const { least } = this;
    if (this.isAwake) this.watch?.onFinding(finding);
    if (least === undefined || ruleSeverities.indexOf(finding.severity) > ruleSeverities.indexOf(least))
      return;
    this.found.push(finding);
  }
}
