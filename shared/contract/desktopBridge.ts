/**
 * The contract between the window and the main process: the only things that a page may ask of the desktop. The preload
 * exposes one object of this type as `window.chimneysweep`; in the web viewer it is absent.
 */
import { z } from 'zod';
import type { Result } from '../base/result';
import type { DriverPlace, RecordingRequest } from './recording';
import {
  breakpointLogSchema,
  runPauseSchema,
  type BreakpointLog,
  type RunControl,
  type RunPause,
} from './runControl';
import type {
  OpenedScenario,
  RunAgainRequest,
  SaveScenarioRequest,
  ScenarioFile,
  ScenarioRunRequest,
} from './scenarioFiles';
import { runComparisonSchema, type RunComparison } from './runComparison';
import { recordingCostSchema, type RecordingCost } from './recordingCost';

/** A problem in words that tell the user what to do. */
export interface BridgeError {
  readonly message: string;
}

/** A file that the main process knows by a token; the page never learns or names paths. */
export interface ChosenFile {
  readonly token: string;
  readonly name: string;
  readonly bytes: number;
}

/** A driver module that the user trusts until the app ends; the main process knows it by a token. */
export interface ChosenDriverModule {
  readonly token: string;
  readonly name: string;
  /** Which built-in driver it stands in for, or whether it stands above the adapter. */
  readonly place: DriverPlace;
}

/** A recording that an earlier process of the app made and nobody has saved. */
export interface LeftRecording {
  readonly name: string;
  readonly bytes: number;
  /** When it was last written to, ms since 1970. */
  readonly recordedAt: number;
}

/** Where a trace comes from: a recording under way, a file of the user's, or a {@link LeftRecording}. */
export const traceOrigins = ['recording', 'file', 'left'] as const;

/** See {@link traceOrigins}. */
export type TraceOrigin = (typeof traceOrigins)[number];

/** What may be done with a {@link LeftRecording}. */
export const leftChoices = ['open', 'discard'] as const;

/** See {@link leftChoices}. */
export type LeftChoice = (typeof leftChoices)[number];

/** What arrives in the window about the trace that it shows. `begin` replaces the trace shown before. */
export type TraceStreamEvent =
  | {
      readonly kind: 'begin';
      readonly origin: TraceOrigin;
      readonly name: string;
      /** By which the main process knows its file; absent where it does not. */
      readonly trace?: string | undefined;
    }
  /** Further bytes of it. */
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
  /** How far a recording or an opening has come, 0 to 1, when it is known. */
  | { readonly kind: 'progress'; readonly fraction: number }
  /** What recording has cost so far; a recording that ends tells it a last time, with what saving took. */
  | { readonly kind: 'recording-cost'; readonly cost: RecordingCost }
  /** The run stands still; everything up to there has arrived. */
  | { readonly kind: 'paused'; readonly pause: RunPause }
  /** It goes on. */
  | { readonly kind: 'resumed' }
  /** Log-points have said something; the events have arrived or are about to. */
  | { readonly kind: 'breakpoint-logs'; readonly logs: readonly BreakpointLog[] }
  /** A run that was made again has been compared with the one before it. */
  | { readonly kind: 'compared'; readonly comparison: RunComparison }
  /** It could not be. */
  | { readonly kind: 'not-compared'; readonly message: string }
  /** The driver module of the last run, or a file that it imports, has changed on the disk: the next run has the new code. */
  | { readonly kind: 'driver-changed'; readonly token: string; readonly name: string }
  /** No more bytes come. */
  | { readonly kind: 'end' }
  /** No more bytes come because of a problem. */
  | { readonly kind: 'failed'; readonly message: string };

/** Commands that the native menu sends to the window. */
export const menuCommands = [
  'open-trace',
  'save-trace',
  'record',
  'stop',
  'pause',
  'resume',
  'choose-scenario',
  'edit-scenario',
  'run-again',
  'run-with-driver',
  'toggle-theme',
  'zoom-fit',
  'show-help',
] as const;

/** A command of the native menu. */
export type MenuCommand = (typeof menuCommands)[number];

/** See the file's head. Every promise resolves; problems are values. */
export interface DesktopBridge {
  readonly application: { readonly version: string; readonly electron: string; readonly sandboxed: boolean };
  /** Tells the main process that the window listens; the start-up job (demonstration or file) begins after it. */
  ready(): void;
  /** Tells the main process that everything received so far is on the screen; `whole`: a trace that has arrived whole. */
  settled(whole: boolean): void;
  startRecording(request: RecordingRequest): Promise<Result<null, BridgeError>>;
  stopRecording(): Promise<void>;
  /** Asks something of the run under way; nothing where there is none. */
  controlRecording(control: RunControl): Promise<void>;
  /** Lets the user choose a trace; it then arrives as a stream. False: cancelled. */
  openTrace(): Promise<Result<boolean, BridgeError>>;
  /** Lets the user choose a file to send. */
  chooseFileToSend(): Promise<Result<ChosenFile | null, BridgeError>>;
  /** Lets the user choose a driver module and asks whether it is trusted. Null: cancelled. */
  chooseDriverModule(): Promise<Result<ChosenDriverModule | null, BridgeError>>;
  /** Registers a dropped file as a file to send. */
  registerFile(file: unknown): Promise<Result<ChosenFile, BridgeError>>;
  /** Saves the trace of the last recording where the user chooses. Null: cancelled. */
  saveTrace(): Promise<Result<{ readonly name: string } | null, BridgeError>>;
  /** The newest recording that was left behind. Null: there is none. */
  leftRecording(): Promise<LeftRecording | null>;
  /** Opens it, which makes it the last recording and can be saved as such, or removes it for good. */
  settleLeft(choice: LeftChoice): Promise<Result<null, BridgeError>>;
  /** Lets the user choose a scenario file. Null: cancelled. */
  openScenario(): Promise<Result<OpenedScenario | null, BridgeError>>;
  /** Reads a dropped scenario file. Null: it has no path, so that the page has to read it. */
  readScenario(file: unknown): Promise<Result<OpenedScenario | null, BridgeError>>;
  /** Saves a scenario into its file, or where the user chooses. Null: cancelled. */
  saveScenario(request: SaveScenarioRequest): Promise<Result<ScenarioFile | null, BridgeError>>;
  /** Records a scenario that is a text. */
  runScenario(request: ScenarioRunRequest): Promise<Result<null, BridgeError>>;
  /** Makes the run of a trace again, and compares the two when it has ended. */
  runAgain(request: RunAgainRequest): Promise<Result<null, BridgeError>>;
  /** Opens a dropped trace; it then arrives as a stream. False: it has no path, so that the page has to read it. */
  openDroppedTrace(file: unknown): Promise<Result<boolean, BridgeError>>;
  /** Opens a trace that the window has shown, by its token; it arrives as a stream. */
  showTrace(trace: string): Promise<Result<null, BridgeError>>;
  /** Subscribes to the trace stream; answers the way to unsubscribe. */
  onTraceEvent(listener: (event: TraceStreamEvent) => void): () => void;
  onMenuCommand(listener: (command: MenuCommand) => void): () => void;
}

/** Checks a stream event where it enters a process. */
export const traceStreamEventSchema: z.ZodType<TraceStreamEvent> = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('begin'),
    origin: z.enum(traceOrigins),
    name: z.string(),
    trace: z.string().optional(),
  }),
  z.object({ kind: z.literal('bytes'), bytes: z.instanceof(Uint8Array) }),
  z.object({ kind: z.literal('progress'), fraction: z.number().min(0).max(1) }),
  z.object({ kind: z.literal('recording-cost'), cost: recordingCostSchema }),
  z.object({ kind: z.literal('paused'), pause: runPauseSchema }),
  z.object({ kind: z.literal('resumed') }),
  z.object({ kind: z.literal('breakpoint-logs'), logs: z.array(breakpointLogSchema) }),
  z.object({ kind: z.literal('compared'), comparison: runComparisonSchema }),
  z.object({ kind: z.literal('not-compared'), message: z.string() }),
  z.object({ kind: z.literal('driver-changed'), token: z.string(), name: z.string() }),
  z.object({ kind: z.literal('end') }),
  z.object({ kind: z.literal('failed'), message: z.string() }),
]);
