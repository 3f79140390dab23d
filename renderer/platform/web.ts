/** The offline viewer in a browser: opens files and addresses, records nothing, sends nothing anywhere. */
import { fail, succeed } from '../../shared/base/result';
import type { Platform } from './platform';
import { streamAddress, streamBlob } from './readBlob';
import { TraceEvents } from './traceEvents';

const recordingRefused = fail({
  message:
    'The web viewer only opens traces. Record with the desktop application or with: npx chimneysweep run.',
});

/** Lets the user choose one file; null if the dialog was cancelled. */
function chooseFile(): Promise<File | null> {
  return new Promise((resolve) => {
    const input = document.createElement('input');
    input.type = 'file';
    input.accept = '.sweep';
    input.addEventListener('change', () => resolve(input.files?.[0] ?? null));
    input.addEventListener('cancel', () => resolve(null));
    input.click();
  });
}

/** The platform of the web viewer; `search` is the query of the page's address. */
export function webPlatform(search: string): Platform {
  const events = new TraceEvents();
  return {
    kind: 'web',
    abilities: { record: false, save: false },
    about: 'Chimneysweep offline viewer: files stay in this browser',
    ready() {
      const address = new URLSearchParams(search).get('trace');
      if (address !== null && address !== '') void streamAddress(address, events.startStream());
    },
    settled() {},
    async openTrace() {
      const file = await chooseFile();
      if (file === null) return succeed(false);
      await streamBlob(file.name, file, events.startStream());
      return succeed(true);
    },
    async openDropped(file) {
      await streamBlob(file.name, file, events.startStream());
      return succeed(true);
    },
    startRecording: () => Promise.resolve(recordingRefused),
    stopRecording: () => Promise.resolve(),
    controlRecording: () => Promise.resolve(),
    chooseFileToSend: () => Promise.resolve(recordingRefused),
    chooseDriverModule: () => Promise.resolve(recordingRefused),
    registerFile: () => Promise.resolve(recordingRefused),
    saveTrace: () =>
      Promise.resolve(fail({ message: 'This trace is a file already; the web viewer changes nothing.' })),
    leftRecording: () => Promise.resolve(null),
    settleLeft: () => Promise.resolve(recordingRefused),
    openScenario: () => Promise.resolve(recordingRefused),
    openDroppedScenario: () => Promise.resolve(recordingRefused),
    saveScenario: () => Promise.resolve(recordingRefused),
    runScenario: () => Promise.resolve(recordingRefused),
    runAgain: () => Promise.resolve(recordingRefused),
    showTrace: () => Promise.resolve(recordingRefused),
    onTraceEvent: (listener) => events.subscribe(listener),
    onMenuCommand: () => () => undefined,
  };
}
