/** A platform that tests drive by hand. */
import { succeed } from '../../shared/base/result';
import type { MenuCommand, TraceStreamEvent } from '../../shared/contract/desktopBridge';
import type { RunControl } from '../../shared/contract/runControl';
import type {
  OpenedScenario,
  RunAgainRequest,
  SaveScenarioRequest,
  ScenarioRunRequest,
} from '../../shared/contract/scenarioFiles';
import type { RecordingRequest } from '../../shared/contract/recording';
import type { Platform, PlatformAbilities } from './platform';
import { readScenarioBlob } from './readScenarioBlob';
import { streamBlob } from './readBlob';
import { TraceEvents } from './traceEvents';

/** A platform with its handles: what was asked of it, and ways to make things happen. */
export interface FakePlatform extends Platform {
  readonly asked: {
    ready: number;
    settled: number;
    stopped: number;
    readonly recordings: RecordingRequest[];
    readonly controls: RunControl[];
    readonly scenarioRuns: ScenarioRunRequest[];
    readonly runsAgain: RunAgainRequest[];
    readonly savedScenarios: SaveScenarioRequest[];
    readonly shownTraces: string[];
  };
  /** What the user chooses next when a scenario is to be opened. */
  scenarioToOpen: OpenedScenario | null;
  emit(event: TraceStreamEvent): void;
  choose(command: MenuCommand): void;
}

/** A platform that can do everything unless told otherwise. */
export function fakePlatform(abilities: PlatformAbilities = { record: true, save: true }): FakePlatform {
  const events = new TraceEvents();
  const menuListeners = new Set<(command: MenuCommand) => void>();
  const asked: FakePlatform['asked'] = {
    ready: 0,
    settled: 0,
    stopped: 0,
    recordings: [],
    controls: [],
    scenarioRuns: [],
    runsAgain: [],
    savedScenarios: [],
    shownTraces: [],
  };
  const platform: FakePlatform = {
    kind: 'fake',
    abilities,
    about: 'Chimneysweep under test',
    asked,
    scenarioToOpen: null,
    emit: (event) => events.emit(event),
    choose: (command) => menuListeners.forEach((listener) => listener(command)),
    ready() {
      asked.ready++;
    },
    settled() {
      asked.settled++;
    },
    openTrace: () => Promise.resolve(succeed(false)),
    async openDropped(file) {
      await streamBlob(file.name, file, events.startStream());
      return succeed(true);
    },
    startRecording(request) {
      asked.recordings.push(request);
      return Promise.resolve(succeed(null));
    },
    stopRecording() {
      asked.stopped++;
      return Promise.resolve();
    },
    controlRecording(control) {
      asked.controls.push(control);
      return Promise.resolve();
    },
    chooseFileToSend: () => Promise.resolve(succeed(null)),
    chooseDriverModule: () =>
      Promise.resolve(succeed({ token: 'driver-1', name: 'driver.ts', place: 'target' })),
    registerFile: (file) => Promise.resolve(succeed({ token: 'file-1', name: file.name, bytes: file.size })),
    saveTrace: () => Promise.resolve(succeed(null)),
    leftRecording: () => Promise.resolve(null),
    settleLeft: () => Promise.resolve(succeed(null)),
    openScenario: () => Promise.resolve(succeed(platform.scenarioToOpen)),
    openDroppedScenario: (file) => readScenarioBlob(file),
    saveScenario(request) {
      asked.savedScenarios.push(request);
      return Promise.resolve(succeed({ token: request.token ?? 'scenario-1', name: request.name }));
    },
    runScenario(request) {
      asked.scenarioRuns.push(request);
      return Promise.resolve(succeed(null));
    },
    runAgain(request) {
      asked.runsAgain.push(request);
      return Promise.resolve(succeed(null));
    },
    showTrace(trace) {
      asked.shownTraces.push(trace);
      return Promise.resolve(succeed(null));
    },
    onTraceEvent: (listener) => events.subscribe(listener),
    onMenuCommand(listener) {
      menuListeners.add(listener);
      return () => menuListeners.delete(listener);
    },
  };
  return platform;
}
