/** One recording at a time: starts the engine, passes its stream on, and keeps the trace until it is saved or replaced. */
import { utilityProcess, type UtilityProcess } from 'electron';
import { rmSync } from 'node:fs';
import path from 'node:path';
import { fail, succeed, type Result } from '../../shared/base/result';
import type { BridgeError, TraceStreamEvent } from '../../shared/contract/desktopBridge';
import type { RunControl } from '../../shared/contract/runControl';
import { copyTrace } from '../files/copyTrace';
import { fileProblem } from '../files/fileProblem';
import { engineEventSchema, type EngineCommand } from './engineMessages';

/** Longest time that an engine may take to stop, ms; then it is ended. */
const longestStop = 10_000;

/** See the file's head. */
export class RecordingSession {
  private engine: UtilityProcess | undefined;
  private running = false;
  private recorded: { readonly path: string; readonly name: string } | undefined;
  private nextNumber = 1;

  /**
   * @param folder for traces while nobody has saved them; private to this process
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

  /** Starts a recording, which replaces the last one. */
  start(
    request: Omit<Extract<EngineCommand, { kind: 'record' }>, 'kind' | 'tracePath' | 'application'>,
  ): Result<null, BridgeError> {
    if (this.running) return fail({ message: 'A recording is under way. Stop it first.' });
    const name = `${request.scenario}-seed-${request.seed}.sweep`;
    const tracePath = path.join(this.folder, `${this.nextNumber++}-${name}`);
    if (this.recorded !== undefined) rmSync(this.recorded.path, { force: true });
    this.recorded = { path: tracePath, name };
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
    // A driver module that never returns leaves the engine no time to look for messages.
    setTimeout(() => {
      if (this.running && engine !== undefined && engine === this.engine) engine.kill();
    }, longestStop).unref();
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
      return succeed(null);
    } catch (error) {
      return fail({ message: fileProblem(error, 'write', target) });
    }
  }

  /** Ends the engine and forgets what was not saved. */
  dispose(): void {
    this.engine?.kill();
    this.engine = undefined;
    rmSync(this.folder, { recursive: true, force: true });
  }

  private startEngine(): UtilityProcess {
    if (this.engine !== undefined) return this.engine;
    const engine = utilityProcess.fork(path.join(__dirname, 'engine.js'), [], {
      serviceName: 'Chimneysweep engine',
    });
    engine.on('message', (message: unknown) => {
      const event = engineEventSchema.parse(message);
      if (event.kind === 'end' || event.kind === 'failed') this.running = false;
      this.emit(event);
    });
    engine.on('exit', (code) => {
      this.engine = undefined;
      if (!this.running) return;
      this.running = false;
      const message = `The recording ended early: the engine stopped with code ${code}. What it had recorded can be saved.`;
      this.emit({ kind: 'failed', message });
    });
    this.engine = engine;
    return engine;
  }
}
