/**
 * The seam between the window and where it runs. Everything that only one of desktop, web viewer and tests can do goes
 * through here; nothing else in the renderer asks where it is.
 */
import type { Result } from '../../shared/base/result';
import type {
  BridgeError,
  ChosenDriverModule,
  ChosenFile,
  LeftChoice,
  LeftRecording,
  MenuCommand,
  TraceStreamEvent,
} from '../../shared/contract/desktopBridge';
import type {
  OpenedScenario,
  RunAgainRequest,
  SaveScenarioRequest,
  ScenarioFile,
  ScenarioRunRequest,
} from '../../shared/contract/scenarioFiles';
import type { RunControl } from '../../shared/contract/runControl';
import type { RecordingRequest } from '../../shared/contract/recording';

/** What this platform can do; the window offers nothing else. */
export interface PlatformAbilities {
  /** Scenarios can be recorded and files sent through them. */
  readonly record: boolean;
  /** The trace of the last recording can be saved. */
  readonly save: boolean;
}

/** A dropped scenario; without a token where it has no file that can be written. */
export type DroppedScenario = Omit<OpenedScenario, 'token'> & { readonly token?: string | undefined };

/** See the file's head. Every promise resolves; problems are values with a message for people. */
export interface Platform {
  readonly kind: 'desktop' | 'web' | 'fake';
  readonly abilities: PlatformAbilities;
  /** One line for the about section of the help, for example the version. */
  readonly about: string;
  /** The window is mounted and listens: start-up work may begin. */
  ready(): void;
  /** Everything received so far has been drawn; `whole`: a trace that has arrived whole. */
  settled(whole: boolean): void;
  /** Lets the user choose a trace; it then arrives as a stream. False: cancelled. */
  openTrace(): Promise<Result<boolean, BridgeError>>;
  /** Opens a trace that was dropped on the window; it arrives as a stream. */
  openDropped(file: File): Promise<Result<boolean, BridgeError>>;
  startRecording(request: RecordingRequest): Promise<Result<null, BridgeError>>;
  stopRecording(): Promise<void>;
  /** Asks something of the run under way; nothing where there is none. */
  controlRecording(control: RunControl): Promise<void>;
  chooseFileToSend(): Promise<Result<ChosenFile | null, BridgeError>>;
  /** Lets the user choose a driver module and asks whether it is trusted. Null: cancelled. */
  chooseDriverModule(): Promise<Result<ChosenDriverModule | null, BridgeError>>;
  registerFile(file: File): Promise<Result<ChosenFile, BridgeError>>;
  saveTrace(): Promise<Result<{ readonly name: string } | null, BridgeError>>;
  /** The newest recording that was left behind unsaved. Null: there is none. */
  leftRecording(): Promise<LeftRecording | null>;
  /** Opens it or removes it for good; opened, it arrives as a stream. */
  settleLeft(choice: LeftChoice): Promise<Result<null, BridgeError>>;
  /** Lets the user choose a scenario file. Null: cancelled. */
  openScenario(): Promise<Result<OpenedScenario | null, BridgeError>>;
  openDroppedScenario(file: File): Promise<Result<DroppedScenario, BridgeError>>;
  /** Saves a scenario into its file, or where the user chooses. Null: cancelled. */
  saveScenario(request: SaveScenarioRequest): Promise<Result<ScenarioFile | null, BridgeError>>;
  /** Records a scenario that is a text. */
  runScenario(request: ScenarioRunRequest): Promise<Result<null, BridgeError>>;
  /** Makes the run of a trace again; when it has ended, the two are compared. */
  runAgain(request: RunAgainRequest): Promise<Result<null, BridgeError>>;
  /** Opens a trace that the window has shown; it arrives as a stream. */
  showTrace(trace: string): Promise<Result<null, BridgeError>>;
  onTraceEvent(listener: (event: TraceStreamEvent) => void): () => void;
  onMenuCommand(listener: (command: MenuCommand) => void): () => void;
}
