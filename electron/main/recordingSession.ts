/** One recording at a time: starts the engine, passes its stream on, and keeps the trace until it is saved or replaced. */
import { utilityProcess, type UtilityProcess } from 'electron';
import { existsSync, rmSync } from 'node:fs';
import path from 'node:path';
import { fail, succeed, type Result } from '../../shared/base/result';
import type { BridgeError, TraceStreamEvent } from '../../shared/contract/desktopBridge';
import type { RunControl } from '../../shared/contract/runControl';
import { copyTrace } from '../files/copyTrace';
import { fileProblem } from '../files/fileProblem';
import { engineEventSchema, type EngineCommand } from './engineMessages';

/** Longest time that an engine may take to stop, ms; then it is ended. It has ended threads that do not answer before that. */
const longestStop = 30_000;

/** What a recording leaves. */
interface RecordedTrace {
  readonly path: string;
  readonly name: string;
  /** Whether it would be lost with its file: nobody has saved it, and nobody gets it again by starting the app. */
  isMissed: boolean;
}

/** See the file's head. */
export class RecordingSession {
  private engine: UtilityProcess | undefined;
  private running = false;
  private recorded: RecordedTrace | undefined;
  private stopLimit: NodeJS.Timeout | undefined;
  private onEnded: (() => void) | undefined;
  private nextNumber = 1;
  /** See {@link start}. */
  private isRepeated = false;
  /** Recordings before the last one that somebody still looks at. */
  private others: RecordedTrace[] = [];
  /** What to do when the recording under way has ended whole. */
  private onWhole: (() => void) | undefined;

  /**
   * @param folder for traces while nobody has saved them; private to this process, and its owner's to remove
   * @param emit gets the stream
   */
  constructor(
    private readonly folder: string,
    private readonly application: string,
    private readonly emit: (event: TraceStreamEvent) => void,
  ) {}

  /** Whether a recording is under way. */
  get isRunning(): boolean {
    return this.running;
  }

  /** The trace of the last recording; undefined if there is none. */
  get lastTrace(): { readonly path: string; readonly name: string } | undefined {
    return this.recorded;
  }

  /** The file of the last recording, if it would be missed. */
  get missedTrace(): string | undefined {
    const { recorded } = this;
    return recorded?.isMissed === true && existsSync(recorded.path) ? recorded.path : undefined;
  }

  /**
   * Starts a recording, which replaces the last one.
   * @param keeps path of an earlier recording that is not removed, though another one takes its place
   * @param onWhole is called when the recording has ended by itself or by a wish
   * @param isRepeated whether every start of the app makes it again, so that it is missed only where it was cut short
   */
  start(
    request: Omit<Extract<EngineCommand, { kind: 'record' }>, 'kind' | 'tracePath' | 'application'>,
    isRepeated = false,
    { keeps, onWhole }: { readonly keeps?: string | undefined; readonly onWhole?: () => void } = {},
  ): Result<null, BridgeError> {
    if (this.running) return fail({ message: 'A recording is under way. Stop it first.' });
    const name = `${request.scenario}-seed-${request.seed}.sweep`;
    const tracePath = path.join(this.folder, `${this.nextNumber++}-${name}`);
    this.replace({ path: tracePath, name, isMissed: true }, keeps);
    this.onWhole = onWhole;
    this.isRepeated = isRepeated;
    this.running = true;
    const engine = this.startEngine();
    const command: EngineCommand = { kind: 'record', ...request, tracePath, application: this.application };
    engine.postMessage(command);
    return succeed(null);
  }

  /** Asks the engine to end the recording; its stream then ends by itself. */
  stop(): void {
    if (!this.running) return;
    const command: EngineCommand = { kind: 'stop' };
    const { engine } = this;
    engine?.postMessage(command);
    // The engine ends a thread that does not stop; this is for an engine that is stuck itself.
    this.stopLimit ??= setTimeout(() => {
      engine?.kill();
    }, longestStop);
  }

  /** Ends the recording under way, so that its file is whole, or as whole as an engine leaves it that has to be killed. */
  async end(): Promise<void> {
    if (!this.running) return;
    const ended = new Promise<void>((resolve) => (this.onEnded = resolve));
    // Cut short, it is not what the next start makes.
    this.isRepeated = false;
    this.stop();
    await ended;
  }

  /** Makes a recording of an earlier process the last one. */
  adopt(trace: { readonly path: string; readonly name: string }): void {
    this.replace({ ...trace, isMissed: true });
  }

  /** Asks something of the run under way. */
  control(control: RunControl): void {
    if (!this.running) return;
    const command: EngineCommand = { kind: 'control', control };
    this.engine?.postMessage(command);
  }

  /** Copies the last trace to where the user wants it. */
  save(target: string): Result<null, BridgeError> {
    if (this.recorded === undefined)
      return fail({ message: 'There is no recording to save. Record a scenario first.' });
    try {
      copyTrace(this.recorded.path, target);
      this.recorded.isMissed = false;
      return succeed(null);
    } catch (error) {
      return fail({ message: fileProblem(error, 'write', target) });
    }
  }

  /** Ends the engine. */
  dispose(): void {
    this.engine?.kill();
    this.engine = undefined;
  }

  /** Makes an earlier recording that is still there the last one again, which is what is saved; false if it is none. */
  recall(file: string): boolean {
    if (this.recorded?.path === file) return true;
    const found = this.others.find((one) => one.path === file);
    if (found === undefined) return false;
    this.others = this.others.filter((one) => one !== found);
    if (this.recorded !== undefined) this.others.push(this.recorded);
    this.recorded = found;
    return true;
  }

  private replace(trace: RecordedTrace, keeps?: string): void {
    const before = this.recorded === undefined ? this.others : [...this.others, this.recorded];
    this.others = before.filter((one) => one.path === keeps);
    for (const one of before) if (one.path !== keeps) rmSync(one.path, { force: true });
    this.recorded = trace;
  }

  /** Nothing more comes of the recording. */
  private ended(isWhole: boolean): void {
    this.running = false;
    clearTimeout(this.stopLimit);
    this.stopLimit = undefined;
    if (isWhole && this.isRepeated && this.recorded !== undefined) this.recorded.isMissed = false;
    if (isWhole) this.onWhole?.();
    this.onWhole = undefined;
    this.onEnded?.();
    this.onEnded = undefined;
  }

  private startEngine(): UtilityProcess {
    if (this.engine !== undefined) return this.engine;
    const engine = utilityProcess.fork(path.join(__dirname, 'engine.js'), [], {
      serviceName: 'Chimneysweep engine',
    });
    engine.on('message', (message: unknown) => {
      const event = engineEventSchema.parse(message);
      if (event.kind === 'end' || event.kind === 'failed') this.ended(event.kind === 'end');
      this.emit(event);
    });
    engine.on('exit', (code) => {
      this.engine = undefined;
      if (!this.running) return;
      this.ended(false);
      const message = `The recording ended early: the engine stopped with code ${code}. What it had recorded can be saved.`;
      this.emit({ kind: 'failed', message });
    });
    this.engine = engine;
    return engine;
  }
}
