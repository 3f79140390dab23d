/** The window inside Electron: everything goes through the bridge that the preload exposes. */
import type { DesktopBridge } from '../../shared/contract/desktopBridge';
import type { Platform } from './platform';
import { readScenarioBlob } from './readScenarioBlob';
import { streamBlob } from './readBlob';
import { TraceEvents } from './traceEvents';

declare global {
  interface Window {
    /** Present in the desktop application only. */
    readonly chimneysweep?: DesktopBridge;
  }
}

/** The platform on top of a bridge. */
export function desktopPlatform(bridge: DesktopBridge): Platform {
  const dropped = new TraceEvents();
  const { version, electron, sandboxed } = bridge.application;
  return {
    kind: 'desktop',
    abilities: { record: true, save: true },
    about: `Chimneysweep ${version} on Electron ${electron}${sandboxed ? '' : ', without sandbox'}`,
    ready: () => bridge.ready(),
    settled: (whole) => bridge.settled(whole),
    controlRecording: (control) => bridge.controlRecording(control),
    openTrace: () => bridge.openTrace(),
    async openDropped(file) {
      const opened = await bridge.openDroppedTrace(file);
      if (!opened.ok || opened.value) return opened;
      await streamBlob(file.name, file, dropped.startStream());
      return { ok: true, value: true };
    },
    startRecording: (request) => bridge.startRecording(request),
    stopRecording: () => bridge.stopRecording(),
    chooseFileToSend: () => bridge.chooseFileToSend(),
    chooseDriverModule: () => bridge.chooseDriverModule(),
    registerFile: (file) => bridge.registerFile(file),
    saveTrace: () => bridge.saveTrace(),
    leftRecording: () => bridge.leftRecording(),
    settleLeft: (choice) => bridge.settleLeft(choice),
    openScenario: () => bridge.openScenario(),
    async openDroppedScenario(file) {
      const opened = await bridge.readScenario(file);
      if (!opened.ok) return opened;
      return opened.value === null ? readScenarioBlob(file) : { ok: true, value: opened.value };
    },
    saveScenario: (request) => bridge.saveScenario(request),
    runScenario: (request) => bridge.runScenario(request),
    runAgain: (request) => bridge.runAgain(request),
    showTrace: (trace) => bridge.showTrace(trace),
    onTraceEvent(listener) {
      const leaveDropped = dropped.subscribe(listener);
      const leaveBridge = bridge.onTraceEvent((event) => {
        if (event.kind === 'begin') dropped.silence();
        listener(event);
      });
      return () => {
        leaveDropped();
        leaveBridge();
      };
    },
    onMenuCommand: (listener) => bridge.onMenuCommand(listener),
  };
}
