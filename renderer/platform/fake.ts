/** A platform that tests drive by hand. */
import { succeed } from '../../shared/base/result';
import type { MenuCommand, TraceStreamEvent } from '../../shared/contract/desktopBridge';
import type { RunControl } from '../../shared/contract/runControl';
import type { RecordingRequest } from '../../shared/contract/recording';
import type { Platform, PlatformAbilities } from './platform';
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
  };
  emit(event: TraceStreamEvent): void;
  choose(command: MenuCommand): void;
}

/** A platform that can do everything unless told otherwise. */
export function fakePlatform(abilities: PlatformAbilities = { record: true, save: true }): FakePlatform {
  const events = new TraceEvents();
  const menuListeners = new Set<(command: MenuCommand) => void>();
  const asked: FakePlatform['asked'] = { ready: 0, settled: 0, stopped: 0, recordings: [], controls: [] };
  return {
    kind: 'fake',
    abilities,
    about: 'Chimneysweep under test',
    asked,
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
    onTraceEvent: (listener) => events.subscribe(listener),
    onMenuCommand(listener) {
      menuListeners.add(listener);
      return () => menuListeners.delete(listener);
    },
  };
}
